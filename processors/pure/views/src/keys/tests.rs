//! The registry: each byte once, and all of them content.

use super::*;
use keyvalue::Mutation;

/// A new prefix belongs here: the match of the test below does not compile without it.
const ALL: [Prefix; 19] = [
    Prefix::Airport,
    Prefix::Airplane,
    Prefix::Rotation,
    Prefix::Leg,
    Prefix::RemovedRotation,
    Prefix::RemovedLeg,
    Prefix::FormerRotation,
    Prefix::FormerAirplane,
    Prefix::RotationLegs,
    Prefix::AirplaneRotations,
    Prefix::Departures,
    Prefix::Arrivals,
    Prefix::DesignatorDay,
    Prefix::DesignatorDayLegs,
    Prefix::Stays,
    Prefix::LegsByDeparture,
    Prefix::LongestRotation,
    Prefix::Violation,
    Prefix::Count,
];

#[test]
fn bytes_are_as_they_were_released_and_all_of_them_are_content() {
    for prefix in ALL {
        let byte = match prefix {
            Prefix::Airport => 0x10,
            Prefix::Airplane => 0x11,
            Prefix::Rotation => 0x12,
            Prefix::Leg => 0x13,
            Prefix::RemovedRotation => 0x14,
            Prefix::RemovedLeg => 0x15,
            Prefix::FormerRotation => 0x16,
            Prefix::FormerAirplane => 0x17,
            Prefix::RotationLegs => 0x20,
            Prefix::AirplaneRotations => 0x21,
            Prefix::Departures => 0x22,
            Prefix::Arrivals => 0x23,
            Prefix::DesignatorDay => 0x24,
            Prefix::DesignatorDayLegs => 0x25,
            Prefix::Stays => 0x26,
            Prefix::LegsByDeparture => 0x27,
            Prefix::LongestRotation => 0x28,
            Prefix::Violation => 0x30,
            Prefix::Count => 0x40,
        };
        assert_eq!(prefix as u8, byte);
        let put = Mutation::Put {
            key: vec![byte],
            value: Vec::new(),
        };
        assert_eq!(application::check_keys(&[put]), Ok(()), "{prefix:?}");
    }
}

#[test]
fn keys_sort_as_numbers_and_instants_do_on_both_sides_of_zero_and_are_read_as_they_were() {
    let start = || Key::new(Prefix::Stays);
    let instants = [-(1 << 47), -86_400_000, -1, 0, 1, 1 << 40, 1 << 47].map(Instant);
    let keys = instants.map(|instant| start().instant(instant));
    assert!(keys.is_sorted());
    assert_eq!(keys.map(|key| KeyReader::new(&key.0).unwrap().instant().unwrap()), instants);
    assert!(
        start().instant(Instant(i64::MIN)) < start().instant(instants[0]) && start().instant(instants[6]) < start().instant(NO_DEPARTURE)
    );
    let numbers = [i32::MIN, -1440, -1, 0, 1, 1440, i32::MAX];
    let keys = numbers.map(|number| start().signed(number));
    assert!(keys.is_sorted());
    assert_eq!(keys.map(|key| KeyReader::new(&key.0).unwrap().signed().unwrap()), numbers);
}

#[test]
fn a_duration_stays_below_the_power_of_two_that_is_kept_of_it() {
    let classes = [-5, 0, 1, 2, 3, 4, 1023, 1024, i64::MAX].map(crate::stored::duration_class);
    assert_eq!(classes, [0, 0, 1, 2, 2, 3, 10, 11, 63]);
}

#[test]
fn only_a_rotation_departs_never() {
    let never = Key::new(Prefix::Stays).instant(NO_DEPARTURE);
    assert_eq!(KeyReader::new(&never.0).unwrap().first_departure(), Ok(None));
    assert!(KeyReader::new(&never.0).unwrap().instant().is_err());
    let departs = Key::new(Prefix::Stays).instant(Instant(5));
    assert_eq!(KeyReader::new(&departs.0).unwrap().first_departure(), Ok(Some(Instant(5))));
}

#[test]
fn a_day_that_no_calendar_shows_is_damage() {
    let day = |date| DesignatorDay {
        designator: FlightDesignator::parse("HA11").unwrap(),
        airport: AirportCode::parse("HNL").unwrap(),
        date,
    };
    let read = |date| {
        let key = Key::new(Prefix::DesignatorDay).day(&day(date));
        KeyReader::new(&key.0).unwrap().day()
    };
    assert_eq!(read(20_000), Ok(day(20_000)));
    for date in [i32::MIN, -5_000_000, 3_000_000, i32::MAX] {
        assert!(read(date).is_err(), "{date}");
    }
}
