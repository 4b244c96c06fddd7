//! Schemas registered, looked up and refused by a real registry.

use crate::broker::fixture::variable;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::Duration;
use stream::registry::{Applied, Checked, Lookup, Registry, RegistryError, Subject};

fn registry() -> Registry {
    Registry::new(&variable("SCHEMA_REGISTRY_URL")).unwrap()
}

fn record(name: &str, fields: &str) -> Subject {
    let unique = format!("stream-{name}-{}", std::process::id());
    Subject {
        schema_json: format!(r#"{{"type":"record","name":"{}","fields":[{fields}]}}"#, unique.replace('-', "_")),
        name: unique,
        compatibility: "BACKWARD_TRANSITIVE".to_owned(),
    }
}

const NUMBER: &str = r#"{"name":"number","type":"long"}"#;

#[test]
fn a_schema_is_registered_once_and_found_by_its_id() {
    let (registry, subject) = (registry(), record("once", NUMBER));
    assert_eq!(registry.check(&subject).unwrap(), Checked::Missing);
    assert_eq!(registry.id_of(&subject).unwrap(), None);
    let Applied::Registered { id } = registry.apply(&subject).unwrap() else {
        panic!("it was not there before");
    };
    assert_eq!(registry.apply(&subject).unwrap(), Applied::Unchanged { id });
    assert_eq!(registry.check(&subject).unwrap(), Checked::Registered { id });
    assert_eq!(registry.id_of(&subject).unwrap(), Some(id));
    let found = registry.schema(id).unwrap().into_result().unwrap();
    assert!(found.json.contains("number") && found.references.is_empty(), "{found:?}");
}

/// Where the registry refuses one of several clients, for another was first, each must come to the same end.
#[test]
fn clients_that_register_the_same_schemas_at_the_same_moment_are_all_given_the_same_ids() {
    const CLIENTS: usize = 6;
    for number in 0..5 {
        let subject = record(&format!("at-once-{number}"), NUMBER);
        let together = Barrier::new(CLIENTS);
        let ids: BTreeSet<u32> = std::thread::scope(|threads| {
            let client = || {
                let registry = registry();
                together.wait();
                match registry.apply(&subject).unwrap() {
                    Applied::Registered { id } | Applied::Unchanged { id } => id,
                }
            };
            let clients = [(); CLIENTS].map(|()| threads.spawn(client));
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert_eq!(
            registry().check(&subject).unwrap(),
            Checked::Registered { id: *ids.first().unwrap() }
        );
    }
}

#[test]
fn a_schema_that_readers_could_not_follow_is_refused() {
    let (registry, first) = (registry(), record("refused", NUMBER));
    registry.apply(&first).unwrap();
    let text = record("refused", r#"{"name":"number","type":"string"}"#);
    assert!(matches!(registry.check(&text).unwrap(), Checked::Incompatible { .. }));
    let refused = registry.apply(&text).unwrap_err();
    assert!(matches!(&refused, RegistryError::Refused { status: 409, .. }), "{refused}");
    let more = record("refused", &format!(r#"{NUMBER},{{"name":"more","type":"int","default":0}}"#));
    assert_eq!(registry.check(&more).unwrap(), Checked::Missing, "it could be registered");
    assert!(matches!(registry.apply(&more).unwrap(), Applied::Registered { .. }));
}

#[test]
fn another_compatibility_than_the_wanted_one_is_noticed_and_set_back() {
    let (registry, wanted) = (registry(), record("compatibility", NUMBER));
    let loose = Subject {
        compatibility: "NONE".to_owned(),
        ..wanted.clone()
    };
    let Applied::Registered { id } = registry.apply(&loose).unwrap() else {
        panic!("it was not there before");
    };
    let found = Some("NONE".to_owned());
    assert_eq!(registry.check(&wanted).unwrap(), Checked::OtherCompatibility { id, found });
    registry.apply(&wanted).unwrap();
    assert_eq!(registry.check(&wanted).unwrap(), Checked::Registered { id });
}

#[test]
fn an_id_that_was_never_given_is_known_not_to_be() {
    let absent = registry().schema(2_000_000_000).unwrap();
    assert_eq!(absent, Lookup::Absent("the registry knows no schema id 2000000000".to_owned()));
}

#[test]
fn waiting_for_a_registry_ends_when_it_answers_or_with_the_patience() {
    registry()
        .wait_until_there(Duration::from_secs(20), &std::thread::park_timeout)
        .unwrap();
    let nowhere = Registry::new("http://127.0.0.1:1").unwrap();
    let error = nowhere.wait_until_there(Duration::ZERO, &std::thread::park_timeout).unwrap_err();
    assert!(error.is_transient(), "{error}");
}
