//! An airport is registered or corrected, or its minimum ground time changes: the legs there are looked at again, but only for what
//! the event says.

use super::counts::Counted;
use super::draft::Draft;
use super::known::News;
use super::tail::place;
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
        let arriving = world::arriving(draft.read, code)?;
        ground_times(draft, &arriving, before.as_ref(), &after)?;
        if before.is_none() {
            references(draft, &arriving, End::Arrival);
        }
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
