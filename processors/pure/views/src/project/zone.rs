//! An airport's zone becomes known, or is corrected: its days begin at another hour, and some of its departures are on another date.
//!
//! All edges to departures of the airport are read once; written are the legs whose date changes, and the days that they leave and come to.

use super::projection::Projection;
use super::read_cache::CacheUpdate;
use super::{legs, same_day};
use crate::checks::designator;
use crate::day::{self, DesignatorDay};
use crate::keys;
use crate::nodes::Leg;
use crate::stored::{self, DayLeg, LegEdge};
use domain::{AirportCode, FlightDesignator, RotationId, ZoneName};
use keyvalue::{Read, ReadError};
use std::collections::{BTreeMap, BTreeSet};

/// The rotations of a day's legs, one for each leg and in the order of the day, before and after.
#[derive(Default)]
struct DayChange<'l> {
    before: Vec<&'l RotationId>,
    after: Vec<&'l RotationId>,
    first_after: Option<DayLeg>,
}

/// `departing` are all legs that depart from the airport, in order.
pub(super) fn change<R: Read>(
    projection: &mut Projection<'_, R>,
    code: AirportCode,
    departing: &[LegEdge],
    before: Option<&ZoneName>,
    after: &ZoneName,
) -> Result<(), ReadError> {
    let (old_zone, new_zone) = (day::zone_of(before), day::zone_of(Some(after)));
    let dates: Vec<(i32, i32)> = departing
        .iter()
        .map(|edge| edge.summary.departure)
        .map(|departure| (day::origin_date(departure, &old_zone), day::origin_date(departure, &new_zone)))
        .collect();
    let day_of = |edge: &LegEdge, date: i32| DesignatorDay {
        designator: edge.summary.designator,
        airport: code,
        date,
    };
    let mut touched: BTreeMap<DesignatorDay, DayChange<'_>> = BTreeMap::new();
    for (edge, (_, new)) in departing.iter().zip(&dates).filter(|(_, (old, new))| old != new) {
        let leg = stored::leg_at(projection.read, &edge.rotation, edge.summary.departure, &edge.leg)?;
        touched.entry(leg.day()).or_default();
        touched.entry(day_of(edge, *new)).or_default();
        redate(projection, &edge.rotation, leg, *new);
    }
    if touched.is_empty() {
        return Ok(());
    }
    let designators: BTreeSet<FlightDesignator> = touched.keys().map(|day| day.designator).collect();
    let mut days: BTreeMap<FlightDesignator, BTreeSet<i32>> = BTreeMap::new();
    let all = departing.iter().zip(&dates);
    for (edge, (old, new)) in all.filter(|(edge, _)| designators.contains(&edge.summary.designator)) {
        days.entry(edge.summary.designator).or_default().insert(*new);
        if let Some(day) = touched.get_mut(&day_of(edge, *old)) {
            day.before.push(&edge.rotation);
        }
        if let Some(day) = touched.get_mut(&day_of(edge, *new)) {
            day.after.push(&edge.rotation);
            day.first_after
                .get_or_insert_with(|| (edge.summary.departure, edge.rotation.clone(), edge.leg.clone()));
        }
    }
    for (day, change) in &touched {
        designator::examine(day, change.before.iter().copied(), &mut projection.before);
        designator::examine(day, change.after.iter().copied(), &mut projection.after);
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
