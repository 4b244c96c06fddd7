//! The legs of a rotation, in the order in which they are flown and by id.

use super::{Leg, Mode};
use crate::{Instant, LegId, Registration};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    #[default]
    Unborn,
    Live(Mode),
    Removed,
}

/// Where a leg stands in its rotation. The id only decides between legs that depart at the same instant.
pub(super) type Place = (Instant, LegId);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    status: Status,
    airplane: Option<Registration>,
    legs: BTreeMap<Place, Leg>,
    departures: FxHashMap<LegId, Instant>,
    removed: FxHashSet<LegId>,
    ids_bytes: usize,
}

/// What a leg costs in both maps, a removed id in its set, and a rotation without either, in addition to the text of the ids: as an
/// allocator that counts has seen it, within a fifth from 100 legs on.
const LEG_BYTES: usize = 200;
const REMOVED_BYTES: usize = 64;
const ROTATION_BYTES: usize = 400;

impl State {
    /// From what was stored of it.
    pub fn restore(
        status: Status,
        airplane: Option<Registration>,
        legs: impl IntoIterator<Item = Leg>,
        removed: impl IntoIterator<Item = LegId>,
    ) -> Self {
        let mut state = Self {
            status,
            airplane,
            ..Self::default()
        };
        for leg in legs {
            state.add(leg);
        }
        for id in removed {
            let bytes = id.as_str().len();
            if state.removed.insert(id) {
                state.ids_bytes += bytes;
            }
        }
        state
    }

    pub fn status(&self) -> Status {
        self.status
    }

    pub fn airplane(&self) -> Option<&Registration> {
        self.airplane.as_ref()
    }

    /// In the order in which they are flown.
    pub fn legs(&self) -> impl DoubleEndedIterator<Item = &Leg> + ExactSizeIterator {
        self.legs.values()
    }

    pub fn leg(&self, id: &LegId) -> Option<&Leg> {
        let departure = self.departures.get(id)?;
        self.legs.get(&(*departure, id.clone()))
    }

    /// The leg was removed; its id is used up.
    pub fn is_removed(&self, id: &LegId) -> bool {
        self.removed.contains(id)
    }

    /// How many leg ids are used up, by legs that are there and by removed ones.
    pub(super) fn leg_ids(&self) -> usize {
        self.departures.len() + self.removed.len()
    }

    pub(crate) fn size_bytes(&self) -> usize {
        ROTATION_BYTES + self.legs.len() * LEG_BYTES + self.removed.len() * REMOVED_BYTES + self.ids_bytes
    }

    pub(super) fn ordered(&self) -> &BTreeMap<Place, Leg> {
        &self.legs
    }

    // Each change says whether it fits the state; one that does not changes nothing.

    pub(super) fn set_status(&mut self, status: Status) -> bool {
        self.status = status;
        true
    }

    pub(super) fn set_airplane(&mut self, airplane: Option<Registration>) -> bool {
        self.airplane = airplane;
        true
    }

    pub(super) fn add(&mut self, leg: Leg) -> bool {
        if self.departures.contains_key(&leg.id) || self.removed.contains(&leg.id) {
            return false;
        }
        self.ids_bytes += leg.id.as_str().len();
        self.departures.insert(leg.id.clone(), leg.departure);
        self.legs.insert((leg.departure, leg.id.clone()), leg);
        true
    }

    pub(super) fn remove(&mut self, id: &LegId) -> bool {
        let Some(leg) = self.take(id) else {
            return false;
        };
        self.removed.insert(leg.id)
    }

    pub(super) fn reschedule(&mut self, id: &LegId, departure: Instant, arrival: Instant) -> bool {
        let Some(leg) = self.take(id) else {
            return false;
        };
        self.departures.insert(id.clone(), departure);
        self.legs.insert((departure, id.clone()), Leg { departure, arrival, ..leg });
        true
    }

    /// Out of both maps; its id stays counted.
    fn take(&mut self, id: &LegId) -> Option<Leg> {
        let departure = self.departures.remove(id)?;
        self.legs.remove(&(departure, id.clone()))
    }
}

#[cfg(test)]
mod tests;
