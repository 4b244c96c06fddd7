//! What stores hold: a processor's state, and a view.

use crate::fields::split;
use crate::seeds::{self, IDS, LIMITS};
use airline::Airline;
use application::offsets;
use decider::{Cursor, Incoming, Machine};
use domain::{AirportCode, FlightDesignator, LegId, Registration, RotationId};
use keyvalue::{Memory, Mutation};
use schemas::AvroCodec;
use std::collections::BTreeMap;
use views::ask::{self, Filter, Span, Time};
use views::graph::{EdgeKind, NodeId, edges_of};
use views::{Check, DesignatorDay, recompute};

const LEGS_MAX: u64 = 10_000;
const FIRST_PAGE: Span<'_> = Span { after: None, limit: 100 };

/// Fields: key and value of each entry.
fn memory_of(input: &[u8]) -> Memory {
    let mut memory = Memory::default();
    let mut fields = split(input);
    while let (Some(key), Some(value)) = (fields.next(), fields.next()) {
        memory.apply(&[Mutation::Put {
            key: key.to_vec(),
            value: value.to_vec(),
        }]);
    }
    memory
}

pub(super) fn state(input: &[u8]) -> bool {
    let memory = memory_of(input);
    let Ok(cursor) = Cursor::load(&memory, 0) else {
        return false;
    };
    let cursor = cursor.unwrap_or_default();
    let mut codec = AvroCodec::new(IDS);
    let mut machine = Machine::<Airline>::new(LIMITS);
    machine.open(0, cursor);
    let mut decided = 0;
    for (key, value) in seeds::commands() {
        let incoming = Incoming {
            partition: 0,
            offset: machine.cursor(0).unwrap_or_default().next_command_offset,
            timestamp_ms: seeds::NOW_MS,
            key: Some(key.as_bytes()),
            value: Some(value),
            content_type: None,
            command_type: None,
        };
        if incoming.offset < i64::MAX
            && let Ok(batch) = machine.decide(&memory, &mut codec, &[incoming], &BTreeMap::new())
        {
            machine.aborted(batch);
            decided += 1;
        }
    }
    decided > 0
}

pub(super) fn view(input: &[u8]) -> bool {
    ask_everything(&memory_of(input))
}

/// Whether every question of a view is answered.
pub(super) fn ask_everything(view: &Memory) -> bool {
    let (Ok(rotation), Ok(registration)) = (RotationId::parse("r1"), Registration::parse("N475HA")) else {
        return false;
    };
    let (Ok(code), Ok(leg), Ok(designator)) = (AirportCode::parse("HNL"), LegId::parse("a"), FlightDesignator::parse("HA11")) else {
        return false;
    };
    let (time, span) = (Time::default(), FIRST_PAGE);
    let mut all = vec![
        views::content_hash(view).is_ok(),
        ask::rotation(view, &rotation).is_ok(),
        ask::airplane(view, &registration).is_ok(),
        ask::airport(view, code).is_ok(),
        ask::leg(view, &rotation, &leg).is_ok(),
        ask::rotations(view, span).is_ok(),
        ask::airplanes(view, span).is_ok(),
        ask::airports(view, span).is_ok(),
        ask::legs_of(view, &rotation, time, span).is_ok(),
        ask::rotations_of(view, &registration, time, span).is_ok(),
        ask::legs(view, time, span).is_ok(),
        ask::legs_of_designator(view, designator, time, span).is_ok(),
        ask::departures(view, code, time, span).is_ok(),
        ask::arrivals(view, code, time, span).is_ok(),
        ask::removed_rotation(view, &rotation).is_ok(),
        offsets::at_or_before(view, 0, u64::MAX).is_ok(),
        ask::counts(view).is_ok(),
        recompute(view, None, LEGS_MAX).is_ok(),
    ];
    for check in Check::ALL {
        all.push(ask::violations(view, check, &Filter::default(), span).is_ok());
        all.push(ask::count(view, check, &Filter::default()).is_ok());
    }
    let nodes = [
        NodeId::Airport(code),
        NodeId::Airplane(registration),
        NodeId::Rotation(rotation.clone()),
        NodeId::Leg(rotation, leg),
        NodeId::DesignatorDay(DesignatorDay {
            designator,
            airport: code,
            date: 0,
        }),
    ];
    for (node, kind) in nodes.iter().flat_map(|node| EdgeKind::ALL.map(|kind| (node, kind))) {
        all.push(edges_of(view, node, kind, time, span).is_ok());
    }
    all.into_iter().all(|is_answered| is_answered)
}
