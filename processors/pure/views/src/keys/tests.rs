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
