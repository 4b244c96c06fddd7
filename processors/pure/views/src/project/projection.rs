//! The mutations of one event, while they are collected.

use super::airplane_window::{Neighbours, RotationPlace};
use super::cached_rotation::Place;
use super::counts::Counted;
use super::read_cache::{CacheUpdate, ReadCache};
use crate::check::Check;
use crate::checks::pair::{self, Stay};
use crate::checks::{self, Violations};
use crate::day::DesignatorDay;
use crate::keys::Key;
use crate::nodes::{Airplane, Airport, Leg, Rotation};
use domain::{AircraftType, AirportCode, LegId, Registration, RotationId};
use keyvalue::{Mutation, Read, ReadError};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Puts of one more leg: the leg, its place, its edges, a stay.
const PUT_MOSTLY: usize = 8;
const COUNTED_MOSTLY: usize = 2;

pub(crate) struct Projection<'r, R> {
    /// The view before the event.
    pub(crate) read: &'r R,
    cache: &'r mut ReadCache,
    deleted: Vec<Key>,
    /// A key that is deleted and put is put.
    put: Vec<(Key, Vec<u8>)>,
    /// By how much they change, of each kind at most once.
    counts: Vec<(u8, i64)>,
    updates: Vec<CacheUpdate>,
    /// Violations between the touched facts, as they were and as they are now.
    pub(crate) before: Violations,
    pub(crate) after: Violations,
    /// Stays between the touched legs, in the same way. Their airports do not change with them.
    stays_before: BTreeSet<Stay>,
    stays_after: BTreeSet<Stay>,
}

impl<'r, R: Read> Projection<'r, R> {
    pub(crate) fn new(read: &'r R, cache: &'r mut ReadCache) -> Self {
        Self {
            read,
            cache,
            deleted: Vec::new(),
            put: Vec::with_capacity(PUT_MOSTLY),
            counts: Vec::with_capacity(COUNTED_MOSTLY),
            updates: Vec::new(),
            before: Violations::new(),
            after: Violations::new(),
            stays_before: BTreeSet::new(),
            stays_after: BTreeSet::new(),
        }
    }

    /// As it was before the event.
    pub(crate) fn airport(&mut self, code: AirportCode) -> Result<Option<Rc<Airport>>, ReadError> {
        self.cache.airport(self.read, code)
    }

    /// As it was before the event.
    pub(crate) fn airplane(&mut self, registration: &Registration) -> Result<Option<Rc<Airplane>>, ReadError> {
        self.cache.airplane(self.read, registration)
    }

    /// As it was before the event.
    pub(crate) fn rotation(&mut self, id: &RotationId) -> Result<Option<Rotation>, ReadError> {
        self.cache.rotation(self.read, id)
    }

    /// As it was before the event.
    pub(crate) fn leg(&mut self, rotation: &RotationId, id: &LegId) -> Result<Option<Leg>, ReadError> {
        self.cache.leg(self.read, rotation, id)
    }

    /// The legs before and after a place before the event, leaving out the leg at `without`.
    pub(crate) fn legs_around(
        &mut self,
        rotation: &RotationId,
        place: &Place,
        without: Option<&Place>,
    ) -> Result<(Option<Leg>, Option<Leg>), ReadError> {
        self.cache.legs_around(self.read, rotation, place, without)
    }

    /// Of the legs before the event, leaving out the one at `without`.
    pub(crate) fn first_leg(&mut self, rotation: &RotationId, without: Option<&Place>) -> Result<Option<Leg>, ReadError> {
        self.cache.first_leg(self.read, rotation, without)
    }

    /// Of the legs before the event, leaving out the one at `without`.
    pub(crate) fn last_leg(&mut self, rotation: &RotationId, without: Option<&Place>) -> Result<Option<Leg>, ReadError> {
        self.cache.last_leg(self.read, rotation, without)
    }

    /// The rotations with legs around a place among those of an airplane before the event, the rotation `without` left out.
    pub(crate) fn rotations_around(
        &mut self,
        airplane: &Registration,
        place: &RotationPlace,
        without: &RotationId,
    ) -> Result<Neighbours, ReadError> {
        self.cache.rotations_around(self.read, airplane, place, without)
    }

