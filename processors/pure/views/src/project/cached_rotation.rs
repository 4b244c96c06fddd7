//! The last legs of a rotation and the last days of a designator, decoded: most events add something there or next to it.

use crate::day::DesignatorDay;
use crate::keys::{self, Key, KeyReader};
use crate::nodes::{Leg, Rotation};
use crate::stored;
use domain::{Instant, LegId, RotationId};
use keyvalue::{Order, Read, ReadError};
use std::ops::ControlFlow;

/// Where a leg stands in its rotation.
pub(crate) type Place = (Instant, LegId);

pub(crate) fn place(leg: &Leg) -> Place {
    (leg.departure, leg.id.clone())
}

/// All that stands at `from` or after it, in order; all there is if it is `None`.
#[derive(Debug)]
struct Tail<P, V> {
    from: Option<P>,
    entries: Vec<(P, V)>,
}

impl<P: Clone + Ord, V> Tail<P, V> {
    /// Where there is nothing at all.
    fn of_nothing() -> Self {
        Self {
            from: None,
            entries: Vec::new(),
        }
    }

    /// Of the last entries, the last one first, up to `most` and perhaps one more.
    fn of_last(mut entries: Vec<(P, V)>, most: usize) -> Self {
        let cut = entries.len() > most;
        entries.truncate(most);
        entries.reverse();
        Self {
            from: if cut {
                entries.first().map(|(place, _)| place.clone())
            } else {
                None
            },
            entries,
        }
    }

    /// Whether everything is known that stands at a place and after it.
    fn covers(&self, place: &P) -> bool {
        self.from.as_ref().is_none_or(|from| from <= place)
    }

    fn index(&self, place: &P) -> Result<usize, usize> {
        // Most are looked for at the end.
        match self.entries.last() {
            Some((last, _)) if last < place => Err(self.entries.len()),
            _ => self.entries.binary_search_by(|(at, _)| at.cmp(place)),
        }
    }

    /// Places that it does not cover are ignored. Of more than twice `most` entries the last ones stay.
    fn insert(&mut self, place: P, value: V, most: usize) {
        if !self.covers(&place) {
            return;
        }
        match self.index(&place) {
            Ok(index) => self.entries[index].1 = value,
            Err(index) => self.entries.insert(index, (place, value)),
        }
        if self.entries.len() > most * 2 {
            self.entries.drain(..self.entries.len() - most);
            self.from = self.entries.first().map(|(place, _)| place.clone());
        }
    }

    fn remove(&mut self, place: &P) {
        if let Ok(index) = self.index(place) {
            self.entries.remove(index);
        }
    }
}

/// A rotation and its last legs.
#[derive(Debug)]
pub(crate) struct CachedRotation {
    pub(crate) node: Rotation,
    legs: Tail<Place, Leg>,
    /// The first of all legs, once it was asked for, where the last ones do not tell.
    first: Option<Leg>,
    /// Where legs were removed, the one before and the one after: a search in the store would come past all that were removed there.
    gaps: Vec<Gap>,
}

/// Two legs between which there is none; `None` beyond the ends of the rotation.
pub(crate) type Gap = (Option<Leg>, Option<Leg>);

/// Gaps that are remembered of a rotation: legs that are removed one by one widen one of them, or one at each end.
const GAPS_MAX: usize = 4;

/// The answer of the cache, if it has one.
pub(crate) enum Lookup<T> {
    Found(T),
    NotCached,
}

impl CachedRotation {
    /// One that was just created, without legs.
    pub(crate) fn new(node: Rotation) -> Self {
        Self {
            node,
            legs: Tail::of_nothing(),
            first: None,
            gaps: Vec::new(),
        }
    }

