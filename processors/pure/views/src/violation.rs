//! A violation that a check has found: where, between which legs, and by which facts. The index says where; the rest is read from the facts.

use crate::bytes::{Bytes, corrupt};
use crate::check::Check;
use crate::checks::reference::{AIRPLANE, End};
use crate::checks::seam;
use crate::day::DesignatorDay;
use crate::edges::RotationSpan;
use crate::keys::KeyReader;
use crate::nodes::{Airplane, Leg, MinimumGroundTime, Rotation};
use crate::provenance::Provenance;
use crate::stored;
use crate::violation_id::ViolationId;
use domain::{AirportCode, FlightDesignator, Registration, RotationId};
use keyvalue::{Read, ReadError};
use std::ops::ControlFlow;

/// One violation, as it is listed under a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub id: ViolationId,
    pub rotation: RotationId,
    /// A violation between several rotations is listed under each of them, and counted under the first.
    pub counted: bool,
    /// In the order in which they fly; at most [`LEGS_MAX`] of them.
    pub legs: Vec<(RotationId, Leg)>,
    pub detail: Detail,
}

/// What is wrong, by check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// The second leg departs from somewhere other than where the first arrives.
    Continuity,
    /// The second leg departs before the first arrives.
    Overlap,
    /// The airplane stays shorter than it must.
    GroundTime {
        ground_minutes: i64,
        minimum_minutes: u32,
        airport: AirportCode,
        /// The event that set the minimum that holds for the aircraft type.
        airport_provenance: Provenance,
    },
    /// Several flights have one designator on one day at one airport.
    Designator {
        designator: FlightDesignator,
        airport: AirportCode,
        origin_date_days: i32,
        /// All of them, of which the violation lists the first.
        legs: u64,
    },
    /// The last leg of a rotation and the first of the airplane's next do not fit.
    Seam {
        airplane: Registration,
        discontinuous: bool,
        overlapping: bool,
    },
    UnknownAirport {
        airport: AirportCode,
    },
    /// Not registered, or retired.
    UnknownAirplane {
        airplane: Registration,
        retired: bool,
        assigned: Provenance,
    },
}

/// Legs of one designator and day that a violation lists.
pub const LEGS_MAX: usize = 16;

impl Violation {
    /// Whether a value of the index belongs to a violation that counts.
    pub(crate) fn is_counted(value: &[u8]) -> Result<bool, ReadError> {
        Bytes::new(value).flag()
    }

    /// Of a key and a value of the index.
    pub(crate) fn read(read: &impl Read, key: &[u8], value: &[u8]) -> Result<(Check, Self), ReadError> {
        let id = ViolationId::of_key(key)?;
        let mut key = KeyReader::new(key)?;
        let check = Check::from_number(key.byte()?).ok_or_else(|| corrupt("a check"))?;
        let rotation = key.rotation()?;
        let (legs, detail) = match check {
            Check::RotationContinuity => (between_legs(read, &rotation, &mut key)?, Detail::Continuity),
            Check::Overlap => (between_legs(read, &rotation, &mut key)?, Detail::Overlap),
            Check::GroundTime => ground_time(read, &rotation, between_legs(read, &rotation, &mut key)?)?,
            Check::FlightDesignator => same_day(read, &key.day()?)?,
            Check::RotationSeam => between_rotations(read, &key.rotation()?, &key.rotation()?)?,
            Check::UnknownReference => unknown_reference(read, &rotation, &mut key)?,
        };
        let counted = Self::is_counted(value)?;
        Ok((
            check,
            Self {
                id,
                rotation,
                counted,
                legs,
                detail,
            },
        ))
    }

    /// Whether it is at this airport.
    pub fn concerns_airport(&self, code: AirportCode) -> bool {
        match &self.detail {
            // Between two legs it is about where the one ends and the other begins.
            Detail::Continuity | Detail::Overlap | Detail::Seam { .. } => {
                self.legs.first().is_some_and(|(_, leg)| leg.destination == code)
                    || self.legs.last().is_some_and(|(_, leg)| leg.origin == code)
            }
            Detail::GroundTime { airport, .. } | Detail::Designator { airport, .. } | Detail::UnknownAirport { airport } => {
                *airport == code
            }
            Detail::UnknownAirplane { .. } => false,
        }
    }
}

type Legs = Vec<(RotationId, Leg)>;

