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
fn a_retired_airplane_neither_retires_nor_is_registered_again() {
    airplane(&[registered(), Event::Retired])
        .when(RETIRE)
        .then_rejected(expect!["retired: the airplane has retired already"]);
    airplane(&[registered(), Event::Retired])
        .when(register("763"))
        .then_rejected(expect![[r#"
            retired: the airplane has retired; its registration is not used again
             aircraft_type=763"#]]);
}

#[test]
#[cfg(not(debug_assertions))]
fn an_event_that_does_not_fit_changes_nothing() {
    let mut state = State::Unknown;
    evolve(&mut state, &Event::Retired);
    assert_eq!(state, State::Unknown);
    evolve(&mut state, &registered());
    let once = state.clone();
    let other = Event::Registered {
        aircraft_type: aircraft_type("717"),
    };
    evolve(&mut state, &other);
    assert_eq!(state, once);
}
