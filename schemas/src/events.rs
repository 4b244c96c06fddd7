//! Events in the bytes of the latest schema, written and read by hand: no schema is walked for each record.

use crate::binary::{Reader, no_branch, put_count, put_long, put_text};
use crate::problem::{Problem, Within};
use crate::values::{
    put_displayed, put_instant, put_leg, put_minutes, put_mode, put_natural, put_optional, put_uuid, read_instant, read_leg, read_minutes,
    read_mode, read_natural, read_optional, read_parsed, read_text, read_uuid,
};
use decider::EventEnvelope;
use domain::{AircraftType, Event, LegId, Registration, ZoneName, airplane, airport, rotation};

/// The branches of the payload, in the schema's order.
pub(crate) const BRANCHES: [&str; 15] = [
    "AirportRegistered",
    "MinimumGroundTimeSet",
    "AirplaneRegistered",
    "AirplaneRetired",
    "RotationCreated",
    "LegAdded",
    "LegRemoved",
    "LegRescheduled",
    "AirplaneAssigned",
    "AirplaneUnassigned",
    "RotationActivated",
    "RotationRemoved",
    "AirportCorrected",
    "AirplaneCorrected",
    "AirplaneReregistered",
];

/// Reads an event whose writer knew this many of the [`BRANCHES`].
pub(crate) fn read_event(reader: &mut Reader<'_>, payloads: usize) -> Result<EventEnvelope<Event>, Problem> {
    Ok(EventEnvelope {
        sequence: read_natural(reader, "sequence")?,
        aggregate_id: read_text(reader, "aggregate_id")?,
        version: read_natural(reader, "version")?,
        command_id: read_uuid(reader, "command_id")?,
        command_offset: reader.long().within("command_offset")?,
        decided_at_ms: reader.long().within("decided_at")?,
        event: read_payload(reader, payloads)?,
    })
}

pub(crate) fn put_event(envelope: &EventEnvelope<Event>, out: &mut Vec<u8>) {
    put_natural(envelope.sequence, out);
    put_text(&envelope.aggregate_id, out);
    put_natural(envelope.version, out);
    put_uuid(envelope.command_id, out);
    put_long(envelope.command_offset, out);
    put_long(envelope.decided_at_ms, out);
    put_payload(&envelope.event, out);
}

fn read_payload(reader: &mut Reader<'_>, payloads: usize) -> Result<Event, Problem> {
    let branch = reader.count().within("payload")?;
    let names = &BRANCHES[..payloads];
    let name = names.get(branch).ok_or_else(|| no_branch(branch, names.len()).within("payload"))?;
    read_branch(reader, branch).within(name).within("payload")
}

fn read_branch(reader: &mut Reader<'_>, branch: usize) -> Result<Event, Problem> {
    Ok(match branch {
        0 => Event::Airport(airport::Event::Registered {
            name: read_text(reader, "name")?,
            zone: read_parsed(reader, "zone", ZoneName::parse)?,
            minimum_ground_time_minutes: read_minutes(reader, "minimum_ground_time_minutes")?,
        }),
        1 => Event::Airport(airport::Event::MinimumGroundTimeSet {
            aircraft_type: read_optional(reader, "aircraft_type", AircraftType::parse)?,
            minutes: read_minutes(reader, "minutes")?,
        }),
        2 => Event::Airplane(airplane::Event::Registered {
            aircraft_type: read_parsed(reader, "aircraft_type", AircraftType::parse)?,
        }),
        3 => Event::Airplane(airplane::Event::Retired),
        4 => Event::Rotation(rotation::Event::Created {
            mode: read_mode(reader, "mode")?,
        }),
        5 => Event::Rotation(rotation::Event::LegAdded {
            leg: read_leg(reader).within("leg")?,
        }),
        6 => Event::Rotation(rotation::Event::LegRemoved {
            leg: read_leg(reader).within("leg")?,
        }),
        7 => Event::Rotation(rotation::Event::LegRescheduled {
            leg_id: read_parsed(reader, "leg_id", LegId::parse)?,
            previous_departure: read_instant(reader, "previous_departure")?,
            previous_arrival: read_instant(reader, "previous_arrival")?,
            departure: read_instant(reader, "departure")?,
            arrival: read_instant(reader, "arrival")?,
        }),
        8 => Event::Rotation(rotation::Event::AirplaneAssigned {
            registration: read_parsed(reader, "registration", Registration::parse)?,
            previous: read_optional(reader, "previous", Registration::parse)?,
        }),
        9 => Event::Rotation(rotation::Event::AirplaneUnassigned {
            registration: read_parsed(reader, "registration", Registration::parse)?,
        }),
        10 => Event::Rotation(rotation::Event::Activated),
        11 => Event::Rotation(rotation::Event::Removed),
        12 => Event::Airport(airport::Event::Corrected {
            name: read_text(reader, "name")?,
            zone: read_parsed(reader, "zone", ZoneName::parse)?,
            previous_name: read_text(reader, "previous_name")?,
            previous_zone: read_parsed(reader, "previous_zone", ZoneName::parse)?,
        }),
        13 => Event::Airplane(airplane::Event::Corrected {
            aircraft_type: read_parsed(reader, "aircraft_type", AircraftType::parse)?,
            previous: read_parsed(reader, "previous", AircraftType::parse)?,
        }),
        14 => Event::Airplane(airplane::Event::Reregistered {
            aircraft_type: read_parsed(reader, "aircraft_type", AircraftType::parse)?,
        }),
        other => return Err(no_branch(other, BRANCHES.len())),
    })
}

