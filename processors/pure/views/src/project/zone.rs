//! An airport's zone becomes known, or is corrected: its days begin at another hour, and some of its departures are on another date.
//!
//! All departures of the airport are looked at once; what is written are those whose date changes, and the days that they leave and
//! come to.

use super::draft::Draft;
use super::known::News;
use super::{legs, same_day};
use crate::checks::designator;
use crate::day::Day;
use crate::nodes::{Airport, Leg};
use crate::world::Member;
use domain::{AirportCode, FlightDesignator, RotationId};
use keyvalue::Read;
use std::collections::{BTreeMap, BTreeSet};

/// The rotations of a day's legs, one for each leg and in the order of the day, before and after.
#[derive(Default)]
struct Members<'l> {
    before: Vec<&'l RotationId>,
    after: Vec<&'l RotationId>,
    first_after: Option<Member>,
}

/// `departing` are all legs that depart from the airport, in order.
pub(super) fn change<R: Read>(
    draft: &mut Draft<'_, R>,
    code: AirportCode,
    departing: &[(RotationId, Leg)],
    before: Option<&Airport>,
    after: &Airport,
) {
    let days = |leg: &Leg| (Day::of(leg, before), Day::of(leg, Some(after)));
    let mut touched: BTreeMap<Day, Members<'_>> = BTreeMap::new();
    for (id, leg) in departing {
        let (old, new) = days(leg);
        if old != new {
            draft.delete(legs::designator_edge(&old, id, leg));
            draft.put(legs::designator_edge(&new, id, leg), Vec::new());
            touched.entry(old).or_default();
            touched.entry(new).or_default();
        }
    }
    if touched.is_empty() {
        return;
    }
    let designators: BTreeSet<FlightDesignator> = touched.keys().map(|day| day.designator).collect();
    let mut dates: BTreeMap<FlightDesignator, BTreeSet<i32>> = BTreeMap::new();
    for (id, leg) in departing.iter().filter(|(_, leg)| designators.contains(&leg.designator)) {
        let (old, new) = days(leg);
        dates.entry(leg.designator).or_default().insert(new.date);
        if let Some(members) = touched.get_mut(&old) {
            members.before.push(id);
        }
        if let Some(members) = touched.get_mut(&new) {
            members.after.push(id);
            members
                .first_after
                .get_or_insert_with(|| (leg.departure, id.clone(), leg.id.clone()));
        }
    }
    for (day, members) in &touched {
        designator::examine(day, members.before.iter().copied(), &mut draft.before);
        designator::examine(day, members.after.iter().copied(), &mut draft.after);
        if members.before.len().max(members.after.len()) >= 2 {
            same_day::count(draft, day, members.after.len() as u64, members.first_after.as_ref());
        }
    }
    let days = dates
        .into_iter()
        .map(|(designator, dates)| (designator, dates.into_iter().collect()));
    let days = days.collect();
    draft.tell(News::Days { airport: code, days });
}
