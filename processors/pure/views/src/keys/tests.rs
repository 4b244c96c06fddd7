//! The registry: each byte once, and nothing but the process's own bookkeeping outside of the content.

use super::*;

/// A new prefix belongs here: the match of the test below does not compile without it.
const ALL: [Prefix; 21] = [
    Prefix::Bookkeeping,
    Prefix::Offset,
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
fn bytes_are_as_they_were_released_and_only_bookkeeping_is_not_content() {
    let (from, to) = content();
    for prefix in ALL {
        let (byte, is_content) = match prefix {
            Prefix::Bookkeeping => (0x00, false),
            Prefix::Offset => (0x01, false),
            Prefix::Airport => (0x10, true),
            Prefix::Airplane => (0x11, true),
            Prefix::Rotation => (0x12, true),
            Prefix::Leg => (0x13, true),
            Prefix::RemovedRotation => (0x14, true),
            Prefix::RemovedLeg => (0x15, true),
            Prefix::FormerRotation => (0x16, true),
            Prefix::FormerAirplane => (0x17, true),
            Prefix::RotationLegs => (0x20, true),
            Prefix::AirplaneRotations => (0x21, true),
            Prefix::Departures => (0x22, true),
            Prefix::Arrivals => (0x23, true),
            Prefix::DesignatorDay => (0x24, true),
            Prefix::DesignatorDayLegs => (0x25, true),
            Prefix::Stays => (0x26, true),
            Prefix::LegsByDeparture => (0x27, true),
            Prefix::LongestRotation => (0x28, true),
            Prefix::Violation => (0x30, true),
            Prefix::Count => (0x40, true),
        };
        assert_eq!(prefix as u8, byte);
        for rest in [&[][..], &[0], &[0xFF; KEY_BYTES_MAX - 1]] {
            let key = [&[byte], rest].concat();
            assert_eq!((from.as_slice()..to.as_slice()).contains(&key.as_slice()), is_content, "{prefix:?}");
        }
    }
}

#[test]
fn every_byte_from_the_first_node_on_is_content_even_if_nothing_uses_it_yet() {
    let (from, to) = content();
    for byte in 0..=u8::MAX {
        let key = [vec![byte], vec![0xFF; KEY_BYTES_MAX - 1]].concat();
        assert_eq!(
            (from.as_slice()..to.as_slice()).contains(&key.as_slice()),
            byte >= Prefix::Airport as u8,
            "{byte:#x}"
        );
    }
}
