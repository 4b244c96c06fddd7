//! A cache of the values that events refer to again and again: read and decoded once, and kept up to date from event to event as long as there is room.
//!
//! The cache holds what the reader would answer. That is so only while every change of the view goes through the same projector.

use super::airplane_window::{AirplaneWindow, Neighbours, RotationPlace};
use super::cached_rotation::{CachedDays, CachedRotation, Gap, Lookup, Place};
use super::counts::stored_count;
use super::known_days::KnownDays;
use super::recent::Recent;
use crate::bytes::corrupt;
use crate::day::DesignatorDay;
use crate::edges::RotationSpan;
use crate::keys::Key;
use crate::nodes::{Airplane, Airport, Leg, Rotation};
use crate::{keys, stored};
use domain::{AirportCode, FlightDesignator, LegId, Registration, RotationId};
use keyvalue::{Mutation, Read, ReadError};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

/// How much a projector remembers between events. More makes it faster and changes nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Airports, airplanes and rotations, of each kind. What was used least recently is forgotten, down to half as many.
    pub nodes_max: usize,
    /// Of a rotation the last legs; twice as many for a while.
    pub legs_max: usize,
    /// Designators, each at one airport, in the same way.
    pub designators_max: usize,
    /// Of such a designator the last days; twice as many for a while.
    pub days_max: usize,
    /// Of the filter that tells which days of a designator have no legs yet. It exists while a view is built from nothing.
    pub days_filter_bytes: usize,
    /// Of an airplane, rotations around the one that changed last; some more for a while.
    pub airplane_rotations_max: usize,
}

impl Default for Memory {
    /// At its most about 40 MiB: a leg takes some 200 bytes, a designator with its days some 110.
    fn default() -> Self {
        Self {
            nodes_max: 8192,
            legs_max: 4,
            designators_max: 131_072,
            days_max: 4,
            days_filter_bytes: 4 << 20,
            airplane_rotations_max: 16,
        }
    }
}

/// A change of what the cache may hold. It is made when nothing more is asked about the view before the event.
#[derive(Debug)]
pub(crate) enum CacheUpdate {
    Airport(AirportCode),
    Airplane(Registration),
    /// A rotation was created, without legs.
    Created(RotationId, Rotation),
    /// A rotation has changed in another way than by one leg.
    Rotation(RotationId),
    /// The place or span of a rotation among those of its airplane.
    Flown {
        airplane: Registration,
        was: Option<RotationPlace>,
        is: Option<RotationSpan>,
    },
    /// A leg is other than it was, is new, or is gone.
    Leg {
        rotation: RotationId,
        old: Option<Leg>,
        new: Option<Leg>,
        /// The legs around the place from which the leg has gone, if it has.
        gap: Option<Box<Gap>>,
    },
    /// Legs of a designator's day came or went.
    Day {
        day: DesignatorDay,
        is_free: bool,
    },
    /// The days of an airport begin at another hour: those on which each of its designators departs.
    Days {
        airport: AirportCode,
        days: BTreeMap<FlightDesignator, Vec<i32>>,
    },
}

/// A designator at an airport.
type Departures = (FlightDesignator, AirportCode);

/// What has been read; `None` for what is not registered or does not exist.
#[derive(Debug)]
pub(crate) struct ReadCache {
    memory: Memory,
    airports: Recent<AirportCode, Option<Rc<Airport>>>,
    airplanes: Recent<Registration, Option<Rc<Airplane>>>,
    rotations: Recent<RotationId, Option<CachedRotation>>,
    windows: Recent<Registration, AirplaneWindow>,
    days: Recent<Departures, CachedDays>,
    known_days: KnownDays,
    /// As many as there are kinds of counts.
    counts: BTreeMap<u8, Count>,
}

#[derive(Debug)]
struct Count {
    now: i64,
    /// It is in the view as it is now.
    is_written: bool,
}

