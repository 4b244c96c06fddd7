//! An airplane is registered or retires: its rotations are looked at again.

use super::counts::Counted;
use super::draft::Draft;
use super::known::News;
use super::{ProjectError, unfit};
use crate::checks::{pair, reference};
use crate::nodes::{Airplane, Provenance};
use crate::{keys, world};
use domain::Registration;
use domain::airplane::Event;
use keyvalue::Read;

pub(super) fn project<R: Read>(
    draft: &mut Draft<'_, R>,
    registration: &Registration,
    event: &Event,
    provenance: Provenance,
) -> Result<(), ProjectError> {
    let before = world::airplane(draft.read, registration)?;
    let after = match (event, &before) {
        (Event::Registered { aircraft_type }, None) => {
            draft.count(Counted::Airplanes, 1);
            Airplane {
                aircraft_type: aircraft_type.clone(),
                retired: false,
                provenance,
            }
        }
        (Event::Retired, Some(airplane)) => Airplane {
            retired: true,
            provenance,
            ..airplane.clone()
        },
        (Event::Registered { .. }, Some(_)) => return Err(unfit(event, "the airplane is registered already")),
        (Event::Retired, None) => return Err(unfit(event, "the airplane is not registered")),
    };
    draft.put(keys::airplane(registration), after.to_bytes());
    draft.tell(News::Airplane(registration.clone()));
    let (old_type, new_type) = (before.as_ref().map(|airplane| &airplane.aircraft_type), Some(&after.aircraft_type));
    for id in world::rotations_of(draft.read, registration)? {
        let Some(rotation) = world::rotation(draft.read, &id)? else {
            continue;
        };
        reference::examine_airplane(&id, &rotation, before.as_ref(), &mut draft.before);
        reference::examine_airplane(&id, &rotation, Some(&after), &mut draft.after);
        if old_type != new_type {
            let legs = world::legs(draft.read, &id)?;
            for (first, second) in legs.iter().zip(legs.iter().skip(1)) {
                let airport = draft.airport(first.destination)?;
                pair::examine(&id, first, second, airport.as_deref(), old_type, &mut draft.before);
                pair::examine(&id, first, second, airport.as_deref(), new_type, &mut draft.after);
            }
        }
    }
    Ok(())
}
