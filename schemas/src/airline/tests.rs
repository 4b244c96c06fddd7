//! The airline through the decider's eyes.

use super::*;
use crate::Content;
use crate::samples::{aggregate, leg, one_command_of_each, one_event_of_each};
use crate::schema::{Schema, name_of};
use domain::rotation;

fn decide(command: Result<domain::Command, Invalid>) -> Result<Vec<Event>, decider::Rejection> {
    let id = "rotation/r1";
    let command = Command {
        id: aggregate(id),
        command,
    };
    let context = decider::Context {
        aggregate_id: id,
        version: 0,
        command_id: uuid::Uuid::from_u128(1),
        decided_at_ms: 0,
    };
    Airline::decide(&context, &Airline::initial(id), &command)
}

#[test]
fn a_command_is_decided_by_the_domain() {
    let create = domain::Command::Rotation(rotation::Command::Create {
        mode: rotation::Mode::Draft,
    });
    let created = Event::Rotation(rotation::Event::Created {
        mode: rotation::Mode::Draft,
    });
    assert_eq!(decide(Ok(create)), Ok(vec![created]));
}

#[test]
fn a_rejection_of_the_domain_arrives_as_it_is() {
    let add = domain::Command::Rotation(rotation::Command::AddLegs { legs: vec![leg("a")] });
    let id = aggregate("rotation/r1");
    let expected = domain::decide(&id, &State::initial(&id), &add).unwrap_err();
    let rejection = decide(Ok(add)).unwrap_err();
    assert_eq!((rejection.rule.as_str(), &rejection.message), (expected.rule, &expected.message));
    assert_eq!(rejection.facts.len(), expected.facts.len());
}

#[test]
fn an_invalid_value_is_a_rejection_with_the_field() {
    let invalid = Invalid {
        rejection: invalid_value("payload.AddLegs.legs[3].origin", "too short"),
        command_type: "AddLegs",
        asked: String::new(),
    };
    let rejection = decide(Err(invalid)).unwrap_err();
    assert_eq!(rejection.rule, "invalid-value");
    assert_eq!(rejection.message, "payload.AddLegs.legs[3].origin: too short");
    let facts = [("field", "payload.AddLegs.legs[3].origin"), ("problem", "too short")];
    assert_eq!(
        rejection.facts,
        vec![BTreeMap::from(facts.map(|(name, value)| (name.to_owned(), value.to_owned())))]
    );
}

/// The branches of the payload of the latest schema, by name.
fn payload_of(content: Content) -> Vec<&'static str> {
    let schema: &'static Schema = content.schema();
    let apache_avro::Schema::Record(record) = schema.root() else {
        panic!("a record")
    };
    let payload = record.fields.iter().find(|field| field.name == "payload").unwrap();
    let apache_avro::Schema::Union(union) = &payload.schema else {
        panic!("a union")
    };
    union.variants().iter().map(name_of).collect()
}

#[test]
fn commands_and_events_are_named_and_ordered_as_in_the_schemas() {
    assert_eq!(payload_of(Content::Command), commands::BRANCHES);
    assert_eq!(payload_of(Content::Event), events::BRANCHES);
    let names: Vec<_> = one_event_of_each().iter().map(Airline::event_type).collect();
    assert_eq!(names, events::BRANCHES);
    let names: Vec<_> = one_command_of_each()
        .into_iter()
        .map(|(id, command)| {
            Airline::command_type(&Command {
                id: aggregate(id),
                command: Ok(command),
            })
        })
        .collect();
    assert_eq!(names, commands::BRANCHES);
}