impl ReadCache {
    pub(crate) fn new(memory: Memory) -> Self {
        Self {
            memory,
            airports: Recent::new(memory.nodes_max),
            airplanes: Recent::new(memory.nodes_max),
            rotations: Recent::new(memory.nodes_max),
            windows: Recent::new(memory.nodes_max),
            days: Recent::new(memory.designators_max),
            known_days: KnownDays::new(memory.days_filter_bytes),
            counts: BTreeMap::new(),
        }
    }

    pub(crate) fn airport(&mut self, read: &impl Read, code: AirportCode) -> Result<Option<Rc<Airport>>, ReadError> {
        let airport = self.airports.get_or_read(&code, || Ok(stored::airport(read, code)?.map(Rc::new)))?;
        Ok(airport.clone())
    }

    pub(crate) fn airplane(&mut self, read: &impl Read, registration: &Registration) -> Result<Option<Rc<Airplane>>, ReadError> {
        let airplane = self
            .airplanes
            .get_or_read(registration, || Ok(stored::airplane(read, registration)?.map(Rc::new)))?;
        Ok(airplane.clone())
    }

    fn cached_rotation(&mut self, read: &impl Read, id: &RotationId) -> Result<Option<&mut CachedRotation>, ReadError> {
        let legs_max = self.memory.legs_max;
        let rotation = self.rotations.get_or_read(id, || CachedRotation::read(read, id, legs_max))?;
        Ok(rotation.as_mut())
    }

    pub(crate) fn rotation(&mut self, read: &impl Read, id: &RotationId) -> Result<Option<Rotation>, ReadError> {
        Ok(self.cached_rotation(read, id)?.map(|rotation| rotation.node.clone()))
    }

    pub(crate) fn leg(&mut self, read: &impl Read, id: &RotationId, leg_id: &LegId) -> Result<Option<Leg>, ReadError> {
        match self.cached_rotation(read, id)?.and_then(|rotation| rotation.leg(leg_id).cloned()) {
            Some(leg) => Ok(Some(leg)),
            None => stored::leg(read, id, leg_id),
        }
    }

    /// The legs before and after a place in a rotation, leaving out the leg at `without`.
    pub(crate) fn legs_around(
        &mut self,
        read: &impl Read,
        id: &RotationId,
        place: &Place,
        without: Option<&Place>,
    ) -> Result<(Option<Leg>, Option<Leg>), ReadError> {
        let Some(rotation) = self.cached_rotation(read, id)? else {
            return Ok((None, None));
        };
        let before = match rotation.before(place, without) {
            Lookup::Found(leg) => leg.cloned(),
            Lookup::NotCached => stored::leg_before(read, id, &key_of(id, place), key_without(id, without).as_ref())?,
        };
        let after = match rotation.after(place, without) {
            Lookup::Found(leg) => leg.cloned(),
            Lookup::NotCached => stored::leg_after(read, id, &key_of(id, place), key_without(id, without).as_ref())?,
        };
        Ok((before, after))
    }

    pub(crate) fn first_leg(&mut self, read: &impl Read, id: &RotationId, without: Option<&Place>) -> Result<Option<Leg>, ReadError> {
        let Some(rotation) = self.cached_rotation(read, id)? else {
            return Ok(None);
        };
        if let Lookup::Found(leg) = rotation.first(without) {
            return Ok(leg.cloned());
        }
        let first = stored::first_leg(read, id, key_without(id, without).as_ref())?;
        if let (Some(first), None) = (&first, without) {
            rotation.begins_with(first);
        }
        Ok(first)
    }

    pub(crate) fn last_leg(&mut self, read: &impl Read, id: &RotationId, without: Option<&Place>) -> Result<Option<Leg>, ReadError> {
        let Some(rotation) = self.cached_rotation(read, id)? else {
            return Ok(None);
        };
        if let Lookup::Found(leg) = rotation.last(without) {
            return Ok(leg.cloned());
        }
        stored::last_leg(read, id, key_without(id, without).as_ref())
    }

