//! How long passengers need between two legs at an airport.

use crate::stored;
use domain::AirportCode;
use keyvalue::{Read, ReadError};

const MINUTE_MS: i64 = 60_000;

/// The minimum connection time at an airport, in milliseconds: what a question asks for; otherwise the airport's minimum ground time for every
/// type, which is the time that the schedule keeps for each airport; nothing where the airport is not registered.
pub(crate) fn minimum_connection_ms(read: &impl Read, code: AirportCode, asked_minutes: Option<u32>) -> Result<i64, ReadError> {
    let minutes = match asked_minutes {
        Some(minutes) => minutes,
        None => stored::airport(read, code)?.map_or(0, |airport| airport.minimum_ground_time.minutes),
    };
    Ok(i64::from(minutes) * MINUTE_MS)
}
