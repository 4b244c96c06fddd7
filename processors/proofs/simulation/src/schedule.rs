//! The airline: airports, airplanes and rotations, as Avro and as JSON; its view is the graph with the violations.

use airline::Airline;
use decider::CommandEnvelope;
use domain::{
    AircraftType, AirportCode, FlightDesignator, Instant, LegId, Registration, RotationId, ZoneName, airplane, airport,
    rotation::{self, Leg, Mode},
};
use keyvalue::{Mutation, Read};
use schemas::{AvroCodec, SchemaIds};
use std::collections::BTreeSet;
use test_kit::Chance;
use test_kit::simulation::{Command, EventOf, Scenario};
use uuid::Uuid;
use views::Projector;

pub struct Schedule {
    /// Legs that were asked for, with their rotation, for commands that name one.
    legs: Vec<(u64, Leg)>,
    /// The rotations in use. One that is to be removed makes room for the next.
    rotations: [u64; 5],
    created: BTreeSet<u64>,
    next_rotation: u64,
}

const SCHEMA_IDS: SchemaIds = SchemaIds {
    command: 1,
    event: 2,
    outcome: 3,
};
const AIRPORTS: [(&str, &str); 4] = [
    ("HNL", "Pacific/Honolulu"),
    ("OGG", "Pacific/Honolulu"),
    ("LAX", "America/Los_Angeles"),
    ("SYD", "Australia/Sydney"),
];
const AIRCRAFT_TYPES: [&str; 2] = ["717", "763"];
const AIRPLANES: u64 = 4;
/// Departures are that many minutes after one another, so that they often collide.
const GRID_MINUTES: u64 = 50;
const BEGIN_MS: i64 = 1_800_000_000_000;
const MINUTE_MS: i64 = 60_000;
const LEGS_KEPT_MAX: usize = 60;

impl Scenario for Schedule {
    type Domain = Airline;
    type Codec = AvroCodec;
    type Projector = Projector;

    fn codec() -> AvroCodec {
        AvroCodec::new(SCHEMA_IDS)
    }

    fn command(&mut self, command_id: Uuid, expected_version: Option<u64>, chance: &mut Chance) -> Command {
        let (aggregate_id, command) = match chance.below(20) {
            0..2 => airport_command(chance),
            2..4 => airplane_command(chance),
            _ => self.rotation_command(chance),
        };
        let envelope = CommandEnvelope {
            command_id,
            aggregate_id: aggregate_id.clone(),
            expected_version,
            issued_by: chance.hits(500).then(|| "planner".to_owned()),
            command,
        };
        let (value, content_type) = if chance.hits(200) {
            let json = schemas::command_to_json(&envelope).to_string().into_bytes();
            (json, Some(b"application/json".as_slice()))
        } else {
            (schemas::command_to_avro(&envelope, SCHEMA_IDS.command), None)
        };
        Command {
            aggregate_id,
            value,
            content_type,
        }
    }

    fn projector() -> Projector {
        Projector::new(views::Memory {
            nodes_max: 6,
            legs_max: 2,
            designators_max: 8,
            days_max: 2,
            days_filter_bytes: 16,
            airplane_rotations_max: 2,
        })
    }

    fn project(projector: &mut Projector, partition: u32, event: &EventOf<Self>, read: &impl Read) -> Result<Vec<Mutation>, String> {
        let fact = views::Fact::from_envelope(partition, event.clone()).map_err(|error| error.to_string())?;
        projector.project(&fact, read).map_err(|error| error.to_string())
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}

impl Schedule {
    pub fn new() -> Self {
        Self {
            legs: Vec::new(),
            rotations: [0, 1, 2, 3, 4],
            created: BTreeSet::new(),
            next_rotation: 5,
        }
    }

    fn rotation_command(&mut self, chance: &mut Chance) -> (String, domain::Command) {
        let slot = chance.index(self.rotations.len());
        let number = self.rotations[slot];
        let create_first = !self.created.contains(&number) && chance.hits(900);
        let command = match chance.below(40) {
            choice if create_first || choice == 0 => {
                self.created.insert(number);
                rotation::Command::Create {
                    mode: if chance.hits(800) { Mode::Draft } else { Mode::Active },
                }
            }
            1..20 => {
                let legs = (0..=chance.below(4)).map(|_| self.new_leg(number, chance)).collect();
                rotation::Command::AddLegs { legs }
            }
            20..24 => rotation::Command::RemoveLegs {
                leg_ids: vec![self.known_leg(number, chance).id],
            },
            24..28 => rotation::Command::ReplaceLegs {
                remove: vec![self.known_leg(number, chance).id],
                add: vec![self.new_leg(number, chance)],
            },
            28..32 => {
                let leg = self.known_leg(number, chance);
                let (departure, arrival) = times(chance);
                rotation::Command::RescheduleLeg {
                    leg_id: leg.id,
                    departure,
                    arrival,
                }
            }
            32..35 => rotation::Command::AssignAirplane {
                registration: registration(chance),
            },
            35 => rotation::Command::UnassignAirplane,
            36..39 => rotation::Command::Activate,
            _ => {
                self.rotations[slot] = self.next_rotation;
                self.next_rotation += 1;
                rotation::Command::Remove
            }
        };
        let id = RotationId::parse(&format!("r{number}")).expect("letters and digits");
        (format!("rotation/{id}"), domain::Command::Rotation(command))
    }

