//! Airplanes as rows of bars: the legs of each within a time, in the order in which they are flown, and the ground time between them.
//!
//! A row costs what is on it: for a few airplanes their rotations are read one by one. Where all airplanes are meant, the index of all legs by
//! departure is read once instead.

mod airplanes;
mod clashes;

pub use airplanes::{Airplanes, next_airplane};

use super::ground::GroundTime;
use super::{Span, Time, rotations_of};
use crate::checks::seam;
use crate::edges::LegSummary;
use crate::nodes::{Airplane, Airport, Leg};
use crate::stored::{self, FlownRotation, LegIndex};
use crate::{Check, keys};
use clashes::Clashes;
use domain::rotation::Mode;
use domain::{AircraftType, AirportCode, FlightDesignator, Instant, LegId, Registration, RotationId};
use keyvalue::{Order, Read, ReadError};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

/// Legs that are read for one answer.
pub(crate) const READ_LEGS_MAX: usize = 250_000;

/// The time that the rows show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Instant,
    pub to: Instant,
}

/// An airplane and what it flies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub airplane: Registration,
    /// `None` where it is not registered.
    pub aircraft_type: Option<AircraftType>,
    pub is_retired: bool,
    pub rotations: Vec<RowRotation>,
    pub bars: Vec<TimelineLeg>,
    /// Between each bar and the next.
    pub gaps: Vec<Gap>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRotation {
    pub id: RotationId,
    pub mode: Mode,
    /// The airplane is not registered, or has retired.
    pub violations: Found,
}

/// A leg as a row of the timeline shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineLeg {
    /// Among those of the row.
    pub rotation: usize,
    pub leg: LegId,
    pub designator: FlightDesignator,
    pub origin: AirportCode,
    pub destination: AirportCode,
    pub departure: Instant,
    pub arrival: Instant,
    pub violations: Found,
}

/// From the arrival of a leg to the departure of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub ground: GroundTime,
    pub violations: Found,
}

/// Checks that have found something, each by a bit: that of its place among [`Check::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found(pub u8);

impl Found {
    fn add(&mut self, check: Check, is_found: bool) {
        self.0 |= u8::from(is_found) << check.number();
    }

