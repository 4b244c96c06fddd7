//! An airplane is registered or corrected, retires, or its registration is given to another one: its rotations are examined again.

use super::counts::Counted;
use super::projection::Projection;
use super::read_cache::CacheUpdate;
use super::{ProjectError, unfit};
use crate::checks::reference;
use crate::nodes::{Airplane, FormerAirplane};
use crate::provenance::Provenance;
use crate::{keys, stored};
use domain::Registration;
use domain::airplane::Event;
use keyvalue::Read;

pub(super) fn project<R: Read>(
    projection: &mut Projection<'_, R>,
    registration: &Registration,
    event: &Event,
    provenance: Provenance,
) -> Result<(), ProjectError> {
    let before = stored::airplane(projection.read, registration)?;
    if before.is_none() {
        projection.count(Counted::Airplanes, 1);
    }
    let after = after(event, before.as_ref(), provenance)?;
    projection.put(keys::airplane(registration), after.to_bytes());
    projection.update_cache(CacheUpdate::Airplane(registration.clone()));
    for flown in stored::rotations_of(projection.read, registration)? {
        let id = flown.rotation;
        let Some(rotation) = stored::rotation(projection.read, &id)? else {
            continue;
        };
        reference::examine_airplane(&id, &rotation, before.as_ref(), &mut projection.before);
        reference::examine_airplane(&id, &rotation, Some(&after), &mut projection.after);
        let (old_type, new_type) = (rotation.aircraft_type(before.as_ref()), rotation.aircraft_type(Some(&after)));
        if old_type != new_type {
            let legs = stored::legs(projection.read, &id)?;
            for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
                projection.stayed(&id, first, second, old_type);
                projection.stay(&id, first, second, new_type);
            }
        }
    }
    Ok(())
}

/// The airplane after an event.
fn after(event: &Event, before: Option<&Airplane>, provenance: Provenance) -> Result<Airplane, ProjectError> {
    match (event, before) {
        (Event::Registered { aircraft_type }, None) => Ok(Airplane {
            aircraft_type: aircraft_type.clone(),
            provenance,
            type_provenance: provenance,
            retired: None,
            former: None,
        }),
        (Event::Retired, Some(airplane)) if !airplane.is_retired() => Ok(Airplane {
            retired: Some(provenance),
            ..airplane.clone()
        }),
        (Event::Corrected { aircraft_type, .. }, Some(airplane)) if !airplane.is_retired() => Ok(Airplane {
            aircraft_type: aircraft_type.clone(),
            type_provenance: provenance,
            ..airplane.clone()
        }),
        (Event::Reregistered { aircraft_type }, Some(airplane)) if airplane.is_retired() => Ok(Airplane {
            aircraft_type: aircraft_type.clone(),
            provenance,
            type_provenance: provenance,
            retired: None,
            former: airplane.retired.map(|retired| FormerAirplane {
                aircraft_type: airplane.aircraft_type.clone(),
                retired,
            }),
        }),
        (Event::Registered { .. }, Some(_)) => Err(unfit(event, "the airplane is registered already")),
        (Event::Reregistered { .. }, Some(_)) => Err(unfit(event, "the airplane has not retired")),
        (Event::Retired | Event::Corrected { .. }, Some(_)) => Err(unfit(event, "the airplane has retired")),
        (Event::Retired | Event::Corrected { .. } | Event::Reregistered { .. }, None) => {
            Err(unfit(event, "the airplane is not registered"))
        }
    }
}