    /// The rotations with legs around a place among those of an airplane, the rotation `without` left out.
    pub(crate) fn rotations_around(
        &mut self,
        read: &impl Read,
        airplane: &Registration,
        place: &RotationPlace,
        without: &RotationId,
    ) -> Result<Neighbours, ReadError> {
        let window = self.windows.get_or_read(airplane, || AirplaneWindow::read(read, airplane, place))?;
        window.move_to(read, airplane, place)?;
        window.neighbours(read, airplane, place, without)
    }

    /// Whether it is known that a designator's day has no legs, as most often.
    pub(crate) fn is_free(&mut self, read: &impl Read, day: &DesignatorDay) -> Result<bool, ReadError> {
        if self.known_days.is_new(read, day)? {
            return Ok(true);
        }
        let days_max = self.memory.days_max;
        let days = self
            .days
            .get_or_read(&(day.designator, day.airport), || CachedDays::read(read, day, days_max))?;
        Ok(matches!(days.is_free(day.date), Lookup::Found(true)))
    }

    /// Changes counts, all of them or none.
    pub(crate) fn count(&mut self, read: &impl Read, changes: &[(u8, i64)]) -> Result<(), ReadError> {
        for (what, by) in changes {
            let count = match self.counts.entry(*what) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(Count {
                    now: stored_count(read, &keys::count(*what))?,
                    is_written: true,
                }),
            };
            if count.now + by < 0 {
                return Err(corrupt("a count is below zero"));
            }
        }
        for (what, by) in changes.iter().filter(|(_, by)| *by != 0) {
            if let Some(count) = self.counts.get_mut(what) {
                count.now += by;
                count.is_written = false;
            }
        }
        Ok(())
    }

    /// The counts that have changed since they were last asked for.
    pub(crate) fn changed_counts(&mut self) -> impl Iterator<Item = Mutation> {
        let changed = self.counts.iter_mut().filter(|(_, count)| !count.is_written);
        changed.map(|(what, count)| {
            count.is_written = true;
            let Key(key) = keys::count(*what);
            match count.now {
                0 => Mutation::Delete { key },
                now => Mutation::Put {
                    key,
                    value: now.to_be_bytes().to_vec(),
                },
            }
        })
    }

    pub(crate) fn update(&mut self, update: CacheUpdate) {
        match update {
            CacheUpdate::Airport(code) => self.airports.forget(&code),
            CacheUpdate::Airplane(registration) => self.airplanes.forget(&registration),
            CacheUpdate::Created(id, node) => self.rotations.insert(id, Some(CachedRotation::new(node))),
            CacheUpdate::Rotation(id) => self.rotations.forget(&id),
            CacheUpdate::Flown { airplane, was, is } => {
                if let Some(window) = self.windows.known_mut(&airplane) {
                    window.update(was.as_ref(), is.as_ref(), self.memory.airplane_rotations_max);
                }
            }
            CacheUpdate::Leg { rotation, old, new, gap } => {
                if let Some(Some(known)) = self.rotations.known_mut(&rotation) {
                    known.update(old.as_ref(), new.as_ref(), gap.map(|gap| *gap), self.memory.legs_max);
                }
            }
            CacheUpdate::Day { day, is_free } => {
                if let Some(known) = self.days.known_mut(&(day.designator, day.airport)) {
                    known.update(day.date, is_free, self.memory.days_max);
                }
            }
            CacheUpdate::Days { airport, days } => {
                for (designator, dates) in days {
                    for date in &dates {
                        let date = *date;
                        self.known_days.insert(&DesignatorDay { designator, airport, date });
                    }
                    if let Some(known) = self.days.known_mut(&(designator, airport)) {
                        *known = CachedDays::new(&dates, self.memory.days_max);
                    }
                }
            }
        }
    }
}

fn key_of(id: &RotationId, (departure, leg_id): &Place) -> Key {
    keys::leg_in_order(id, *departure, leg_id)
}

fn key_without(id: &RotationId, without: Option<&Place>) -> Option<Key> {
    without.map(|place| key_of(id, place))
}
