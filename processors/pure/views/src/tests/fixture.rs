//! A view in memory that applies events, and is compared with a recomputation and a plain model after each of them.

use super::model::Model;
use crate::ask::{self, Filter, Span};
use crate::{Check, Detail, Fact, Provenance, Violation, project, recompute};
use domain::rotation::Mode;
use domain::{AggregateId, AircraftType, AirportCode, Event, FlightDesignator, Instant, LegId, Registration, RotationId, ZoneName};
use domain::{airplane, airport, rotation};
use keyvalue::Memory;

pub(crate) type AggregateEvent = (AggregateId, Event);

pub(crate) const ALL: Span<'_> = Span {
    after: None,
    limit: usize::MAX,
};

/// A view of one partition.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) memory: Memory,
    sequence: u64,
    model: Model,
}

impl View {
    pub(crate) fn given(events: impl IntoIterator<Item = AggregateEvent>) -> Self {
        let mut view = Self::default();
        view.when(events);
        view
    }

    pub(crate) fn when(&mut self, events: impl IntoIterator<Item = AggregateEvent>) {
        for (aggregate_id, event) in events {
            self.sequence += 1;
            let fact = fact(0, self.sequence, aggregate_id, event);
            apply(&mut self.memory, &fact);
            agrees_with_recomputation(&self.memory);
            self.model.apply(&fact);
            self.model.is_held_by(&self.memory);
        }
    }

    pub(crate) fn violations(&self, check: Check, filter: &Filter) -> Vec<Violation> {
        let page = ask::violations(&self.memory, check, filter, ALL).unwrap();
        assert_eq!(page.next, None);
        let total = ask::Total::Exactly(page.items.len() as u64);
        assert_eq!(ask::count(&self.memory, check, filter).unwrap(), total);
        page.items
    }

    /// What a check finds, in words.
    pub(crate) fn found(&self, check: Check) -> Vec<String> {
        self.violations(check, &Filter::default()).iter().map(words).collect()
    }

    pub(crate) fn finds(&self, check: Check, expected: &[&str]) {
        assert_eq!(self.found(check), expected);
    }
}

pub(crate) fn fact(partition: u32, sequence: u64, aggregate_id: AggregateId, event: Event) -> Fact {
    Fact {
        partition,
        sequence,
        version: sequence,
        command_id: command_id(partition, sequence),
        command_offset: 0,
        decided_at: Instant(i64::try_from(sequence).unwrap()),
        aggregate_id,
        event,
    }
}

/// The command of an event, another one for each.
pub(crate) fn command_id(partition: u32, sequence: u64) -> [u8; 16] {
    ((u128::from(partition) << 64) | u128::from(sequence)).to_be_bytes()
}

/// The provenance of an event that was given to a view of one partition.
pub(crate) fn from_event(sequence: u64) -> Provenance {
    Provenance {
        partition: 0,
        sequence,
        command_id: command_id(0, sequence),
        decided_at: Instant(i64::try_from(sequence).unwrap()),
    }
}

pub(crate) fn apply(memory: &mut Memory, fact: &Fact) {
    let mutations = project(fact, memory).unwrap();
    memory.apply(&mutations);
}

/// Index and counts are what plain scans say.
pub(crate) fn agrees_with_recomputation(memory: &Memory) {
    let recomputed = recompute(memory, None, u64::MAX).unwrap();
    assert_eq!(recomputed.differing, 0);
    let counts = ask::counts(memory).unwrap();
    assert_eq!(counts.violations.iter().sum::<u64>(), recomputed.total);
    for (count, check) in counts.violations.into_iter().zip(Check::ALL) {
        let listed = ask::violations(memory, check, &Filter::default(), ALL).unwrap();
        assert_eq!(count, listed.items.len() as u64, "{}", check.name());
    }
    let nodes = (
        ask::rotations(memory, ALL).unwrap().items.len(),
        ask::legs(memory, ask::Time::default(), ALL).unwrap().items.len(),
        ask::airplanes(memory, ALL).unwrap().items.len(),
        ask::airports(memory, ALL).unwrap().items.len(),
    );
    let counted = [counts.rotations, counts.legs, counts.airplanes, counts.airports].map(|count| usize::try_from(count).unwrap());
    assert_eq!(counted, [nodes.0, nodes.1, nodes.2, nodes.3]);
}

fn words(violation: &Violation) -> String {
    let legs: Vec<_> = violation
        .legs
        .iter()
        .map(|(rotation, leg)| format!("{rotation}/{}", leg.id))
        .collect();
    let legs = legs.join(" then ");
    match &violation.detail {
        Detail::Continuity | Detail::Overlap => legs,
        Detail::GroundTime {
            ground_minutes,
            minimum_minutes,
            airport,
            ..
        } => format!("{legs}: {ground_minutes} of {minimum_minutes} min at {airport}"),
        Detail::Designator {
            designator,
            airport,
            origin_date_days,
            legs: count,
        } => format!("{legs}: {designator} from {airport} on day {origin_date_days}, {count} legs"),
        Detail::Seam {
            airplane,
            discontinuous,
            overlapping,
        } => format!("{legs}: {airplane}, discontinuous {discontinuous}, overlapping {overlapping}"),
        Detail::UnknownAirport { airport } => format!("{legs}: airport {airport}"),
        Detail::UnknownAirplane { airplane, retired, .. } => format!("{}: airplane {airplane}, retired {retired}", violation.rotation),
    }
}

