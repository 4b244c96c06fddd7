//! The text of instants and dates is that of the time-zone library.

use super::*;
use jiff::civil::date;
use proptest::prelude::*;

fn of_library(milliseconds: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(milliseconds).unwrap())
}

fn text_of_date(days: i32) -> Option<String> {
    CalendarDate::of_days(days).map(|date| date.to_string())
}

fn date_of_library(days: i32) -> String {
    date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap().to_string()
}

#[test]
fn the_text_of_every_day_to_the_year_9998_is_that_of_the_library() {
    for days in (PLAIN_DAYS.start - 800..PLAIN_DAYS.start)
        .chain(PLAIN_DAYS)
        .chain(PLAIN_DAYS.end..PLAIN_DAYS.end + 300)
    {
        assert_eq!(text_of_date(days).unwrap(), date_of_library(days));
    }
    assert_eq!(text_of_date(PLAIN_DAYS.end - 1).unwrap(), "9998-12-31");
}

#[test]
fn there_is_no_date_beyond_the_year_9999() {
    let last = 2_932_896;
    assert_eq!(text_of_date(last).unwrap(), "9999-12-31");
    for days in [last + 1, i32::MAX, i32::MIN] {
        assert_eq!(text_of_date(days), None);
    }
}

#[test]
fn the_text_at_the_ends_of_a_day_and_of_a_second_is_that_of_the_library() {
    for milliseconds in [
        -1,
        0,
        1,
        999,
        1000,
        86_399_999,
        86_400_000,
        951_782_399_999,
        951_782_400_000,
        253_370_764_799_999,
        253_370_764_800_000,
    ] {
        assert_eq!(Instant(milliseconds).to_string(), of_library(milliseconds));
    }
}

proptest! {
    #[test]
    fn the_text_of_any_instant_is_that_of_the_library(milliseconds in -377_705_023_201_000_i64..253_402_207_200_000) {
        prop_assert_eq!(Instant(milliseconds).to_string(), of_library(milliseconds));
    }

    #[test]
    fn the_text_of_an_instant_between_1970_and_2200_is_that_of_the_library(milliseconds in 0_i64..7_258_118_400_000) {
        prop_assert_eq!(Instant(milliseconds).to_string(), of_library(milliseconds));
    }
}
