//! The mutations of one event, while they are collected.

use super::counts::Counted;
use super::known::{Known, News};
use super::tail::Place;
use crate::checks::Check;
use crate::checks::designator::Day;
use crate::keys::Key;
use crate::nodes::{Airplane, Airport, Leg, Rotation};
use crate::violation::Violations;
use domain::{AirportCode, LegId, Registration, RotationId};
use keyvalue::{Mutation, Read, ReadError};
use std::rc::Rc;

/// What a leg more puts: the leg, its place, its edges, a count.
const PUT_MOSTLY: usize = 8;
const COUNTED_MOSTLY: usize = 2;

pub(crate) struct Draft<'r, R> {
    /// The view before the event.
    pub(crate) read: &'r R,
    known: &'r mut Known,
    deleted: Vec<Key>,
    /// Stays, even if it is deleted too.
    put: Vec<(Key, Vec<u8>)>,
    /// By how much they change, of each kind at most once.
    counts: Vec<(u8, i64)>,
    news: Vec<News>,
    /// Violations between the touched facts, as they were and as they are now.
    pub(crate) before: Violations,
    pub(crate) after: Violations,
}

impl<'r, R: Read> Draft<'r, R> {
    pub(crate) fn new(read: &'r R, known: &'r mut Known) -> Self {
        Self {
            read,
            known,
            deleted: Vec::new(),
            put: Vec::with_capacity(PUT_MOSTLY),
            counts: Vec::with_capacity(COUNTED_MOSTLY),
            news: Vec::new(),
            before: Violations::new(),
            after: Violations::new(),
        }
    }

    /// As it was before the event.
    pub(crate) fn airport(&mut self, code: AirportCode) -> Result<Option<Rc<Airport>>, ReadError> {
        self.known.airport(self.read, code)
    }

    /// As it was before the event.
    pub(crate) fn airplane(&mut self, registration: &Registration) -> Result<Option<Rc<Airplane>>, ReadError> {
        self.known.airplane(self.read, registration)
    }

    /// As it was before the event.
    pub(crate) fn rotation(&mut self, id: &RotationId) -> Result<Option<Rotation>, ReadError> {
        self.known.rotation(self.read, id)
    }

    /// As it was before the event.
    pub(crate) fn leg(&mut self, rotation: &RotationId, id: &LegId) -> Result<Option<Leg>, ReadError> {
        self.known.leg(self.read, rotation, id)
    }

    /// The legs before and behind a place before the event, leaving out the leg at `without`.
    pub(crate) fn legs_beside(
        &mut self,
        rotation: &RotationId,
        place: &Place,
        without: Option<&Place>,
    ) -> Result<(Option<Leg>, Option<Leg>), ReadError> {
        self.known.legs_beside(self.read, rotation, place, without)
    }

    /// The leg behind a place before the event.
    pub(crate) fn leg_after(&mut self, rotation: &RotationId, place: &Place) -> Result<Option<Leg>, ReadError> {
        self.known.leg_after(self.read, rotation, place)
    }

    /// Of the legs before the event, leaving out the one at `without`.
    pub(crate) fn first_leg(&mut self, rotation: &RotationId, without: Option<&Place>) -> Result<Option<Leg>, ReadError> {
        self.known.first_leg(self.read, rotation, without)
    }

    /// Of the legs before the event, leaving out the one at `without`.
    pub(crate) fn last_leg(&mut self, rotation: &RotationId, without: Option<&Place>) -> Result<Option<Leg>, ReadError> {
        self.known.last_leg(self.read, rotation, without)
    }

    /// How many legs a designator's day had before the event.
    pub(crate) fn legs_of_day(&mut self, day: &Day) -> Result<u64, ReadError> {
        self.known.legs_of_day(self.read, day)
    }

    /// What the event changes of what may be known.
    pub(crate) fn tell(&mut self, news: News) {
        self.news.push(news);
    }

    pub(crate) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.put.push((key, value));
    }

    /// What is put at the key by this event stays.
    pub(crate) fn delete(&mut self, key: Key) {
        self.deleted.push(key);
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
        self.settle_violations();
        self.known.count(self.read, &self.counts)?;
        for news in self.news {
            self.known.follow(news);
        }
        let deleted = self.deleted.into_iter().map(|Key(key)| Mutation::Delete { key });
        let put = self.put.into_iter().map(|(Key(key), value)| Mutation::Put { key, value });
        Ok(deleted.chain(put).collect())
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
