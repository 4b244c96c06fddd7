//! A leg as the edges to it describe it, in answers that list many.

use super::text::Text;
use crate::LegEdge;
use domain::{FlightDesignator, Instant, Registration};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct SummaryShape<'v> {
    rotation: &'v str,
    leg: &'v str,
    designator: Text<FlightDesignator>,
    origin: &'v str,
    destination: &'v str,
    departure: Text<Instant>,
    arrival: Text<Instant>,
    mode: &'static str,
    airplane: Option<&'v str>,
}

impl<'v> SummaryShape<'v> {
    pub(super) fn new(edge: &'v LegEdge) -> Self {
        let summary = &edge.summary;
        Self {
            rotation: edge.rotation.as_str(),
            leg: edge.leg.as_str(),
            designator: Text(summary.designator),
            origin: summary.origin.as_str(),
            destination: summary.destination.as_str(),
            departure: Text(summary.departure),
            arrival: Text(summary.arrival),
            mode: summary.mode.name(),
            airplane: summary.airplane.as_ref().map(Registration::as_str),
        }
    }
}

/// Whole minutes of a duration; a minute that is begun does not count.
pub(super) fn minutes(duration_ms: i64) -> i64 {
    duration_ms.div_euclid(60_000)
}
