//! Each command of the domain as a subcommand with flags.

use anyhow::{anyhow, bail};
use clap::Subcommand;
use domain::rotation::{Leg, Mode};
use domain::{
    AggregateId, AircraftType, AirportCode, Command, FlightDesignator, Instant, LegId, Registration, RotationId, ZoneName, airplane,
    airport, rotation,
};

const LEG: &str = "ID,DESIGNATOR,ORIGIN,DESTINATION,DEPARTURE,ARRIVAL";

#[derive(Subcommand)]
pub(crate) enum What {
    /// Register an airport
    RegisterAirport {
        #[arg(value_parser = AirportCode::parse)]
        code: AirportCode,
        #[arg(long)]
        name: String,
        /// IANA time zone, such as Pacific/Honolulu
        #[arg(long, value_parser = ZoneName::parse)]
        zone: ZoneName,
        /// Minutes
        #[arg(long, value_name = "MINUTES")]
        minimum_ground_time: u32,
    },
    /// Change an airport's minimum ground time, for all aircraft types or for one
    SetMinimumGroundTime {
        #[arg(value_parser = AirportCode::parse)]
        code: AirportCode,
        #[arg(long)]
        minutes: u32,
        #[arg(long, value_parser = AircraftType::parse)]
        aircraft_type: Option<AircraftType>,
    },
    /// Correct the name or the time zone of an airport, or both
    ///
    /// What is not given stays as it is. With another zone, the origin dates of all departures there are worked out again.
    CorrectAirport {
        #[arg(value_parser = AirportCode::parse)]
        code: AirportCode,
        #[arg(long, required_unless_present = "zone")]
        name: Option<String>,
        /// IANA time zone, such as Asia/Novosibirsk
        #[arg(long, value_parser = ZoneName::parse)]
        zone: Option<ZoneName>,
    },
    /// Register an airplane, or give the registration of a retired one to another
    ///
    /// Rotations that were assigned before the former airplane retired were meant for that one: the check unknown-reference reports
    /// them until they are unassigned and assigned again.
    RegisterAirplane {
        #[arg(value_parser = Registration::parse)]
        registration: Registration,
        #[arg(long, value_parser = AircraftType::parse)]
        aircraft_type: AircraftType,
    },
    /// Retire an airplane; its registration may be given to another one with register-airplane
    RetireAirplane {
        #[arg(value_parser = Registration::parse)]
        registration: Registration,
    },
    /// Correct the type of an airplane
    CorrectAirplane {
        #[arg(value_parser = Registration::parse)]
        registration: Registration,
        #[arg(long, value_parser = AircraftType::parse)]
        aircraft_type: AircraftType,
    },
    #[command(flatten)]
    OfRotation(OfRotation),
}

#[derive(Subcommand)]
pub(crate) enum OfRotation {
    /// Create a rotation: a draft, or active at once
    CreateRotation {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
        #[arg(long)]
        active: bool,
    },
    /// Add legs, all or none
    AddLegs {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
        /// A leg may come back to its origin. Times in RFC 3339, such as 2008-01-31T18:05Z; may be given several times
        #[arg(long = "leg", required = true, value_parser = parse_leg, value_name = LEG)]
        legs: Vec<Leg>,
    },
    /// Remove legs, all or none
    RemoveLegs {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
        #[arg(required = true, value_parser = LegId::parse)]
        legs: Vec<LegId>,
    },
    /// Take some legs out and put others in; only the result is judged
    ReplaceLegs {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
        #[arg(long, required = true, value_parser = LegId::parse)]
        remove: Vec<LegId>,
        #[arg(long, required = true, value_parser = parse_leg, value_name = LEG)]
        add: Vec<Leg>,
    },
    /// Give a leg other times
    RescheduleLeg {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
        #[arg(value_parser = LegId::parse)]
        leg: LegId,
        #[arg(long, value_parser = Instant::parse)]
        departure: Instant,
        #[arg(long, value_parser = Instant::parse)]
        arrival: Instant,
    },
    /// Give a rotation an airplane
    AssignAirplane {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
        #[arg(value_parser = Registration::parse)]
        registration: Registration,
    },
    /// Take a rotation's airplane away
    UnassignAirplane {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
    },
    /// Make a draft active; rejected while anything overlaps or breaks
    ///
    /// The rejection lists every two legs that overlap and every two neighbours that do not connect: up to 1,000 of them, and the number
    /// of the rest.
    ActivateRotation {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
    },
    /// Remove a rotation with all its legs
    RemoveRotation {
        #[arg(value_parser = RotationId::parse)]
        rotation: RotationId,
    },
}

