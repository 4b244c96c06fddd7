//! Which legs share their designator, airport and day with others, by the index of violations.

use super::TimelineLeg;
use crate::Check;
use crate::day::{DesignatorDay, OriginDates, zone_of};
use crate::keys::{self, KeyReader};
use crate::stored;
use domain::{AirportCode, RotationId, ZoneName};
use keyvalue::{Order, Read, ReadError};
use rustc_hash::FxHashMap;
use std::ops::ControlFlow;

/// Violations that are held in memory. Where there are more, they are read by rotation.
const HELD_MAX: usize = 50_000;

pub(super) struct Clashes {
    by_rotation: FxHashMap<RotationId, Vec<DesignatorDay>>,
    is_complete: bool,
    dates: FxHashMap<AirportCode, OriginDates>,
}

impl Clashes {
    pub(super) fn load(read: &impl Read) -> Result<Self, ReadError> {
        Self::load_up_to(read, HELD_MAX)
    }

    fn load_up_to(read: &impl Read, held_max: usize) -> Result<Self, ReadError> {
        let mut clashes = Self {
            by_rotation: FxHashMap::default(),
            is_complete: true,
            dates: FxHashMap::default(),
        };
        let mut held = 0;
        stored::each(
            read,
            keys::violations(Check::FlightDesignator).range(),
            Order::Ascending,
            |key, _| {
                if held == held_max {
                    clashes.is_complete = false;
                    return Ok(ControlFlow::Break(()));
                }
                held += 1;
                let (rotation, day) = read_key(key)?;
                clashes.by_rotation.entry(rotation).or_default().push(day);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        if !clashes.is_complete {
            clashes.by_rotation.clear();
        }
        Ok(clashes)
    }

    /// Whether a leg of a rotation is one of several of its day. `zone` is that of the airport that it departs from.
    pub(super) fn has(
        &mut self,
        read: &impl Read,
        rotation: &RotationId,
        bar: &TimelineLeg,
        zone: Option<&ZoneName>,
    ) -> Result<bool, ReadError> {
        if !self.is_complete && !self.by_rotation.contains_key(rotation) {
            // One rotation after the other is asked about.
            self.by_rotation.clear();
            let days = self.by_rotation.entry(rotation.clone()).or_default();
            let range = keys::violations_of(Check::FlightDesignator, rotation).range();
            stored::each(read, range, Order::Ascending, |key, _| {
                let (_, day) = read_key(key)?;
                days.push(day);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let Some(days) = self.by_rotation.get(rotation) else {
            return Ok(false);
        };
        let is_alike = |day: &&DesignatorDay| day.designator == bar.designator && day.airport == bar.origin;
        if !days.iter().any(|day| is_alike(&day)) {
            return Ok(false);
        }
        let dates = self.dates.entry(bar.origin).or_insert_with(|| OriginDates::new(zone_of(zone)));
        let date = dates.of(bar.departure);
        Ok(days.iter().filter(is_alike).any(|day| day.date == date))
    }
}

fn read_key(key: &[u8]) -> Result<(RotationId, DesignatorDay), ReadError> {
    let mut key = KeyReader::new(key)?;
    key.byte()?;
    Ok((key.rotation()?, key.day()?))
}

#[cfg(test)]
mod tests;
