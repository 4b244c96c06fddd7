//! The effects of a leg's delay: on the legs that its airplane flies after it, and to connections with other airplanes.
//!
//! An airplane that arrives late departs late by what is left of the delay when it has been on the ground for as long as it needs. A delay never
//! grows, and ends at the leg whose slack absorbs the rest of it.

use super::ground::GroundTime;
use super::transfer::minimum_connection_ms;
use super::{Time, within};
use crate::edges::LegSummary;
use crate::keys;
use crate::nodes::{Airplane, Leg, Rotation};
use crate::stored::{self, LegEdge, LegIndex};
use domain::rotation::Mode;
use domain::{Instant, LegId, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};
use std::ops::ControlFlow;

/// How much is looked at for one answer. What lies beyond is left out, and the answer says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Legs that a delay is followed to.
    pub(crate) legs_max: usize,
    /// Departures that are looked at for connections, and rotations that are passed over.
    pub(crate) reads_max: usize,
}

const BUDGET: Budget = Budget {
    legs_max: 1000,
    reads_max: 20_000,
};

/// A leg that arrives late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    pub rotation: RotationId,
    pub leg: LegId,
    pub delay_ms: i64,
    /// At every airport; without it, each airport's minimum ground time.
    pub min_connection_minutes: Option<u32>,
    /// Whether other rotations that are drafts count, too.
    pub drafts: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    pub airplane: Option<Registration>,
    /// The leg itself, then each later one that the delay reaches.
    pub legs: Vec<DelayedLeg>,
    /// The leg that departs on time again.
    pub absorbed_by: Option<DelayedLeg>,
    /// More was not looked at.
    pub is_cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayedLeg {
    pub edge: LegEdge,
    /// Before it; `None` for the leg that was asked about.
    pub ground: Option<GroundTime>,
    /// Of its departure and its arrival; of the leg that was asked about, of its arrival.
    pub delay_ms: i64,
    pub missed: Vec<MissedConnection>,
}

/// A leg of another airplane that can be reached from the delayed one as scheduled, and not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedConnection {
    pub edge: LegEdge,
    /// As scheduled.
    pub connection_ms: i64,
    pub minimum_ms: i64,
}

/// What the delay does; `None` where there is no such leg.
pub fn impact(read: &impl Read, delay: &Delay) -> Result<Option<Impact>, ReadError> {
    impact_within(read, delay, BUDGET)
}

pub(crate) fn impact_within(read: &impl Read, delay: &Delay, budget: Budget) -> Result<Option<Impact>, ReadError> {
    let found = stored::leg(read, &delay.rotation, &delay.leg)?.zip(stored::rotation(read, &delay.rotation)?);
    let Some((leg, rotation)) = found else {
        return Ok(None);
    };
    let mut impact = Impact {
        airplane: rotation.registration().cloned(),
        legs: Vec::new(),
        absorbed_by: None,
        is_cut: false,
    };
    let airplane = match &impact.airplane {
        Some(registration) => stored::airplane(read, registration)?,
        None => None,
    };
    let mut search = Search {
        read,
        delay,
        registration: impact.airplane.clone(),
        airplane,
        reads_left: budget.reads_max,
    };
    let mut flown = Flown {
        id: delay.rotation.clone(),
        rotation,
        leg,
    };
    let (mut ground, mut delay_ms) = (None, delay.delay_ms);
    loop {
        let mut late = flown.delayed(ground, delay_ms);
        search.miss(&flown.leg, delay_ms, &mut late.missed)?;
        impact.legs.push(late);
        let next = search.after(&flown)?;
        let is_full = next.is_some() && impact.legs.len() == budget.legs_max;
        if search.reads_left == 0 || is_full {
            impact.is_cut = true;
            break;
        }
        let Some(next) = next else { break };
        let before = search.ground(&flown, &next.leg)?;
        delay_ms -= before.slack_ms();
        if delay_ms <= 0 {
            impact.absorbed_by = Some(next.delayed(Some(before), 0));
            break;
        }
        (flown, ground) = (next, Some(before));
    }
    Ok(Some(impact))
}

