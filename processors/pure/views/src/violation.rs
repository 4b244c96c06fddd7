//! What a check has found: where, between which legs, and by which facts.

use crate::bytes::{Bytes, corrupt, put_number, put_text};
use crate::check::Check;
use crate::day::Day;
use crate::keys::{self, Key, KeyReader};
use crate::nodes::{Leg, Provenance, read_airport};
use crate::world;
use domain::{AirportCode, FlightDesignator, Registration, RotationId};
use keyvalue::{Read, ReadError};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// One violation, as it is listed under a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
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
    /// The second leg departs from somewhere else than where the first arrives.
    Continuity,
    /// The second leg departs before the first arrives.
    Overlap,
    /// The airplane stays shorter than it must.
    GroundTime {
        ground_minutes: i64,
        minimum_minutes: u32,
        airport: AirportCode,
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

/// Violations by key, each with whether it counts and with its bytes.
pub(crate) type Violations = BTreeMap<Key, (bool, Vec<u8>)>;

impl Violation {
    /// Puts it under its key; `subject` tells violations of one check and rotation apart.
    pub(crate) fn insert(self, check: Check, subject: impl FnOnce(Key) -> Key, into: &mut Violations) {
        let key = subject(keys::violations_of(check, &self.rotation));
        into.insert(key, (self.counted, self.to_bytes()));
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.push(u8::from(self.counted));
        put_number(&mut out, self.legs.len() as u64);
        for (rotation, leg) in &self.legs {
            put_text(&mut out, rotation.as_str());
            leg.put(&mut out);
        }
        match &self.detail {
            // The index holds what finds them instead: see `checks::designator` and `checks::pair`.
            Detail::Continuity | Detail::Overlap | Detail::Designator { .. } | Detail::GroundTime { .. } => {}
            Detail::Seam {
                airplane,
                discontinuous,
                overlapping,
            } => {
                put_text(&mut out, airplane.as_str());
                out.push(u8::from(*discontinuous));
                out.push(u8::from(*overlapping));
            }
            Detail::UnknownAirport { airport } => {
                out.push(0);
                out.extend_from_slice(airport.as_str().as_bytes());
            }
            Detail::UnknownAirplane {
                airplane,
                retired,
                assigned,
            } => {
                out.push(1);
                put_text(&mut out, airplane.as_str());
                out.push(u8::from(*retired));
                assigned.put(&mut out);
            }
        }
        out
    }

    /// Whether a value of the index belongs to a violation that counts.
    pub(crate) fn is_counted(value: &[u8]) -> Result<bool, ReadError> {
        Bytes::new(value).flag()
    }

    /// Of a key and a value of the index.
    pub(crate) fn read(read: &impl Read, key: &[u8], value: &[u8]) -> Result<(Check, Self), ReadError> {
        let mut key = KeyReader::new(key)?;
        let check = Check::from_number(key.byte()?).ok_or_else(|| corrupt("a check"))?;
        let rotation = key.rotation()?;
        let mut bytes = Bytes::new(value);
        let counted = bytes.flag()?;
        if check == Check::FlightDesignator {
            let day = Day {
                designator: key.designator()?,
                airport: key.airport()?,
                date: key.date()?,
            };
            return Ok((check, Self::same_day(read, rotation, counted, &day)?));
        }
        if check == Check::GroundTime {
            let departure = key.instant()?;
            let first = world::leg_at(read, &rotation, departure, &key.leg()?)?;
            return Ok((check, Self::ground_time(read, rotation, first)?));
        }
        let mut legs = Vec::new();
        for _ in 0..bytes.number()? {
            let rotation = RotationId::parse(bytes.text()?).map_err(|_| corrupt("a rotation id"))?;
            legs.push((rotation, Leg::read(&mut bytes)?));
        }
        let detail = read_detail(check, &mut bytes)?;
        Ok((
            check,
            Self {
                rotation,
                counted,
                legs,
                detail,
            },
        ))
    }

    fn same_day(read: &impl Read, rotation: RotationId, counted: bool, day: &Day) -> Result<Self, ReadError> {
        let (count, first) = world::several_of_day(read, day)?.ok_or_else(|| corrupt("a day of one leg is no violation"))?;
        let mut members = Vec::new();
        world::each_member(read, day, Some(&first), |member| {
            members.push(member);
            if members.len() < LEGS_MAX {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        let legs = members.into_iter().map(|(departure, rotation, id)| {
            let leg = world::leg_at(read, &rotation, departure, &id)?;
            Ok((rotation, leg))
        });
        Ok(Self {
            rotation,
            counted,
            legs: legs.collect::<Result<_, ReadError>>()?,
            detail: Detail::Designator {
                designator: day.designator,
                airport: day.airport,
                origin_date_days: day.date,
                legs: count,
            },
        })
    }

    fn ground_time(read: &impl Read, rotation: RotationId, first: Leg) -> Result<Self, ReadError> {
        let missing = || corrupt("a violation of what is not there");
        let place = keys::leg_in_order(&rotation, first.departure, &first.id);
        let second = world::leg_after(read, &rotation, &place, None)?.ok_or_else(missing)?;
        let airport = world::airport(read, first.destination)?.ok_or_else(missing)?;
        let node = world::rotation(read, &rotation)?.ok_or_else(missing)?;
        let airplane = match node.registration() {
            Some(registration) => world::airplane(read, registration)?,
            None => None,
        };
        let detail = Detail::GroundTime {
            ground_minutes: first.ground_minutes(&second),
            minimum_minutes: airport.minimum_minutes(node.aircraft_type(airplane.as_ref())),
            airport: first.destination,
            airport_provenance: airport.ground_time_provenance,
        };
        Ok(Self {
            counted: true,
            legs: vec![(rotation.clone(), first), (rotation.clone(), second)],
            rotation,
            detail,
        })
    }

    /// Is it between airports of which this is one?
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

fn read_detail(check: Check, bytes: &mut Bytes<'_>) -> Result<Detail, ReadError> {
    let registration = |text: &str| Registration::parse(text).map_err(|_| corrupt("a registration"));
    Ok(match check {
        Check::RotationContinuity => Detail::Continuity,
        Check::Overlap => Detail::Overlap,
        Check::GroundTime | Check::FlightDesignator => return Err(corrupt("a violation that has no bytes of its own")),
        Check::RotationSeam => Detail::Seam {
            airplane: registration(bytes.text()?)?,
            discontinuous: bytes.flag()?,
            overlapping: bytes.flag()?,
        },
        Check::UnknownReference => {
            if bytes.flag()? {
                let airplane = registration(bytes.text()?)?;
                Detail::UnknownAirplane {
                    airplane,
                    retired: bytes.flag()?,
                    assigned: Provenance::read(bytes)?,
                }
            } else {
                Detail::UnknownAirport {
                    airport: read_airport(bytes)?,
                }
            }
        }
    })
}
