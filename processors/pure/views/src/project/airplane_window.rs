//! Some neighbouring rotations of one airplane, all that there are between two places of its order.
//!
//! A search in the store comes past every place from which a rotation has just moved away, until the store has compacted it: a rotation
//! moves with each leg that is removed from its beginning. Within the window nothing is searched.

use crate::edges::RotationSpan;
use crate::stored;
use domain::{Instant, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};

/// Where a rotation stands among those of its airplane.
pub(crate) type RotationPlace = (Instant, RotationId);

pub(crate) fn rotation_place(span: &RotationSpan) -> RotationPlace {
    (span.first_departure, span.rotation.clone())
}

/// The rotations before and after a place.
pub(crate) type Neighbours = (Option<RotationSpan>, Option<RotationSpan>);

/// How far the window reaches to one side.
#[derive(Debug)]
enum Reach {
    /// Up to and including this place.
    To(RotationPlace),
    /// There is nothing beyond the entries.
    End,
}

/// Rotations that a window is extended by on its way to a place: each is a search.
const STEPS_MAX: usize = 4;

#[derive(Debug)]
pub(crate) struct AirplaneWindow {
    /// In order, those with legs.
    entries: Vec<RotationSpan>,
    first: Reach,
    last: Reach,
}

impl AirplaneWindow {
    /// The rotation at a place, if there is one, and one on each side.
    pub(crate) fn read(read: &impl Read, airplane: &Registration, place: &RotationPlace) -> Result<Self, ReadError> {
        let mut window = Self {
            entries: stored::rotation_at(read, airplane, place)?.into_iter().collect(),
            first: Reach::To(place.clone()),
            last: Reach::To(place.clone()),
        };
        window.extend(read, airplane, Order::Descending)?;
        window.extend(read, airplane, Order::Ascending)?;
        Ok(window)
    }

    /// Reaches out for a place that is not far away, and begins again around one that is.
    pub(crate) fn move_to(&mut self, read: &impl Read, airplane: &Registration, place: &RotationPlace) -> Result<(), ReadError> {
        for _ in 0..STEPS_MAX {
            if self.covers(place) {
                return Ok(());
            }
            let is_before = matches!(&self.first, Reach::To(first) if place < first);
            self.extend(read, airplane, if is_before { Order::Descending } else { Order::Ascending })?;
        }
        if !self.covers(place) {
            *self = Self::read(read, airplane, place)?;
        }
        Ok(())
    }

    fn covers(&self, place: &RotationPlace) -> bool {
        let begins = match &self.first {
            Reach::To(first) => first <= place,
            Reach::End => true,
        };
        let ends = match &self.last {
            Reach::To(last) => place <= last,
            Reach::End => true,
        };
        begins && ends
    }

    /// Of a place that it covers, the rotation `without` left out.
    pub(crate) fn neighbours(
        &mut self,
        read: &impl Read,
        airplane: &Registration,
        place: &RotationPlace,
        without: &RotationId,
    ) -> Result<Neighbours, ReadError> {
        let others = |span: &&RotationSpan| span.rotation != *without;
        let before = loop {
            let before = self.entries.iter().rev().filter(others).find(|span| rotation_place(span) < *place);
            if before.is_some() || matches!(self.first, Reach::End) {
                break before.cloned();
            }
            self.extend(read, airplane, Order::Descending)?;
        };
        let after = loop {
            let after = self.entries.iter().filter(others).find(|span| rotation_place(span) > *place);
            if after.is_some() || matches!(self.last, Reach::End) {
                break after.cloned();
            }
            self.extend(read, airplane, Order::Ascending)?;
        };
        Ok((before, after))
    }

    /// By one rotation in a direction, or to the end.
    fn extend(&mut self, read: &impl Read, airplane: &Registration, order: Order) -> Result<(), ReadError> {
        let reach = match order {
            Order::Ascending => &self.last,
            Order::Descending => &self.first,
        };
        let Reach::To(from) = reach else { return Ok(()) };
        let found = stored::rotation_next_to(read, airplane, from, order)?;
        let reach = found.as_ref().map_or(Reach::End, |span| Reach::To(rotation_place(span)));
        match order {
            Order::Ascending => {
                self.last = reach;
                self.entries.extend(found);
            }
            Order::Descending => {
                self.first = reach;
                self.entries.splice(0..0, found);
            }
        }
        Ok(())
    }

    /// A rotation has another span, has come or has gone. Of more than `most` entries those next to the rotation stay.
    pub(crate) fn update(&mut self, was: Option<&RotationPlace>, is: Option<&RotationSpan>, most: usize) {
        self.entries.retain(|span| Some(&rotation_place(span)) != was);
        let Some(span) = is else { return };
        let place = rotation_place(span);
        if !self.covers(&place) {
            return;
        }
        let index = |entries: &[RotationSpan]| entries.partition_point(|other| rotation_place(other) < place);
        self.entries.insert(index(&self.entries), span.clone());
        while self.entries.len() > most.max(1) {
            let before = index(&self.entries);
            if before >= self.entries.len() - before {
                self.entries.remove(0);
                self.first = self.entries.first().map_or(Reach::End, |span| Reach::To(rotation_place(span)));
            } else {
                self.entries.pop();
                self.last = self.entries.last().map_or(Reach::End, |span| Reach::To(rotation_place(span)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
