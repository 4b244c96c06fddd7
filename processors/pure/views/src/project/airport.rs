//! An airport is registered, or its minimum ground time changes: the legs there are looked at again.

use super::counts::Counted;
use super::draft::Draft;
use super::known::News;
use super::tail::place;
use super::{ProjectError, same_day, unfit};
use crate::checks::designator::{self, Day};
use crate::checks::pair;
use crate::checks::reference::{self, End};
use crate::nodes::{Airport, Leg, Provenance};
use crate::{keys, world};
use domain::airport::Event;
use domain::{AirportCode, RotationId};
use keyvalue::{Read, ReadError};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn project<R: Read>(
    draft: &mut Draft<'_, R>,
    code: AirportCode,
    event: &Event,
    provenance: Provenance,
) -> Result<(), ProjectError> {
    let before = world::airport(draft.read, code)?;
    let after = match (event, &before) {
        (
            Event::Registered {
                name,
                zone,
                minimum_ground_time_minutes,
            },
            None,
        ) => {
            draft.count(Counted::Airports, 1);
            Airport {
                name: name.clone(),
                zone: zone.clone(),
                minimum_ground_time_minutes: *minimum_ground_time_minutes,
                by_aircraft_type: BTreeMap::new(),
                provenance,
            }
        }
        (Event::MinimumGroundTimeSet { aircraft_type, minutes }, Some(airport)) => {
            let mut airport = Airport {
                provenance,
                ..airport.clone()
            };
            match aircraft_type {
                None => airport.minimum_ground_time_minutes = *minutes,
                Some(aircraft_type) => {
                    airport.by_aircraft_type.insert(aircraft_type.clone(), *minutes);
                }
            }
            airport
        }
        (Event::Registered { .. }, Some(_)) => return Err(unfit(event, "the airport is registered already")),
        (Event::MinimumGroundTimeSet { .. }, None) => return Err(unfit(event, "the airport is not registered")),
    };
    draft.put(keys::airport(code), after.to_bytes());
    draft.tell(News::Airport(code));
    let arriving = world::arriving(draft.read, code)?;
    ground_times(draft, &arriving, before.as_ref(), &after)?;
    if before.is_none() {
        let departing = world::departing(draft.read, code)?;
        references(draft, &departing, End::Departure);
        references(draft, &arriving, End::Arrival);
        origin_dates(draft, code, &departing, &after);
    }
    Ok(())
}

fn ground_times<R: Read>(
    draft: &mut Draft<'_, R>,
    arriving: &[(RotationId, Leg)],
    before: Option<&Airport>,
    after: &Airport,
) -> Result<(), ReadError> {
    let mut types = BTreeMap::new();
    for (id, leg) in arriving {
        let Some(next) = draft.leg_after(id, &place(leg))? else {
            continue;
        };
        if !types.contains_key(id) {
            types.insert(id.clone(), super::legs::aircraft_type(draft.read, id)?);
        }
        let aircraft_type = types[id].as_ref();
        pair::examine(id, leg, &next, before, aircraft_type, &mut draft.before);
        pair::examine(id, leg, &next, Some(after), aircraft_type, &mut draft.after);
    }
    Ok(())
}

fn references<R>(draft: &mut Draft<'_, R>, legs: &[(RotationId, Leg)], end: End) {
    for (id, leg) in legs {
        reference::examine_airport(id, leg, end, false, &mut draft.before);
    }
}

/// With its zone the airport's days begin at another hour: every designator's days there are cut anew.
fn origin_dates<R: Read>(draft: &mut Draft<'_, R>, code: AirportCode, departing: &[(RotationId, Leg)], after: &Airport) {
    let cut = |airport: Option<&Airport>| {
        let mut days: BTreeMap<Day, Vec<(RotationId, Leg)>> = BTreeMap::new();
        for member in departing {
            days.entry(Day::of(&member.1, airport)).or_default().push(member.clone());
        }
        days
    };
    let (old, new) = (cut(None), cut(Some(after)));
    let mut days: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for day in new.keys() {
        days.entry(day.designator).or_default().push(day.date);
    }
    draft.tell(News::Days { airport: code, days });
    let legs_on = |days: &BTreeMap<Day, Vec<_>>, day| days.get(day).map_or(0, |members| members.len() as u64);
    for (day, members) in &new {
        designator::examine(day, members.iter().map(|(id, _)| id), &mut draft.after);
        same_day::count(draft, day, legs_on(&old, day), members.len() as u64);
        for (id, leg) in members {
            draft.put(super::legs::designator_edge(day, id, leg), Vec::new());
        }
    }
    for (day, members) in &old {
        designator::examine(day, members.iter().map(|(id, _)| id), &mut draft.before);
        if !new.contains_key(day) {
            same_day::count(draft, day, members.len() as u64, 0);
        }
        let kept: BTreeSet<_> = new.get(day).into_iter().flatten().map(|(id, leg)| (id, &leg.id)).collect();
        for (id, leg) in members.iter().filter(|(id, leg)| !kept.contains(&(id, &leg.id))) {
            draft.delete(super::legs::designator_edge(day, id, leg));
        }
    }
}