impl What {
    pub(crate) fn to_command(&self) -> (AggregateId, Command) {
        let airport = |code: &AirportCode, command| (AggregateId::Airport(*code), Command::Airport(command));
        let airplane = |registration: &Registration, command| (AggregateId::Airplane(registration.clone()), Command::Airplane(command));
        match self {
            Self::RegisterAirport {
                code,
                name,
                zone,
                minimum_ground_time,
            } => airport(
                code,
                airport::Command::Register {
                    name: name.clone(),
                    zone: zone.clone(),
                    minimum_ground_time_minutes: *minimum_ground_time,
                },
            ),
            Self::SetMinimumGroundTime {
                code,
                minutes,
                aircraft_type,
            } => airport(
                code,
                airport::Command::SetMinimumGroundTime {
                    aircraft_type: aircraft_type.clone(),
                    minutes: *minutes,
                },
            ),
            Self::RegisterAirplane {
                registration,
                aircraft_type,
            } => airplane(
                registration,
                airplane::Command::Register {
                    aircraft_type: aircraft_type.clone(),
                },
            ),
            Self::CorrectAirport { code, name, zone } => airport(
                code,
                airport::Command::Correct {
                    name: name.clone(),
                    zone: zone.clone(),
                },
            ),
            Self::RetireAirplane { registration } => airplane(registration, airplane::Command::Retire),
            Self::CorrectAirplane {
                registration,
                aircraft_type,
            } => airplane(
                registration,
                airplane::Command::Correct {
                    aircraft_type: aircraft_type.clone(),
                },
            ),
            Self::OfRotation(of_rotation) => {
                let (id, command) = of_rotation.to_command();
                (AggregateId::Rotation(id.clone()), Command::Rotation(command))
            }
        }
    }
}

impl OfRotation {
    fn to_command(&self) -> (&RotationId, rotation::Command) {
        use rotation::Command as To;
        match self {
            Self::CreateRotation { rotation, active } => {
                let mode = if *active { Mode::Active } else { Mode::Draft };
                (rotation, To::Create { mode })
            }
            Self::AddLegs { rotation, legs } => (rotation, To::AddLegs { legs: legs.clone() }),
            Self::RemoveLegs { rotation, legs } => (rotation, To::RemoveLegs { leg_ids: legs.clone() }),
            Self::ReplaceLegs { rotation, remove, add } => {
                let (remove, add) = (remove.clone(), add.clone());
                (rotation, To::ReplaceLegs { remove, add })
            }
            Self::RescheduleLeg {
                rotation,
                leg,
                departure,
                arrival,
            } => {
                let (leg_id, departure, arrival) = (leg.clone(), *departure, *arrival);
                (
                    rotation,
                    To::RescheduleLeg {
                        leg_id,
                        departure,
                        arrival,
                    },
                )
            }
            Self::AssignAirplane { rotation, registration } => {
                let registration = registration.clone();
                (rotation, To::AssignAirplane { registration })
            }
            Self::UnassignAirplane { rotation } => (rotation, To::UnassignAirplane),
            Self::ActivateRotation { rotation } => (rotation, To::Activate),
            Self::RemoveRotation { rotation } => (rotation, To::Remove),
        }
    }
}

fn parse_leg(text: &str) -> anyhow::Result<Leg> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let &[id, designator, origin, destination, departure, arrival] = &parts[..] else {
        bail!("{} parts where {LEG} are expected", parts.len());
    };
    let leg = || -> Result<Leg, domain::InvalidValue> {
        Ok(Leg {
            id: LegId::parse(id)?,
            designator: FlightDesignator::parse(designator)?,
            origin: AirportCode::parse(origin)?,
            destination: AirportCode::parse(destination)?,
            departure: Instant::parse(departure)?,
            arrival: Instant::parse(arrival)?,
        })
    };
    leg().map_err(|invalid| anyhow!(invalid))
}
