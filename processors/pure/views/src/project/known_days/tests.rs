//! What a filter of days promises.

use super::insert;
use crate::day::DesignatorDay;
use domain::{AirportCode, FlightDesignator};

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
