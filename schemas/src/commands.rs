//! Commands in the bytes of the latest schema, written and read by hand: no schema is walked for each record.

use crate::binary::{Reader, no_branch, put_count, put_text};
use crate::problem::{Kind, Problem, Within};
use crate::values::{
    put_aircraft_types, put_displayed, put_instant, put_leg_ids, put_legs, put_minutes, put_mode, put_natural, put_optional, put_uuid,
    read_aircraft_types, read_instant, read_leg_ids, read_legs, read_minutes, read_mode, read_natural, read_optional, read_optional_text,
    read_parsed, read_text, read_uuid,
};
use decider::CommandEnvelope;
use domain::{AircraftType, Command, LegId, Registration, ZoneName, airplane, airport, rotation};

/// The branches of the payload, in the schema's order.
pub(crate) const BRANCHES: [&str; 15] = [
    "RegisterAirport",
    "SetMinimumGroundTime",
    "RegisterAirplane",
    "RetireAirplane",
    "CreateRotation",
    "AddLegs",
    "RemoveLegs",
    "ReplaceLegs",
    "RescheduleLeg",
    "AssignAirplane",
    "UnassignAirplane",
    "ActivateRotation",
    "RemoveRotation",
    "CorrectAirport",
    "CorrectAirplane",
];

/// The field that holds the aggregate's own id, in a command that no other field tells from every other one. Writers that pick a branch of
/// the payload by its fields would take the wrong one without it.
pub(crate) fn own_id_field(branch: &str) -> Option<&'static str> {
    Some(match branch {
        "RegisterAirplane" => "airplane_to_register",
        "RetireAirplane" => "airplane_to_retire",
        "UnassignAirplane" => "rotation_to_unassign",
        "ActivateRotation" => "rotation_to_activate",
        "RemoveRotation" => "rotation_to_remove",
        "CorrectAirport" => "airport_to_correct",
        "CorrectAirplane" => "airplane_to_correct",
        _ => return None,
    })
}

/// An aggregate's id within its kind: what follows the first slash.
pub(crate) fn own_id(aggregate_id: &str) -> &str {
    aggregate_id.split_once('/').map_or(aggregate_id, |(_, id)| id)
}

/// Reads a command whose writer knew this many of the [`BRANCHES`].
///
/// # Errors
/// When these bytes are no command. One that holds an invalid value is a command, which can be refused.
pub(crate) fn read_command(reader: &mut Reader<'_>, payloads: usize) -> Result<CommandEnvelope<Result<Command, Problem>>, Problem> {
    let command_id = read_uuid(reader, "command_id")?;
    let aggregate_id = read_text(reader, "aggregate_id")?;
    let expected_version = readable(read_expected_version(reader))?;
    let issued_by = read_optional_text(reader, "issued_by")?;
    let payload = readable(read_payload(reader, payloads, own_id(&aggregate_id)))?;
    let (expected_version, command) = match expected_version {
        Ok(version) => (version, payload),
        Err(invalid) => (None, Err(invalid)),
    };
    if command.is_ok() {
        reader.end()?;
    }
    Ok(CommandEnvelope {
        command_id,
        aggregate_id,
        expected_version,
        issued_by,
        command,
    })
}

pub(crate) fn put_command(envelope: &CommandEnvelope<Command>, out: &mut Vec<u8>) {
    put_uuid(envelope.command_id, out);
    put_text(&envelope.aggregate_id, out);
    put_count(usize::from(envelope.expected_version.is_some()), out);
    if let Some(version) = envelope.expected_version {
        put_natural(version, out);
    }
    put_optional(envelope.issued_by.as_ref(), out);
    put_payload(own_id(&envelope.aggregate_id), &envelope.command, out);
}

/// An invalid value is kept as such; malformed bytes end the reading.
fn readable<T>(read: Result<T, Problem>) -> Result<Result<T, Problem>, Problem> {
    match read {
        Err(problem) if problem.kind == Kind::Malformed => Err(problem),
        read => Ok(read),
    }
}

fn read_expected_version(reader: &mut Reader<'_>) -> Result<Option<u64>, Problem> {
    if reader.some().within("expected_version")? {
        read_natural(reader, "expected_version").map(Some)
    } else {
        Ok(None)
    }
}

fn read_payload(reader: &mut Reader<'_>, payloads: usize, own_id: &str) -> Result<Command, Problem> {
    let branch = reader.count().within("payload")?;
    let names = &BRANCHES[..payloads];
    let name = names.get(branch).ok_or_else(|| no_branch(branch, names.len()).within("payload"))?;
    let read = |reader: &mut Reader<'_>| {
        if let Some(field) = own_id_field(name) {
            read_own_id(reader, field, own_id)?;
        }
        read_branch(reader, branch)
    };
    read(reader).within(name).within("payload")
}

/// Another id than the aggregate's means that the writer meant another aggregate, or another command.
fn read_own_id(reader: &mut Reader<'_>, field: &str, own_id: &str) -> Result<(), Problem> {
    let found = reader.text().within(field)?;
    if found == own_id {
        return Ok(());
    }
    Err(Problem::invalid(format!(
        "{found:?} is not the id in aggregate_id, which is {own_id:?}"
    )))
    .within(field)
}

