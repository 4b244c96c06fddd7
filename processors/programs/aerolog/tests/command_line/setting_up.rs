//! Topics and schemas, before anything runs.

use crate::command_line::fixture::{Run, command, run, run_without_partitions};

fn unique(name: &str) -> String {
    format!("line-{name}-{}", std::process::id())
}

#[test]
fn topics_are_created_once_and_compared_with_the_topology() {
    let schedule = unique("topics");
    let check = run(&schedule, 2, &["topics", "check"]);
    assert!(check.status == 1 && check.out.contains("aerolog topics apply"), "{check:?}");
    let first = run(&schedule, 2, &["topics", "apply"]);
    assert!(first.status == 0 && first.out.matches("created ").count() == 5, "{first:?}");
    let second = run(&schedule, 2, &["topics", "apply"]);
    assert!(second.status == 0 && second.out.matches("exists ").count() == 5, "{second:?}");
    assert_eq!(run(&schedule, 2, &["topics", "check"]).status, 0);
}

#[test]
fn another_number_of_partitions_than_the_log_was_begun_with_is_refused_and_nothing_is_changed() {
    let schedule = unique("number");
    assert_eq!(run(&schedule, 2, &["topics", "apply"]).status, 0);
    let check = run(&schedule, 3, &["topics", "check"]);
    assert!(
        check.status == 1 && check.out.contains("the log was begun with 2 partitions") && check.out.contains("says 3"),
        "{check:?}"
    );
    for arguments in [&["topics", "apply"][..], &["outcomes", "--exit-at-end"], &["audit"]] {
        let refused = run(&schedule, 3, arguments);
        assert!(
            refused.status == 1 && refused.err.contains("No setting changes the log's number"),
            "{arguments:?}: {refused:?}"
        );
    }
    assert_eq!(run(&schedule, 2, &["topics", "check"]).status, 0);
}

#[test]
fn the_number_of_partitions_is_asked_of_the_log_where_nothing_says_it() {
    let schedule = unique("asked");
    assert_eq!(run(&schedule, 5, &["topics", "apply"]).status, 0);
    assert_eq!(run(&schedule, 5, &["schemas", "apply"]).status, 0);
    for arguments in [
        &["topics", "check"][..],
        &["topics", "apply"],
        &["outcomes", "--exit-at-end"],
        &["audit"],
    ] {
        let asked = run_without_partitions(&schedule, arguments);
        assert_eq!(asked.status, 0, "{arguments:?}: {asked:?}");
    }
    let sent = run_without_partitions(&schedule, &["send", "create-rotation", "R1", "--timeout", "1"]);
    assert!(sent.status == 4 && sent.err.contains("no outcome of command"), "{sent:?}");
}

#[test]
fn schemas_are_registered_once_and_compared() {
    let schedule = unique("schemas");
    let check = run(&schedule, 2, &["schemas", "check"]);
    // Commands and events have two versions each, outcomes one.
    assert!(check.status == 1 && check.out.matches("missing ").count() == 5, "{check:?}");
    let first = run(&schedule, 2, &["schemas", "apply"]);
    assert!(
        first.status == 0 && first.out.contains(&format!("{schedule}.events-value")),
        "{first:?}"
    );
    let second = run(&schedule, 2, &["schemas", "apply"]);
    assert!(second.status == 0 && !second.out.contains("registered "), "{second:?}");
    let check = run(&schedule, 2, &["schemas", "check"]);
    assert!(check.status == 0 && check.out.matches("registered ").count() == 5, "{check:?}");
}

/// As a client with auto.register.schemas does it.
fn register_a_foreign_version(subject: &str) {
    let mut schema: serde_json::Value = serde_json::from_str(schemas::Content::Event.latest().json()).unwrap();
    let note = serde_json::json!({"name": "note", "type": "string", "default": ""});
    schema["fields"].as_array_mut().unwrap().push(note);
    let subject = stream::registry::Subject {
        name: subject.to_owned(),
        schema_json: schema.to_string(),
        compatibility: schemas::Content::Event.compatibility().name().to_owned(),
    };
    let registry = stream::registry::Registry::new(&end_to_end::variable("SCHEMA_REGISTRY_URL")).unwrap();
    registry.apply(&subject).unwrap();
}

