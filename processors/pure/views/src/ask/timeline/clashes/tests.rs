//! What is read by rotation is what is held at once.

use super::*;
use crate::ask::Found;
use domain::{FlightDesignator, Instant, LegId};
use keyvalue::{Memory, Mutation};

#[test]
fn clashes_that_are_too_many_to_hold_are_read_by_rotation() {
    let code = AirportCode::parse("HNL").unwrap();
    let rotation = |number: u32| RotationId::parse(&format!("R{number}")).unwrap();
    let designator = |number: u32| FlightDesignator::parse(&format!("HA{number}")).unwrap();
    let mut view = Memory::default();
    for number in [1, 3, 5] {
        let day = DesignatorDay {
            designator: designator(number),
            airport: code,
            date: 0,
        };
        let key = keys::violations_of(Check::FlightDesignator, &rotation(number)).day(&day);
        view.apply(&[Mutation::Put {
            key: key.0,
            value: vec![1, 2],
        }]);
    }
    for held_max in [0, 2, 3, 9] {
        let mut clashes = Clashes::load_up_to(&view, held_max).unwrap();
        let held: usize = clashes.by_rotation.values().map(Vec::len).sum();
        let expected = if held_max < 3 { (false, 0) } else { (true, 3) };
        assert_eq!((clashes.is_complete, held), expected, "{held_max}");
        for number in [1, 1, 2, 3, 4, 5, 1] {
            for (flight, day) in [(number, 0), (number, 1), (number + 1, 0)] {
                let departure = Instant(day * 24 * 60 * 60 * 1000);
                let bar = TimelineLeg {
                    rotation: 0,
                    leg: LegId::parse("L1").unwrap(),
                    designator: designator(flight),
                    origin: code,
                    destination: code,
                    departure,
                    arrival: departure,
                    violations: Found::default(),
                };
                let expected = number % 2 == 1 && flight == number && day == 0;
                let found = clashes.has(&view, &rotation(number), &bar, None).unwrap();
                assert_eq!(found, expected, "{held_max} {number} {flight} {day}");
            }
        }
    }
}
