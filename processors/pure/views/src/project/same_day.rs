//! Legs come to a designator's day and leave it: only the shares of the rotations that this concerns are touched.

use super::draft::Draft;
use super::known::News;
use super::tail::Place;
use crate::bytes::put_number;
use crate::checks::designator::{self, Day, Share};
use crate::{keys, world};
use domain::{Instant, LegId, RotationId};
use keyvalue::{Read, ReadError};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// A leg of the day, in the order of the day.
type Member = (Instant, RotationId, LegId);

/// As many of those that stay are looked at: the first one, and with it the only other one where two were or will be.
const STAYING_MAX: usize = 2;

/// The legs at `gone`, all of rotation `id` and all on this day, leave it, and one of the same rotation comes.
pub(super) fn change<R: Read>(
    draft: &mut Draft<'_, R>,
    day: Day,
    id: &RotationId,
    gone: &[Place],
    come: Option<Place>,
) -> Result<(), ReadError> {
    let legs_before = draft.legs_of_day(&day)?;
    let legs_after = (legs_before + u64::from(come.is_some())).saturating_sub(gone.len() as u64);
    if legs_before.max(legs_after) >= 2 {
        let ends = Ends::read(draft.read, &day, id, gone, come.as_ref())?;
        for rotation in ends.concerned(id, legs_before, legs_after) {
            let before = match legs_before {
                0 | 1 => ends.alone(rotation, id, gone),
                _ => share(draft.read, &day, rotation)?,
            };
            let (lost, won) = match rotation == id {
                true => (gone.len() as u64, u64::from(come.is_some())),
                false => (0, 0),
            };
            let after = (before + won).saturating_sub(lost);
            if legs_before >= 2 && before > 0 {
                let counted = ends.first_before.as_ref() == Some(rotation);
                designator::report(&day, rotation, Share { counted, legs: before }, &mut draft.before);
            }
            if legs_after >= 2 && after > 0 {
                let counted = ends.first_after.as_ref() == Some(rotation);
                designator::report(&day, rotation, Share { counted, legs: after }, &mut draft.after);
            }
        }
        count(draft, &day, legs_before, legs_after);
    }
    let is_free = legs_after == 0;
    draft.tell(News::Day { day, is_free });
    Ok(())
}

/// Keeps the number of a day's legs where there are several.
pub(super) fn count<R: Read>(draft: &mut Draft<'_, R>, day: &Day, legs_before: u64, legs_after: u64) {
    let key = keys::designator_day_legs(day.designator, day.airport, day.date);
    if legs_after >= 2 {
        if legs_after != legs_before {
            let mut value = Vec::new();
            put_number(&mut value, legs_after);
            draft.put(key, value);
        }
    } else if legs_before >= 2 {
        draft.delete(key);
    }
}

/// How many legs of a rotation are on a day of several.
fn share(read: &impl Read, day: &Day, rotation: &RotationId) -> Result<u64, ReadError> {
    let share = read.get(&designator::key(day, rotation).0, Share::from_bytes)?.transpose()?;
    Ok(share.map_or(0, |share| share.legs))
}

/// The rotations of the first leg before and after a change, and of the first legs that stay.
struct Ends {
    first_before: Option<RotationId>,
    first_after: Option<RotationId>,
    staying: Vec<RotationId>,
}

impl Ends {
    fn read(read: &impl Read, day: &Day, id: &RotationId, gone: &[Place], come: Option<&Place>) -> Result<Self, ReadError> {
        let gone: BTreeSet<&Place> = gone.iter().collect();
        let mut first = None;
        let mut staying: Vec<Member> = Vec::new();
        world::each_member(read, day, |departure, rotation, leg| {
            first.get_or_insert_with(|| rotation.clone());
            let place = (departure, leg);
            if rotation != *id || !gone.contains(&place) {
                staying.push((place.0, rotation, place.1));
            }
            if staying.len() < STAYING_MAX {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        let come = come.map(|(departure, leg)| (*departure, id.clone(), leg.clone()));
        let first_after = staying.first().cloned().into_iter().chain(come).min();
        Ok(Self {
            first_before: first,
            first_after: first_after.map(|(_, rotation, _)| rotation),
            staying: staying.into_iter().map(|(_, rotation, _)| rotation).collect(),
        })
    }

    /// The rotations whose share changes, or whose share counts and no longer does, or the other way round.
    fn concerned<'e>(&'e self, id: &'e RotationId, legs_before: u64, legs_after: u64) -> BTreeSet<&'e RotationId> {
        let mut concerned = BTreeSet::from([id]);
        if (legs_before >= 2) != (legs_after >= 2) {
            // All that stay: there is one at most.
            concerned.extend(&self.staying);
            concerned.extend(&self.first_before);
        } else if self.first_before != self.first_after {
            concerned.extend(self.first_before.iter().chain(&self.first_after));
        }
        concerned
    }

    /// How many legs a rotation had on a day of one leg or none.
    fn alone(&self, rotation: &RotationId, id: &RotationId, gone: &[Place]) -> u64 {
        let staying = self.staying.iter().filter(|staying| *staying == rotation).count();
        let gone = if rotation == id { gone.len() } else { 0 };
        (staying + gone) as u64
    }
}
