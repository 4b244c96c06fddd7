//! Names in the registry.

use super::*;

#[test]
fn subjects_are_named_after_topics() {
    assert_eq!(subject("schedule.events"), "schedule.events-value");
}

#[test]
fn each_kind_of_record_has_an_id_of_its_own() {
    let ids = SchemaIds {
        command: 1,
        event: 2,
        outcome: 3,
    };
    assert_eq!(RecordKind::ALL.map(|kind| kind.id_in(&ids)), [1, 2, 3]);
}