/// A leg with its rotation.
struct Flown {
    id: RotationId,
    rotation: Rotation,
    leg: Leg,
}

impl Flown {
    fn delayed(&self, ground: Option<GroundTime>, delay_ms: i64) -> DelayedLeg {
        DelayedLeg {
            edge: LegEdge {
                rotation: self.id.clone(),
                leg: self.leg.id.clone(),
                summary: LegSummary::new(&self.leg, &self.rotation),
            },
            ground,
            delay_ms,
            missed: Vec::new(),
        }
    }
}

struct Search<'s, R> {
    read: &'s R,
    delay: &'s Delay,
    /// Of the airplane that flies the legs.
    registration: Option<Registration>,
    /// `None` where it is not registered.
    airplane: Option<Airplane>,
    reads_left: usize,
}

impl<R: Read> Search<'_, R> {
    /// The leg that the airplane flies next.
    fn after(&mut self, flown: &Flown) -> Result<Option<Flown>, ReadError> {
        let place = keys::leg_in_order(&flown.id, flown.leg.departure, &flown.leg.id);
        if let Some(leg) = stored::leg_after(self.read, &flown.id, &place, None)? {
            let (id, rotation) = (flown.id.clone(), flown.rotation.clone());
            return Ok(Some(Flown { id, rotation, leg }));
        }
        let (Some(airplane), Some(first)) = (&self.registration, stored::first_leg(self.read, &flown.id, None)?) else {
            return Ok(None);
        };
        let mut place = (first.departure, flown.id.clone());
        while self.reads_left > 0 {
            self.reads_left -= 1;
            let Some(next) = stored::rotation_next_to(self.read, airplane, &place, Order::Ascending)? else {
                return Ok(None);
            };
            place = (next.first_departure, next.rotation);
            let (_, id) = &place;
            let rotation = stored::rotation(self.read, id)?;
            let is_meant = |rotation: &Rotation| self.delay.drafts || rotation.mode == Mode::Active;
            if let Some((rotation, leg)) = rotation.filter(is_meant).zip(stored::first_leg(self.read, id, None)?) {
                let id = id.clone();
                return Ok(Some(Flown { id, rotation, leg }));
            }
        }
        Ok(None)
    }

    fn ground(&self, before: &Flown, next: &Leg) -> Result<GroundTime, ReadError> {
        let airport = stored::airport(self.read, before.leg.destination)?;
        Ok(GroundTime::between(
            (before.leg.destination, before.leg.arrival),
            (next.origin, next.departure),
            airport.as_ref(),
            before.rotation.aircraft_type(self.airplane.as_ref()),
        ))
    }

    /// Connections that are kept as scheduled and not with the delay. Back to where the leg comes from there is no connection.
    fn miss(&mut self, late: &Leg, delay_ms: i64, missed: &mut Vec<MissedConnection>) -> Result<(), ReadError> {
        let minimum_ms = minimum_connection_ms(self.read, late.destination, self.delay.min_connection_minutes)?;
        let ready = Instant(late.arrival.0.saturating_add(minimum_ms));
        let index = LegIndex::Departures(late.destination);
        let time = Time {
            from: Some(ready),
            to: Some(Instant(ready.0.saturating_add(delay_ms))),
        };
        stored::each(self.read, within(&index.key(), time), Order::Ascending, |key, value| {
            if self.reads_left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            self.reads_left -= 1;
            let edge = index.read(key, value)?;
            let summary = &edge.summary;
            let is_of_another = match (&self.registration, &summary.airplane) {
                (None, None) => edge.rotation != self.delay.rotation,
                (own, other) => own != other,
            };
            let is_meant = self.delay.drafts || summary.mode == Mode::Active;
            if is_of_another && is_meant && summary.destination != late.origin {
                missed.push(MissedConnection {
                    connection_ms: summary.departure.0 - late.arrival.0,
                    minimum_ms,
                    edge,
                });
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}
