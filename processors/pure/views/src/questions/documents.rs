//! The documents that answer questions, each from one snapshot.

use super::shapes::{AirplaneShape, AirportShape, BoardShape, FlownShape, LegShape, RotationShape, ViolationShape};
use super::{Question, connections, graph_traverse, impact, timeline};
use crate::ask::{self, Filter, Page, Time, Total};
use crate::{BudgetExceeded, Check, Leg};
use application::{Paging, Refusal, document, list};
use domain::{AirportCode, LegId, Registration, RotationId};
use jiff::tz::TimeZoneDatabase;
use keyvalue::Read;
use serde::Serialize;

/// Legs that a recomputation looks at before it gives up. They are held in memory meanwhile.
const RECOMPUTED_LEGS_MAX: u64 = 250_000;

/// The document that answers a question.
pub(crate) fn answer(question: &Question, read: &impl Read) -> Result<Vec<u8>, Refusal> {
    match question {
        Question::Rotations(paging) => {
            let page = ask::rotations(read, paging.span())?;
            list("rotations", &page, paging, |(id, rotation)| RotationShape::new(id, rotation))
        }
        Question::Rotation { id, time, paging } => rotation(read, id, *time, paging),
        Question::Leg { rotation, id } => leg(read, rotation, id),
        Question::Airplanes(paging) => {
            let page = ask::airplanes(read, paging.span())?;
            list("airplanes", &page, paging, |(registration, airplane)| {
                AirplaneShape::new(registration, Some(airplane))
            })
        }
        Question::Airplane {
            registration,
            time,
            paging,
        } => airplane(read, registration, *time, paging),
        Question::Airports(paging) => {
            let page = ask::airports(read, paging.span())?;
            list("airports", &page, paging, |(code, airport)| AirportShape::new(*code, airport))
        }
        Question::Airport(code) => {
            let airport = ask::airport(read, *code)?.ok_or_else(|| Refusal::not_found("airport", code.as_str()))?;
            document(&AirportShape::new(*code, &airport))
        }
        Question::Departures { code, time, paging } => legs(&ask::departures(read, *code, *time, paging.span())?, paging),
        Question::Arrivals { code, time, paging } => legs(&ask::arrivals(read, *code, *time, paging.span())?, paging),
        Question::Board { code, time, paging } => board(read, *code, *time, paging),
        Question::Legs { designator, time, paging } => {
            let page = match designator {
                Some(designator) => ask::legs_of_designator(read, *designator, *time, paging.span())?,
                None => ask::legs(read, *time, paging.span())?,
            };
            legs(&page, paging)
        }
        Question::Check {
            check,
            filter,
            paging,
            recompute,
        } => violations(read, *check, filter, paging, *recompute),
        Question::Connections(search) => connections::answer(read, search),
        Question::Impact(delay) => impact::answer(read, delay),
        Question::Timeline(question) => timeline::answer(read, question),
        Question::GraphNode(node) => node.answer(read),
        Question::GraphTraverse(traversal) => graph_traverse::answer(traversal, read),
        Question::Explain(explain) => explain.answer(read, &[]),
    }
}

fn rotation(read: &impl Read, id: &RotationId, time: Time, paging: &Paging) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        #[serde(flatten)]
        rotation: RotationShape<'v>,
        legs: Vec<LegShape<'v>>,
        next_cursor: Option<String>,
    }
    let rotation = ask::rotation(read, id)?.ok_or_else(|| Refusal::not_found("rotation", id.as_str()))?;
    let page = ask::legs_of(read, id, time, paging.span())?;
    document(&Document {
        rotation: RotationShape::new(id, &rotation),
        legs: page.items.iter().map(|leg| LegShape::new(id, leg)).collect(),
        next_cursor: paging.next(&page),
    })
}

