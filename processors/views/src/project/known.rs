//! Airports and airplanes, to which events refer again and again: each is read and decoded once for a run of events.

use crate::nodes::{Airplane, Airport};
use crate::world;
use domain::{AggregateId, AirportCode, Registration};
use keyvalue::{Read, ReadError};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// What has been read; `None` for what is not registered. At most one entry for each airport and airplane that a run's events name.
#[derive(Debug, Default)]
pub(crate) struct Known {
    airports: HashMap<AirportCode, Option<Rc<Airport>>>,
    airplanes: HashMap<Registration, Option<Rc<Airplane>>>,
}

impl Known {
    pub(crate) fn airport(&mut self, read: &impl Read, code: AirportCode) -> Result<Option<Rc<Airport>>, ReadError> {
        Ok(match self.airports.entry(code) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(unknown) => unknown.insert(world::airport(read, code)?.map(Rc::new)).clone(),
        })
    }

    pub(crate) fn airplane(&mut self, read: &impl Read, registration: &Registration) -> Result<Option<Rc<Airplane>>, ReadError> {
        if let Some(known) = self.airplanes.get(registration) {
            return Ok(known.clone());
        }
        let found = world::airplane(read, registration)?.map(Rc::new);
        self.airplanes.insert(registration.clone(), found.clone());
        Ok(found)
    }

    /// An event has changed it.
    pub(crate) fn forget(&mut self, aggregate_id: &AggregateId) {
        match aggregate_id {
            AggregateId::Airport(code) => {
                self.airports.remove(code);
            }
            AggregateId::Airplane(registration) => {
                self.airplanes.remove(registration);
            }
            AggregateId::Rotation(_) => {}
        }
    }
}
