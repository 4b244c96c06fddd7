//! Changes that do not fit, and what a state is said to take.

use super::*;
use crate::{AirportCode, FlightDesignator};

fn leg(id: &str, departure_ms: i64) -> Leg {
    Leg {
        id: LegId::parse(id).unwrap(),
        designator: FlightDesignator::parse("HA11").unwrap(),
        origin: AirportCode::parse("HNL").unwrap(),
        destination: AirportCode::parse("LAX").unwrap(),
        departure: Instant(departure_ms),
        arrival: Instant(departure_ms + 1),
    }
}

fn state(legs: &[Leg], removed: &[&str]) -> State {
    let removed = removed.iter().map(|id| LegId::parse(id).unwrap());
    State::restore(Status::Live(Mode::Draft), None, legs.iter().cloned(), removed)
}

#[test]
fn a_leg_whose_id_is_there_or_was_removed_is_not_added() {
    let before = state(&[leg("here", 0)], &["gone"]);
    for id in ["here", "gone"] {
        let mut after = before.clone();
        assert!(!after.add(leg(id, 100)), "{id}");
        assert_eq!(after, before, "{id}");
    }
    let mut after = before;
    assert!(after.add(leg("new", 100)));
    assert_eq!(after, state(&[leg("here", 0), leg("new", 100)], &["gone"]));
}

#[test]
fn the_size_counts_the_rotation_each_leg_each_removed_id_and_the_text_of_all_ids() {
    assert_eq!(state(&[], &[]).size_bytes(), ROTATION_BYTES);
    assert_eq!(state(&[leg("ab", 0)], &[]).size_bytes(), ROTATION_BYTES + LEG_BYTES + 2);
    assert_eq!(state(&[], &["abc"]).size_bytes(), ROTATION_BYTES + REMOVED_BYTES + 3);
    let both = state(&[leg("ab", 0), leg("c", 100)], &["defg"]);
    assert_eq!(both.size_bytes(), ROTATION_BYTES + 2 * LEG_BYTES + REMOVED_BYTES + 7);
}

#[test]
fn a_removed_leg_keeps_its_id_counted() {
    let mut state = state(&[leg("ab", 0)], &[]);
    assert!(state.remove(&LegId::parse("ab").unwrap()));
    assert_eq!(state.size_bytes(), ROTATION_BYTES + REMOVED_BYTES + 2);
    assert!(!state.remove(&LegId::parse("ab").unwrap()));
}
