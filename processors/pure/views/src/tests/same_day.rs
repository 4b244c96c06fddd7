//! One designator, one airport, one local day: one leg.

use super::fixture::*;
use crate::Check::FlightDesignator;
use crate::ask::Filter;

#[test]
fn two_legs_of_one_designator_from_one_airport_on_one_day_clash_once_and_are_listed_under_both_rotations() {
    let view = View::given([
        created("r"),
        created("s"),
        added("r", "a HA1 HNL OGG 02T08:00 02T08:40"),
        added("s", "b HA1 HNL KOA 02T20:00 02T20:40"),
    ]);
    view.finds(FlightDesignator, &["r/a then s/b: HA1 from HNL on day 13880, 2 legs"]);
    for rotation in ["r", "s"] {
        let filter = Filter {
            rotation: Some(rotation_id(rotation)),
            ..Filter::default()
        };
        assert_eq!(view.violations(FlightDesignator, &filter).len(), 1, "{rotation}");
    }
}

#[test]
fn a_through_flight_another_suffix_and_another_day_do_not_clash() {
    let view = View::given([
        created("r"),
        added("r", "a HA1 HNL OGG 02T08:00 02T08:40"),
        added("r", "b HA1 OGG KOA 02T09:00 02T09:40"),
        added("r", "c HA1A HNL KOA 02T10:00 02T10:40"),
        added("r", "d HA1 HNL KOA 03T08:00 03T08:40"),
    ]);
    view.finds(FlightDesignator, &[]);
}

#[test]
fn the_day_is_utc_until_the_airport_is_registered_and_local_from_then_on() {
    // In Honolulu, ten hours behind, these are the evening of the first and the morning of the second.
    let mut view = View::given([
        created("r"),
        added("r", "a HA1 HNL OGG 02T05:00 02T05:40"),
        added("r", "b HA1 HNL KOA 02T20:00 02T20:40"),
        added("r", "c HA1 HNL KOA 03T06:00 03T06:40"),
    ]);
    view.finds(FlightDesignator, &["r/a then r/b: HA1 from HNL on day 13880, 2 legs"]);
    view.when([airport("HNL", "Pacific/Honolulu", 0)]);
    view.finds(FlightDesignator, &["r/b then r/c: HA1 from HNL on day 13880, 2 legs"]);
}

#[test]
fn a_clash_ends_when_one_of_two_moves_to_another_day_leaves_or_its_rotation_is_removed() {
    let clashing = || {
        View::given([
            created("r"),
            created("s"),
            added("r", "a HA1 HNL OGG 02T08:00 02T08:40"),
            added("s", "b HA1 HNL KOA 02T20:00 02T20:40"),
        ])
    };
    for end in [
        rescheduled("s", "b HA1 HNL KOA 02T20:00 02T20:40", "03T20:00", "03T20:40"),
        left_out("r", "a HA1 HNL OGG 02T08:00 02T08:40"),
        removed("s"),
    ] {
        let mut view = clashing();
        assert_eq!(view.found(FlightDesignator).len(), 1);
        view.when([end]);
        view.finds(FlightDesignator, &[]);
    }
}

#[test]
fn a_clash_of_many_legs_counts_them_all_and_lists_the_first() {
    let legs = (0..crate::LEGS_MAX + 4).map(|index| added("r", &format!("l{index:02} HA1 HNL OGG 02T08:{index:02} 02T09:00")));
    let view = View::given([created("r")].into_iter().chain(legs));
    let violations = view.violations(FlightDesignator, &Filter::default());
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].legs.len(), crate::LEGS_MAX);
    assert!(view.found(FlightDesignator)[0].ends_with("20 legs"));
}

#[test]
fn of_many_legs_of_one_day_the_first_sixteen_are_listed_and_all_are_counted() {
    for (legs, listed) in [(15, 15), (16, 16), (17, 16)] {
        let mut events = vec![created("r")];
        for minute in 10..10 + legs {
            events.push(added("r", &format!("L{minute} HA1 HNL OGG 02T08:{minute} 02T08:{minute}:30")));
        }
        let view = View::given(events);
        let violations = view.violations(FlightDesignator, &Filter::default());
        assert_eq!(violations[0].legs.len(), listed, "{legs}");
        assert!(matches!(violations[0].detail, crate::Detail::Designator { legs: all, .. } if all == legs));
    }
}