    pub(crate) fn read(read: &impl Read, id: &RotationId, legs_max: usize) -> Result<Option<Self>, ReadError> {
        let Some(node) = stored::rotation(read, id)? else {
            return Ok(None);
        };
        let mut last = Vec::new();
        stored::each(read, keys::legs_of(id).range(), Order::Descending, |_, value| {
            let leg = Leg::from_bytes(value)?;
            last.push((place(&leg), leg));
            Ok(go_on_while(last.len() <= legs_max))
        })?;
        Ok(Some(Self {
            node,
            legs: Tail::of_last(last, legs_max),
            first: None,
            gaps: Vec::new(),
        }))
    }

    pub(crate) fn leg(&self, id: &LegId) -> Option<&Leg> {
        let mut legs = self.legs.entries.iter().rev().map(|(_, leg)| leg);
        legs.find(|leg| leg.id == *id)
    }

    /// The leg before a place, leaving out the leg at `without`.
    pub(crate) fn before(&self, place: &Place, without: Option<&Place>) -> Lookup<Option<&Leg>> {
        if !self.legs.covers(place) {
            return self.before_by_gap(place, without);
        }
        let (Ok(index) | Err(index)) = self.legs.index(place);
        let mut before = self.legs.entries[..index].iter().rev();
        match before.find(|(at, _)| Some(at) != without) {
            Some((_, leg)) => Lookup::Found(Some(leg)),
            None if self.legs.from.is_none() => Lookup::Found(None),
            None => self.before_by_gap(place, without),
        }
    }

    fn before_by_gap(&self, leg_place: &Place, without: Option<&Place>) -> Lookup<Option<&Leg>> {
        let ends_there = |(before, after): &&Gap| {
            after.as_ref().is_none_or(|after| *leg_place <= place(after)) && before.as_ref().is_none_or(|before| place(before) < *leg_place)
        };
        known_but(self.gaps.iter().find(ends_there).map(|(before, _)| before.as_ref()), without)
    }

    fn after_by_gap(&self, leg_place: &Place, without: Option<&Place>) -> Lookup<Option<&Leg>> {
        let begins_there = |(before, after): &&Gap| {
            before.as_ref().is_none_or(|before| place(before) <= *leg_place) && after.as_ref().is_none_or(|after| *leg_place < place(after))
        };
        known_but(self.gaps.iter().find(begins_there).map(|(_, after)| after.as_ref()), without)
    }

    /// The leg after a place, leaving out the leg at `without`.
    pub(crate) fn after(&self, place: &Place, without: Option<&Place>) -> Lookup<Option<&Leg>> {
        if !self.legs.covers(place) {
            return self.after_by_gap(place, without);
        }
        let index = match self.legs.index(place) {
            Ok(index) => index + 1,
            Err(index) => index,
        };
        let mut after = self.legs.entries[index..].iter();
        Lookup::Found(after.find(|(at, _)| Some(at) != without).map(|(_, leg)| leg))
    }

    pub(crate) fn first(&self, without: Option<&Place>) -> Lookup<Option<&Leg>> {
        if self.legs.from.is_none() {
            let mut legs = self.legs.entries.iter();
            return Lookup::Found(legs.find(|(at, _)| Some(at) != without).map(|(_, leg)| leg));
        }
        match &self.first {
            Some(first) if without.is_none_or(|without| place(first) != *without) => Lookup::Found(Some(first)),
            Some(_) | None => {
                let beginning = self.gaps.iter().find(|(before, _)| before.is_none());
                known_but(beginning.map(|(_, after)| after.as_ref()), without)
            }
        }
    }

    pub(crate) fn last(&self, without: Option<&Place>) -> Lookup<Option<&Leg>> {
        let mut legs = self.legs.entries.iter().rev();
        match legs.find(|(at, _)| Some(at) != without) {
            Some((_, leg)) => Lookup::Found(Some(leg)),
            None if self.legs.from.is_none() => Lookup::Found(None),
            None => {
                let end = self.gaps.iter().find(|(_, after)| after.is_none());
                known_but(end.map(|(before, _)| before.as_ref()), without)
            }
        }
    }

