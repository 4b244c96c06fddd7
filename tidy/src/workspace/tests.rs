//! Planted edges.

use super::Workspace;
use serde_json::json;

const PURE: [&str; 8] = [
    "auditor",
    "decider",
    "domain",
    "json-codec",
    "keyvalue",
    "schemas",
    "topology",
    "views",
];

/// Where a crate lies, as far as the rules care.
fn manifest_path(name: &str) -> String {
    match name {
        "schemas" | "topology" => format!("/root/{name}/Cargo.toml"),
        name if PURE.contains(&name) => format!("/root/processors/pure/{name}/Cargo.toml"),
        name => format!("/root/processors/edges/{name}/Cargo.toml"),
    }
}

/// A workspace that has every crate of the rules and, besides them, these edges: from, to, kind.
fn workspace(edges: &[(&str, &str, Option<&str>)]) -> Workspace {
    let members: Vec<&str> = PURE
        .into_iter()
        .chain([
            "bank-example",
            "bank-programs",
            "simulation",
            "test-kit",
            "query-service",
            "stream",
            "store",
            "http-server",
        ])
        .collect();
    let foreign = edges
        .iter()
        .flat_map(|(from, to, _)| [*from, *to])
        .filter(|name| !members.contains(name));
    let names: Vec<&str> = members.iter().copied().chain(foreign).collect();
    let of = |name: &str| edges.iter().filter(move |(from, _, _)| *from == name).collect::<Vec<_>>();
    let packages: Vec<_> = names
        .iter()
        .map(|name| {
            let dependencies: Vec<_> = of(name).iter().map(|(_, to, kind)| json!({"name": to, "kind": kind})).collect();
            json!({"id": format!("{name} 1"), "name": name, "manifest_path": manifest_path(name), "dependencies": dependencies})
        })
        .collect();
    let nodes: Vec<_> = names
        .iter()
        .map(|name| {
            let deps: Vec<_> = of(name)
                .iter()
                .map(|(_, to, kind)| json!({"pkg": format!("{to} 1"), "dep_kinds": [{"kind": kind}]}))
                .collect();
            json!({"id": format!("{name} 1"), "deps": deps})
        })
        .collect();
    let members: Vec<String> = members.iter().map(|name| format!("{name} 1")).collect();
    let metadata = json!({
        "workspace_root": "/root",
        "packages": packages,
        "resolve": {"nodes": nodes},
        "workspace_members": members,
    });
    Workspace::parse(&metadata.to_string()).unwrap()
}

#[track_caller]
fn check(edges: &[(&str, &str, Option<&str>)], expected: &[&str]) {
    assert_eq!(workspace(edges).violations(), expected);
}

#[test]
fn a_workspace_within_the_rules_has_no_violations() {
    check(
        &[
            ("stream", "rdkafka", None),
            ("store", "rocksdb", None),
            ("http-server", "warp", None),
            ("views", "domain", None),
        ],
        &[],
    );
}

#[test]
fn a_second_crate_that_names_the_kafka_client_is_a_violation() {
    check(
        &[("stream", "rdkafka", None), ("store", "rdkafka", None)],
        &["store names rdkafka; only stream may"],
    );
}

#[test]
fn a_pure_crate_that_reaches_a_runtime_over_several_steps_is_a_violation() {
    let edges = [
        ("domain", "calendar", None),
        ("calendar", "clock", None),
        ("clock", "tokio", None),
        ("views", "domain", None),
    ];
    check(
        &edges,
        &[
            "domain reaches tokio: domain -> calendar -> clock -> tokio",
            "views reaches tokio: views -> domain -> calendar -> clock -> tokio",
        ],
    );
}

#[test]
fn a_query_service_that_reaches_kafka_is_a_violation() {
    let expected = [
        "query-service reaches rdkafka: query-service -> stream -> rdkafka",
        "query-service reaches stream: query-service -> stream",
    ];
    check(&[("query-service", "stream", None), ("stream", "rdkafka", None)], &expected);
}

#[test]
fn a_domain_that_links_the_airline_is_a_violation() {
    check(
        &[("bank-example", "json-codec", None), ("json-codec", "schemas", None)],
        &[
            "bank-example reaches schemas: bank-example -> json-codec -> schemas",
            "json-codec reaches schemas: json-codec -> schemas",
        ],
    );
    check(
        &[("bank-programs", "command-line", None), ("command-line", "views", None)],
        &["bank-programs reaches views: bank-programs -> command-line -> views"],
    );
}

#[test]
fn what_only_tests_or_a_build_use_is_not_linked() {
    check(
        &[
            ("domain", "tokio", Some("dev")),
            ("views", "rocksdb", Some("dev")),
            ("domain", "cc", Some("build")),
            ("cc", "rand", None),
        ],
        &[],
    );
}

#[test]
fn a_circle_through_the_tests_of_a_crate_ends() {
    check(&[("domain", "views", None), ("views", "domain", None)], &[]);
}

#[test]
fn a_crate_of_the_rules_that_is_gone_is_a_violation() {
    let metadata = json!({"workspace_root": "/root", "packages": [], "resolve": {"nodes": []}, "workspace_members": []}).to_string();
    let violations = Workspace::parse(&metadata).unwrap().violations();
    for expected in [
        "no crate lies in processors/pure/, schemas/, topology/",
        "simulation is not in the workspace: take it out of the rules",
    ] {
        assert!(violations.contains(&expected.to_owned()), "{violations:?}");
    }
}

#[test]
fn edges_are_listed_sorted_and_those_of_tests_are_marked() {
    let edges = workspace(&[
        ("views", "keyvalue", None),
        ("views", "domain", None),
        ("query-service", "store", Some("dev")),
        ("views", "serde", None),
    ]);
    assert_eq!(
        edges.edges(),
        "query-service -> store (tests)\nviews -> domain\nviews -> keyvalue\n"
    );
}

#[test]
fn a_library_without_errors_of_its_own_is_a_violation() {
    check(&[("stream", "anyhow", Some("dev"))], &[]);
    check(
        &[("stream", "anyhow", None)],
        &["stream names anyhow; a library has errors of its own, by which its callers can decide"],
    );
}

#[test]
fn a_text_that_is_no_metadata_is_not_read_as_an_empty_workspace() {
    assert!(Workspace::parse("{}").is_none());
    assert!(Workspace::parse("").is_none());
}
