//! An airport is registered or corrected, or its minimum ground time changes: what is there is examined again, but only for what the
//! event says.

use super::counts::Counted;
use super::projection::Projection;
use super::read_cache::CacheUpdate;
use super::{ProjectError, unfit, zone};
use crate::checks::pair;
use crate::checks::reference::{self, End};
use crate::nodes::{Airport, MinimumGroundTime};
use crate::provenance::Provenance;
use crate::stored::LegIndex;
use crate::{keys, stored};
use domain::airport::Event;
use domain::{AirportCode, Instant, LegId, RotationId};
use keyvalue::{Read, ReadError};
use std::collections::BTreeMap;

pub(super) fn project<R: Read>(
    projection: &mut Projection<'_, R>,
    code: AirportCode,
    event: &Event,
    provenance: Provenance,
) -> Result<(), ProjectError> {
    let before = stored::airport(projection.read, code)?;
    let after = after(event, before.as_ref(), provenance)?;
    projection.put(keys::airport(code), after.to_bytes());
    projection.update_cache(CacheUpdate::Airport(code));
    let sets_ground_time = matches!(event, Event::Registered { .. } | Event::MinimumGroundTimeSet { .. });
    if sets_ground_time {
        ground_times(projection, code, before.as_ref(), &after)?;
    }
    let sets_zone = before.as_ref().map(|before| &before.zone) != Some(&after.zone);
    let departing = match before.is_none() || sets_zone {
        true => zone::departing(projection.read, code)?,
        false => Vec::new(),
    };
    if before.is_none() {
        projection.count(Counted::Airports, 1);
        for leg in &departing {
            let (rotation, id) = leg.ids()?;
            no_longer_unknown(projection, &rotation, leg.departure, &id, End::Departure);
        }
        let read = projection.read;
        stored::each_leg(read, LegIndex::Arrivals(code), |edge| {
            no_longer_unknown(projection, &edge.rotation, edge.summary.departure, &edge.leg, End::Arrival);
        })?;
    }
    if sets_zone {
        zone::change(
            projection,
            code,
            &departing,
            before.as_ref().map(|before| &before.zone),
            &after.zone,
        )?;
    }
    Ok(())
}

/// The airport after an event.
fn after(event: &Event, before: Option<&Airport>, provenance: Provenance) -> Result<Airport, ProjectError> {
    match (event, before) {
        (
            Event::Registered {
                name,
                zone,
                minimum_ground_time_minutes,
            },
            None,
        ) => Ok(Airport {
            name: name.clone(),
            zone: zone.clone(),
            minimum_ground_time: MinimumGroundTime {
                minutes: *minimum_ground_time_minutes,
                provenance,
            },
            by_aircraft_type: BTreeMap::new(),
            provenance,
            name_provenance: provenance,
            zone_provenance: provenance,
        }),
        (Event::MinimumGroundTimeSet { aircraft_type, minutes }, Some(airport)) => {
            let minimum = MinimumGroundTime {
                minutes: *minutes,
                provenance,
            };
            let mut airport = airport.clone();
            match aircraft_type {
                None => airport.minimum_ground_time = minimum,
                Some(aircraft_type) => {
                    airport.by_aircraft_type.insert(aircraft_type.clone(), minimum);
                }
            }
            Ok(airport)
        }
        (Event::Corrected { name, zone, .. }, Some(airport)) => {
            let mut corrected = airport.clone();
            if *name != airport.name {
                (corrected.name, corrected.name_provenance) = (name.clone(), provenance);
            }
            if *zone != airport.zone {
                (corrected.zone, corrected.zone_provenance) = (zone.clone(), provenance);
            }
            Ok(corrected)
        }
        (Event::Registered { .. }, Some(_)) => Err(unfit(event, "the airport is registered already")),
        (Event::MinimumGroundTimeSet { .. } | Event::Corrected { .. }, None) => Err(unfit(event, "the airport is not registered")),
    }
}

/// Of each type, the stays between its old minimum and its new one become too short, or no longer are. No other is read.
fn ground_times<R: Read>(
    projection: &mut Projection<'_, R>,
    code: AirportCode,
    before: Option<&Airport>,
    after: &Airport,
) -> Result<(), ReadError> {
    for aircraft_type in stored::types_staying(projection.read, code)? {
        let aircraft_type = aircraft_type.as_ref();
        let old = before.map(|airport| airport.minimum_minutes(aircraft_type));
        let new = after.minimum_minutes(aircraft_type);
        let (from, to) = (old.map(|old| old.min(new)), old.map_or(new, |old| old.max(new)));
        let too_short = old.is_none_or(|old| old < new);
        stored::each_stay(projection.read, code, aircraft_type, from, to, |leg| {
            projection.set_violation(pair::too_short_key(leg), too_short);
        })?;
    }
    Ok(())
}

fn no_longer_unknown<R>(projection: &mut Projection<'_, R>, rotation: &RotationId, departure: Instant, leg: &LegId, end: End) {
    reference::report_airport(rotation, departure, leg, end, &mut projection.before);
}
