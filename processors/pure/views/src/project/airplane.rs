//! An airplane is registered or corrected, retires, or gives its registration to another one: its rotations are looked at again.

use super::counts::Counted;
use super::draft::Draft;
use super::known::News;
use super::{ProjectError, unfit};
use crate::checks::reference;
use crate::nodes::{Airplane, Provenance};
use crate::{keys, world};
use domain::airplane::Event;
use domain::{Instant, Registration};
use keyvalue::Read;

pub(super) fn project<R: Read>(
    draft: &mut Draft<'_, R>,
    registration: &Registration,
    event: &Event,
    provenance: Provenance,
    decided_at: Instant,
) -> Result<(), ProjectError> {
    let before = world::airplane(draft.read, registration)?;
    if before.is_none() {
        draft.count(Counted::Airplanes, 1);
    }
    let after = after(event, before.as_ref(), provenance, decided_at)?;
    draft.put(keys::airplane(registration), after.to_bytes());
    draft.tell(News::Airplane(registration.clone()));
    for id in world::rotations_of(draft.read, registration)? {
        let Some(rotation) = world::rotation(draft.read, &id)? else {
            continue;
        };
        reference::examine_airplane(&id, &rotation, before.as_ref(), &mut draft.before);
        reference::examine_airplane(&id, &rotation, Some(&after), &mut draft.after);
        let (old_type, new_type) = (rotation.aircraft_type(before.as_ref()), rotation.aircraft_type(Some(&after)));
        if old_type != new_type {
            let legs = world::legs(draft.read, &id)?;
            for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
                draft.stayed(&id, first, second, old_type);
                draft.stay(&id, first, second, new_type);
            }
        }
    }
    Ok(())
}

/// The airplane after an event.
fn after(event: &Event, before: Option<&Airplane>, provenance: Provenance, decided_at: Instant) -> Result<Airplane, ProjectError> {
    match (event, before) {
        (Event::Registered { aircraft_type }, None) => Ok(Airplane {
            aircraft_type: aircraft_type.clone(),
            retired_at: None,
            former_until: None,
            provenance,
        }),
        (Event::Retired, Some(airplane)) if !airplane.is_retired() => Ok(Airplane {
            retired_at: Some(decided_at),
            provenance,
            ..airplane.clone()
        }),
        (Event::Corrected { aircraft_type, .. }, Some(airplane)) if !airplane.is_retired() => Ok(Airplane {
            aircraft_type: aircraft_type.clone(),
            provenance,
            ..airplane.clone()
        }),
        (Event::Reregistered { aircraft_type }, Some(airplane)) if airplane.is_retired() => Ok(Airplane {
            aircraft_type: aircraft_type.clone(),
            retired_at: None,
            former_until: airplane.retired_at,
            provenance,
        }),
        (Event::Registered { .. }, Some(_)) => Err(unfit(event, "the airplane is registered already")),
        (Event::Reregistered { .. }, Some(_)) => Err(unfit(event, "the airplane has not retired")),
        (Event::Retired | Event::Corrected { .. }, Some(_)) => Err(unfit(event, "the airplane has retired")),
        (Event::Retired | Event::Corrected { .. } | Event::Reregistered { .. }, None) => {
            Err(unfit(event, "the airplane is not registered"))
        }
    }
}
