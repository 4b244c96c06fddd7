//! What a filter of days promises.

use super::{KnownDays, State, insert};
use crate::day::DesignatorDay;
use domain::{AirportCode, FlightDesignator};
use keyvalue::{Memory, Mutation};

fn days(count: usize) -> impl Iterator<Item = DesignatorDay> {
    let airports = ["HNL", "OGG", "LIH", "KOA"].map(|code| AirportCode::parse(code).unwrap());
    (0..count).map(move |number| DesignatorDay {
        designator: FlightDesignator::parse(&format!("HA{}", number / 64 + 1)).unwrap(),
        airport: airports[number % 4],
        date: i32::try_from(number / 4 % 16).unwrap(),
    })
}

#[test]
fn a_day_that_was_inserted_is_never_new_again() {
    let mut words = vec![0; 64];
    for day in days(10_000) {
        insert(&mut words, &day);
        assert!(!insert(&mut words, &day));
    }
}

#[test]
fn with_ten_bits_for_each_at_most_two_in_a_hundred_new_days_are_taken_for_known() {
    let count = 64_000;
    let mut words = vec![0; count * 10 / 64];
    let mistaken = days(count).filter(|day| !insert(&mut words, day)).count();
    assert!(mistaken * 100 <= count * 2, "{mistaken} of {count}");
}

#[test]
fn each_day_sets_seven_bits_however_small_the_filter_is() {
    for day in days(2_000) {
        let mut words = [0_u64; 1];
        assert!(insert(&mut words, &day));
        assert_eq!(words[0].count_ones(), 7, "{day:?}");
    }
}

#[test]
fn a_filter_has_as_many_bytes_as_it_may_and_one_word_at_least() {
    let day = days(1).next().unwrap();
    for (bytes_max, expected) in [(0, 1), (7, 1), (16, 2), (71, 8)] {
        let mut known = KnownDays::new(bytes_max);
        assert!(known.is_new(&Memory::default(), &day).unwrap());
        assert!(!known.is_new(&Memory::default(), &day).unwrap());
        let State::Filter(words) = &known.state else {
            panic!("{:?}", known.state);
        };
        assert_eq!(words.len(), expected, "{bytes_max}");
    }
}

#[test]
fn where_the_view_had_legs_at_first_no_day_is_certainly_new() {
    let mut view = Memory::default();
    let mut days = days(2);
    let (first, second) = (days.next().unwrap(), days.next().unwrap());
    view.apply(&[Mutation::Put {
        key: crate::keys::designator_day(&first).0,
        value: Vec::new(),
    }]);
    let mut known = KnownDays::new(64);
    assert!(!known.insert(&second));
    assert!(!known.is_new(&view, &second).unwrap());
    assert!(!known.insert(&second));
}
