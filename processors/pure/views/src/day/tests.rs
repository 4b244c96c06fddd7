//! Dates of many departures are those of each.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// With and without summer time, west and east of the date line, one that has skipped a day, and offsets that are no whole hours.
const ZONES: [&str; 8] = [
    "UTC",
    "Pacific/Honolulu",
    "Europe/Berlin",
    "America/Anchorage",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
];

#[test]
fn the_date_changes_at_midnight_of_the_zone_and_with_its_offset() {
    let zone = |name: &str| zone_of(Some(&ZoneName::parse(name).unwrap()));
    let mut dates = OriginDates::new(zone("Europe/Berlin"));
    // 2024-03-30T22:59Z and 23:00Z in winter time, 2024-03-31T21:59Z and 22:00Z in summer time.
    let of = [1_711_839_540_000, 1_711_839_600_000, 1_711_922_340_000, 1_711_922_400_000].map(|ms| dates.of(Instant(ms)));
    assert_eq!(of, [19_812, 19_813, 19_813, 19_814]);
}

proptest! {
    #[test]
    fn dates_of_many_departures_are_those_of_each(
        zone in prop::sample::select(&ZONES[..]),
        departures in vec(0_i64..7_258_118_400_000, 1..200),
        in_order in any::<bool>(),
    ) {
        let zone = zone_of(Some(&ZoneName::parse(zone).unwrap()));
        let mut departures = departures;
        if in_order {
            departures.sort_unstable();
        }
        let mut dates = OriginDates::new(zone.clone());
        for departure in departures.into_iter().map(Instant) {
            prop_assert_eq!(dates.of(departure), origin_date(departure, &zone));
        }
    }
}