    /// Whether nothing departed on a designator's day before the event, if that is known.
    pub(crate) fn is_free(&mut self, day: &DesignatorDay) -> Result<bool, ReadError> {
        self.cache.is_free(self.read, day)
    }

    /// Two legs followed one another before the event.
    pub(crate) fn followed(&mut self, id: &RotationId, first: &Leg, second: &Leg, aircraft_type: Option<&AircraftType>) {
        pair::examine(id, first, second, &mut self.before);
        self.stayed(id, first, second, aircraft_type);
    }

    /// Two legs follow one another after the event.
    pub(crate) fn follow(&mut self, id: &RotationId, first: &Leg, second: &Leg, aircraft_type: Option<&AircraftType>) {
        pair::examine(id, first, second, &mut self.after);
        self.stay(id, first, second, aircraft_type);
    }

    /// An airplane of this type stood between two legs before the event.
    pub(crate) fn stayed(&mut self, id: &RotationId, first: &Leg, second: &Leg, aircraft_type: Option<&AircraftType>) {
        self.stays_before.extend(Stay::between(id, first, second, aircraft_type));
    }

    /// An airplane of this type stands between two legs after the event.
    pub(crate) fn stay(&mut self, id: &RotationId, first: &Leg, second: &Leg, aircraft_type: Option<&AircraftType>) {
        self.stays_after.extend(Stay::between(id, first, second, aircraft_type));
    }

    /// To be made once the event is projected.
    pub(crate) fn update_cache(&mut self, update: CacheUpdate) {
        self.updates.push(update);
    }

    pub(crate) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.put.push((key, value));
    }

    /// What is put at the key by this event stays.
    pub(crate) fn delete(&mut self, key: Key) {
        self.deleted.push(key);
    }

    /// Makes a violation that counts, or takes it away. The event says nothing else of the same entry.
    pub(crate) fn set_violation(&mut self, key: Key, is_there: bool) {
        self.count_violation(&key, if is_there { 1 } else { -1 });
        if is_there {
            self.put(key, checks::entry(true));
        } else {
            self.delete(key);
        }
    }

    pub(crate) fn count(&mut self, what: Counted, by: i64) {
        let what = what.number();
        match self.counts.iter_mut().find(|(counted, _)| *counted == what) {
            Some((_, count)) => *count += by,
            None => self.counts.push((what, by)),
        }
    }

    /// In the order in which they hold: of two at one key the later one. The counts go to what is known.
    pub(crate) fn into_mutations(mut self) -> Result<Vec<Mutation>, ReadError> {
        self.settle_stays()?;
        self.settle_violations();
        self.cache.count(self.read, &self.counts)?;
        for update in self.updates {
            self.cache.update(update);
        }
        let deleted = self.deleted.into_iter().map(|Key(key)| Mutation::Delete { key });
        let put = self.put.into_iter().map(|(Key(key), value)| Mutation::Put { key, value });
        Ok(deleted.chain(put).collect())
    }

    fn settle_stays(&mut self) -> Result<(), ReadError> {
        let (before, after) = (std::mem::take(&mut self.stays_before), std::mem::take(&mut self.stays_after));
        for stay in &before {
            if stay.is_too_short(self.airport(stay.airport)?.as_deref()) {
                stay.report(&mut self.before);
            }
            if !after.contains(stay) {
                self.delete(stay.key());
            }
        }
        for stay in &after {
            if stay.is_too_short(self.airport(stay.airport)?.as_deref()) {
                stay.report(&mut self.after);
            }
            if !before.contains(stay) {
                self.put(stay.key(), Vec::new());
            }
        }
        Ok(())
    }

    /// Only what differs is written.
    fn settle_violations(&mut self) {
        let (before, after) = (std::mem::take(&mut self.before), std::mem::take(&mut self.after));
        for (key, (counted, _)) in &before {
            if *counted {
                self.count_violation(key, -1);
            }
            if !after.contains_key(key) {
                self.delete(key.clone());
            }
        }
        for (key, (counted, value)) in after {
            if counted {
                self.count_violation(&key, 1);
            }
            if before.get(&key).is_none_or(|(_, old)| *old != value) {
                self.put(key, value);
            }
        }
    }

    fn count_violation(&mut self, key: &Key, by: i64) {
        if let Some(check) = key.0.get(1).and_then(|number| Check::from_number(*number)) {
            self.count(Counted::Violations(check), by);
        }
    }
}
