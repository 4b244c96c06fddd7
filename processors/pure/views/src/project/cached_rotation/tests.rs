//! What is known of a rotation without a look at the store, and what is not.

use super::*;
use crate::provenance::Provenance;
use domain::rotation::Mode;
use domain::{AirportCode, FlightDesignator};
use keyvalue::{Memory, Mutation};

const LEGS_MAX: usize = 3;

fn leg(hour: i64) -> Leg {
    let provenance = Provenance {
        partition: 0,
        sequence: 1,
        command_id: [0; 16],
        decided_at: Instant(0),
    };
    Leg {
        id: LegId::parse(&format!("L{hour}")).unwrap(),
        designator: FlightDesignator::parse("HA1").unwrap(),
        origin: AirportCode::parse("HNL").unwrap(),
        destination: AirportCode::parse("OGG").unwrap(),
        departure: Instant(hour * 3_600_000),
        arrival: Instant(hour * 3_600_000 + 60_000),
        origin_date: 0,
        provenance,
        times_provenance: provenance,
    }
}

fn at(hour: i64) -> Place {
    place(&leg(hour))
}

fn node() -> Rotation {
    let provenance = leg(0).provenance;
    Rotation {
        mode: Mode::Draft,
        provenance,
        mode_provenance: provenance,
        airplane: None,
    }
}

fn id() -> RotationId {
    RotationId::parse("R1").unwrap()
}

/// A rotation with legs at the first `hours` hours, of which the last three are read.
fn read_of(hours: i64) -> CachedRotation {
    let mut view = Memory::default();
    view.apply(&[Mutation::Put {
        key: keys::rotation(&id()).0,
        value: node().to_bytes(),
    }]);
    for hour in 1..=hours {
        view.apply(&[Mutation::Put {
            key: keys::leg_in_order(&id(), leg(hour).departure, &leg(hour).id).0,
            value: leg(hour).to_bytes(),
        }]);
    }
    CachedRotation::read(&view, &id(), LEGS_MAX).unwrap().unwrap()
}

impl CachedRotation {
    fn adds(&mut self, hour: i64) {
        self.update(None, Some(&leg(hour)), None, LEGS_MAX);
    }

    /// Between the legs of these hours.
    fn loses(&mut self, hour: i64, before: Option<i64>, after: Option<i64>) {
        self.update(Some(&leg(hour)), None, Some((before.map(leg), after.map(leg))), LEGS_MAX);
    }
}

/// The hour of the leg that was found, 0 where there is none, and "?" where the store has to be asked.
fn found(lookup: Lookup<Option<&Leg>>) -> String {
    match lookup {
        Lookup::Found(Some(leg)) => (leg.departure.0 / 3_600_000).to_string(),
        Lookup::Found(None) => "0".to_owned(),
        Lookup::NotCached => "?".to_owned(),
    }
}

fn before(rotation: &CachedRotation, hours: &[i64]) -> String {
    let found = hours.iter().map(|hour| found(rotation.before(&at(*hour), None)));
    found.collect::<Vec<_>>().join(" ")
}

fn after(rotation: &CachedRotation, hours: &[i64]) -> String {
    let found = hours.iter().map(|hour| found(rotation.after(&at(*hour), None)));
    found.collect::<Vec<_>>().join(" ")
}

#[test]
fn of_a_rotation_that_is_read_the_last_legs_are_known_and_their_neighbours() {
    let rotation = read_of(10);
    let known: Vec<bool> = (1..=11).map(|hour| rotation.leg(&leg(hour).id).is_some()).collect();
    assert_eq!(known, [false, false, false, false, false, false, false, true, true, true, false]);
    assert_eq!(before(&rotation, &[1, 7, 8, 9, 10, 11]), "? ? ? 8 9 10");
    assert_eq!(after(&rotation, &[1, 7, 8, 9, 10, 11]), "? ? 9 10 0 0");
    assert_eq!(found(rotation.before(&at(10), Some(&at(9)))), "8");
    assert_eq!(found(rotation.before(&at(9), Some(&at(8)))), "?");
    assert_eq!(found(rotation.after(&at(8), Some(&at(9)))), "10");
    assert_eq!(found(rotation.after(&at(9), Some(&at(10)))), "0");
    assert_eq!(
        (found(rotation.last(None)), found(rotation.last(Some(&at(10))))),
        ("10".to_owned(), "9".to_owned())
    );
    assert_eq!(found(rotation.first(None)), "?");
}

