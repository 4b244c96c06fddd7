//! Every rule of airplanes.

use super::*;
use crate::tests::{Given, given};
use expect_test::expect;

fn airplane(events: &[Event]) -> Given {
    given("airplane/N475HA", events.iter().cloned().map(crate::Event::Airplane))
}

fn aircraft_type(text: &str) -> AircraftType {
    AircraftType::parse(text).unwrap()
}

fn register(text: &str) -> crate::Command {
    crate::Command::Airplane(Command::Register {
        aircraft_type: aircraft_type(text),
    })
}

fn registered() -> Event {
    Event::Registered {
        aircraft_type: aircraft_type("763"),
    }
}

fn reregistered(text: &str) -> Event {
    Event::Reregistered {
        aircraft_type: aircraft_type(text),
    }
}

fn correct(text: &str) -> crate::Command {
    crate::Command::Airplane(Command::Correct {
        aircraft_type: aircraft_type(text),
    })
}

fn corrected(text: &str, previous: &str) -> Event {
    Event::Corrected {
        aircraft_type: aircraft_type(text),
        previous: aircraft_type(previous),
    }
}

const RETIRE: crate::Command = crate::Command::Airplane(Command::Retire);

#[test]
fn an_airplane_is_registered_with_its_type() {
    let state = airplane(&[]).when(register("763")).then([crate::Event::Airplane(registered())]);
    let expected = State::Registered {
        aircraft_type: aircraft_type("763"),
    };
    assert_eq!(state, crate::State::Airplane(expected));
    assert_eq!(state.size_bytes(), SIZE_BYTES);
}

#[test]
fn an_airplane_is_registered_once() {
    airplane(&[registered()]).when(register("717")).then_rejected(expect![[r#"
        already-registered: the airplane is registered already, as a 763
         aircraft_type=763"#]]);
    airplane(&[registered()]).when(register("763")).then_rejected(expect![[r#"
        nothing-to-change: the airplane is registered as a 763 already
         aircraft_type=763"#]]);
}

#[test]
fn a_registered_airplane_retires() {
    let state = airplane(&[registered()])
        .when(RETIRE)
        .then([crate::Event::Airplane(Event::Retired)]);
    let expected = State::Retired {
        aircraft_type: aircraft_type("763"),
    };
    assert_eq!(state, crate::State::Airplane(expected));
}

#[test]
fn an_airplane_that_is_not_registered_does_not_retire() {
    airplane(&[])
        .when(RETIRE)
        .then_rejected(expect!["not-registered: the airplane is not registered"]);
}

#[test]
fn a_retired_airplane_does_not_retire_again() {
    airplane(&[registered(), Event::Retired])
        .when(RETIRE)
        .then_rejected(expect!["retired: the airplane has retired already"]);
}

#[test]
fn the_registration_of_a_retired_airplane_is_given_to_another_one_of_the_same_type_or_another() {
    for text in ["763", "717"] {
        let state = airplane(&[registered(), Event::Retired])
            .when(register(text))
            .then([crate::Event::Airplane(reregistered(text))]);
        let expected = State::Registered {
            aircraft_type: aircraft_type(text),
        };
        assert_eq!(state, crate::State::Airplane(expected));
    }
}

#[test]
fn an_airplane_with_a_former_airplanes_registration_is_registered_once_and_retires() {
    let past = [registered(), Event::Retired, reregistered("717")];
    airplane(&past).when(register("763")).then_rejected(expect![[r#"
        already-registered: the airplane is registered already, as a 717
         aircraft_type=717"#]]);
    airplane(&past).when(RETIRE).then([crate::Event::Airplane(Event::Retired)]);
    let past = [registered(), Event::Retired, reregistered("717"), Event::Retired];
    airplane(&past)
        .when(register("332"))
        .then([crate::Event::Airplane(reregistered("332"))]);
}

#[test]
fn the_type_of_a_registered_airplane_is_corrected() {
    let state = airplane(&[registered()])
        .when(correct("717"))
        .then([crate::Event::Airplane(corrected("717", "763"))]);
    let expected = State::Registered {
        aircraft_type: aircraft_type("717"),
    };
    assert_eq!(state, crate::State::Airplane(expected));
    airplane(&[registered(), Event::Retired, reregistered("717")])
        .when(correct("763"))
        .then([crate::Event::Airplane(corrected("763", "717"))]);
}

#[test]
fn only_a_registered_airplane_is_corrected_and_only_to_another_type() {
    airplane(&[])
        .when(correct("717"))
        .then_rejected(expect!["not-registered: the airplane is not registered"]);
    airplane(&[registered(), Event::Retired])
        .when(correct("717"))
        .then_rejected(expect!["retired: the airplane has retired"]);
    airplane(&[registered()]).when(correct("763")).then_rejected(expect![[r#"
        nothing-to-change: the airplane is a 763 already
         aircraft_type=763"#]]);
}

#[test]
#[cfg(not(debug_assertions))]
fn an_event_that_does_not_fit_changes_nothing() {
    let unfit = |past: &[Event], events: &[Event]| {
        let mut state = State::Unknown;
        past.iter().for_each(|event| evolve(&mut state, event));
        for event in events {
            let mut after = state.clone();
            evolve(&mut after, event);
            assert_eq!(after, state, "{event:?}");
        }
    };
    unfit(&[], &[Event::Retired, corrected("717", "763"), reregistered("717")]);
    unfit(&[registered()], &[registered(), reregistered("717")]);
    unfit(
        &[registered(), Event::Retired],
        &[registered(), Event::Retired, corrected("717", "763")],
    );
}
