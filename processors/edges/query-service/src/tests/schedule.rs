//! A small schedule as events, and the view of them in memory.

use crate::TimeLimits;
use crate::fixture::{Running, TestLog, View, offset_of};
use application::{EventEnvelope, EventPlace, history, offsets};
use domain::rotation::{Event as Rotation, Leg, Mode};
use domain::{AggregateId, AircraftType, AirportCode, Event, FlightDesignator, Instant, LegId, Registration, ZoneName};
use http_server::Limits;
use keyvalue::Memory;
use serde_json::{Value, json};
use std::sync::Arc;
use views::Fact;

/// Facts of one partition, one after the other.
#[derive(Default)]
pub(crate) struct Schedule {
    memory: Memory,
    sequence: u64,
    log: Arc<TestLog>,
}

impl Schedule {
    fn happened(&mut self, aggregate_id: &str, event: Event) {
        self.sequence += 1;
        let fact = Fact {
            partition: 0,
            sequence: self.sequence,
            version: 1,
            command_id: u128::from(self.sequence).to_be_bytes(),
            command_offset: 0,
            decided_at: Instant(i64::try_from(self.sequence).unwrap() * 1000),
            aggregate_id: AggregateId::parse(aggregate_id).unwrap(),
            event,
        };
        let mutations = views::project(&fact, &self.memory).unwrap();
        self.memory.apply(&mutations);
        let offset = offset_of(self.sequence);
        let place = EventPlace {
            partition: 0,
            sequence: self.sequence,
            offset,
        };
        self.memory.apply(&[history::entry(aggregate_id, place)]);
        self.memory.apply(&Vec::from_iter(offsets::entry(0, self.sequence, offset)));
        self.logged(self.sequence, aggregate_id, fact.event);
    }

    fn logged(&self, sequence: u64, aggregate_id: &str, event: Event) {
        let envelope = EventEnvelope {
            sequence,
            aggregate_id: aggregate_id.to_owned(),
            version: sequence,
            command_id: Default::default(),
            command_offset: 0,
            decided_at_ms: sequence.cast_signed() * 1000,
            event,
        };
        self.log.events.lock().unwrap().push(envelope);
    }

    /// The log goes on to a sequence, with events that the view does not have.
    pub(crate) fn log_holds(&self, to: u64) {
        for sequence in self.sequence + 1..=to {
            self.logged(sequence, "rotation/R9", Event::Rotation(Rotation::Activated));
        }
    }

    /// The log has lost the events before one.
    pub(crate) fn log_begins_with(&self, sequence: u64) {
        *self.log.begins_with.lock().unwrap() = sequence;
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// As [`Self::served`], with a log that questions and followers can read.
    pub(crate) async fn served_with_log(&self) -> Running {
        let view = View::new(self.memory.clone(), &self.position());
        Running::with_log(view, Arc::clone(&self.log), Limits::default(), TimeLimits::default()).await
    }

    pub(super) fn airport(&mut self, code: &str, minimum_ground_time_minutes: u32) {
        let event = domain::airport::Event::Registered {
            name: format!("{code} Field"),
            zone: ZoneName::parse("Pacific/Honolulu").unwrap(),
            minimum_ground_time_minutes,
        };
        self.happened(&format!("airport/{code}"), Event::Airport(event));
    }

    pub(super) fn minimum_for(&mut self, code: &str, aircraft_type: &str, minutes: u32) {
        let event = domain::airport::Event::MinimumGroundTimeSet {
            aircraft_type: Some(AircraftType::parse(aircraft_type).unwrap()),
            minutes,
        };
        self.happened(&format!("airport/{code}"), Event::Airport(event));
    }

    pub(super) fn airplane(&mut self, registration: &str) {
        let aircraft_type = AircraftType::parse("763").unwrap();
        let event = domain::airplane::Event::Registered { aircraft_type };
        self.happened(&format!("airplane/{registration}"), Event::Airplane(event));
    }

    pub(super) fn draft(&mut self, id: &str, airplane: Option<&str>) {
        self.created(id, Mode::Draft, airplane);
    }

    pub(super) fn active(&mut self, id: &str, airplane: Option<&str>) {
        self.created(id, Mode::Active, airplane);
    }

    fn created(&mut self, id: &str, mode: Mode, airplane: Option<&str>) {
        self.rotation(id, Rotation::Created { mode });
        if let Some(airplane) = airplane {
            let registration = Registration::parse(airplane).unwrap();
            let previous = None;
            self.rotation(id, Rotation::AirplaneAssigned { registration, previous });
        }
    }

    /// A leg such as `L1 HA11 HNL 10:00 ITO 10:50` on the first of January 2008.
    pub(super) fn leg(&mut self, rotation: &str, text: &str) {
        let [id, designator, origin, departure, destination, arrival] = text.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{text:?} is no leg");
        };
        let at = |time: &str| Instant::parse(&format!("2008-01-01T{time}:00Z")).unwrap();
        let leg = Leg {
            id: LegId::parse(id).unwrap(),
            designator: FlightDesignator::parse(designator).unwrap(),
            origin: AirportCode::parse(origin).unwrap(),
            destination: AirportCode::parse(destination).unwrap(),
            departure: at(departure),
            arrival: at(arrival),
        };
        self.rotation(rotation, Rotation::LegAdded { leg });
    }

    fn rotation(&mut self, id: &str, event: Rotation) {
        self.happened(&format!("rotation/{id}"), Event::Rotation(event));
    }

    pub(super) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    pub(super) fn position(&self) -> String {
        format!("0:{}", self.sequence)
    }

    pub(super) async fn served(&self) -> Running {
        Running::of(self.memory.clone(), &self.position()).await
    }
}

/// The provenance of an event as it is shown.
pub(super) fn from(sequence: u64) -> Value {
    json!({
        "partition": 0,
        "sequence": sequence,
        "command_id": format!("00000000-0000-0000-0000-{sequence:012x}"),
        "decided_at": format!("1970-01-01T00:00:{sequence:02}.000Z"),
    })
}

/// Two airports, two airplanes, two rotations of three and one legs; the ground time at ITO is too short, and the second rotation
/// begins elsewhere than the first ends.
pub(crate) fn islands() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.airport("HNL", 30);
    schedule.airport("ITO", 40);
    schedule.airplane("N475HA");
    schedule.draft("R1", Some("N475HA"));
    schedule.leg("R1", "L1 HA11 HNL 10:00 ITO 10:50");
    schedule.leg("R1", "L2 HA12 ITO 11:20 HNL 12:10");
    schedule.leg("R1", "L3 HA13 HNL 12:40 ITO 13:30");
    schedule.draft("R2", Some("N475HA"));
    schedule.leg("R2", "L1 HA21 HNL 15:00 ITO 15:50");
    schedule
}
