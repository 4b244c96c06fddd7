//! Which airplanes have a row: those that are registered, and those that rotations name.

use crate::keys::{Key, KeyReader, Prefix};
use crate::stored;
use domain::Registration;
use keyvalue::{Order, Read, ReadError, prefix_end};
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};

/// The airplanes that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Airplanes {
    All,
    /// Those whose registrations begin so.
    Beginning(String),
    These(BTreeSet<Registration>),
}

/// The next airplane that is meant, in the order of registrations.
pub fn next_airplane(read: &impl Read, airplanes: &Airplanes, after: Option<&Registration>) -> Result<Option<Registration>, ReadError> {
    let beginning = match airplanes {
        Airplanes::All => "",
        Airplanes::Beginning(beginning) => beginning,
        Airplanes::These(airplanes) => {
            let after = after.map_or(Bound::Unbounded, Bound::Excluded);
            return Ok(airplanes.range((after, Bound::Unbounded)).next().cloned());
        }
    };
    let registered = first(read, Prefix::Airplane, beginning, after)?;
    let flown = first(read, Prefix::AirplaneRotations, beginning, after)?;
    Ok(match (registered, flown) {
        (Some(registered), Some(flown)) => Some(registered.min(flown)),
        (registered, flown) => registered.or(flown),
    })
}

/// The first registration with this beginning in keys of a kind.
fn first(read: &impl Read, prefix: Prefix, beginning: &str, after: Option<&Registration>) -> Result<Option<Registration>, ReadError> {
    let Key(mut of) = Key::new(prefix);
    of.extend_from_slice(beginning.as_bytes());
    let to = prefix_end(&of);
    let from = match after {
        Some(after) => of.max(prefix_end(&Key::new(prefix).id(after.as_str()).0)),
        None => of,
    };
    let mut found = None;
    stored::each(read, (from, to), Order::Ascending, |key, _| {
        found = Some(KeyReader::new(key)?.airplane()?);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}