fn put_payload(event: &Event, out: &mut Vec<u8>) {
    put_count(branch_of(event), out);
    match event {
        Event::Airport(airport::Event::Registered {
            name,
            zone,
            minimum_ground_time_minutes,
        }) => {
            put_text(name, out);
            put_displayed(zone, out);
            put_minutes(*minimum_ground_time_minutes, out);
        }
        Event::Airport(airport::Event::MinimumGroundTimeSet { aircraft_type, minutes }) => {
            put_optional(aircraft_type.as_ref(), out);
            put_minutes(*minutes, out);
        }
        Event::Airport(airport::Event::Corrected {
            name,
            zone,
            previous_name,
            previous_zone,
        }) => {
            put_text(name, out);
            put_displayed(zone, out);
            put_text(previous_name, out);
            put_displayed(previous_zone, out);
        }
        Event::Airplane(airplane::Event::Registered { aircraft_type } | airplane::Event::Reregistered { aircraft_type }) => {
            put_displayed(aircraft_type, out);
        }
        Event::Airplane(airplane::Event::Corrected { aircraft_type, previous }) => {
            put_displayed(aircraft_type, out);
            put_displayed(previous, out);
        }
        Event::Rotation(rotation::Event::Created { mode }) => put_mode(*mode, out),
        Event::Rotation(rotation::Event::LegAdded { leg } | rotation::Event::LegRemoved { leg }) => put_leg(leg, out),
        Event::Rotation(rotation::Event::LegRescheduled {
            leg_id,
            previous_departure,
            previous_arrival,
            departure,
            arrival,
        }) => {
            put_displayed(leg_id, out);
            for instant in [previous_departure, previous_arrival, departure, arrival] {
                put_instant(*instant, out);
            }
        }
        Event::Rotation(rotation::Event::AirplaneAssigned { registration, previous }) => {
            put_displayed(registration, out);
            put_optional(previous.as_ref(), out);
        }
        Event::Rotation(rotation::Event::AirplaneUnassigned { registration }) => put_displayed(registration, out),
        Event::Airplane(airplane::Event::Retired) | Event::Rotation(rotation::Event::Activated | rotation::Event::Removed) => {}
    }
}

/// The name of an event's payload.
pub fn event_type(event: &Event) -> &'static str {
    BRANCHES[branch_of(event)]
}

/// The place of an event in [`BRANCHES`].
fn branch_of(event: &Event) -> usize {
    match event {
        Event::Airport(airport::Event::Registered { .. }) => 0,
        Event::Airport(airport::Event::MinimumGroundTimeSet { .. }) => 1,
        Event::Airplane(airplane::Event::Registered { .. }) => 2,
        Event::Airplane(airplane::Event::Retired) => 3,
        Event::Rotation(rotation::Event::Created { .. }) => 4,
        Event::Rotation(rotation::Event::LegAdded { .. }) => 5,
        Event::Rotation(rotation::Event::LegRemoved { .. }) => 6,
        Event::Rotation(rotation::Event::LegRescheduled { .. }) => 7,
        Event::Rotation(rotation::Event::AirplaneAssigned { .. }) => 8,
        Event::Rotation(rotation::Event::AirplaneUnassigned { .. }) => 9,
        Event::Rotation(rotation::Event::Activated) => 10,
        Event::Rotation(rotation::Event::Removed) => 11,
        Event::Airport(airport::Event::Corrected { .. }) => 12,
        Event::Airplane(airplane::Event::Corrected { .. }) => 13,
        Event::Airplane(airplane::Event::Reregistered { .. }) => 14,
    }
}
