//! The airline's values as text and numbers on the wire.

use crate::binary::{Reader, put_count, put_items, put_long, put_text};
use crate::problem::{Problem, Within};
use domain::rotation::{Leg, Mode};
use domain::{AircraftType, AirportCode, FlightDesignator, Instant, InvalidValue, LegId};
use std::fmt::Display;
use std::io::Write;
use uuid::Uuid;

/// Text that is parsed into `T`; what does not parse is an invalid value of `field`.
pub(crate) fn read_parsed<T>(reader: &mut Reader<'_>, field: &str, parse: impl Fn(&str) -> Result<T, InvalidValue>) -> Result<T, Problem> {
    let text = reader.text().within(field)?;
    parse(text).map_err(Problem::invalid).within(field)
}

pub(crate) fn read_text(reader: &mut Reader<'_>, field: &str) -> Result<String, Problem> {
    reader.text().map(str::to_owned).within(field)
}

pub(crate) fn read_uuid(reader: &mut Reader<'_>, field: &str) -> Result<Uuid, Problem> {
    let text = reader.text().within(field)?;
    Uuid::try_parse(text)
        .map_err(|_| Problem::malformed(format!("is {text:?} where a UUID belongs")))
        .within(field)
}

pub(crate) fn put_uuid(uuid: Uuid, out: &mut Vec<u8>) {
    put_text(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()), out);
}

/// A number that cannot be negative where it comes from, such as a version.
pub(crate) fn read_natural(reader: &mut Reader<'_>, field: &str) -> Result<u64, Problem> {
    let number = reader.long().within(field)?;
    u64::try_from(number)
        .map_err(|_| Problem::invalid(format!("expected 0 or more, found {number}")))
        .within(field)
}

/// # Panics
/// Above 2^63, which no count of records reaches.
pub(crate) fn put_natural(number: u64, out: &mut Vec<u8>) {
    put_long(i64::try_from(number).expect("no count of records reaches 2^63"), out);
}

pub(crate) fn read_minutes(reader: &mut Reader<'_>, field: &str) -> Result<u32, Problem> {
    let minutes = reader.int().within(field)?;
    u32::try_from(minutes)
        .map_err(|_| Problem::invalid(format!("expected 0 or more minutes, found {minutes}")))
        .within(field)
}

/// The schema has 31 bits for minutes; no airplane stays on the ground for longer.
pub(crate) fn put_minutes(minutes: u32, out: &mut Vec<u8>) {
    put_long(i32::try_from(minutes).unwrap_or(i32::MAX).into(), out);
}

/// Only instants that the calendar can name, so that differences between them fit in 64 bits.
pub(crate) fn read_instant(reader: &mut Reader<'_>, field: &str) -> Result<Instant, Problem> {
    let ms = reader.long().within(field)?;
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(_) => Ok(Instant(ms)),
        Err(_) => Err(Problem::invalid(format!("{ms} ms since 1970 is outside of the calendar"))).within(field),
    }
}

pub(crate) fn put_instant(instant: Instant, out: &mut Vec<u8>) {
    put_long(instant.0, out);
}

/// As [`read_parsed`], of a union of null and text.
pub(crate) fn read_optional<T>(
    reader: &mut Reader<'_>,
    field: &str,
    parse: impl Fn(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, Problem> {
    if reader.some().within(field)? {
        read_parsed(reader, field, parse).map(Some)
    } else {
        Ok(None)
    }
}

/// As [`read_text`], of a union of null and text.
pub(crate) fn read_optional_text(reader: &mut Reader<'_>, field: &str) -> Result<Option<String>, Problem> {
    if reader.some().within(field)? {
        read_text(reader, field).map(Some)
    } else {
        Ok(None)
    }
}

/// What stands for every aircraft type in a command. Text, because a union with null would let writers leave the field out, or misspell it,
/// and change the value of every type instead of one.
pub(crate) const EVERY_AIRCRAFT_TYPE: &str = "*";

/// One aircraft type, or `None` for every one.
pub(crate) fn read_aircraft_types(reader: &mut Reader<'_>, field: &str) -> Result<Option<AircraftType>, Problem> {
    let text = reader.text().within(field)?;
    if text == EVERY_AIRCRAFT_TYPE {
        return Ok(None);
    }
    AircraftType::parse(text).map(Some).map_err(Problem::invalid).within(field)
}

pub(crate) fn put_aircraft_types(one: Option<&AircraftType>, out: &mut Vec<u8>) {
    match one {
        Some(one) => put_displayed(one, out),
        None => put_text(EVERY_AIRCRAFT_TYPE, out),
    }
}

/// Null, or the text that `value` displays.
pub(crate) fn put_optional(value: Option<&impl Display>, out: &mut Vec<u8>) {
    put_count(usize::from(value.is_some()), out);
    if let Some(value) = value {
        put_displayed(value, out);
    }
}

pub(crate) fn read_mode(reader: &mut Reader<'_>, field: &str) -> Result<Mode, Problem> {
    match reader.long().within(field)? {
        0 => Ok(Mode::Draft),
        1 => Ok(Mode::Active),
        other => Err(Problem::malformed(format!("has symbol {other} of an enum of 2"))).within(field),
    }
}

pub(crate) fn put_mode(mode: Mode, out: &mut Vec<u8>) {
    out.push(match mode {
        Mode::Draft => 0,
        Mode::Active => 2,
    });
}

pub(crate) fn read_leg(reader: &mut Reader<'_>) -> Result<Leg, Problem> {
    Ok(Leg {
        id: read_parsed(reader, "leg_id", LegId::parse)?,
        designator: read_parsed(reader, "designator", FlightDesignator::parse)?,
        origin: read_parsed(reader, "origin", AirportCode::parse)?,
        destination: read_parsed(reader, "destination", AirportCode::parse)?,
        departure: read_instant(reader, "departure")?,
        arrival: read_instant(reader, "arrival")?,
    })
}

pub(crate) fn put_leg(leg: &Leg, out: &mut Vec<u8>) {
    put_text(leg.id.as_str(), out);
    put_displayed(leg.designator, out);
    put_text(leg.origin.as_str(), out);
    put_text(leg.destination.as_str(), out);
    put_instant(leg.departure, out);
    put_instant(leg.arrival, out);
}

pub(crate) fn read_legs(reader: &mut Reader<'_>, field: &str) -> Result<Vec<Leg>, Problem> {
    reader.list(read_leg).within(field)
}

pub(crate) fn put_legs(legs: &[Leg], out: &mut Vec<u8>) {
    put_items(legs.iter(), out, put_leg);
}

pub(crate) fn read_leg_ids(reader: &mut Reader<'_>, field: &str) -> Result<Vec<LegId>, Problem> {
    let read = |reader: &mut Reader<'_>| {
        let text = reader.text()?;
        LegId::parse(text).map_err(Problem::invalid)
    };
    reader.list(read).within(field)
}

pub(crate) fn put_leg_ids(leg_ids: &[LegId], out: &mut Vec<u8>) {
    put_items(leg_ids.iter(), out, put_displayed);
}

/// Text straight into place. Its length comes first: one byte if it is below 64, as that of nearly every value is.
pub(crate) fn put_displayed(value: impl Display, out: &mut Vec<u8>) {
    let before = out.len();
    out.push(0);
    write!(out, "{value}").expect("a Vec takes what it is given");
    let length = out.len() - before - 1;
    if length < 64 {
        out[before] = (length << 1) as u8;
    } else {
        let text = out.split_off(before + 1);
        out.truncate(before);
        put_count(length, out);
        out.extend_from_slice(&text);
    }
}
