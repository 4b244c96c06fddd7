//! Given events, when a command, then events or a rejection; and commands for the wrong kind of aggregate.

use super::*;
use expect_test::{Expect, expect};

/// An aggregate with a past.
pub(crate) struct Given {
    id: AggregateId,
    state: State,
}

/// What was decided in it.
pub(crate) struct Decided {
    state: State,
    decided: Result<Vec<Event>, Rejection>,
}

pub(crate) fn given(id: &str, events: impl IntoIterator<Item = Event>) -> Given {
    let id = AggregateId::parse(id).unwrap();
    let mut state = State::initial(&id);
    for event in events {
        evolve(&mut state, &event);
    }
    Given { id, state }
}

impl Given {
    pub(crate) fn when(self, command: Command) -> Decided {
        let decided = decide(&self.id, &self.state, &command);
        Decided {
            state: self.state,
            decided,
        }
    }

    pub(crate) fn state(self) -> State {
        self.state
    }
}

impl Decided {
    /// Exactly these events; gives the state after them.
    pub(crate) fn then(mut self, expected: impl IntoIterator<Item = Event>) -> State {
        assert_eq!(self.decided, Ok(expected.into_iter().collect::<Vec<_>>()));
        for event in self.decided.into_iter().flatten() {
            evolve(&mut self.state, &event);
        }
        self.state
    }

    /// The rule, the sentence, and a line for each fact.
    pub(crate) fn then_rejected(self, expected: Expect) {
        expected.assert_eq(&shown(&self.decided.unwrap_err()));
    }
}

fn shown(rejection: &Rejection) -> String {
    let mut shown = rejection.to_string();
    for fact in &rejection.facts {
        shown.push('\n');
        for (name, value) in fact {
            shown.push_str(&format!(" {name}={value}"));
        }
    }
    shown
}

fn register_airplane() -> Command {
    Command::Airplane(airplane::Command::Register {
        aircraft_type: AircraftType::parse("763").unwrap(),
    })
}

#[test]
fn a_command_for_another_kind_of_aggregate_is_rejected() {
    given("airport/HNL", []).when(register_airplane()).then_rejected(expect![[r#"
        wrong-aggregate: this command is for an airplane, but its aggregate id is airport/HNL
         aggregate_id=airport/HNL command_for=airplane"#]]);
    given("rotation/r1", [])
        .when(Command::Airport(airport::Command::SetMinimumGroundTime {
            aircraft_type: None,
            minutes: 1,
        }))
        .then_rejected(expect![[r#"
            wrong-aggregate: this command is for an airport, but its aggregate id is rotation/r1
             aggregate_id=rotation/r1 command_for=airport"#]]);
    given("airplane/N475HA", [])
        .when(Command::Rotation(rotation::Command::Remove))
        .then_rejected(expect![[r#"
            wrong-aggregate: this command is for a rotation, but its aggregate id is airplane/N475HA
             aggregate_id=airplane/N475HA command_for=rotation"#]]);
}

#[test]
#[cfg(not(debug_assertions))]
fn an_event_of_another_kind_of_aggregate_changes_nothing() {
    let id = AggregateId::parse("rotation/r1").unwrap();
    let mut state = State::initial(&id);
    evolve(&mut state, &Event::Airplane(airplane::Event::Retired));
    assert_eq!(state, State::initial(&id));
}

#[test]
fn a_new_aggregate_is_of_the_kind_that_its_id_names() {
    let initial = |id| State::initial(&AggregateId::parse(id).unwrap());
    assert_eq!(initial("airport/HNL"), State::Airport(airport::State { registered: None }));
    assert_eq!(initial("airplane/N475HA"), State::Airplane(airplane::State::Unknown));
    assert_eq!(initial("rotation/r1"), State::Rotation(rotation::State::default()));
}

#[test]
fn facts_beyond_the_limit_are_counted() {
    let listed = |facts: usize| {
        let facts_of = (0..facts).map(|fact| rejection::Fact::from([("fact", fact.to_string())]));
        Rejection::with_facts("many", "many facts", facts_of, facts).facts
    };
    assert_eq!(listed(rejection::FACTS_MAX).len(), rejection::FACTS_MAX);
    let facts = listed(rejection::FACTS_MAX + 7);
    assert_eq!(facts.len(), rejection::FACTS_MAX + 1);
    assert_eq!(facts[rejection::FACTS_MAX], rejection::Fact::from([("more", "7".to_owned())]));
}