#[test]
fn a_version_that_a_client_has_registered_is_named_with_the_way_to_be_rid_of_it() {
    let schedule = unique("foreign");
    let subject = format!("{schedule}.events-value");
    assert_eq!(run(&schedule, 2, &["schemas", "apply"]).status, 0);
    register_a_foreign_version(&subject);
    let applied = run(&schedule, 2, &["schemas", "apply"]);
    assert!(
        applied.status == 0 && applied.out.contains(&format!("foreign    {subject} version 3")),
        "{applied:?}"
    );
    let check = run(&schedule, 2, &["schemas", "check"]);
    assert!(check.status == 1 && check.out.matches("foreign ").count() == 1, "{check:?}");
    let (_, advice) = check.out.split_once("delete it: ").unwrap();
    let deletion = advice.lines().next().unwrap();
    let followed = std::process::Command::new("sh")
        .args(["-c", &format!("{deletion} -fsS")])
        .output()
        .unwrap();
    assert!(followed.status.success(), "{followed:?}");
    let check = run(&schedule, 2, &["schemas", "check"]);
    assert!(check.status == 0 && !check.out.contains("foreign "), "{check:?}");
}

#[test]
fn a_version_in_the_way_of_ours_is_named_where_ours_is_refused() {
    let schedule = unique("in-the-way");
    let subject = format!("{schedule}.events-value");
    let other = r#"{"type": "record", "name": "Event", "namespace": "aerolog.schedule", "fields": [{"name": "theirs", "type": "int"}]}"#;
    let registry = stream::registry::Registry::new(&end_to_end::variable("SCHEMA_REGISTRY_URL")).unwrap();
    let foreign = stream::registry::Subject {
        name: subject.clone(),
        schema_json: other.to_owned(),
        compatibility: "BACKWARD_TRANSITIVE".to_owned(),
    };
    registry.apply(&foreign).unwrap();
    let refused = run(&schedule, 2, &["schemas", "apply"]);
    assert!(
        refused.status == 1 && refused.err.contains(&format!("the schemas of {subject} are not registered")),
        "{refused:?}"
    );
    let (_, advice) = refused.err.split_once("delete the version with ").unwrap();
    let (deletion, _) = advice.split_once(", and apply again").unwrap();
    let followed = std::process::Command::new("sh")
        .args(["-c", &format!("{deletion} -fsS")])
        .output()
        .unwrap();
    assert!(followed.status.success(), "{followed:?}");
    assert_eq!(run(&schedule, 2, &["schemas", "apply"]).status, 0);
}

#[test]
fn the_topology_is_described_without_a_cluster() {
    let text = run("night", 5, &["describe", "--brokers", "127.0.0.1:1"]);
    assert_eq!(text.status, 0);
    assert!(
        text.out.contains("──▶ night.events") && text.out.contains("kept forever"),
        "{text:?}"
    );
    let mermaid = run("night", 5, &["describe", "--form", "mermaid"]);
    assert!(
        mermaid.out.starts_with("flowchart LR\n") && mermaid.out.contains("5 partitions"),
        "{mermaid:?}"
    );
}

#[test]
fn what_cannot_be_done_says_why_and_has_its_status() {
    for (arguments, status, part) in [
        (&["topics", "check", "--brokers", "127.0.0.1:1"][..], 1, "is it running"),
        (&["schemas", "check", "--registry", "http://127.0.0.1:1"], 1, "does not answer"),
        (&["check", "overlap", "--url", "http://127.0.0.1:1"], 1, "is a materializer running"),
        (&["topics", "check", "--topic-prefix", "Night"], 1, "small letters"),
        (&["send"], 1, "aerolog send --help"),
        (&["send", "retire-airplane", "x"], 2, "capital letters"),
        (&["no-such-thing"], 2, "unrecognized"),
    ] {
        let run = run("any", 1, arguments);
        assert!(run.status == status && run.err.contains(part), "{arguments:?}: {run:?}");
    }
    let former = command("any", 1, &["topics", "check"]).env("AEROLOG_SCHEDULE", "night").output();
    let former = Run::from(former.unwrap());
    assert!(former.status == 1 && former.err.contains("AEROLOG_TOPIC_PREFIX"), "{former:?}");
    let help = run("any", 1, &["--help"]);
    assert!(help.status == 0 && help.out.contains("Exit status:"), "{help:?}");
}

