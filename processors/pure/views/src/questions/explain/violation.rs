//! A violation: the facts that it follows from, and the events that made them.

use super::EventShape;
use crate::nodes::{Airplane, Leg, Rotation};
use crate::questions::shapes::{ProvenanceShape, ViolationShape};
use crate::violation_id::ViolationId;
use crate::{Detail, Provenance, Violation, ask};
use application::{EventPlace, LoggedEvent, Refusal, document, history};
use domain::{Event, RotationId};
use keyvalue::{Read, ReadError};
use serde::Serialize;
use std::collections::BTreeSet;

/// An attribute of a node that the violation follows from, and the event that set it.
struct Fact {
    node: String,
    attribute: &'static str,
    /// Whose event it was.
    aggregate_id: String,
    provenance: Provenance,
}

/// What there is of it now.
fn found(id: &ViolationId, read: &impl Read) -> Result<Violation, Refusal> {
    let gone = || Refusal::not_found("violation", id.to_string());
    let key = id.key(read)?.ok_or_else(gone)?;
    let value = read.get(&key.0, <[u8]>::to_vec)?.ok_or_else(gone)?;
    Ok(Violation::read(read, &key.0, &value)?.1)
}

pub(super) fn events(id: &ViolationId, read: &impl Read) -> Result<Vec<EventPlace>, Refusal> {
    let facts = facts(&found(id, read)?, read)?;
    let mut places = BTreeSet::new();
    for fact in &facts {
        places.extend(history::find(read, &fact.aggregate_id, fact.provenance.sequence)?);
    }
    Ok(places.into_iter().collect())
}

pub(super) fn answer(id: &ViolationId, read: &impl Read, events: &[LoggedEvent<Event>]) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct FactShape<'v> {
        node: &'v str,
        attribute: &'static str,
        provenance: ProvenanceShape,
    }
    #[derive(Serialize)]
    struct Document<'v> {
        id: String,
        violation: ViolationShape<'v>,
        facts: Vec<FactShape<'v>>,
        events: Vec<EventShape<'v>>,
    }
    let violation = found(id, read)?;
    let facts = facts(&violation, read)?;
    let mut newest_first: Vec<&LoggedEvent<Event>> = events.iter().collect();
    newest_first.sort_by_key(|logged| {
        let decided_at_ms = logged.event.as_ref().map_or(i64::MIN, |envelope| envelope.decided_at_ms);
        std::cmp::Reverse((decided_at_ms, logged.place))
    });
    document(&Document {
        id: format!("{}{id}", super::VIOLATION),
        violation: ViolationShape(&violation),
        facts: facts
            .iter()
            .map(|fact| FactShape {
                node: &fact.node,
                attribute: fact.attribute,
                provenance: fact.provenance.into(),
            })
            .collect(),
        events: newest_first.into_iter().map(EventShape::from).collect(),
    })
}

/// Every fact that would have to be another one for the violation not to be there.
fn facts(violation: &Violation, read: &impl Read) -> Result<Vec<Fact>, ReadError> {
    let mut facts = Vec::new();
    for (rotation, leg) in &violation.legs {
        of_leg(rotation, leg, &mut facts);
    }
    match &violation.detail {
        Detail::Continuity | Detail::Overlap | Detail::Designator { .. } | Detail::UnknownAirport { .. } => {}
        Detail::GroundTime {
            airport,
            airport_provenance,
            ..
        } => {
            let node = format!("airport/{airport}");
            facts.push(fact(node, "minimum_ground_time", *airport_provenance));
            of_assignment(read, &violation.rotation, &mut facts)?;
        }
        Detail::Seam { .. } => {
            for (rotation, _) in &violation.legs {
                of_assignment(read, rotation, &mut facts)?;
            }
        }
        Detail::UnknownAirplane { .. } => of_assignment(read, &violation.rotation, &mut facts)?,
    }
    Ok(facts)
}

fn fact(node: String, attribute: &'static str, provenance: Provenance) -> Fact {
    Fact {
        aggregate_id: node.clone(),
        node,
        attribute,
        provenance,
    }
}

fn of_leg(rotation: &RotationId, leg: &Leg, facts: &mut Vec<Fact>) {
    let of_leg = |attribute, provenance| Fact {
        node: format!("leg/{rotation}/{}", leg.id),
        attribute,
        aggregate_id: format!("rotation/{rotation}"),
        provenance,
    };
    facts.push(of_leg("leg", leg.provenance));
    if leg.times_provenance != leg.provenance {
        facts.push(of_leg("times", leg.times_provenance));
    }
}

/// Which airplane flies a rotation, and what that one is.
fn of_assignment(read: &impl Read, id: &RotationId, facts: &mut Vec<Fact>) -> Result<(), ReadError> {
    let Some(Rotation {
        airplane: Some(assignment),
        ..
    }) = ask::rotation(read, id)?
    else {
        return Ok(());
    };
    facts.push(fact(format!("rotation/{id}"), "airplane", assignment.provenance));
    if let Some(Airplane {
        type_provenance, retired, ..
    }) = ask::airplane(read, &assignment.registration)?
    {
        let node = format!("airplane/{}", assignment.registration);
        facts.push(fact(node.clone(), "aircraft_type", type_provenance));
        facts.extend(retired.map(|retired| fact(node, "retired", retired)));
    }
    Ok(())
}