fn leg(read: &impl Read, rotation: &RotationId, id: &LegId) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        #[serde(flatten)]
        leg: LegShape<'v>,
        airplane: Option<&'v str>,
        previous: Option<LegShape<'v>>,
        next: Option<LegShape<'v>>,
    }
    let found = ask::leg_with_next(read, rotation, id)?;
    let (leg, next) = found.ok_or_else(|| Refusal::not_found("leg", id.as_str()))?;
    let flown = ask::rotation(read, rotation)?;
    let previous = ask::previous_leg(read, rotation, &leg)?;
    let airplane = flown.as_ref().and_then(|flown| flown.airplane.as_ref());
    document(&Document {
        leg: LegShape::new(rotation, &leg),
        airplane: airplane.map(|assignment| assignment.registration.as_str()),
        previous: previous.as_ref().map(|leg| LegShape::new(rotation, leg)),
        next: next.as_ref().map(|leg| LegShape::new(rotation, leg)),
    })
}

/// An airplane that is not registered is still found where rotations name it.
fn airplane(read: &impl Read, registration: &Registration, time: Time, paging: &Paging) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        #[serde(flatten)]
        airplane: AirplaneShape<'v>,
        rotations: Vec<FlownShape<'v>>,
        next_cursor: Option<String>,
    }
    let airplane = ask::airplane(read, registration)?;
    let page = ask::rotations_of(read, registration, time, paging.span())?;
    if airplane.is_none() && page.items.is_empty() && paging.is_first() {
        return Err(Refusal::not_found("airplane", registration.as_str()));
    }
    document(&Document {
        airplane: AirplaneShape::new(registration, airplane.as_ref()),
        rotations: page.items.iter().map(FlownShape::new).collect(),
        next_cursor: paging.next(&page),
    })
}

/// An airport that is not registered has a board, too, without local times.
fn board(read: &impl Read, code: AirportCode, time: Time, paging: &Paging) -> Result<Vec<u8>, Refusal> {
    let airport = ask::airport(read, code)?;
    let zone = airport
        .as_ref()
        .and_then(|airport| TimeZoneDatabase::bundled().get(airport.zone.as_str()).ok());
    list("board", &ask::board(read, code, time, paging.span())?, paging, |entry| {
        BoardShape::new(entry, zone.as_ref())
    })
}

fn legs(page: &Page<(RotationId, Leg)>, paging: &Paging) -> Result<Vec<u8>, Refusal> {
    list("legs", page, paging, |(rotation, leg)| LegShape::new(rotation, leg))
}

fn violations(read: &impl Read, check: Check, filter: &Filter, paging: &Paging, recompute: bool) -> Result<Vec<u8>, Refusal> {
    /// The whole check from nothing, whatever the filter: all of the index is compared with it.
    #[derive(Serialize)]
    struct RecomputedShape {
        total: u64,
        differing: u64,
        agrees: bool,
    }
    #[derive(Serialize)]
    struct Document<'v> {
        check: &'static str,
        total: u64,
        /// `at-least`, where more than is counted were not looked at.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_relation: Option<&'static str>,
        violations: Vec<ViolationShape<'v>>,
        next_cursor: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        recomputed: Option<RecomputedShape>,
    }
    let page = ask::violations(read, check, filter, paging.span())?;
    let counted = match (paging.is_first(), &page.next) {
        (true, None) => Total::Exactly(page.items.len() as u64),
        (true, Some(_)) | (false, _) => ask::count(read, check, filter)?,
    };
    let (total, total_relation) = match counted {
        Total::Exactly(total) => (total, None),
        Total::AtLeast(total) => (total, Some("at-least")),
    };
    let recomputed = match recompute {
        false => None,
        true => match crate::recompute(read, Some(check), RECOMPUTED_LEGS_MAX) {
            Ok(recomputed) => Some(RecomputedShape {
                total: recomputed.total,
                differing: recomputed.differing,
                agrees: recomputed.differing == 0,
            }),
            Err(BudgetExceeded::Read(error)) => return Err(error.into()),
            Err(error @ BudgetExceeded::Legs { .. }) => return Err(Refusal::BudgetExceeded(error.to_string())),
        },
    };
    document(&Document {
        check: check.name(),
        total,
        total_relation,
        violations: page.items.iter().map(ViolationShape).collect(),
        next_cursor: paging.next(&page),
        recomputed,
    })
}