#[test]
fn waiting_ends_when_topics_and_schemas_are_there_and_says_what_is_missing_until_then() {
    let schedule = unique("wait");
    let missing = run(&schedule, 2, &["wait", "--timeout", "1"]);
    assert!(
        missing.status == 1 && missing.err.contains("gave up after 1 s") && missing.err.contains(&format!("{schedule}.commands")),
        "{missing:?}"
    );
    assert_eq!(run(&schedule, 2, &["wait", "--for", "brokers", "--timeout", "1"]).status, 0);
    assert_eq!(run(&schedule, 2, &["wait", "--for", "registry", "--timeout", "1"]).status, 1);
    assert_eq!(run(&schedule, 2, &["topics", "apply"]).status, 0);
    for wanted in ["topics", "registry"] {
        assert_eq!(
            run(&schedule, 2, &["wait", "--for", wanted, "--timeout", "1"]).status,
            0,
            "{wanted}"
        );
    }
    let away = run(
        &schedule,
        2,
        &["wait", "--for", "registry", "--timeout", "0", "--registry", "http://127.0.0.1:1"],
    );
    assert!(away.status == 1 && away.err.contains("does not answer"), "{away:?}");
    let missing = run(&schedule, 2, &["wait", "--timeout", "1"]);
    assert!(missing.status == 1 && missing.err.contains("aerolog schemas apply"), "{missing:?}");
    let waiting = std::thread::spawn({
        let schedule = schedule.clone();
        move || run(&schedule, 2, &["wait", "--timeout", "60"])
    });
    assert_eq!(run(&schedule, 2, &["schemas", "apply"]).status, 0);
    let waited = waiting.join().unwrap();
    assert_eq!(waited.status, 0, "{waited:?}");
}

#[test]
fn a_setting_of_kafka_may_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, value) = (folder.path().join("settings"), folder.path().join("value"));
    std::fs::write(&settings, format!("client.id_file={}\n", value.display())).unwrap();
    let arguments = [
        "topics",
        "check",
        "--brokers",
        "127.0.0.1:1",
        "--kafka-settings",
        settings.to_str().unwrap(),
    ];
    let refused = run("any", 1, &arguments);
    assert!(refused.status == 1 && refused.err.contains("value"), "{refused:?}");
    // The value is a setting like any other: one that is fixed is refused by name.
    std::fs::write(&settings, format!("isolation.level_file={}\n", value.display())).unwrap();
    std::fs::write(&value, "read_uncommitted\n").unwrap();
    let fixed = run("any", 1, &arguments);
    assert!(fixed.status == 1 && fixed.err.contains("isolation.level"), "{fixed:?}");
    std::fs::write(&settings, format!("client.id_file={}\n", value.display())).unwrap();
    let read = run("any", 1, &arguments);
    assert!(read.status == 1 && read.err.contains("is it running"), "{read:?}");
}

#[test]
fn rights_are_printed_without_a_cluster_in_each_form() {
    let lines = run("night", 5, &["topics", "acls", "--brokers", "127.0.0.1:1"]);
    assert!(
        lines.status == 0
            && lines
                .out
                .contains("--transactional-id night-command-processor- --resource-pattern-type prefixed"),
        "{lines:?}"
    );
    for role in ["client", "command-gateway"] {
        let one = run(
            "night",
            5,
            &["topics", "acls", "--role", role, "--form", "json", "--brokers", "127.0.0.1:1"],
        );
        let printed: serde_json::Value = serde_json::from_str(&one.out).unwrap();
        assert_eq!(printed["principal"], format!("User:{role}"));
        assert_eq!(printed["acls"][0]["name"], "night.commands");
        assert_eq!(printed["acls"][0]["operations"][0], "Write");
    }
    let users = run(
        "night",
        5,
        &[
            "topics",
            "acls",
            "--form",
            "strimzi",
            "--cluster",
            "other",
            "--brokers",
            "127.0.0.1:1",
        ],
    );
    let roles = topology::acls::Role::ALL.len();
    assert_eq!(users.out.matches("strimzi.io/cluster: other").count(), roles, "{users:?}");
}