#[test]
fn of_a_rotation_with_few_legs_everything_is_known() {
    let rotation = read_of(3);
    assert_eq!(before(&rotation, &[0, 1, 2, 4]), "0 0 1 3");
    assert_eq!(after(&rotation, &[0, 1, 3]), "1 2 0");
    assert_eq!(
        (found(rotation.first(None)), found(rotation.first(Some(&at(1))))),
        ("1".to_owned(), "2".to_owned())
    );
    let only = read_of(1);
    assert_eq!(
        (found(only.last(Some(&at(1)))), found(only.first(Some(&at(1))))),
        ("0".to_owned(), "0".to_owned())
    );
    assert_eq!(
        (found(only.before(&at(2), Some(&at(1)))), found(only.after(&at(0), Some(&at(1))))),
        ("0".to_owned(), "0".to_owned())
    );
    let none = CachedRotation::new(node());
    assert_eq!((found(none.first(None)), found(none.last(None))), ("0".to_owned(), "0".to_owned()));
    assert_eq!((before(&none, &[5]), after(&none, &[5])), ("0".to_owned(), "0".to_owned()));
}

#[test]
fn one_leg_more_than_are_kept_is_enough_to_know_that_there_are_others() {
    let rotation = read_of(4);
    assert_eq!(
        (found(rotation.first(None)), before(&rotation, &[2, 3])),
        ("?".to_owned(), "? 2".to_owned())
    );
}

#[test]
fn legs_that_are_added_at_the_end_are_known_until_there_are_more_than_twice_as_many_as_are_kept() {
    let mut rotation = read_of(10);
    for hour in [11, 12, 13] {
        rotation.adds(hour);
    }
    assert_eq!(before(&rotation, &[8, 9, 13, 14]), "? 8 12 13");
    rotation.adds(14);
    assert_eq!(before(&rotation, &[9, 11, 12, 13, 14]), "? ? ? 12 13");
    assert_eq!((rotation.leg(&leg(11).id), rotation.leg(&leg(12).id)), (None, Some(&leg(12))));
}

#[test]
fn a_leg_is_added_in_its_place_and_none_before_those_that_are_known() {
    let mut rotation = read_of(10);
    rotation.loses(9, Some(8), Some(10));
    assert_eq!(
        (before(&rotation, &[10]), after(&rotation, &[8])),
        ("8".to_owned(), "10".to_owned())
    );
    rotation.adds(9);
    assert_eq!((before(&rotation, &[10]), after(&rotation, &[8])), ("9".to_owned(), "9".to_owned()));
    rotation.adds(5);
    assert_eq!((rotation.leg(&leg(5).id), before(&rotation, &[8])), (None, "?".to_owned()));
    let mut later = leg(9);
    later.arrival = Instant(later.arrival.0 + 60_000);
    rotation.update(Some(&leg(9)), Some(&later), None, LEGS_MAX);
    assert_eq!(rotation.leg(&leg(9).id), Some(&later));
    assert_eq!(
        (before(&rotation, &[10]), after(&rotation, &[9])),
        ("9".to_owned(), "10".to_owned())
    );
}

#[test]
fn where_a_leg_was_removed_its_neighbours_are_known() {
    let mut rotation = read_of(10);
    rotation.loses(5, Some(4), Some(6));
    assert_eq!(before(&rotation, &[4, 5, 6, 7]), "? 4 4 ?");
    assert_eq!(after(&rotation, &[3, 4, 5, 6]), "? 6 6 ?");
    assert_eq!(found(rotation.before(&at(6), Some(&at(4)))), "?");
    assert_eq!(found(rotation.before(&at(6), Some(&at(5)))), "4");
    assert_eq!(found(rotation.after(&at(4), Some(&at(6)))), "?");
    // The gap grows with each neighbour that goes.
    rotation.loses(4, Some(3), Some(6));
    assert_eq!(
        (before(&rotation, &[4, 5, 6]), after(&rotation, &[3, 4, 5])),
        ("3 3 3".to_owned(), "6 6 6".to_owned())
    );
    rotation.loses(6, Some(3), Some(7));
    assert_eq!(
        (before(&rotation, &[6, 7]), after(&rotation, &[3, 6])),
        ("3 3".to_owned(), "7 7".to_owned())
    );
}

#[test]
fn a_leg_that_comes_into_a_gap_or_at_one_of_its_ends_closes_it() {
    for (hour, is_closed) in [(2, false), (3, true), (4, true), (5, true), (6, true), (7, false)] {
        let mut rotation = read_of(10);
        rotation.loses(5, Some(3), Some(6));
        rotation.adds(hour);
        assert_eq!(before(&rotation, &[6]) == "?", is_closed, "{hour}");
    }
}

