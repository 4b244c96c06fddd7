//! A real month of two airlines: one draft per airplane, and the answer to its activation.
#![allow(clippy::disallowed_methods, reason = "the data lie next to the project")]

use super::*;
use std::collections::BTreeMap;

/// Legs by airplane, from the data next to the project.
fn legs_by_airplane(airline: &str) -> BTreeMap<String, Vec<Leg>> {
    let path = format!(
        "{}/../../../data/legs_{airline}_2008-01.csv",
        std::env::var("CARGO_MANIFEST_DIR").unwrap()
    );
    let mut airplanes: BTreeMap<String, Vec<Leg>> = BTreeMap::new();
    for (line_number, line) in std::fs::read_to_string(path).unwrap().lines().enumerate().skip(1) {
        let [tail, designator, _, origin, destination, departure, arrival] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        airplanes.entry(tail.to_owned()).or_default().push(Leg {
            id: id(&format!("line-{line_number}")),
            designator: FlightDesignator::parse(designator).unwrap(),
            origin: AirportCode::parse(origin).unwrap(),
            destination: AirportCode::parse(destination).unwrap(),
            departure: Instant::parse(departure).unwrap(),
            arrival: Instant::parse(arrival).unwrap(),
        });
    }
    airplanes
}

/// Does what commands say, and refuses to be refused.
fn obey(state: &mut State, command: &Command) {
    for event in decide(state, command).unwrap() {
        evolve(state, &event);
    }
}

/// How many pairs are discontinuous and how many overlap, over all airplanes.
fn problems(airline: &str) -> (usize, usize) {
    let (mut discontinuities, mut overlaps) = (0, 0);
    for legs in legs_by_airplane(airline).values() {
        let mut state = State::default();
        obey(&mut state, &Command::Create { mode: Mode::Draft });
        for legs in legs.chunks(COMMAND_LEGS_MAX) {
            obey(&mut state, &Command::AddLegs { legs: legs.to_vec() });
        }
        assert_eq!(state.legs().len(), legs.len());
        match decide(&state, &Command::Activate) {
            Ok(events) => assert_eq!(events, [Event::Activated]),
            Err(rejection) => {
                let count = |rule: &str| rejection.facts.iter().filter(|fact| fact["rule"] == rule).count();
                discontinuities += count("discontinuity");
                overlaps += count("overlap");
            }
        }
    }
    (discontinuities, overlaps)
}

#[test]
fn the_problems_of_a_real_month_are_those_that_others_have_counted() {
    assert_eq!(problems("HA"), (15, 4));
    assert_eq!(problems("F9"), (30, 7));
}
