//! `GET /timeline`: airplanes as rows of bars, in as few bytes as are needed to draw them.

use super::summary::minutes;
use super::text::Text;
use super::{Question, reading};
use crate::Check;
use crate::ask::{self, Airplanes, Found, Gap, Row, RowRotation, Timeline, TimelineError, TimelineLeg, Window};
use application::{Asked, Page, Paging, Refusal, Route, document};
use domain::{AirportCode, FlightDesignator, Instant, Registration};
use keyvalue::Read;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How much one answer holds and looks at. The rows beyond are on the next page.
#[derive(Debug, Clone, Copy)]
struct Budget {
    /// They bound the bytes of the answer: ids are short.
    bars_max: usize,
    /// Whether or not they have a row.
    airplanes_max: usize,
}

const BUDGET: Budget = Budget {
    bars_max: 120_000,
    airplanes_max: 20_000,
};
/// Registrations in one question.
const REGISTRATIONS_MAX: usize = 200;
const INSTANT_EXPECTED: &str = "an instant, which this question cannot do without";
const CURSOR_EXPECTED: &str = "the next_cursor of an answer to the same question";

pub(super) const ROUTE: Route<Question> = Route {
    template: "/timeline",
    parameters: &["from", "to", "airplanes", "prefix", "limit", "cursor"],
    question: |asked| Ok(Question::Timeline(Box::new(TimelineQuestion::read(asked)?))),
};

/// Which rows, and what time they show.
#[derive(Debug)]
pub struct TimelineQuestion {
    window: Window,
    airplanes: Airplanes,
    /// The last airplane of the page before.
    after: Option<Registration>,
    paging: Paging,
}

impl TimelineQuestion {
    fn read(asked: &Asked<'_>) -> Result<Self, Refusal> {
        let time = reading::time(asked)?;
        let needed = |name, instant: Option<Instant>| instant.ok_or_else(|| Refusal::bad_parameter(name, "", INSTANT_EXPECTED));
        let (from, to) = (needed("from", time.from)?, needed("to", time.to)?);
        // The beginning of a registration, which may be shorter than one.
        let prefix = asked.parameter("prefix", |text| match Registration::parse(&format!("{text}00")) {
            Ok(_) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err("1 to 8 capital letters, digits and hyphens"),
        })?;
        let airplanes = asked.parameter("airplanes", registrations)?;
        let airplanes = match (airplanes, prefix) {
            (Some(mut airplanes), prefix) => {
                airplanes.retain(|airplane| prefix.as_ref().is_none_or(|prefix| airplane.as_str().starts_with(prefix.as_str())));
                Airplanes::These(airplanes)
            }
            (None, Some(prefix)) => Airplanes::Beginning(prefix),
            (None, None) => Airplanes::All,
        };
        let paging = asked.paging()?;
        let after = paging.span().after.map(|bytes| {
            let text = std::str::from_utf8(bytes).ok();
            text.and_then(|text| Registration::parse(text).ok())
                .ok_or_else(|| Refusal::bad_parameter("cursor", asked.given("cursor").unwrap_or_default(), CURSOR_EXPECTED))
        });
        Ok(Self {
            window: Window { from, to },
            airplanes,
            after: after.transpose()?,
            paging,
        })
    }
}

fn registrations(text: &str) -> Result<BTreeSet<Registration>, String> {
    let expected = || format!("1 to {REGISTRATIONS_MAX} registrations with commas between them");
    let read = text.split(',').map(Registration::parse).collect::<Result<BTreeSet<_>, _>>();
    let registrations = read.map_err(|_| expected())?;
    if registrations.len() > REGISTRATIONS_MAX {
        return Err(expected());
    }
    Ok(registrations)
}

/// Rows, and the last airplane that was looked at where there may be more.
struct Rows {
    rows: Vec<Row>,
    more_after: Option<Registration>,
}

fn rows(read: &impl Read, question: &TimelineQuestion, budget: Budget) -> Result<Rows, TimelineError> {
    let mut timeline = Timeline::new(read, question.window, question.airplanes == Airplanes::All)?;
    let (mut rows, mut bars, mut looked_at) = (Vec::new(), 0, 0);
    let mut last = question.after.clone();
    while let Some(registration) = ask::next_airplane(read, &question.airplanes, last.as_ref())? {
        if rows.len() == question.paging.span().limit || looked_at == budget.airplanes_max {
            return Ok(Rows { rows, more_after: last });
        }
        looked_at += 1;
        if let Some(row) = timeline.row(registration.clone())? {
            bars += row.bars.len();
            if bars > budget.bars_max {
                // Without a row before it there would be no end of pages.
                let is_alone = rows.is_empty();
                return if is_alone {
                    Err(TimelineError::TooManyLegs)
                } else {
                    Ok(Rows { rows, more_after: last })
                };
            }
            rows.push(row);
        }
        last = Some(registration);
    }
    Ok(Rows { rows, more_after: None })
}