fn read_branch(reader: &mut Reader<'_>, branch: usize) -> Result<Command, Problem> {
    Ok(match branch {
        0 => Command::Airport(airport::Command::Register {
            name: read_text(reader, "name")?,
            zone: read_parsed(reader, "zone", ZoneName::parse)?,
            minimum_ground_time_minutes: read_minutes(reader, "minimum_ground_time_minutes")?,
        }),
        1 => Command::Airport(airport::Command::SetMinimumGroundTime {
            aircraft_type: read_aircraft_types(reader, "aircraft_type")?,
            minutes: read_minutes(reader, "minutes")?,
        }),
        2 => Command::Airplane(airplane::Command::Register {
            aircraft_type: read_parsed(reader, "aircraft_type", AircraftType::parse)?,
        }),
        3 => Command::Airplane(airplane::Command::Retire),
        4 => Command::Rotation(rotation::Command::Create {
            mode: read_mode(reader, "mode")?,
        }),
        5 => Command::Rotation(rotation::Command::AddLegs {
            legs: read_legs(reader, "legs")?,
        }),
        6 => Command::Rotation(rotation::Command::RemoveLegs {
            leg_ids: read_leg_ids(reader, "leg_ids")?,
        }),
        7 => Command::Rotation(rotation::Command::ReplaceLegs {
            remove: read_leg_ids(reader, "remove")?,
            add: read_legs(reader, "add")?,
        }),
        8 => Command::Rotation(rotation::Command::RescheduleLeg {
            leg_id: read_parsed(reader, "leg_id", LegId::parse)?,
            departure: read_instant(reader, "departure")?,
            arrival: read_instant(reader, "arrival")?,
        }),
        9 => Command::Rotation(rotation::Command::AssignAirplane {
            registration: read_parsed(reader, "registration", Registration::parse)?,
        }),
        10 => Command::Rotation(rotation::Command::UnassignAirplane),
        11 => Command::Rotation(rotation::Command::Activate),
        12 => Command::Rotation(rotation::Command::Remove),
        13 => Command::Airport(airport::Command::Correct {
            name: read_optional_text(reader, "name")?,
            zone: read_optional(reader, "zone", ZoneName::parse)?,
        }),
        14 => Command::Airplane(airplane::Command::Correct {
            aircraft_type: read_parsed(reader, "aircraft_type", AircraftType::parse)?,
        }),
        other => return Err(no_branch(other, BRANCHES.len())),
    })
}

/// `own_id` is that of the command's aggregate within its kind.
pub(crate) fn put_payload(own_id: &str, command: &Command, out: &mut Vec<u8>) {
    let branch = branch_of(command);
    put_count(branch, out);
    if own_id_field(BRANCHES[branch]).is_some() {
        put_text(own_id, out);
    }
    match command {
        Command::Airport(airport::Command::Register {
            name,
            zone,
            minimum_ground_time_minutes,
        }) => {
            put_text(name, out);
            put_displayed(zone, out);
            put_minutes(*minimum_ground_time_minutes, out);
        }
        Command::Airport(airport::Command::SetMinimumGroundTime { aircraft_type, minutes }) => {
            put_aircraft_types(aircraft_type.as_ref(), out);
            put_minutes(*minutes, out);
        }
        Command::Airport(airport::Command::Correct { name, zone }) => {
            put_optional(name.as_ref(), out);
            put_optional(zone.as_ref(), out);
        }
        Command::Airplane(airplane::Command::Register { aircraft_type } | airplane::Command::Correct { aircraft_type }) => {
            put_displayed(aircraft_type, out);
        }
        Command::Rotation(rotation::Command::Create { mode }) => put_mode(*mode, out),
        Command::Rotation(rotation::Command::AddLegs { legs }) => put_legs(legs, out),
        Command::Rotation(rotation::Command::RemoveLegs { leg_ids }) => put_leg_ids(leg_ids, out),
        Command::Rotation(rotation::Command::ReplaceLegs { remove, add }) => {
            put_leg_ids(remove, out);
            put_legs(add, out);
        }
        Command::Rotation(rotation::Command::RescheduleLeg {
            leg_id,
            departure,
            arrival,
        }) => {
            put_displayed(leg_id, out);
            put_instant(*departure, out);
            put_instant(*arrival, out);
        }
        Command::Rotation(rotation::Command::AssignAirplane { registration }) => put_displayed(registration, out),
        Command::Airplane(airplane::Command::Retire)
        | Command::Rotation(rotation::Command::UnassignAirplane | rotation::Command::Activate | rotation::Command::Remove) => {}
    }
}

/// The place of a command in [`BRANCHES`].
pub(crate) fn branch_of(command: &Command) -> usize {
    match command {
        Command::Airport(airport::Command::Register { .. }) => 0,
        Command::Airport(airport::Command::SetMinimumGroundTime { .. }) => 1,
        Command::Airplane(airplane::Command::Register { .. }) => 2,
        Command::Airplane(airplane::Command::Retire) => 3,
        Command::Rotation(rotation::Command::Create { .. }) => 4,
        Command::Rotation(rotation::Command::AddLegs { .. }) => 5,
        Command::Rotation(rotation::Command::RemoveLegs { .. }) => 6,
        Command::Rotation(rotation::Command::ReplaceLegs { .. }) => 7,
        Command::Rotation(rotation::Command::RescheduleLeg { .. }) => 8,
        Command::Rotation(rotation::Command::AssignAirplane { .. }) => 9,
        Command::Rotation(rotation::Command::UnassignAirplane) => 10,
        Command::Rotation(rotation::Command::Activate) => 11,
        Command::Rotation(rotation::Command::Remove) => 12,
        Command::Airport(airport::Command::Correct { .. }) => 13,
        Command::Airplane(airplane::Command::Correct { .. }) => 14,
    }
}
