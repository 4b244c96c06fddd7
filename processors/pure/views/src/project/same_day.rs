//! Legs come to a designator's day and leave it: only the shares of the rotations that this concerns are touched.

use super::cached_rotation::Place;
use super::projection::Projection;
use super::read_cache::CacheUpdate;
use crate::checks::designator::{self, DayShare};
use crate::day::DesignatorDay;
use crate::stored::DayLeg;
use crate::{keys, stored};
use domain::RotationId;
use keyvalue::{Read, ReadError};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The legs at `gone`, all of rotation `id` and all on this day, leave it, and one of the same rotation comes.
pub(super) fn change<R: Read>(
    projection: &mut Projection<'_, R>,
    day: DesignatorDay,
    id: &RotationId,
    gone: &[Place],
    come: Option<Place>,
) -> Result<(), ReadError> {
    let is_free = projection.is_free(&day)?;
    let ends = Ends::read(projection.read, &day, id, is_free, gone, come.as_ref())?;
    let (lost, gained) = (gone.len() as u64, u64::from(come.is_some()));
    let (legs_before, legs_after) = (ends.legs, (ends.legs + gained).saturating_sub(lost));
    if legs_before.max(legs_after) >= 2 {
        for rotation in ends.concerned(id, legs_after) {
            let before = match legs_before {
                // One more leg makes it a day of several only where none has gone.
                0 | 1 => u64::from(is_of(ends.staying.as_ref(), rotation)),
                _ => share(projection.read, &day, rotation)?,
            };
            let (lost, gained) = if rotation == id { (lost, gained) } else { (0, 0) };
            let after = (before + gained).saturating_sub(lost);
            if legs_before >= 2 && before > 0 {
                let counted = is_of(ends.first_before.as_ref(), rotation);
                designator::report_share(&day, rotation, DayShare { counted, legs: before }, &mut projection.before);
            }
            if legs_after >= 2 && after > 0 {
                let counted = is_of(ends.first_after.as_ref(), rotation);
                designator::report_share(&day, rotation, DayShare { counted, legs: after }, &mut projection.after);
            }
        }
        count(projection, &day, legs_after, ends.first_after.as_ref());
    }
    projection.update_cache(CacheUpdate::Day {
        day,
        is_free: legs_after == 0,
    });
    Ok(())
}

/// Keeps the number of a day's legs, and the first, where there are several.
pub(super) fn count<R: Read>(projection: &mut Projection<'_, R>, day: &DesignatorDay, legs: u64, first: Option<&DayLeg>) {
    let key = keys::designator_day_legs(day);
    match first {
        Some(first) if legs >= 2 => projection.put(key, stored::several_to_bytes(legs, first)),
        Some(_) | None => projection.delete(key),
    }
}

fn is_of(member: Option<&DayLeg>, rotation: &RotationId) -> bool {
    member.is_some_and(|(_, own, _)| own == rotation)
}

/// How many legs of a rotation are on a day of several.
fn share(read: &impl Read, day: &DesignatorDay, rotation: &RotationId) -> Result<u64, ReadError> {
    let share = read.get(&designator::key(day, rotation).0, DayShare::from_bytes)?.transpose()?;
    Ok(share.map_or(0, |share| share.legs))
}

/// A day before a change, and its first leg before and after.
struct Ends {
    legs: u64,
    first_before: Option<DayLeg>,
    first_after: Option<DayLeg>,
    /// The first of the legs that stay. It is the only one, where there is one before or after the change.
    staying: Option<DayLeg>,
}

impl Ends {
    fn read(
        read: &impl Read,
        day: &DesignatorDay,
        id: &RotationId,
        is_free: bool,
        gone: &[Place],
        come: Option<&Place>,
    ) -> Result<Self, ReadError> {
        let several = if is_free { None } else { stored::several_of_day(read, day)? };
        let gone: BTreeSet<&Place> = gone.iter().collect();
        let (mut first, mut staying) = (None, None);
        if !is_free {
            stored::each_leg_of_day(read, day, several.as_ref().map(|(_, first)| first), |member| {
                first.get_or_insert_with(|| member.clone());
                let (departure, rotation, leg) = member;
                let place = (departure, leg);
                if rotation == *id && gone.contains(&place) {
                    return ControlFlow::Continue(());
                }
                staying = Some((place.0, rotation, place.1));
                ControlFlow::Break(())
            })?;
        }
        let come = come.map(|(departure, leg)| (*departure, id.clone(), leg.clone()));
        Ok(Self {
            legs: several.map_or(u64::from(first.is_some()), |(legs, _)| legs),
            first_before: first,
            first_after: staying.clone().into_iter().chain(come).min(),
            staying,
        })
    }

    /// The rotations whose share changes, or whose share counts and no longer does, or the other way round.
    fn concerned<'e>(&'e self, id: &'e RotationId, legs_after: u64) -> BTreeSet<&'e RotationId> {
        let mut concerned = BTreeSet::from([id]);
        let (before, after) = (self.first_before.as_ref(), self.first_after.as_ref());
        if (self.legs >= 2) != (legs_after >= 2) {
            concerned.extend(self.staying.iter().chain(before).map(|(_, rotation, _)| rotation));
        } else {
            let change = before.zip(after).filter(|((_, before, _), (_, after, _))| before != after);
            concerned.extend(change.into_iter().flat_map(|((_, before, _), (_, after, _))| [before, after]));
        }
        concerned
    }
}