    #[cfg(test)]
    pub(crate) fn has(self, check: Check) -> bool {
        self.0 & (1 << check.number()) != 0
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimelineError {
    #[error("more than {READ_LEGS_MAX} legs would have to be read; ask for a shorter time or for fewer airplanes")]
    TooManyLegs,
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Reads rows, and remembers what several of them need.
pub struct Timeline<'r, R> {
    read: &'r R,
    window: Window,
    airports: FxHashMap<AirportCode, Option<Airport>>,
    clashes: Clashes,
    /// By rotation, where all airplanes are meant.
    all_legs: Option<FxHashMap<RotationId, Vec<TimelineLeg>>>,
    reads_left: usize,
}

impl<'r, R: Read> Timeline<'r, R> {
    /// `all` where rows of all airplanes are going to be asked for.
    pub fn new(read: &'r R, window: Window, all: bool) -> Result<Self, TimelineError> {
        Self::within(read, window, all, READ_LEGS_MAX)
    }

    pub(crate) fn within(read: &'r R, window: Window, all: bool, reads_max: usize) -> Result<Self, TimelineError> {
        let mut timeline = Self {
            read,
            window,
            airports: FxHashMap::default(),
            clashes: Clashes::load(read)?,
            all_legs: None,
            reads_left: reads_max,
        };
        if all {
            timeline.read_all()?;
        }
        Ok(timeline)
    }

    /// The row of an airplane; `None` where it flies nothing within the time and is none that could.
    pub fn row(&mut self, registration: Registration) -> Result<Option<Row>, TimelineError> {
        let airplane = stored::airplane(self.read, &registration)?;
        let mut row = Row {
            aircraft_type: airplane.as_ref().map(|airplane| airplane.aircraft_type.clone()),
            is_retired: airplane.as_ref().is_some_and(Airplane::is_retired),
            airplane: registration,
            rotations: Vec::new(),
            bars: Vec::new(),
            gaps: Vec::new(),
        };
        let everything = Span {
            after: None,
            limit: usize::MAX,
        };
        let flown = rotations_of(self.read, &row.airplane, self.window.time(), everything)?;
        if flown.next.is_some() {
            return Err(TimelineError::TooManyLegs);
        }
        let mut before: Option<(FlownRotation, Option<AircraftType>)> = None;
        for flown in flown.items {
            let bars = self.bars_of(&flown)?;
            if bars.is_empty() {
                continue;
            }
            let (rotation, aircraft_type) = self.rotation(&flown, airplane.as_ref())?;
            let is_seam = match &before {
                Some((before, _)) => self.is_seam(before, &flown)?,
                None => false,
            };
            let mut type_before = before.and_then(|(_, aircraft_type)| aircraft_type);
            for bar in bars {
                let bar = TimelineLeg {
                    rotation: row.rotations.len(),
                    ..bar
                };
                if let Some(last) = row.bars.last() {
                    let gap = self.gap(last, &bar, type_before.as_ref(), is_seam)?;
                    row.gaps.push(gap);
                }
                row.bars.push(self.checked(bar, &rotation.id)?);
                type_before.clone_from(&aircraft_type);
            }
            row.rotations.push(rotation);
            before = Some((flown, aircraft_type));
        }
        let is_worth_showing = !row.bars.is_empty() || airplane.is_some_and(|airplane| !airplane.is_retired());
        Ok(is_worth_showing.then_some(row))
    }

    /// The type counts for ground times after its legs.
    fn rotation(&self, flown: &FlownRotation, airplane: Option<&Airplane>) -> Result<(RowRotation, Option<AircraftType>), ReadError> {
        // Only a registration that was given to another airplane may mean the one before.
        let means_former = match airplane.filter(|airplane| airplane.former.is_some()) {
            Some(airplane) => stored::rotation(self.read, &flown.rotation)?.is_some_and(|rotation| rotation.means_former(airplane)),
            None => false,
        };
        let meant = airplane.filter(|_| !means_former);
        let mut violations = Found::default();
        violations.add(Check::UnknownReference, meant.is_none_or(Airplane::is_retired));
        let rotation = RowRotation {
            id: flown.rotation.clone(),
            mode: flown.mode,
            violations,
        };
        Ok((rotation, meant.map(|airplane| airplane.aircraft_type.clone())))
    }

    /// The legs of a rotation that depart within the time, and the one before them if it is still in the air when the time begins.
    fn bars_of(&mut self, flown: &FlownRotation) -> Result<Vec<TimelineLeg>, TimelineError> {
        let id = &flown.rotation;
        let mut bars = Vec::new();
        if flown.span.as_ref().is_some_and(|span| span.first_departure < self.window.from) {
            let begin = keys::legs_of(id).instant(self.window.from);
            let before = stored::leg_before(self.read, id, &begin, None)?;
            bars.extend(before.filter(|leg| self.window.from < leg.arrival).map(TimelineLeg::from));
        }
        match &mut self.all_legs {
            Some(all_legs) => bars.append(&mut all_legs.remove(id).unwrap_or_default()),
            None => {
                let range = super::within(&keys::legs_of(id), self.window.time());
                stored::each(self.read, range, Order::Ascending, |_, value| {
                    if self.reads_left == 0 {
                        return Ok(ControlFlow::Break(()));
                    }
                    self.reads_left -= 1;
                    bars.push(Leg::from_bytes(value)?.into());
                    Ok(ControlFlow::Continue(()))
                })?;
                self.has_reads_left()?;
            }
        }
        Ok(bars)
    }

    fn read_all(&mut self) -> Result<(), TimelineError> {
        let mut all_legs: FxHashMap<RotationId, Vec<TimelineLeg>> = FxHashMap::default();
        let index = LegIndex::AllByDeparture;
        let range = super::within(&index.key(), self.window.time());
        stored::each(self.read, range, Order::Ascending, |key, value| {
            if self.reads_left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            self.reads_left -= 1;
            let edge = index.read(key, value)?;
            if edge.summary.airplane.is_some() {
                all_legs
                    .entry(edge.rotation)
                    .or_default()
                    .push(TimelineLeg::new(edge.leg, &edge.summary));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        self.all_legs = Some(all_legs);
        self.has_reads_left()
    }

    fn has_reads_left(&self) -> Result<(), TimelineError> {
        if self.reads_left == 0 {
            Err(TimelineError::TooManyLegs)
        } else {
            Ok(())
        }
    }

    fn gap(
        &mut self,
        last: &TimelineLeg,
        next: &TimelineLeg,
        aircraft_type: Option<&AircraftType>,
        is_seam: bool,
    ) -> Result<Gap, ReadError> {
        let (arrives, departs) = ((last.destination, last.arrival), (next.origin, next.departure));
        let airport = airport(self.read, &mut self.airports, last.destination)?;
        let ground = GroundTime::between(arrives, departs, airport, aircraft_type);
        let mut violations = Found::default();
        if last.rotation == next.rotation {
            violations.add(Check::RotationContinuity, last.destination != next.origin);
            violations.add(Check::Overlap, ground.real_ms < 0);
            violations.add(
                Check::GroundTime,
                ground.required_ms.is_some_and(|required_ms| ground.real_ms < required_ms),
            );
        } else {
            violations.add(Check::RotationSeam, is_seam);
        }
        Ok(Gap { ground, violations })
    }

    fn checked(&mut self, bar: TimelineLeg, rotation: &RotationId) -> Result<TimelineLeg, ReadError> {
        let mut violations = Found::default();
        for code in [bar.origin, bar.destination] {
            let is_unknown = airport(self.read, &mut self.airports, code)?.is_none();
            violations.add(Check::UnknownReference, is_unknown);
        }
        let zone = airport(self.read, &mut self.airports, bar.origin)?.map(|airport| &airport.zone);
        violations.add(Check::FlightDesignator, self.clashes.has(self.read, rotation, &bar, zone)?);
        Ok(TimelineLeg { violations, ..bar })
    }

    /// Whether the view has a violation between two rotations. Those that lie between the two may not be part of the time.
    fn is_seam(&self, before: &FlownRotation, after: &FlownRotation) -> Result<bool, ReadError> {
        let (Some(first), Some(second)) = (&before.span, &after.span) else {
            return Ok(false);
        };
        if !seam::is_discontinuous(first, second) && !seam::is_overlapping(first, second) {
            return Ok(false);
        }
        let key = seam::key(&first.rotation, &first.rotation, &second.rotation);
        Ok(self.read.get(&key.0, |_| ())?.is_some())
    }
}

impl Window {
    fn time(self) -> Time {
        Time {
            from: Some(self.from),
            to: Some(self.to),
        }
    }
}

impl TimelineLeg {
    fn new(leg: LegId, summary: &LegSummary) -> Self {
        Self {
            rotation: 0,
            leg,
            designator: summary.designator,
            origin: summary.origin,
            destination: summary.destination,
            departure: summary.departure,
            arrival: summary.arrival,
            violations: Found::default(),
        }
    }
}

impl From<Leg> for TimelineLeg {
    fn from(leg: Leg) -> Self {
        Self {
            rotation: 0,
            leg: leg.id,
            designator: leg.designator,
            origin: leg.origin,
            destination: leg.destination,
            departure: leg.departure,
            arrival: leg.arrival,
            violations: Found::default(),
        }
    }
}

fn airport<'a>(
    read: &impl Read,
    airports: &'a mut FxHashMap<AirportCode, Option<Airport>>,
    code: AirportCode,
) -> Result<Option<&'a Airport>, ReadError> {
    let known = match airports.entry(code) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => unknown.insert(stored::airport(read, code)?),
    };
    Ok(known.as_ref())
}
