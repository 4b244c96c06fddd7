//! Which texts are values, and that their text is canonical.
#![allow(clippy::disallowed_methods, reason = "the data lie next to the project")]

mod airports;

use super::*;
use proptest::prelude::*;
use std::fmt::{Debug, Display};

/// Each text of `good` is the value's own text, also where it is printed for developers; none of `bad` is a value, and the error quotes it.
fn check<T: Display + Debug>(parse: impl Fn(&str) -> Result<T, InvalidValue>, good: &[&str], bad: &[&str]) {
    for text in good {
        let value = parse(text).unwrap();
        assert_eq!((value.to_string().as_str(), format!("{value:?}").as_str()), (*text, *text));
    }
    for text in bad {
        let invalid = parse(text).unwrap_err();
        assert!(text.ends_with(&invalid.text), "{invalid}");
        let quoted = format!("{} {:?}: expected {}", invalid.what, invalid.text, invalid.expected);
        assert_eq!(invalid.to_string(), quoted);
    }
}

#[test]
fn airport_codes_are_three_capital_letters() {
    check(AirportCode::parse, &["HNL", "AAA"], &["", "HN", "HNLX", "hnl", "HN1", "ÄB", "H L"]);
    assert_eq!(
        AirportCode::parse("hnl").unwrap_err().to_string(),
        "airport code \"hnl\": expected three capital letters"
    );
}

#[test]
fn registrations_are_two_to_ten_capital_letters_digits_and_hyphens() {
    check(
        Registration::parse,
        &["N475HA", "D-AIMA", "AB", "1234567890"],
        &["", "N", "n475ha", "N 475", "12345678901", "N/75", "É1"],
    );
}

#[test]
fn aircraft_types_are_two_to_four_capital_letters_and_digits() {
    check(
        AircraftType::parse,
        &["76", "763", "B763", "E90"],
        &["", "7", "B7631", "b763", "7-3"],
    );
}

#[test]
fn ids_are_up_to_64_plain_characters() {
    let longest = "x".repeat(64);
    let too_long = "x".repeat(65);
    let good = ["a", "HA:2008-01-01.1_x", &longest];
    let bad = ["", &too_long, "a/b", "a b", "ä", "a\n"];
    check(LegId::parse, &good, &bad);
    check(RotationId::parse, &good, &bad);
}

#[test]
fn a_flight_designator_is_written_as_it_is_read() {
    for text in ["HA1", "HA10", "HA101", "HA9999", "F9100Z", "UAL1009A", "3K7"] {
        let designator = FlightDesignator::parse(text).unwrap();
        assert_eq!(designator.encode(&mut [0; DESIGNATOR_BYTES_MAX]), text);
        assert_eq!(designator.to_string(), text);
    }
}

#[test]
fn flight_designators_are_an_airline_a_number_and_perhaps_a_suffix() {
    check(
        FlightDesignator::parse,
        &["HA11", "F9106", "LH400A", "DLH400", "9W9999Z", "U21"],
        &[
            "", "HA", "HA0", "HA00000", "HA12345", "HA11AB", "ha11", "12345", "H", "HAL", "HALA", "HA 11", "HA-11", "HÄ11", "DLHX400",
            "HA11a",
        ],
    );
    let parts = |text| {
        let designator = FlightDesignator::parse(text).unwrap();
        (designator.airline().to_owned(), designator.number(), designator.suffix())
    };
    assert_eq!(parts("DLH400"), ("DLH".to_owned(), 400, None));
    assert_eq!(parts("LH400A"), ("LH".to_owned(), 400, Some('A')));
    assert_eq!(parts("F9106"), ("F9".to_owned(), 106, None));
    assert_eq!(parts("9W1"), ("9W".to_owned(), 1, None));
}

#[test]
fn leading_zeros_of_a_flight_number_do_not_count() {
    let parse = |text| FlightDesignator::parse(text).unwrap();
    assert_eq!(parse("HA0011"), parse("HA11"));
    assert_eq!(parse("HA0011").to_string(), "HA11");
    assert_eq!(parse("HA0011A").to_string(), "HA11A");
}

#[test]
fn zones_are_names_that_the_bundled_database_knows_as_it_spells_them() {
    check(
        ZoneName::parse,
        &["Pacific/Honolulu", "America/Argentina/Buenos_Aires", "UTC", "Europe/Berlin"],
        &[
            "",
            "pacific/honolulu",
            "Pacific/Atlantis",
            "+10:00",
            "HST10",
            "Etc/Unknown",
            "../etc/passwd",
        ],
    );
}