    /// Often from where another leg arrives, so that some rotations are consecutive.
    fn new_leg(&mut self, rotation: u64, chance: &mut Chance) -> Leg {
        let (departure, arrival) = times(chance);
        let origin = match self.legs.iter().rfind(|(of, _)| *of == rotation) {
            Some((_, leg)) if chance.hits(600) => leg.destination,
            _ => airport_code(chance),
        };
        let leg = Leg {
            id: LegId::parse(&format!("l{}", chance.below(100_000))).expect("letters and digits"),
            designator: FlightDesignator::parse(&format!("HA{}", chance.between(1, 20))).expect("an airline and a number"),
            origin,
            destination: airport_code(chance),
            departure,
            arrival,
        };
        self.legs.push((rotation, leg.clone()));
        if self.legs.len() > LEGS_KEPT_MAX {
            self.legs.remove(0);
        }
        leg
    }

    fn known_leg(&mut self, rotation: u64, chance: &mut Chance) -> Leg {
        let of_rotation: Vec<_> = self
            .legs
            .iter()
            .filter(|(of, _)| *of == rotation)
            .map(|(_, leg)| leg.clone())
            .collect();
        if of_rotation.is_empty() {
            self.new_leg(rotation, chance)
        } else {
            chance.one_of(&of_rotation).clone()
        }
    }
}

fn airport_command(chance: &mut Chance) -> (String, domain::Command) {
    let (code, zone) = *chance.one_of(&AIRPORTS);
    let minutes = u32::try_from(chance.below(60)).expect("under an hour");
    let command = if chance.hits(400) {
        airport::Command::Register {
            name: code.to_owned(),
            zone: ZoneName::parse(zone).expect("a zone of the database"),
            minimum_ground_time_minutes: minutes,
        }
    } else if chance.hits(400) {
        let other = ZoneName::parse(chance.one_of(&AIRPORTS).1).expect("a zone of the database");
        airport::Command::Correct {
            name: chance.hits(300).then(|| format!("{code} {minutes}")),
            zone: chance.hits(700).then_some(other),
        }
    } else {
        airport::Command::SetMinimumGroundTime {
            aircraft_type: chance.hits(500).then(|| aircraft_type(chance)),
            minutes,
        }
    };
    (format!("airport/{code}"), domain::Command::Airport(command))
}

fn airplane_command(chance: &mut Chance) -> (String, domain::Command) {
    let id = format!("airplane/{}", registration(chance));
    let command = match chance.below(10) {
        0..6 => airplane::Command::Register {
            aircraft_type: aircraft_type(chance),
        },
        6..8 => airplane::Command::Correct {
            aircraft_type: aircraft_type(chance),
        },
        _ => airplane::Command::Retire,
    };
    (id, domain::Command::Airplane(command))
}

fn times(chance: &mut Chance) -> (Instant, Instant) {
    let minute = i64::try_from(chance.below(200) * GRID_MINUTES).expect("a small number");
    let departure_ms = BEGIN_MS + minute * MINUTE_MS;
    let flight_minutes = i64::try_from(chance.between(20, 80)).expect("a small number");
    (Instant(departure_ms), Instant(departure_ms + flight_minutes * MINUTE_MS))
}

fn airport_code(chance: &mut Chance) -> AirportCode {
    AirportCode::parse(chance.one_of(&AIRPORTS).0).expect("three capital letters")
}

fn aircraft_type(chance: &mut Chance) -> AircraftType {
    AircraftType::parse(AIRCRAFT_TYPES[chance.index(AIRCRAFT_TYPES.len())]).expect("digits")
}

fn registration(chance: &mut Chance) -> Registration {
    Registration::parse(&format!("N{}HA", chance.below(AIRPLANES))).expect("letters and digits")
}
