//! All violations from nothing: plain scans over nodes, written independently of the checks that follow the events. For comparison.

use crate::bytes::put_number;
use crate::check::Check;
use crate::checks::Violations;
use crate::day::DesignatorDay;
use crate::keys::{self, Key, KeyReader, Prefix};
use crate::nodes::{Airplane, Leg, Rotation};
use crate::stored;
use domain::{Registration, RotationId};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use keyvalue::{Order, Read, ReadError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A recomputation was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetExceeded {
    #[error("the view has more than {legs_max} legs")]
    Legs { legs_max: u64 },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// How the index compares with what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recomputed {
    /// Violations that count.
    pub total: u64,
    /// Entries that are missing, left over, or other than they should be.
    pub differing: u64,
}

type Schedule = BTreeMap<RotationId, (Rotation, Vec<Leg>)>;
/// What else should be stored.
type Expected = BTreeMap<Key, Vec<u8>>;

/// Recomputes one check, or all, and compares the index with the result. Looks at no more than `legs_max` legs.
pub fn recompute(read: &impl Read, check: Option<Check>, legs_max: u64) -> Result<Recomputed, BudgetExceeded> {
    let schedule = load(read, legs_max)?;
    let mut right = Violations::new();
    let stays = within_rotations(read, &schedule, &mut right)?;
    between_rotations(&schedule, &mut right);
    let totals = same_day(read, &schedule, &mut right)?;
    let is_asked = |key: &[u8]| check.is_none_or(|check| key.get(1) == Some(&check.number()));
    right.retain(|key, _| is_asked(&key.0));
    let total = right.values().filter(|(counted, _)| *counted).count() as u64;
    let mut differing = 0;
    if check.is_none_or(|check| check == Check::FlightDesignator) {
        differing += differing_from(read, Prefix::DesignatorDayLegs, totals)?;
    }
    if check.is_none_or(|check| check == Check::GroundTime) {
        differing += differing_from(read, Prefix::Stays, stays)?;
    }
    stored::each(read, Key::new(Prefix::Violation).range(), Order::Ascending, |key, value| {
        if is_asked(key) {
            let expected = right.remove(&Key(key.to_vec()));
            differing += u64::from(expected.is_none_or(|(_, bytes)| bytes != value));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Recomputed {
        total,
        differing: differing + right.len() as u64,
    })
}

fn differing_from(read: &impl Read, prefix: Prefix, mut right: Expected) -> Result<u64, ReadError> {
    let mut differing = 0;
    stored::each(read, Key::new(prefix).range(), Order::Ascending, |key, value| {
        let expected = right.remove(&Key(key.to_vec()));
        differing += u64::from(expected.as_deref() != Some(value));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(differing + right.len() as u64)
}

fn load(read: &impl Read, legs_max: u64) -> Result<Schedule, BudgetExceeded> {
    let mut schedule = Schedule::new();
    stored::each(read, Key::new(Prefix::Rotation).range(), Order::Ascending, |key, value| {
        schedule.insert(KeyReader::new(key)?.rotation()?, (Rotation::from_bytes(value)?, Vec::new()));
        Ok(ControlFlow::Continue(()))
    })?;
    let mut count = 0;
    stored::each(read, Key::new(Prefix::RotationLegs).range(), Order::Ascending, |key, value| {
        let id = KeyReader::new(key)?.rotation()?;
        let (_, legs) = schedule
            .get_mut(&id)
            .ok_or_else(|| crate::bytes::corrupt("a leg without its rotation"))?;
        legs.push(Leg::from_bytes(value)?);
        count += 1;
        Ok(if count > legs_max {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    if count > legs_max {
        return Err(BudgetExceeded::Legs { legs_max });
    }
    for (_, legs) in schedule.values_mut() {
        legs.sort_by(|a, b| (a.departure, &a.id).cmp(&(b.departure, &b.id)));
    }
    Ok(schedule)
}

/// Returns the stays between legs that meet.
fn within_rotations(read: &impl Read, schedule: &Schedule, right: &mut Violations) -> Result<Expected, ReadError> {
    let mut stays = Expected::new();
    for (id, (rotation, legs)) in schedule {
        let airplane = match &rotation.airplane {
            Some(assignment) => stored::airplane(read, &assignment.registration)?,
            None => None,
        };
        let meant = |airplane: &&Airplane| !rotation.means_former(airplane);
        let is_registered = |airplane: &Airplane| airplane.retired.is_none();
        if rotation.airplane.is_some() && !airplane.as_ref().filter(meant).is_some_and(is_registered) {
            insert(keys::violations_of(Check::UnknownReference, id).byte(b'P'), true, right);
        }
        for (index, leg) in legs.iter().enumerate() {
            let subject = |key: Key| key.instant(leg.departure).id(leg.id.as_str());
            for (end, code) in [(b'D', leg.origin), (b'A', leg.destination)] {
                if stored::airport(read, code)?.is_none() {
                    insert(subject(keys::violations_of(Check::UnknownReference, id).byte(end)), true, right);
                }
            }
            let Some(next) = legs.get(index + 1) else { continue };
            if leg.destination != next.origin {
                insert(subject(keys::violations_of(Check::RotationContinuity, id)), true, right);
            }
            if next.departure < leg.arrival {
                insert(subject(keys::violations_of(Check::Overlap, id)), true, right);
            }
            if leg.destination != next.origin {
                continue;
            }
            let aircraft_type = airplane.as_ref().filter(meant).map(|airplane| &airplane.aircraft_type);
            let ground_ms = next.departure.0 - leg.arrival.0;
            let minutes = i32::try_from(ground_ms.div_euclid(60 * 1000)).unwrap_or(i32::MAX);
            let stay = keys::stays(leg.destination, aircraft_type).signed(minutes).id(id.as_str());
            stays.insert(subject(stay), Vec::new());
            let Some(airport) = stored::airport(read, leg.destination)? else {
                continue;
            };
            let own = aircraft_type.and_then(|aircraft_type| airport.by_aircraft_type.get(aircraft_type));
            let minimum = own.unwrap_or(&airport.minimum_ground_time);
            if ground_ms < i64::from(minimum.minutes) * 60 * 1000 {
                insert(subject(keys::violations_of(Check::GroundTime, id)), true, right);
            }
        }
    }
    Ok(stays)
}

fn between_rotations(schedule: &Schedule, right: &mut Violations) {
    let mut by_airplane: BTreeMap<&Registration, Vec<(&RotationId, &Leg, &Leg)>> = BTreeMap::new();
    for (id, (rotation, legs)) in schedule {
        if let (Some(assignment), Some(first), Some(last)) = (&rotation.airplane, legs.first(), legs.last()) {
            by_airplane.entry(&assignment.registration).or_default().push((id, first, last));
        }
    }
    for flown in by_airplane.values_mut() {
        flown.sort_by_key(|(id, first, _)| (first.departure, (*id).clone()));
        for pair in flown.windows(2) {
            let ((before, _, last), (after, first, _)) = (pair[0], pair[1]);
            if last.destination != first.origin || last.arrival > first.departure {
                for (rotation, counted) in [(before, true), (after, false)] {
                    let key = keys::violations_of(Check::RotationSeam, rotation);
                    insert(key.id(before.as_str()).id(after.as_str()), counted, right);
                }
            }
        }
    }
}

fn insert(key: Key, counted: bool, into: &mut Violations) {
    into.insert(key, (counted, vec![u8::from(counted)]));
}

/// Returns how many legs each day has that has several.
fn same_day(read: &impl Read, schedule: &Schedule, right: &mut Violations) -> Result<Expected, ReadError> {
    let mut groups = BTreeMap::new();
    let mut totals = Expected::new();
    for (id, (_, legs)) in schedule {
        for leg in legs {
            let zone = match stored::airport(read, leg.origin)? {
                Some(airport) => TimeZoneDatabase::bundled().get(airport.zone.as_str()).unwrap_or(TimeZone::UTC),
                None => TimeZone::UTC,
            };
            let at = Timestamp::from_millisecond(leg.departure.0).unwrap_or(Timestamp::UNIX_EPOCH);
            let local = at.to_zoned(zone).date();
            groups
                .entry((leg.designator, leg.origin, local))
                .or_insert_with(Vec::new)
                .push((leg.departure, id, &leg.id));
        }
    }
    for ((designator, airport, local), mut legs) in groups {
        legs.sort();
        if legs.len() < 2 {
            continue;
        }
        let day = DesignatorDay {
            designator,
            airport,
            date: jiff::civil::Date::constant(1970, 1, 1)
                .until(local)
                .map_or(0, |span| span.get_days()),
        };
        let (departure, rotation, id) = legs[0];
        let first = (departure, rotation.clone(), id.clone());
        let total = stored::several_to_bytes(legs.len() as u64, &first);
        totals.insert(keys::designator_day_legs(&day), total);
        let mut by_rotation: BTreeMap<&RotationId, u64> = BTreeMap::new();
        for (_, rotation, _) in &legs {
            *by_rotation.entry(rotation).or_default() += 1;
        }
        for (rotation, own) in by_rotation {
            let counted = legs[0].1 == rotation;
            let key = keys::violations_of(Check::FlightDesignator, rotation);
            let mut value = vec![u8::from(counted)];
            put_number(&mut value, own);
            right.insert(key.day(&day), (counted, value));
        }
    }
    Ok(totals)
}
