//! An airport's zone becomes known, or is corrected: its days begin at another hour, and some of its departures are on another date.
//!
//! All edges to departures of the airport are read once, and of each only what its date takes; written are the legs whose date changes, and the
//! days that they leave and come to.

use super::projection::Projection;
use super::read_cache::CacheUpdate;
use super::{legs, same_day};
use crate::checks::designator;
use crate::day::{self, DesignatorDay, OriginDates};
use crate::edges::LegSummary;
use crate::keys::{self, KeyReader};
use crate::nodes::Leg;
use crate::stored::{self, DayLeg, LegIndex};
use domain::{AirportCode, FlightDesignator, Instant, LegId, RotationId, ZoneName};
use keyvalue::{Order, Read, ReadError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// A departure of an airport. Few of 100,000 change their date: the ids stay bytes until they are asked for.
pub(super) struct Departing {
    pub(super) departure: Instant,
    designator: FlightDesignator,
    /// Of the edge.
    key: Box<[u8]>,
}

impl Departing {
    pub(super) fn ids(&self) -> Result<(RotationId, LegId), ReadError> {
        let mut key = KeyReader::new(&self.key)?;
        key.airport()?;
        key.instant()?;
        Ok((key.rotation()?, key.leg()?))
    }
}

/// All departures of an airport, in order.
pub(super) fn departing(read: &impl Read, code: AirportCode) -> Result<Vec<Departing>, ReadError> {
    let mut departing = Vec::new();
    let range = LegIndex::Departures(code).key().range();
    stored::each(read, range, Order::Ascending, |key, value| {
        let mut reader = KeyReader::new(key)?;
        reader.airport()?;
        departing.push(Departing {
            departure: reader.instant()?,
            designator: LegSummary::designator_of(value)?,
            key: key.into(),
        });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(departing)
}

/// The rotations of a day's legs, one for each leg and in the order of the day, before and after.
#[derive(Default)]
struct DayChange {
    before: Vec<RotationId>,
    after: Vec<RotationId>,
    first_after: Option<DayLeg>,
}

/// `departing` are all legs that depart from the airport, in order.
pub(super) fn change<R: Read>(
    projection: &mut Projection<'_, R>,
    code: AirportCode,
    departing: &[Departing],
    before: Option<&ZoneName>,
    after: &ZoneName,
) -> Result<(), ReadError> {
    let mut old_dates = OriginDates::new(day::zone_of(before));
    let mut new_dates = OriginDates::new(day::zone_of(Some(after)));
    let dates: Vec<(i32, i32)> = departing
        .iter()
        .map(|leg| (old_dates.of(leg.departure), new_dates.of(leg.departure)))
        .collect();
    let day_of = |leg: &Departing, date: i32| DesignatorDay {
        designator: leg.designator,
        airport: code,
        date,
    };
    let mut touched: BTreeMap<DesignatorDay, DayChange> = BTreeMap::new();
    for (edge, (_, new)) in departing.iter().zip(&dates).filter(|(_, (old, new))| old != new) {
        let (rotation, id) = edge.ids()?;
        let leg = stored::leg_at(projection.read, &rotation, edge.departure, &id)?;
        touched.entry(leg.day()).or_default();
        touched.entry(day_of(edge, *new)).or_default();
        redate(projection, &rotation, leg, *new);
    }
    if touched.is_empty() {
        return Ok(());
    }
    let designators: BTreeSet<FlightDesignator> = touched.keys().map(|day| day.designator).collect();
    let mut days: BTreeMap<FlightDesignator, BTreeSet<i32>> = BTreeMap::new();
    let all = departing.iter().zip(&dates);
    for (edge, (old, new)) in all.filter(|(edge, _)| designators.contains(&edge.designator)) {
        days.entry(edge.designator).or_default().insert(*new);
        if let Some(day) = touched.get_mut(&day_of(edge, *old)) {
            day.before.push(edge.ids()?.0);
        }
        if let Some(day) = touched.get_mut(&day_of(edge, *new)) {
            let (rotation, leg) = edge.ids()?;
            day.first_after.get_or_insert_with(|| (edge.departure, rotation.clone(), leg));
            day.after.push(rotation);
        }
    }
    for (day, change) in &touched {
        designator::examine(day, change.before.iter(), &mut projection.before);
        designator::examine(day, change.after.iter(), &mut projection.after);
        if change.before.len().max(change.after.len()) >= 2 {
            same_day::count(projection, day, change.after.len() as u64, change.first_after.as_ref());
        }
    }
    let days = days
        .into_iter()
        .map(|(designator, dates)| (designator, dates.into_iter().collect()))
        .collect();
    projection.update_cache(CacheUpdate::Days { airport: code, days });
    Ok(())
}

/// Moves a leg to the day of another date.
fn redate<R: Read>(projection: &mut Projection<'_, R>, id: &RotationId, leg: Leg, origin_date: i32) {
    projection.delete(keys::leg_of_day(&leg.day(), leg.departure, id, &leg.id));
    let leg = Leg { origin_date, ..leg };
    legs::put_day(projection, id, &leg, &leg.day());
    projection.put(keys::leg_in_order(id, leg.departure, &leg.id), leg.to_bytes());
    projection.update_cache(CacheUpdate::Rotation(id.clone()));
}