    /// The store was asked for the first of all legs.
    pub(crate) fn begins_with(&mut self, first: &Leg) {
        self.first = Some(first.clone());
    }

    /// A leg was changed, added or removed. `gap` is what it has left where it was, if it has gone from there.
    pub(crate) fn update(&mut self, old: Option<&Leg>, new: Option<&Leg>, gap: Option<Gap>, legs_max: usize) {
        if let Some(old) = old {
            let old = place(old);
            let ends_at = |leg: &Option<Leg>| leg.as_ref().is_some_and(|leg| place(leg) == old);
            self.gaps.retain(|(before, after)| !ends_at(before) && !ends_at(after));
            self.gaps.extend(gap);
            if self.gaps.len() > GAPS_MAX {
                self.gaps.remove(0);
            }
        }
        if let Some(new) = new {
            let new = place(new);
            let is_outside = |(before, after): &Gap| {
                before.as_ref().is_some_and(|before| new < place(before)) || after.as_ref().is_some_and(|after| place(after) < new)
            };
            self.gaps.retain(is_outside);
        }
        if let Some(old) = old {
            self.legs.remove(&place(old));
        }
        if let Some(new) = new {
            self.legs.insert(place(new), new.clone(), legs_max);
        }
        let is_first = |leg: &Leg, first: &Leg| place(leg) <= place(first);
        let touched = |first: &Leg| old.into_iter().chain(new).any(|leg| is_first(leg, first));
        if self.first.as_ref().is_some_and(touched) {
            self.first = None;
        }
    }
}

/// What a gap says, unless it is the leg that is to be left out.
fn known_but<'l>(found: Option<Option<&'l Leg>>, without: Option<&Place>) -> Lookup<Option<&'l Leg>> {
    match found {
        Some(Some(leg)) if without.is_some_and(|without| place(leg) == *without) => Lookup::NotCached,
        Some(leg) => Lookup::Found(leg),
        None => Lookup::NotCached,
    }
}

/// The last days on which a designator departs from an airport.
#[derive(Debug)]
pub(crate) struct CachedDays(Tail<i32, ()>);

impl Default for CachedDays {
    /// There are none.
    fn default() -> Self {
        Self(Tail::of_nothing())
    }
}

impl CachedDays {
    /// Of all dates, in order.
    pub(crate) fn new(dates: &[i32], days_max: usize) -> Self {
        let last = dates.iter().rev().take(days_max + 1).map(|date| (*date, ()));
        Self(Tail::of_last(last.collect(), days_max))
    }

    pub(crate) fn read(read: &impl Read, day: &DesignatorDay, days_max: usize) -> Result<Self, ReadError> {
        let mut last: Vec<(i32, ())> = Vec::new();
        let (from, mut to) = keys::designator(day.designator).airport(day.airport).range();
        // The last leg of each day, however many the day has.
        while last.len() <= days_max {
            let mut found = None;
            stored::each(read, (from.clone(), to), Order::Descending, |key, _| {
                let mut key = KeyReader::new(key)?;
                found = Some(key.day()?.date);
                Ok(ControlFlow::Break(()))
            })?;
            let Some(date) = found else { break };
            last.push((date, ()));
            Key(to) = keys::designator_day(&DesignatorDay { date, ..*day });
        }
        Ok(Self(Tail::of_last(last, days_max)))
    }

    /// Whether nothing departs that day, if that is known.
    pub(crate) fn is_free(&self, date: i32) -> Lookup<bool> {
        if self.0.covers(&date) {
            Lookup::Found(self.0.index(&date).is_err())
        } else {
            Lookup::NotCached
        }
    }

    pub(crate) fn update(&mut self, date: i32, is_free: bool, days_max: usize) {
        if is_free {
            self.0.remove(&date);
        } else {
            self.0.insert(date, (), days_max);
        }
    }
}

fn go_on_while(condition: bool) -> ControlFlow<()> {
    if condition {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

#[cfg(test)]
mod tests;