#[test]
fn four_gaps_are_remembered_and_the_oldest_is_forgotten() {
    let mut rotation = read_of(30);
    for hour in [2, 5, 8, 11] {
        rotation.loses(hour, Some(hour - 1), Some(hour + 1));
    }
    assert_eq!(before(&rotation, &[2, 5, 8, 11]), "1 4 7 10");
    rotation.loses(14, Some(13), Some(15));
    assert_eq!(before(&rotation, &[2, 5, 8, 11, 14]), "? 4 7 10 13");
}

#[test]
fn a_gap_at_the_beginning_tells_the_first_leg_and_one_at_the_end_the_last() {
    let mut rotation = read_of(10);
    rotation.loses(1, None, Some(2));
    assert_eq!(
        (found(rotation.first(None)), found(rotation.first(Some(&at(2))))),
        ("2".to_owned(), "?".to_owned())
    );
    assert_eq!(before(&rotation, &[1, 2, 3]), "0 0 ?");
    for hour in [10, 9, 8] {
        rotation.loses(hour, Some(hour - 1), None);
    }
    assert_eq!(
        (found(rotation.last(None)), found(rotation.last(Some(&at(7))))),
        ("7".to_owned(), "?".to_owned())
    );
    assert_eq!(before(&rotation, &[7, 8, 9]), "? 7 7");
}

#[test]
fn the_first_leg_that_the_store_has_named_is_known_until_it_goes_or_another_comes_before_it() {
    let named = || {
        let mut rotation = read_of(10);
        rotation.begins_with(&leg(1));
        rotation
    };
    let rotation = named();
    assert_eq!(
        (found(rotation.first(None)), found(rotation.first(Some(&at(1))))),
        ("1".to_owned(), "?".to_owned())
    );
    assert_eq!(found(rotation.first(Some(&at(2)))), "1");
    let mut rotation = named();
    rotation.adds(2);
    rotation.loses(5, Some(4), Some(6));
    assert_eq!(found(rotation.first(None)), "1");
    rotation.adds(0);
    assert_eq!(found(rotation.first(None)), "?");
    let mut rotation = named();
    rotation.update(Some(&leg(1)), Some(&leg(4)), None, LEGS_MAX);
    assert_eq!(found(rotation.first(None)), "?");
}

fn is_free(days: &CachedDays, dates: &[i32]) -> String {
    let found = dates.iter().map(|date| match days.is_free(*date) {
        Lookup::Found(true) => "free",
        Lookup::Found(false) => "taken",
        Lookup::NotCached => "?",
    });
    found.collect::<Vec<_>>().join(" ")
}

#[test]
fn of_a_designator_the_last_days_are_known() {
    let days = CachedDays::new(&[10, 11, 13, 14], 3);
    assert_eq!(is_free(&days, &[9, 10, 11, 12, 13, 14, 15]), "? ? taken free taken taken free");
    let few = CachedDays::new(&[10, 11], 3);
    assert_eq!(is_free(&few, &[9, 10, 11, 12]), "free taken taken free");
    assert_eq!(is_free(&CachedDays::default(), &[9]), "free");
}

#[test]
fn days_that_are_taken_and_left_are_known_from_then_on() {
    let mut days = CachedDays::new(&[10, 11, 13, 14], 3);
    for (date, is_free) in [(12, false), (13, true), (10, false)] {
        days.update(date, is_free, 3);
    }
    assert_eq!(is_free(&days, &[10, 11, 12, 13, 14]), "? taken taken free taken");
}

#[test]
fn days_are_read_from_the_last_on_and_each_once() {
    let designator = FlightDesignator::parse("HA1").unwrap();
    let day = |date| DesignatorDay {
        designator,
        airport: AirportCode::parse("HNL").unwrap(),
        date,
    };
    let mut view = Memory::default();
    for (date, hour) in [(10, 1), (11, 1), (11, 2), (13, 1), (14, 1), (14, 2), (14, 3)] {
        let key = keys::leg_of_day(&day(date), leg(hour).departure, &id(), &leg(hour).id);
        view.apply(&[Mutation::Put {
            key: key.0,
            value: Vec::new(),
        }]);
    }
    let read = |days_max| CachedDays::read(&view, &day(0), days_max).unwrap();
    assert_eq!(is_free(&read(3), &[9, 10, 11, 12, 13, 14, 15]), "? ? taken free taken taken free");
    assert_eq!(
        is_free(&read(4), &[9, 10, 11, 12, 13, 14, 15]),
        "free taken taken free taken taken free"
    );
}