pub(crate) fn code(text: &str) -> AirportCode {
    AirportCode::parse(text).unwrap()
}

pub(crate) fn rotation_id(text: &str) -> RotationId {
    RotationId::parse(text).unwrap()
}

pub(crate) fn leg_id(text: &str) -> LegId {
    LegId::parse(text).unwrap()
}

pub(crate) fn registration(text: &str) -> Registration {
    Registration::parse(text).unwrap()
}

pub(crate) fn aircraft_type(text: &str) -> AircraftType {
    AircraftType::parse(text).unwrap()
}

/// A day of January 2008 and a time of it, as "01T08:00".
pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(&format!("2008-01-{text}Z")).unwrap()
}

pub(crate) fn airport(airport: &str, zone: &str, minutes: u32) -> AggregateEvent {
    let event = airport::Event::Registered {
        name: format!("{airport} airport"),
        zone: ZoneName::parse(zone).unwrap(),
        minimum_ground_time_minutes: minutes,
    };
    (AggregateId::Airport(code(airport)), Event::Airport(event))
}

pub(crate) fn airport_corrected(airport: &str, name: &str, zone: &str) -> AggregateEvent {
    let event = airport::Event::Corrected {
        name: name.to_owned(),
        zone: ZoneName::parse(zone).unwrap(),
        previous_name: "before".to_owned(),
        previous_zone: ZoneName::parse("UTC").unwrap(),
    };
    (AggregateId::Airport(code(airport)), Event::Airport(event))
}

pub(crate) fn airplane_corrected(airplane: &str, of_type: &str, previous: &str) -> AggregateEvent {
    let event = airplane::Event::Corrected {
        aircraft_type: aircraft_type(of_type),
        previous: aircraft_type(previous),
    };
    (AggregateId::Airplane(registration(airplane)), Event::Airplane(event))
}

pub(crate) fn reregistered(airplane: &str, of_type: &str) -> AggregateEvent {
    let event = airplane::Event::Reregistered {
        aircraft_type: aircraft_type(of_type),
    };
    (AggregateId::Airplane(registration(airplane)), Event::Airplane(event))
}

pub(crate) fn minimum(airport: &str, of_type: Option<&str>, minutes: u32) -> AggregateEvent {
    let event = airport::Event::MinimumGroundTimeSet {
        aircraft_type: of_type.map(aircraft_type),
        minutes,
    };
    (AggregateId::Airport(code(airport)), Event::Airport(event))
}

pub(crate) fn airplane(airplane: &str, of_type: &str) -> AggregateEvent {
    let event = airplane::Event::Registered {
        aircraft_type: aircraft_type(of_type),
    };
    (AggregateId::Airplane(registration(airplane)), Event::Airplane(event))
}

pub(crate) fn retired(airplane: &str) -> AggregateEvent {
    (
        AggregateId::Airplane(registration(airplane)),
        Event::Airplane(airplane::Event::Retired),
    )
}

pub(crate) fn rotation(rotation: &str, event: rotation::Event) -> AggregateEvent {
    (AggregateId::Rotation(rotation_id(rotation)), Event::Rotation(event))
}

pub(crate) fn created(id: &str) -> AggregateEvent {
    rotation(id, rotation::Event::Created { mode: Mode::Draft })
}

/// A leg as "id designator origin destination departure arrival".
pub(crate) fn leg(text: &str) -> rotation::Leg {
    let [id, designator, origin, destination, departure, arrival] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    rotation::Leg {
        id: leg_id(id),
        designator: FlightDesignator::parse(designator).unwrap(),
        origin: code(origin),
        destination: code(destination),
        departure: at(departure),
        arrival: at(arrival),
    }
}

pub(crate) fn added(id: &str, text: &str) -> AggregateEvent {
    rotation(id, rotation::Event::LegAdded { leg: leg(text) })
}

pub(crate) fn left_out(id: &str, text: &str) -> AggregateEvent {
    rotation(id, rotation::Event::LegRemoved { leg: leg(text) })
}

/// The leg is given as it was, then its new departure and arrival.
pub(crate) fn rescheduled(id: &str, text: &str, departure: &str, arrival: &str) -> AggregateEvent {
    let was = leg(text);
    let event = rotation::Event::LegRescheduled {
        leg_id: was.id,
        previous_departure: was.departure,
        previous_arrival: was.arrival,
        departure: at(departure),
        arrival: at(arrival),
    };
    rotation(id, event)
}

pub(crate) fn assigned(id: &str, airplane: &str, previous: Option<&str>) -> AggregateEvent {
    let event = rotation::Event::AirplaneAssigned {
        registration: registration(airplane),
        previous: previous.map(registration),
    };
    rotation(id, event)
}

pub(crate) fn unassigned(id: &str, airplane: &str) -> AggregateEvent {
    let event = rotation::Event::AirplaneUnassigned {
        registration: registration(airplane),
    };
    rotation(id, event)
}

pub(crate) fn removed(id: &str) -> AggregateEvent {
    rotation(id, rotation::Event::Removed)
}
