//! `GET /connections`: how to get from one airport to another.

use super::summary::{SummaryShape, minutes};
use super::text::Text;
use super::{Question, reading};
use crate::ask::{self, CONNECTION_LEGS_MAX, Connection, ConnectionLeg, ConnectionSearch, ConnectionsError};
use application::{Asked, Refusal, Route, document};
use domain::airport::MINUTES_MAX;
use domain::{AirportCode, Instant};
use keyvalue::Read;
use serde::Serialize;

/// As far as a search looks where it is not said.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;
const LEGS_DEFAULT: usize = 3;

pub(super) const ROUTE: Route<Question> = Route {
    template: "/connections",
    parameters: &[
        "from",
        "to",
        "depart_after",
        "arrive_before",
        "legs_max",
        "min_connection",
        "drafts",
    ],
    question: |asked| Ok(Question::Connections(Box::new(search(asked)?))),
};

fn search(asked: &Asked<'_>) -> Result<ConnectionSearch, Refusal> {
    let from = reading::required(asked, "from", AirportCode::parse, "the airport code of the first departure")?;
    let to = reading::required(asked, "to", AirportCode::parse, "the airport code of the last arrival")?;
    if from == to {
        return Err(Refusal::bad_parameter("to", to.as_str(), "another airport than from"));
    }
    let depart_after = reading::required(asked, "depart_after", Instant::parse, "the instant of the earliest departure")?;
    let arrive_before = reading::value(asked, "arrive_before", Instant::parse)?;
    if arrive_before.is_some_and(|arrive_before| arrive_before <= depart_after) {
        let given = asked.given("arrive_before").unwrap_or_default();
        let expected = format!("an instant after depart_after, {depart_after}");
        return Err(Refusal::bad_parameter("arrive_before", given, expected));
    }
    let legs_max = reading::number(asked, "legs_max", 1..=CONNECTION_LEGS_MAX as u32)?;
    Ok(ConnectionSearch {
        from,
        to,
        depart_after,
        arrive_before: arrive_before.unwrap_or(Instant(depart_after.0.saturating_add(WINDOW_MS))),
        legs_max: legs_max.map_or(LEGS_DEFAULT, |legs_max| legs_max as usize),
        min_connection_minutes: reading::number(asked, "min_connection", 0..=MINUTES_MAX)?,
        drafts: asked.flag("drafts")?,
    })
}

#[derive(Serialize)]
struct ConnectionShape<'v> {
    departure: Text<Instant>,
    arrival: Text<Instant>,
    minutes: i64,
    legs: Vec<LegShape<'v>>,
}

#[derive(Serialize)]
struct LegShape<'v> {
    #[serde(flatten)]
    leg: SummaryShape<'v>,
    /// From the arrival of the leg before; null before the first leg.
    connection_minutes: Option<i64>,
    minimum_connection_minutes: Option<i64>,
}

impl<'v> ConnectionShape<'v> {
    /// `None` without legs.
    fn new(connection: &'v Connection) -> Option<Self> {
        let (first, last) = (connection.legs.first()?, connection.legs.last()?);
        let (departure, arrival) = (first.edge.summary.departure, last.edge.summary.arrival);
        Some(Self {
            departure: Text(departure),
            arrival: Text(arrival),
            minutes: minutes(arrival.0 - departure.0),
            legs: connection.legs.iter().map(LegShape::new).collect(),
        })
    }
}

impl<'v> LegShape<'v> {
    fn new(leg: &'v ConnectionLeg) -> Self {
        Self {
            leg: SummaryShape::new(&leg.edge),
            connection_minutes: leg.transfer.map(|transfer| minutes(transfer.connection_ms)),
            minimum_connection_minutes: leg.transfer.map(|transfer| minutes(transfer.minimum_ms)),
        }
    }
}

pub(super) fn answer(read: &impl Read, search: &ConnectionSearch) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        from: &'v str,
        to: &'v str,
        depart_after: Text<Instant>,
        arrive_before: Text<Instant>,
        legs_max: usize,
        connections: Vec<ConnectionShape<'v>>,
    }
    let found = match ask::connections(read, search) {
        Ok(found) => found,
        Err(ConnectionsError::Read(error)) => return Err(error.into()),
        Err(error @ ConnectionsError::TooManyLegs) => return Err(Refusal::BudgetExceeded(error.to_string())),
    };
    document(&Document {
        from: search.from.as_str(),
        to: search.to.as_str(),
        depart_after: Text(search.depart_after),
        arrive_before: Text(search.arrive_before),
        legs_max: search.legs_max,
        connections: found.iter().filter_map(ConnectionShape::new).collect(),
    })
}