#[derive(Serialize)]
struct RowShape<'v> {
    airplane: &'v str,
    aircraft_type: Option<&'v str>,
    retired: bool,
    rotations: Vec<RotationShape<'v>>,
    bars: Vec<TimelineLegShape<'v>>,
    gaps: Vec<GapShape>,
}

/// Id, mode, violations.
#[derive(Serialize)]
struct RotationShape<'v>(&'v str, &'static str, u8);

/// Rotation, leg, designator, origin, destination, departure, arrival, violations.
#[derive(Serialize)]
struct TimelineLegShape<'v>(usize, &'v str, Text<FlightDesignator>, usize, usize, i64, i64, u8);

/// Minutes on the ground, minutes needed, violations.
#[derive(Serialize)]
struct GapShape(i64, Option<i64>, u8);

type Numbers = BTreeMap<AirportCode, usize>;

impl<'v> RowShape<'v> {
    fn new(row: &'v Row, from: Instant, airports: &Numbers) -> Self {
        Self {
            airplane: row.airplane.as_str(),
            aircraft_type: row.aircraft_type.as_ref().map(|aircraft_type| aircraft_type.as_str()),
            retired: row.is_retired,
            rotations: row.rotations.iter().map(RotationShape::new).collect(),
            bars: row.bars.iter().map(|bar| TimelineLegShape::new(bar, from, airports)).collect(),
            gaps: row.gaps.iter().map(GapShape::new).collect(),
        }
    }
}

impl<'v> RotationShape<'v> {
    fn new(rotation: &'v RowRotation) -> Self {
        let Found(violations) = rotation.violations;
        Self(rotation.id.as_str(), rotation.mode.name(), violations)
    }
}

impl<'v> TimelineLegShape<'v> {
    fn new(bar: &'v TimelineLeg, from: Instant, airports: &Numbers) -> Self {
        let number = |code: &AirportCode| airports.get(code).copied().unwrap_or(0);
        let Found(violations) = bar.violations;
        Self(
            bar.rotation,
            bar.leg.as_str(),
            Text(bar.designator),
            number(&bar.origin),
            number(&bar.destination),
            bar.departure.0 - from.0,
            bar.arrival.0 - from.0,
            violations,
        )
    }
}

impl GapShape {
    fn new(gap: &Gap) -> Self {
        let Found(violations) = gap.violations;
        Self(minutes(gap.ground.real_ms), gap.ground.required_ms.map(minutes), violations)
    }
}

pub(super) fn answer(read: &impl Read, question: &TimelineQuestion) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        from: Text<Instant>,
        to: Text<Instant>,
        /// In the order of the bits of `violations`.
        checks: [&'static str; Check::ALL.len()],
        /// What bars name by number.
        airports: Vec<&'v str>,
        rows: Vec<RowShape<'v>>,
        next_cursor: Option<String>,
    }
    let Rows { rows, more_after } = match rows(read, question, BUDGET) {
        Ok(rows) => rows,
        Err(TimelineError::Read(error)) => return Err(error.into()),
        Err(error @ TimelineError::TooManyLegs) => return Err(Refusal::BudgetExceeded(error.to_string())),
    };
    let bars = rows.iter().flat_map(|row| &row.bars);
    let codes: BTreeSet<AirportCode> = bars.flat_map(|bar| [bar.origin, bar.destination]).collect();
    let numbers: Numbers = codes.iter().copied().zip(0..).collect();
    let rest = Page::<()> {
        items: Vec::new(),
        next: more_after.map(|last| last.as_str().as_bytes().to_vec()),
    };
    document(&Document {
        from: Text(question.window.from),
        to: Text(question.window.to),
        checks: Check::ALL.map(Check::name),
        airports: codes.iter().map(AirportCode::as_str).collect(),
        rows: rows.iter().map(|row| RowShape::new(row, question.window.from, &numbers)).collect(),
        next_cursor: question.paging.next(&rest),
    })
}

#[cfg(test)]
mod tests;
