//! `GET /rotations/{id}/legs/{leg}/impact`: what a delay of a leg does to later ones.

use super::summary::{SummaryShape, minutes};
use super::{Question, reading};
use crate::ask::{self, Delay, DelayedLeg, MissedConnection};
use application::{Asked, Refusal, Route, document};
use domain::airport::MINUTES_MAX;
use domain::{LegId, Registration, RotationId};
use keyvalue::Read;
use serde::Serialize;

/// A week.
const DELAY_MINUTES_MAX: u32 = 7 * 24 * 60;

pub(super) const ROUTE: Route<Question> = Route {
    template: "/rotations/{id}/legs/{leg}/impact",
    parameters: &["delay_minutes", "min_connection", "drafts"],
    question: |asked| Ok(Question::Impact(Box::new(delay(asked)?))),
};

fn delay(asked: &Asked<'_>) -> Result<Delay, Refusal> {
    let delay_minutes = reading::number(asked, "delay_minutes", 1..=DELAY_MINUTES_MAX)?;
    let expected = || format!("a whole number from 1 to {DELAY_MINUTES_MAX}");
    let delay_minutes = delay_minutes.ok_or_else(|| Refusal::bad_parameter("delay_minutes", "", expected()))?;
    Ok(Delay {
        rotation: reading::name(asked, "id", RotationId::parse)?,
        leg: reading::name(asked, "leg", LegId::parse)?,
        delay_ms: i64::from(delay_minutes) * 60_000,
        min_connection_minutes: reading::number(asked, "min_connection", 0..=MINUTES_MAX)?,
        drafts: asked.flag("drafts")?,
    })
}

#[derive(Serialize)]
struct DelayedShape<'v> {
    #[serde(flatten)]
    leg: SummaryShape<'v>,
    /// On the ground before it, as scheduled; null for the leg that was asked about.
    ground_minutes: Option<i64>,
    /// Null, too, where the legs do not meet at a registered airport.
    required_minutes: Option<i64>,
    slack_minutes: Option<i64>,
    delay_minutes: i64,
    missed_connections: Vec<MissedShape<'v>>,
}

#[derive(Serialize)]
struct MissedShape<'v> {
    #[serde(flatten)]
    leg: SummaryShape<'v>,
    connection_minutes: i64,
    minimum_connection_minutes: i64,
}

impl<'v> DelayedShape<'v> {
    fn new(delayed: &'v DelayedLeg) -> Self {
        Self {
            leg: SummaryShape::new(&delayed.edge),
            ground_minutes: delayed.ground.map(|ground| minutes(ground.real_ms)),
            required_minutes: delayed.ground.and_then(|ground| ground.required_ms).map(minutes),
            slack_minutes: delayed.ground.map(|ground| minutes(ground.slack_ms())),
            // A part of a minute is a delay.
            delay_minutes: -minutes(-delayed.delay_ms),
            missed_connections: delayed.missed.iter().map(MissedShape::new).collect(),
        }
    }
}

impl<'v> MissedShape<'v> {
    fn new(missed: &'v MissedConnection) -> Self {
        Self {
            leg: SummaryShape::new(&missed.edge),
            connection_minutes: minutes(missed.connection_ms),
            minimum_connection_minutes: minutes(missed.minimum_ms),
        }
    }
}

pub(super) fn answer(read: &impl Read, delay: &Delay) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        airplane: Option<&'v str>,
        /// The leg itself first.
        legs: Vec<DelayedShape<'v>>,
        /// The leg that departs on time again; null where the delay reaches the airplane's last leg.
        absorbed_by: Option<DelayedShape<'v>>,
        /// Whether there was more to look at than one answer may.
        cut: bool,
    }
    let impact = ask::impact(read, delay)?.ok_or_else(|| Refusal::not_found("leg", delay.leg.as_str()))?;
    document(&Document {
        airplane: impact.airplane.as_ref().map(Registration::as_str),
        legs: impact.legs.iter().map(DelayedShape::new).collect(),
        absorbed_by: impact.absorbed_by.as_ref().map(DelayedShape::new),
        cut: impact.is_cut,
    })
}
