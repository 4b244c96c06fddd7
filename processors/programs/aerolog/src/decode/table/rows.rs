//! The rows of each table, from a view. Columns are only ever added at the end.

use super::Table;
use domain::{CalendarDate, RotationId};
use keyvalue::{Read, ReadError};
use serde_json::Value;
use views::ask::{self, Filter, Page, Span, Time};
use views::{Airplane, Check, Detail, Leg, Rotation, Violation};

const LEGS: [&str; 11] = [
    "rotation",
    "leg",
    "designator",
    "origin",
    "destination",
    "departure",
    "arrival",
    "origin_date",
    "mode",
    "airplane",
    "aircraft_type",
];

const ROTATIONS: [&str; 9] = [
    "rotation",
    "mode",
    "airplane",
    "aircraft_type",
    "legs",
    "first_departure",
    "departs_from",
    "last_arrival",
    "arrives_at",
];

const CHECKS: [&str; 20] = [
    "check",
    "rotation",
    "leg",
    "departure",
    "arrival",
    "arrives_at",
    "next_rotation",
    "next_leg",
    "next_departure",
    "departs_from",
    "airport",
    "airplane",
    "designator",
    "origin_date",
    "ground_minutes",
    "minimum_minutes",
    "leg_count",
    "discontinuous",
    "overlapping",
    "retired",
];

/// Items that are read from the view at a time.
const PAGE_MAX: usize = 1000;

pub(super) fn columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Legs => &LEGS,
        Table::Rotations => &ROTATIONS,
        Table::Checks => &CHECKS,
    }
}

