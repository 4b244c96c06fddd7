//! The airline's words as values that cannot be wrong: parsing checks them once, and their text is always the canonical one.

mod instant;

pub use instant::{CalendarDate, Instant};
use std::fmt;
use std::sync::Arc;

/// Text that is no such value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?}: expected {expected}")]
pub struct InvalidValue {
    pub what: &'static str,
    pub text: String,
    pub expected: &'static str,
}

/// IATA code of an airport: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AirportCode([u8; 3]);

impl AirportCode {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(invalid("airport code", text, "three capital letters")),
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("")
    }
}

/// Registration mark of an airplane, such as N475HA.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registration(Arc<str>);

impl Registration {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        checked("registration", text, 2..=10, allowed, "2 to 10 capital letters, digits and hyphens").map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// IATA or ICAO code of an aircraft type, such as 763 or B763.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AircraftType(Arc<str>);

impl AircraftType {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        checked("aircraft type", text, 2..=4, allowed, "2 to 4 capital letters and digits").map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Name of a rotation, given by the client.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RotationId(Arc<str>);

impl RotationId {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        checked("rotation id", text, 1..=64, is_id_character, ID_EXPECTED).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Name of a leg within its rotation, given by the client.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(Arc<str>);

impl LegId {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        checked("leg id", text, 1..=64, is_id_character, ID_EXPECTED).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const ID_EXPECTED: &str = "1 to 64 letters, digits, dots, underscores, colons and hyphens";

/// Airline, number, and sometimes an operational suffix: HA11, LH400A. Leading zeros of the number do not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlightDesignator {
    airline: [u8; 3],
    airline_length: u8,
    number: u16,
    suffix: Option<u8>,
}

impl FlightDesignator {
    /// Three letters at the front are a three-letter airline; else the first two characters are the airline.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        Self::read(text.as_bytes()).ok_or_else(|| {
            invalid(
                "flight designator",
                text,
                "an airline of two or three characters, a number from 1 to 9999, and perhaps a letter",
            )
        })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let long = bytes.len() > 3 && bytes[..3].iter().all(u8::is_ascii_uppercase);
        let (airline, rest) = bytes.split_at_checked(if long { 3 } else { 2 })?;
        let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !airline.iter().all(plain) || !airline.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        let (digits, suffix) = match rest.split_last()? {
            (last, digits) if last.is_ascii_uppercase() => (digits, Some(*last)),
            _ => (rest, None),
        };
        if !(1..=4).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        let mut padded = [0; 3];
        padded[..airline.len()].copy_from_slice(airline);
        let airline_length = if long { 3 } else { 2 };
        (number > 0).then_some(Self {
            airline: padded,
            airline_length,
            number,
            suffix,
        })
    }

    pub fn airline(&self) -> &str {
        std::str::from_utf8(&self.airline[..usize::from(self.airline_length)]).unwrap_or("")
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    pub fn suffix(&self) -> Option<char> {
        self.suffix.map(char::from)
    }

    /// Writes it into a buffer, and returns what is written there.
    pub fn encode<'b>(&self, buffer: &'b mut [u8; DESIGNATOR_BYTES_MAX]) -> &'b str {
        let airline = &self.airline[..usize::from(self.airline_length)];
        buffer[..airline.len()].copy_from_slice(airline);
        let mut length = airline.len();
        for power in [1000, 100, 10, 1].into_iter().filter(|power| self.number >= *power) {
            buffer[length] = b'0' + (self.number / power % 10) as u8;
            length += 1;
        }
        if let Some(suffix) = self.suffix {
            buffer[length] = suffix;
            length += 1;
        }
        std::str::from_utf8(&buffer[..length]).unwrap_or("")
    }
}

/// A three-letter airline, four digits and a letter.
pub const DESIGNATOR_BYTES_MAX: usize = 8;

/// IANA name of a time zone that the bundled database knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(Arc<str>);

impl ZoneName {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let known = jiff::tz::TimeZoneDatabase::bundled().get(text);
        match known.as_ref().map(|zone| zone.iana_name()) {
            Ok(Some(name)) if name == text => Ok(Self(text.into())),
            _ => Err(invalid("time zone", text, "a name of the IANA database, such as Pacific/Honolulu")),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a command is about, and the key of its records.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AggregateId {
    Airport(AirportCode),
    Airplane(Registration),
    Rotation(RotationId),
}

impl AggregateId {
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text.split_once('/') {
            Some(("airport", code)) => AirportCode::parse(code).map(Self::Airport),
            Some(("airplane", registration)) => Registration::parse(registration).map(Self::Airplane),
            Some(("rotation", id)) => RotationId::parse(id).map(Self::Rotation),
            _ => Err(invalid(
                "aggregate id",
                text,
                "airport/<code>, airplane/<registration> or rotation/<id>",
            )),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Airport(_) => "airport",
            Self::Airplane(_) => "airplane",
            Self::Rotation(_) => "rotation",
        }
    }
}

fn invalid(what: &'static str, text: &str, expected: &'static str) -> InvalidValue {
    InvalidValue {
        what,
        text: text.to_owned(),
        expected,
    }
}

fn is_id_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._:-".contains(&byte)
}

fn checked(
    what: &'static str,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    allowed: impl Fn(u8) -> bool,
    expected: &'static str,
) -> Result<Arc<str>, InvalidValue> {
    if lengths.contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.into())
    } else {
        Err(invalid(what, text, expected))
    }
}

impl fmt::Display for AirportCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for AircraftType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for RotationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for FlightDesignator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.encode(&mut [0; DESIGNATOR_BYTES_MAX]))
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Airport(code) => write!(formatter, "airport/{code}"),
            Self::Airplane(registration) => write!(formatter, "airplane/{registration}"),
            Self::Rotation(id) => write!(formatter, "rotation/{id}"),
        }
    }
}

impl fmt::Debug for AirportCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for AircraftType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for RotationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for LegId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for FlightDesignator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for ZoneName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Debug for AggregateId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests;
