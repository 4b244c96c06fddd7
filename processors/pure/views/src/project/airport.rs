//! An airport is registered or corrected, or its minimum ground time changes: the legs there are looked at again, but only for what
//! the event says.

use super::counts::Counted;
use super::draft::Draft;
use super::known::News;
use super::{ProjectError, unfit, zone};
use crate::checks::pair;
use crate::checks::reference::{self, End};
use crate::nodes::{Airport, Leg, Provenance};
use crate::{keys, world};
use domain::airport::Event;
use domain::{AirportCode, RotationId};
use keyvalue::{Read, ReadError};
use std::collections::BTreeMap;

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
                ground_time_provenance: provenance,
            }
        }
        (Event::MinimumGroundTimeSet { aircraft_type, minutes }, Some(airport)) => {
            let mut airport = Airport {
                provenance,
                ground_time_provenance: provenance,
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
        (Event::Corrected { name, zone, .. }, Some(airport)) => Airport {
            name: name.clone(),
            zone: zone.clone(),
            provenance,
            ..airport.clone()
        },
        (Event::Registered { .. }, Some(_)) => return Err(unfit(event, "the airport is registered already")),
        (Event::MinimumGroundTimeSet { .. } | Event::Corrected { .. }, None) => return Err(unfit(event, "the airport is not registered")),
    };
    draft.put(keys::airport(code), after.to_bytes());
    draft.tell(News::Airport(code));
    if before.as_ref().map(|before| before.ground_time_provenance) != Some(after.ground_time_provenance) {
        ground_times(draft, code, before.as_ref(), &after)?;
    }
    if before.is_none() {
        references(draft, &world::arriving(draft.read, code)?, End::Arrival);
    }
    if before.as_ref().map(|before| &before.zone) != Some(&after.zone) {
        let departing = world::departing(draft.read, code)?;
        zone::change(draft, code, &departing, before.as_ref(), &after);
        if before.is_none() {
            references(draft, &departing, End::Departure);
        }
    }
    Ok(())
}

/// Of each type, the stays between its old minimum and its new one become too short, or no longer are. No other is looked at.
fn ground_times<R: Read>(draft: &mut Draft<'_, R>, code: AirportCode, before: Option<&Airport>, after: &Airport) -> Result<(), ReadError> {
    for aircraft_type in world::types_staying(draft.read, code)? {
        let aircraft_type = aircraft_type.as_ref();
        let old = before.map(|airport| airport.minimum_minutes(aircraft_type));
        let new = after.minimum_minutes(aircraft_type);
        let (from, to) = (old.map(|old| old.min(new)), old.map_or(new, |old| old.max(new)));
        let changed = match old.is_none_or(|old| old < new) {
            true => &mut draft.after,
            false => &mut draft.before,
        };
        world::each_stay(draft.read, code, aircraft_type, from, to, |rotation, departure, leg| {
            let (key, value) = pair::too_short(&rotation, departure, &leg);
            changed.insert(key, (true, value));
        })?;
    }
    Ok(())
}

fn references<R>(draft: &mut Draft<'_, R>, legs: &[(RotationId, Leg)], end: End) {
    for (id, leg) in legs {
        reference::examine_airport(id, leg, end, false, &mut draft.before);
    }
}