#[test]
fn instants_are_rfc_3339_with_an_offset_and_their_own_text_has_three_digits_of_a_second() {
    check(
        Instant::parse,
        &["2008-01-31T18:05:00.000Z", "1970-01-01T00:00:00.000Z", "2008-01-31T18:05:00.120Z"],
        &[
            "",
            "2008-01-31",
            "2008-01-31T18:05:00",
            "2008-02-30T00:00:00Z",
            "2008-01-31T25:00:00Z",
            "1201802700000",
        ],
    );
    assert_eq!(Instant::parse("2008-01-31T18:05:00Z"), Ok(Instant(1_201_802_700_000)));
    assert_eq!(Instant::parse("2008-01-31T08:05:00-10:00"), Ok(Instant(1_201_802_700_000)));
    assert_eq!(Instant::parse("2008-01-31T18:05Z"), Ok(Instant(1_201_802_700_000)));
}

#[test]
fn an_instant_outside_of_the_calendar_still_has_a_text() {
    assert_eq!(Instant(i64::MAX).to_string(), "9223372036854775807 ms since 1970");
}

#[test]
fn aggregate_ids_name_their_kind() {
    check(
        AggregateId::parse,
        &["airport/HNL", "airplane/N475HA", "rotation/HA:1"],
        &[
            "",
            "airport/",
            "airport/hnl",
            "airport",
            "Airport/HNL",
            "leg/1",
            "rotation/a/b",
            " airport/HNL",
        ],
    );
}

#[test]
fn values_lend_the_text_that_they_were_read_from() {
    assert_eq!(AirportCode::parse("HNL").unwrap().as_str(), "HNL");
    assert_eq!(Registration::parse("N475HA").unwrap().as_str(), "N475HA");
    assert_eq!(AircraftType::parse("763").unwrap().as_str(), "763");
    assert_eq!(RotationId::parse("HA:1").unwrap().as_str(), "HA:1");
    assert_eq!(LegId::parse("leg.1").unwrap().as_str(), "leg.1");
    assert_eq!(ZoneName::parse("Pacific/Honolulu").unwrap().as_str(), "Pacific/Honolulu");
    for id in ["airport/HNL", "airplane/N475HA", "rotation/HA:1"] {
        let kind = AggregateId::parse(id).unwrap().kind();
        assert!(id.split_once('/').is_some_and(|(before, _)| before == kind), "{id}: {kind}");
    }
}

#[test]
fn every_value_of_the_data_in_the_project_parses() {
    let data =
        |file: &str| std::fs::read_to_string(format!("{}/../../../data/{file}", std::env::var("CARGO_MANIFEST_DIR").unwrap())).unwrap();
    let mut legs = 0;
    for line in ["legs_HA_2008-01.csv", "legs_F9_2008-01.csv"]
        .iter()
        .flat_map(|file| data(file).lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
    {
        let fields: Vec<&str> = line.split(',').collect();
        Registration::parse(fields[0]).unwrap();
        FlightDesignator::parse(fields[1]).unwrap();
        assert_ne!(
            AirportCode::parse(fields[3]).unwrap(),
            AirportCode::parse(fields[4]).unwrap(),
            "{line}"
        );
        assert!(Instant::parse(fields[5]).unwrap() < Instant::parse(fields[6]).unwrap(), "{line}");
        legs += 1;
    }
    assert_eq!(legs, 4_643 + 7_678);
    let airports = data("airports.csv");
    for line in airports.lines().skip(1) {
        let zone = line.rsplit(',').nth(2).unwrap();
        AirportCode::parse(&line[..3]).unwrap();
        ZoneName::parse(zone).unwrap();
    }
    assert_eq!(airports.lines().count(), 7_884 + 1);
}

proptest! {
    #[test]
    fn no_text_panics_and_what_parses_is_parsed_again_from_its_own_text(text in "\\PC{0,12}") {
        fn again<T: PartialEq + Debug + Display>(parse: impl Fn(&str) -> Result<T, InvalidValue>, text: &str) -> Result<(), TestCaseError> {
            if let Ok(value) = parse(text) {
                prop_assert_eq!(parse(&value.to_string()), Ok(value));
            }
            Ok(())
        }
        again(AirportCode::parse, &text)?;
        again(Registration::parse, &text)?;
        again(AircraftType::parse, &text)?;
        again(LegId::parse, &text)?;
        again(RotationId::parse, &text)?;
        again(FlightDesignator::parse, &text)?;
        again(ZoneName::parse, &text)?;
        again(Instant::parse, &text)?;
        again(AggregateId::parse, &text)?;
    }

    #[test]
    fn every_designator_is_read_back_from_its_text(
        airline in "[A-Z]{2}|[A-Z][0-9]|[0-9][A-Z]|[A-Z]{3}", number in 1..=9999_u16, suffix in proptest::option::of(proptest::char::range('A', 'Z')),
    ) {
        let text = format!("{airline}{number}{}", suffix.map(String::from).unwrap_or_default());
        let designator = FlightDesignator::parse(&text).unwrap();
        prop_assert_eq!((designator.airline(), designator.number(), designator.suffix()), (airline.as_str(), number, suffix));
        prop_assert_eq!(designator.to_string(), text);
    }
}
