//! Instants and calendar dates as text. Answers are full of them: a check of one rotation shows some dozens.

use super::{InvalidValue, invalid};
use std::fmt;

/// Milliseconds since the epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// RFC 3339 with an offset.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let parsed: Result<jiff::Timestamp, _> = text.parse();
        parsed
            .map(|instant| Self(instant.as_millisecond()))
            .map_err(|_| invalid("instant", text, "RFC 3339, such as 2008-01-31T18:05:00Z"))
    }
}

/// A day of the Gregorian calendar, such as 2008-01-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate {
    since_1970: i32,
}

impl CalendarDate {
    /// The date that lies so many days after 1970-01-01; `None` beyond the year 9999.
    pub fn of_days(since_1970: i32) -> Option<Self> {
        let date = Self { since_1970 };
        (PLAIN_DAYS.contains(&since_1970) || date.of_library().is_some()).then_some(date)
    }

    fn of_library(self) -> Option<jiff::civil::Date> {
        let days = jiff::Span::new().try_days(self.since_1970).ok()?;
        jiff::civil::date(1970, 1, 1).checked_add(days).ok()
    }
}

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// The days of 1970 to 9998: years of four digits.
const PLAIN_DAYS: std::ops::Range<i32> = 0..2_932_532;
const DATE_BYTES: usize = 10;
const INSTANT_BYTES: usize = 24;

impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Always three digits of a second: tools take the form of a column from its first row, and the order of texts is that of time.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        if plain_instant(self.0, &mut text).is_some() {
            return formatter.write_str(std::str::from_utf8(&text).unwrap_or(""));
        }
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(formatter, "{instant:.3}"),
            Err(_) => write!(formatter, "{} ms since 1970", self.0),
        }
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"0000-00-00";
        if plain_date(self.since_1970, &mut text).is_some() {
            return formatter.write_str(std::str::from_utf8(&text).unwrap_or(""));
        }
        write!(formatter, "{}", self.of_library().ok_or(fmt::Error)?)
    }
}

/// Writes an instant of a year of four digits; `None` where it is of another one.
fn plain_instant(milliseconds: i64, text: &mut [u8; INSTANT_BYTES]) -> Option<()> {
    let milliseconds = u64::try_from(milliseconds).ok()?;
    let (date, time) = text.split_first_chunk_mut::<DATE_BYTES>()?;
    plain_date(i32::try_from(milliseconds / DAY_MS).ok()?, date)?;
    let of_day = (milliseconds % DAY_MS) as u32;
    let (seconds, thousandths) = (of_day / 1000, of_day % 1000);
    put_two(time, 1, seconds / 3600);
    put_two(time, 4, seconds / 60 % 60);
    put_two(time, 7, seconds % 60);
    time[10] = digit(thousandths / 100);
    put_two(time, 11, thousandths % 100);
    Some(())
}

/// Writes a date of a year of four digits; `None` where it is of another one.
fn plain_date(days: i32, text: &mut [u8; DATE_BYTES]) -> Option<()> {
    if !PLAIN_DAYS.contains(&days) {
        return None;
    }
    let (year, month, day) = civil(days.cast_unsigned());
    put_two(text, 0, year / 100);
    put_two(text, 2, year % 100);
    put_two(text, 5, month);
    put_two(text, 8, day);
    Some(())
}

/// Year, month and day of a number of days since 1970-01-01. Years are counted from March on, so that a leap day is the last of its year; the
/// calendar repeats itself every 400 years.
fn civil(days: u32) -> (u32, u32, u32) {
    const DAYS_OF_400_YEARS: u32 = 146_097;
    const FROM_YEAR_0_TO_1970: u32 = 719_468;
    let days = days + FROM_YEAR_0_TO_1970;
    let (period, of_period) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (of_period - of_period / 1460 + of_period / 36_524 - of_period / 146_096) / 365;
    let of_year = of_period - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the next five.
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (400 * period + year + u32::from(month <= 2), month, day)
}

fn put_two(text: &mut [u8], at: usize, number: u32) {
    text[at] = digit(number / 10);
    text[at + 1] = digit(number % 10);
}

fn digit(number: u32) -> u8 {
    b'0' + number as u8
}

#[cfg(test)]
mod tests;