/// Visits the rows of a table: legs and rotations by the rotation's id, legs then by departure; violations by check and rotation.
pub(super) fn each(table: Table, read: &impl Read, mut visit: impl FnMut(&[Value]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    match table {
        Table::Legs => each_rotation(read, |id, rotation, airplane| {
            each_leg(read, id, |leg| visit(&leg_row(id, rotation, airplane, &leg)))
        }),
        Table::Rotations => each_rotation(read, |id, rotation, airplane| {
            let (mut legs, mut first, mut last) = (0_u64, None, None);
            each_leg(read, id, |leg| {
                legs += 1;
                first.get_or_insert_with(|| leg.clone());
                last = Some(leg);
                Ok(())
            })?;
            visit(&rotation_row(id, rotation, airplane, legs, first.as_ref().zip(last.as_ref())))
        }),
        Table::Checks => {
            for check in Check::ALL {
                let filter = Filter::default();
                pages(
                    |span| ask::violations(read, check, &filter, span),
                    |violation| visit(&violation_row(check, &violation)),
                )?;
            }
            Ok(())
        }
    }
}

/// Each with the airplane that has the assigned registration.
fn each_rotation(
    read: &impl Read,
    mut visit: impl FnMut(&RotationId, &Rotation, Option<&Airplane>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    pages(
        |span| ask::rotations(read, span),
        |(id, rotation)| {
            let airplane = match rotation.registration() {
                Some(registration) => ask::airplane(read, registration)?,
                None => None,
            };
            visit(&id, &rotation, airplane.as_ref())
        },
    )
}

/// In the order in which they are flown.
fn each_leg(read: &impl Read, rotation: &RotationId, visit: impl FnMut(Leg) -> anyhow::Result<()>) -> anyhow::Result<()> {
    pages(|span| ask::legs_of(read, rotation, Time::default(), span), visit)
}

fn pages<T>(
    mut page: impl FnMut(Span<'_>) -> Result<Page<T>, ReadError>,
    mut visit: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let found = page(Span {
            after: after.as_deref(),
            limit: PAGE_MAX,
        })?;
        found.items.into_iter().try_for_each(&mut visit)?;
        match found.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn leg_row(id: &RotationId, rotation: &Rotation, airplane: Option<&Airplane>, leg: &Leg) -> [Value; LEGS.len()] {
    [
        text(id),
        text(&leg.id),
        text(leg.designator),
        text(leg.origin),
        text(leg.destination),
        text(leg.departure),
        text(leg.arrival),
        optional(CalendarDate::of_days(leg.origin_date)),
        text(rotation.mode.name()),
        optional(rotation.registration()),
        optional(rotation.aircraft_type(airplane)),
    ]
}

fn rotation_row(
    id: &RotationId,
    rotation: &Rotation,
    airplane: Option<&Airplane>,
    legs: u64,
    ends: Option<(&Leg, &Leg)>,
) -> [Value; ROTATIONS.len()] {
    [
        text(id),
        text(rotation.mode.name()),
        optional(rotation.registration()),
        optional(rotation.aircraft_type(airplane)),
        legs.into(),
        optional(ends.map(|(first, _)| first.departure)),
        optional(ends.map(|(first, _)| first.origin)),
        optional(ends.map(|(_, last)| last.arrival)),
        optional(ends.map(|(_, last)| last.destination)),
    ]
}

/// The parts of a violation other than its legs.
#[derive(Default)]
struct Said {
    airport: Value,
    airplane: Value,
    designator: Value,
    origin_date: Value,
    ground_minutes: Value,
    minimum_minutes: Value,
    leg_count: Value,
    discontinuous: Value,
    overlapping: Value,
    retired: Value,
}

fn violation_row(check: Check, violation: &Violation) -> [Value; CHECKS.len()] {
    let said = said(&violation.detail);
    let first = violation.legs.first().map(|(_, leg)| leg);
    let second = violation.legs.get(1);
    let next = second.map(|(_, leg)| leg);
    [
        text(check.name()),
        text(&violation.rotation),
        optional(first.map(|leg| &leg.id)),
        optional(first.map(|leg| leg.departure)),
        optional(first.map(|leg| leg.arrival)),
        optional(first.map(|leg| leg.destination)),
        optional(second.map(|(rotation, _)| rotation)),
        optional(next.map(|leg| &leg.id)),
        optional(next.map(|leg| leg.departure)),
        optional(next.map(|leg| leg.origin)),
        said.airport,
        said.airplane,
        said.designator,
        said.origin_date,
        said.ground_minutes,
        said.minimum_minutes,
        said.leg_count,
        said.discontinuous,
        said.overlapping,
        said.retired,
    ]
}

fn said(detail: &Detail) -> Said {
    match detail {
        Detail::Continuity | Detail::Overlap => Said::default(),
        Detail::GroundTime {
            ground_minutes,
            minimum_minutes,
            airport,
            airport_provenance: _,
        } => Said {
            airport: text(airport),
            ground_minutes: (*ground_minutes).into(),
            minimum_minutes: (*minimum_minutes).into(),
            ..Said::default()
        },
        Detail::Designator {
            designator,
            airport,
            origin_date_days,
            legs,
        } => Said {
            airport: text(airport),
            designator: text(designator),
            origin_date: optional(CalendarDate::of_days(*origin_date_days)),
            leg_count: (*legs).into(),
            ..Said::default()
        },
        Detail::Seam {
            airplane,
            discontinuous,
            overlapping,
        } => Said {
            airplane: text(airplane),
            discontinuous: (*discontinuous).into(),
            overlapping: (*overlapping).into(),
            ..Said::default()
        },
        Detail::UnknownAirport { airport } => Said {
            airport: text(airport),
            ..Said::default()
        },
        Detail::UnknownAirplane {
            airplane,
            retired,
            assigned: _,
        } => Said {
            airplane: text(airplane),
            retired: (*retired).into(),
            ..Said::default()
        },
    }
}

fn text(of: impl ToString) -> Value {
    of.to_string().into()
}

fn optional(of: Option<impl ToString>) -> Value {
    of.map_or(Value::Null, text)
}

#[cfg(test)]
mod tests;