/// The leg that a key names, and the one that follows it.
fn between_legs(read: &impl Read, rotation: &RotationId, key: &mut KeyReader<'_>) -> Result<Legs, ReadError> {
    let departure = key.instant()?;
    let (first, second) = stored::two_legs(read, rotation, departure, &key.leg()?)?;
    let (first, second) = first.zip(second).ok_or_else(missing)?;
    Ok(vec![(rotation.clone(), first), (rotation.clone(), second)])
}

fn ground_time(read: &impl Read, rotation: &RotationId, legs: Legs) -> Result<(Legs, Detail), ReadError> {
    let [(_, first), (_, second)] = legs.as_slice() else {
        return Err(missing());
    };
    let airport = stored::airport(read, first.destination)?.ok_or_else(missing)?;
    let (node, airplane) = rotation_and_airplane(read, rotation)?;
    let MinimumGroundTime { minutes, provenance } = airport.minimum_of(node.aircraft_type(airplane.as_ref()));
    let detail = Detail::GroundTime {
        ground_minutes: first.ground_minutes(second),
        minimum_minutes: minutes,
        airport: first.destination,
        airport_provenance: provenance,
    };
    Ok((legs, detail))
}

fn same_day(read: &impl Read, day: &DesignatorDay) -> Result<(Legs, Detail), ReadError> {
    let (count, first) = stored::several_of_day(read, day)?.ok_or_else(|| corrupt("a day of one leg is no violation"))?;
    let mut members = Vec::new();
    stored::each_leg_of_day(read, day, Some(&first), |member| {
        members.push(member);
        if members.len() < LEGS_MAX {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    let legs = members.into_iter().map(|(departure, rotation, id)| {
        let leg = stored::leg_at(read, &rotation, departure, &id)?;
        Ok((rotation, leg))
    });
    let detail = Detail::Designator {
        designator: day.designator,
        airport: day.airport,
        origin_date_days: day.date,
        legs: count,
    };
    Ok((legs.collect::<Result<_, ReadError>>()?, detail))
}

fn between_rotations(read: &impl Read, before: &RotationId, after: &RotationId) -> Result<(Legs, Detail), ReadError> {
    let ends = |id: &RotationId| -> Result<(Leg, Leg), ReadError> {
        let (first, last) = (stored::first_leg(read, id, None)?, stored::last_leg(read, id, None)?);
        first.zip(last).ok_or_else(missing)
    };
    let ((first, last), (next, last_of_next)) = (ends(before)?, ends(after)?);
    let node = stored::rotation(read, before)?.ok_or_else(missing)?;
    let spans = (
        RotationSpan::new(before, &first, &last),
        RotationSpan::new(after, &next, &last_of_next),
    );
    let detail = Detail::Seam {
        airplane: node.registration().cloned().ok_or_else(missing)?,
        discontinuous: seam::is_discontinuous(&spans.0, &spans.1),
        overlapping: seam::is_overlapping(&spans.0, &spans.1),
    };
    Ok((vec![(before.clone(), last), (after.clone(), next)], detail))
}

fn unknown_reference(read: &impl Read, rotation: &RotationId, key: &mut KeyReader<'_>) -> Result<(Legs, Detail), ReadError> {
    let subject = key.byte()?;
    if subject == AIRPLANE {
        let (node, airplane) = rotation_and_airplane(read, rotation)?;
        let assignment = node.airplane.ok_or_else(missing)?;
        let detail = Detail::UnknownAirplane {
            airplane: assignment.registration,
            retired: airplane.is_some(),
            assigned: assignment.provenance,
        };
        return Ok((Vec::new(), detail));
    }
    let departure = key.instant()?;
    let leg = stored::leg_at(read, rotation, departure, &key.leg()?)?;
    let airport = if subject == End::Departure.byte() {
        leg.origin
    } else {
        leg.destination
    };
    Ok((vec![(rotation.clone(), leg)], Detail::UnknownAirport { airport }))
}

fn rotation_and_airplane(read: &impl Read, id: &RotationId) -> Result<(Rotation, Option<Airplane>), ReadError> {
    let node = stored::rotation(read, id)?.ok_or_else(missing)?;
    let airplane = match node.registration() {
        Some(registration) => stored::airplane(read, registration)?,
        None => None,
    };
    Ok((node, airplane))
}

fn missing() -> ReadError {
    corrupt("a violation of what is not there")
}
