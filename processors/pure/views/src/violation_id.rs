//! Violations by textual id: `ground-time/R1/L2` is the ground time after leg L2 of rotation R1.

use crate::bytes::corrupt;
use crate::check::Check;
use crate::checks::reference::{AIRPLANE, End};
use crate::checks::{designator, pair, reference, seam};
use crate::day::DesignatorDay;
use crate::graph::NodeId;
use crate::keys::{Key, KeyReader};
use crate::stored;
use domain::{LegId, RotationId};
use keyvalue::{Read, ReadError};
use std::fmt;

/// The id of a violation, whether or not there is such a violation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViolationId {
    /// Between a leg and the one that follows it: continuity, overlap, ground time.
    Pair(Check, RotationId, LegId),
    /// The share of a rotation in a designator that is used more than once on a day.
    Designator(RotationId, DesignatorDay),
    /// Between two rotations of an airplane.
    Seam(RotationId, RotationId),
    /// The airplane of a rotation is not registered.
    Airplane(RotationId),
    /// The airport that a leg departs from is not registered.
    Origin(RotationId, LegId),
    /// The airport that a leg arrives at is not registered.
    Destination(RotationId, LegId),
}

/// The forms of a violation's id.
pub(crate) const VIOLATION_ID_EXPECTED: &str = "<check>/<rotation>/<leg> (rotation-continuity, overlap, ground-time), \
    flight-designator/<rotation>/<designator>/<airport>/<date>, rotation-seam/<rotation>/<next rotation>, \
    unknown-reference/<rotation>/airplane or unknown-reference/<rotation>/<leg>/origin or …/destination";

const UNDER_AIRPLANE: &str = "airplane";
const UNDER_ORIGIN: &str = "origin";
const UNDER_DESTINATION: &str = "destination";

impl ViolationId {
    pub fn check(&self) -> Check {
        match self {
            Self::Pair(check, ..) => *check,
            Self::Designator(..) => Check::FlightDesignator,
            Self::Seam(..) => Check::RotationSeam,
            Self::Airplane(_) | Self::Origin(..) | Self::Destination(..) => Check::UnknownReference,
        }
    }

    /// The rotation that it is listed under; of two, the first.
    pub fn rotation(&self) -> &RotationId {
        match self {
            Self::Pair(_, rotation, _)
            | Self::Designator(rotation, _)
            | Self::Seam(rotation, _)
            | Self::Airplane(rotation)
            | Self::Origin(rotation, _)
            | Self::Destination(rotation, _) => rotation,
        }
    }

    /// `None` where the text is no id of a violation.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('/')?;
        let check = Check::named(name)?;
        let (rotation, rest) = rest.split_once('/')?;
        let rotation = RotationId::parse(rotation).ok()?;
        let leg = |text: &str| LegId::parse(text).ok();
        match check {
            Check::RotationContinuity | Check::Overlap | Check::GroundTime => Some(Self::Pair(check, rotation, leg(rest)?)),
            Check::FlightDesignator => match NodeId::parse(&format!("designator-day/{rest}")).ok()? {
                NodeId::DesignatorDay(day) => Some(Self::Designator(rotation, day)),
                NodeId::Airport(_) | NodeId::Airplane(_) | NodeId::Rotation(_) | NodeId::Leg(..) => None,
            },
            Check::RotationSeam => Some(Self::Seam(rotation, RotationId::parse(rest).ok()?)),
            Check::UnknownReference => match rest.split_once('/') {
                None => (rest == UNDER_AIRPLANE).then_some(Self::Airplane(rotation)),
                Some((id, UNDER_ORIGIN)) => Some(Self::Origin(rotation, leg(id)?)),
                Some((id, UNDER_DESTINATION)) => Some(Self::Destination(rotation, leg(id)?)),
                Some(_) => None,
            },
        }
    }

    /// Of a key of the index. An entry under the second of two rotations names the same violation as the one under the first.
    pub(crate) fn of_key(key: &[u8]) -> Result<Self, ReadError> {
        let mut key = KeyReader::new(key)?;
        let check = Check::from_number(key.byte()?).ok_or_else(|| corrupt("a check"))?;
        let rotation = key.rotation()?;
        Ok(match check {
            Check::RotationContinuity | Check::Overlap | Check::GroundTime => {
                key.instant()?;
                Self::Pair(check, rotation, key.leg()?)
            }
            Check::FlightDesignator => Self::Designator(rotation, key.day()?),
            Check::RotationSeam => Self::Seam(key.rotation()?, key.rotation()?),
            Check::UnknownReference => {
                let subject = key.byte()?;
                if subject == AIRPLANE {
                    return Ok(Self::Airplane(rotation));
                }
                key.instant()?;
                let leg = key.leg()?;
                if subject == End::Departure.byte() {
                    Self::Origin(rotation, leg)
                } else {
                    Self::Destination(rotation, leg)
                }
            }
        })
    }

    /// Its entry in the index, if there may be one: the legs that it is about are there.
    pub(crate) fn key(&self, read: &impl Read) -> Result<Option<Key>, ReadError> {
        let departure = |rotation: &RotationId, id: &LegId| Ok::<_, ReadError>(stored::leg(read, rotation, id)?.map(|leg| leg.departure));
        Ok(match self {
            Self::Pair(check, rotation, leg) => departure(rotation, leg)?.map(|at| pair::key(*check, rotation, at, leg)),
            Self::Designator(rotation, day) => Some(designator::key(day, rotation)),
            Self::Seam(before, after) => Some(seam::key(before, before, after)),
            Self::Airplane(rotation) => Some(reference::airplane_key(rotation)),
            Self::Origin(rotation, leg) => departure(rotation, leg)?.map(|at| reference::airport_key(rotation, at, leg, End::Departure)),
            Self::Destination(rotation, leg) => departure(rotation, leg)?.map(|at| reference::airport_key(rotation, at, leg, End::Arrival)),
        })
    }
}

impl fmt::Display for ViolationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/", self.check().name(), self.rotation().as_str())?;
        match self {
            Self::Pair(_, _, leg) => formatter.write_str(leg.as_str()),
            Self::Designator(_, day) => {
                let node = NodeId::DesignatorDay(*day).to_string();
                formatter.write_str(node.split_once('/').map_or("", |(_, rest)| rest))
            }
            Self::Seam(_, after) => formatter.write_str(after.as_str()),
            Self::Airplane(_) => formatter.write_str(UNDER_AIRPLANE),
            Self::Origin(_, leg) => write!(formatter, "{}/{UNDER_ORIGIN}", leg.as_str()),
            Self::Destination(_, leg) => write!(formatter, "{}/{UNDER_DESTINATION}", leg.as_str()),
        }
    }
}
