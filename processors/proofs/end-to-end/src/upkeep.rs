//! Commands for airports and airplanes, of every kind there is, some of them to be refused.

use decider::CommandEnvelope;
use domain::{AircraftType, Command, ZoneName, airplane, airport};
use uuid::Uuid;

const AIRPLANES: u32 = 3;
/// Those that the legs of the load fly between.
const AIRPORTS: [&str; 2] = ["HNL", "KOA"];
/// A correction of a zone looks at every departure there: only so many commands for each airport.
const AIRPORT_STEPS: u32 = 24;

/// The command of this number, and whether it is to be accepted when all before it were sent. `of` is a number that no other series of
/// one schedule has; only series 0 has airports.
pub fn upkeep(of: u32, number: u32) -> (CommandEnvelope<Command>, bool) {
    let aggregates = AIRPLANES + u32::try_from(AIRPORTS.len()).unwrap_or_default();
    let (aggregate, step) = (number % aggregates, number / aggregates);
    let airport = aggregate.checked_sub(AIRPLANES).filter(|_| of == 0 && step < AIRPORT_STEPS);
    let (aggregate_id, (command, accepted)) = match airport {
        Some(airport) => {
            let (command, accepted) = airport_command(step);
            (
                format!("airport/{}", AIRPORTS[airport as usize]),
                (Command::Airport(command), accepted),
            )
        }
        None => {
            let first = if of == 0 && aggregate >= AIRPLANES { AIRPORT_STEPS } else { 0 };
            let (command, accepted) = airplane_command(step - first);
            (format!("airplane/U{of}-{aggregate}"), (Command::Airplane(command), accepted))
        }
    };
    let envelope = CommandEnvelope {
        command_id: Uuid::from_u64_pair(u64::MAX - u64::from(of), u64::from(number)),
        aggregate_id,
        expected_version: None,
        issued_by: None,
        command,
    };
    (envelope, accepted)
}

/// Registered in a wrong zone; then corrected, corrected once more in vain, and corrected back.
fn airport_command(step: u32) -> (airport::Command, bool) {
    let zone = |name: &str| ZoneName::parse(name).expect("a zone of the database");
    let correct = |name: &str| airport::Command::Correct {
        name: None,
        zone: Some(zone(name)),
    };
    match step {
        0 => {
            let register = airport::Command::Register {
                name: "An airport".to_owned(),
                zone: zone("UTC"),
                minimum_ground_time_minutes: 30,
            };
            (register, true)
        }
        step if step % 3 == 0 => (correct("UTC"), true),
        step => (correct("Pacific/Honolulu"), step % 3 == 1),
    }
}

/// Registered as a wrong type, corrected, corrected once more in vain, retired; then another airplane with the same registration.
fn airplane_command(step: u32) -> (airplane::Command, bool) {
    let aircraft_type = |text: &str| AircraftType::parse(text).expect("a type");
    let correct = airplane::Command::Correct {
        aircraft_type: aircraft_type("763"),
    };
    match step % 4 {
        0 => {
            let aircraft_type = aircraft_type("717");
            (airplane::Command::Register { aircraft_type }, true)
        }
        1 => (correct, true),
        2 => (correct, false),
        _ => (airplane::Command::Retire, true),
    }
}

#[cfg(test)]
mod tests;
