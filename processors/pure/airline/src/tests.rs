//! The airline through the decider's eyes.

mod names;
mod records;

use super::*;
use domain::rotation;
use samples::{aggregate, leg};
use schemas::Invalid;

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
        rejection: Rejection {
            rule: "invalid-value",
            message: "payload.AddLegs.legs[3].origin: too short".to_owned(),
            facts: vec![BTreeMap::from([
                ("field", "payload.AddLegs.legs[3].origin".to_owned()),
                ("problem", "too short".to_owned()),
            ])],
        },
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
