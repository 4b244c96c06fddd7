//! How an aggregate is stored: one part for what is said once, and for a rotation one part for each leg, present or removed.
//!
//! | part key | value |
//! |---|---|
//! | 1 | what is said once of an airport, an airplane or a rotation |
//! | 2, leg id | a leg |
//! | 3, leg id | empty: the leg was removed, and its id is used up |
//!
//! Values begin with the number of their format. An event writes at most two parts, however many legs its rotation has.

mod values;

use decider::Parts;
use domain::airport::Airport;
use domain::rotation::{Leg, Status};
use domain::{
    AggregateId, AircraftType, AirportCode, Event, FlightDesignator, LegId, Registration, State, ZoneName, airplane, airport, rotation,
};
use std::collections::BTreeMap;
use values::{Fields, put_count, put_instant, put_minutes, put_optional, put_text};

const HEADER: u8 = 1;
const LEG: u8 = 2;
const REMOVED_LEG: u8 = 3;

/// Values of another format were written by another version of this program. It is the version of the airline's states
/// (`Domain::STATE_VERSION`).
pub(crate) const FORMAT: u8 = 1;

pub(crate) fn store(after: &State, event: &Event, parts: &mut Parts<'_>) {
    match (after, event) {
        (
            State::Airport(state),
            Event::Airport(
                airport::Event::Registered { .. } | airport::Event::MinimumGroundTimeSet { .. } | airport::Event::Corrected { .. },
            ),
        ) => parts.put(&[HEADER], airport_header(state)),
        (
            State::Airplane(state),
            Event::Airplane(
                airplane::Event::Registered { .. }
                | airplane::Event::Retired
                | airplane::Event::Corrected { .. }
                | airplane::Event::Reregistered { .. },
            ),
        ) => parts.put(&[HEADER], airplane_header(state)),
        (State::Rotation(state), Event::Rotation(event)) => store_rotation(state, event, parts),
        (State::Airport(_), Event::Airplane(_) | Event::Rotation(_))
        | (State::Airplane(_), Event::Airport(_) | Event::Rotation(_))
        | (State::Rotation(_), Event::Airport(_) | Event::Airplane(_)) => {
            debug_assert!(false, "an event of another kind than its aggregate was decided: {event:?}");
        }
    }
}

fn store_rotation(state: &rotation::State, event: &rotation::Event, parts: &mut Parts<'_>) {
    match event {
        rotation::Event::LegAdded { leg } => put_leg_part(leg, parts),
        rotation::Event::LegRescheduled { leg_id, .. } => {
            if let Some(leg) = state.leg(leg_id) {
                put_leg_part(leg, parts);
            }
        }
        rotation::Event::LegRemoved { leg } => {
            parts.delete(&leg_key(LEG, &leg.id));
            parts.put(&leg_key(REMOVED_LEG, &leg.id), Vec::new());
        }
        rotation::Event::Created { .. }
        | rotation::Event::AirplaneAssigned { .. }
        | rotation::Event::AirplaneUnassigned { .. }
        | rotation::Event::Activated
        | rotation::Event::Removed => parts.put(&[HEADER], rotation_header(state)),
    }
}

pub(crate) fn load(id: &AggregateId, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<State, String> {
    match id {
        AggregateId::Airport(_) => load_header(parts, read_airport).map(State::Airport),
        AggregateId::Airplane(_) => load_header(parts, read_airplane).map(State::Airplane),
        AggregateId::Rotation(_) => load_rotation(parts).map(State::Rotation),
    }
}

/// Of an aggregate that has no other part.
fn load_header<T>(
    parts: &mut dyn Iterator<Item = (&[u8], &[u8])>,
    read: impl Fn(&mut Fields<'_>) -> Result<T, String>,
) -> Result<T, String> {
    match (parts.next(), parts.next()) {
        (Some(([HEADER], value)), None) => read_value(value, read).map_err(|problem| format!("header part: {problem}")),
        (Some((key, _)), None) | (_, Some((key, _))) => Err(format!("part {key:?} does not belong there")),
        (None, None) => Err("the header part is missing".to_owned()),
    }
}

fn load_rotation(parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<rotation::State, String> {
    let mut header = None;
    let mut legs = Vec::new();
    let mut removed = Vec::new();
    for (key, value) in parts {
        let corrupt = |problem: &dyn std::fmt::Display| format!("part {key:?}: {problem}");
        match key {
            [HEADER] => header = Some(read_value(value, read_rotation).map_err(|problem| corrupt(&problem))?),
            [LEG, ..] => legs.push(read_value(value, read_leg).map_err(|problem| corrupt(&problem))?),
            [REMOVED_LEG, id @ ..] => {
                let id = std::str::from_utf8(id).map_err(|error| corrupt(&error))?;
                removed.push(LegId::parse(id).map_err(|invalid| corrupt(&invalid))?);
            }
            _ => return Err(format!("part {key:?} does not belong there")),
        }
    }
    let (status, airplane) = header.ok_or("the header part is missing")?;
    Ok(rotation::State::restore(status, airplane, legs, removed))
}

fn leg_key(kind: u8, id: &LegId) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(id.as_str().as_bytes());
    key
}

fn put_leg_part(leg: &Leg, parts: &mut Parts<'_>) {
    let mut value = Vec::with_capacity(64);
    value.push(FORMAT);
    put_text(&leg.id, &mut value);
    put_text(leg.designator, &mut value);
    put_text(leg.origin, &mut value);
    put_text(leg.destination, &mut value);
    put_instant(leg.departure, &mut value);
    put_instant(leg.arrival, &mut value);
    parts.put(&leg_key(LEG, &leg.id), value);
}

fn read_leg(fields: &mut Fields<'_>) -> Result<Leg, String> {
    Ok(Leg {
        id: fields.parsed("leg_id", LegId::parse)?,
        designator: fields.parsed("designator", FlightDesignator::parse)?,
        origin: fields.parsed("origin", AirportCode::parse)?,
        destination: fields.parsed("destination", AirportCode::parse)?,
        departure: fields.instant("departure")?,
        arrival: fields.instant("arrival")?,
    })
}

fn airport_header(state: &airport::State) -> Vec<u8> {
    let mut value = vec![FORMAT];
    put_count(usize::from(state.registered.is_some()), &mut value);
    if let Some(airport) = &state.registered {
        put_text(&airport.name, &mut value);
        put_text(&airport.zone, &mut value);
        put_minutes(airport.minimum_ground_time_minutes, &mut value);
        // In blocks as an array of Avro has them: the number of items, which is left out where there are none, the items, and a zero.
        if !airport.by_aircraft_type.is_empty() {
            put_count(airport.by_aircraft_type.len(), &mut value);
            for (aircraft_type, minutes) in &airport.by_aircraft_type {
                put_text(aircraft_type, &mut value);
                put_minutes(*minutes, &mut value);
            }
        }
        put_count(0, &mut value);
    }
    value
}

fn read_airport(fields: &mut Fields<'_>) -> Result<airport::State, String> {
    if !fields.is_some("registered")? {
        return Ok(airport::State { registered: None });
    }
    let name = fields.text("name")?.to_owned();
    let zone = fields.parsed("zone", ZoneName::parse)?;
    let minimum_ground_time_minutes = fields.minutes("minimum_ground_time_minutes")?;
    let mut by_aircraft_type = BTreeMap::new();
    loop {
        let items = fields.count("by_aircraft_type")?;
        if items == 0 {
            break;
        }
        for _ in 0..items {
            let aircraft_type = fields.parsed("by_aircraft_type.aircraft_type", AircraftType::parse)?;
            by_aircraft_type.insert(aircraft_type, fields.minutes("by_aircraft_type.minutes")?);
        }
    }
    Ok(airport::State {
        registered: Some(Airport {
            name,
            zone,
            minimum_ground_time_minutes,
            by_aircraft_type,
        }),
    })
}

fn airplane_header(state: &airplane::State) -> Vec<u8> {
    let mut value = vec![FORMAT];
    match state {
        airplane::State::Unknown => value.push(0),
        airplane::State::Registered { aircraft_type } => {
            value.push(1);
            put_text(aircraft_type, &mut value);
        }
        airplane::State::Retired { aircraft_type } => {
            value.push(2);
            put_text(aircraft_type, &mut value);
        }
    }
    value
}

fn read_airplane(fields: &mut Fields<'_>) -> Result<airplane::State, String> {
    let status = fields.byte("the value")?;
    if status == 0 {
        return Ok(airplane::State::Unknown);
    }
    let aircraft_type = fields.parsed("aircraft_type", AircraftType::parse)?;
    match status {
        1 => Ok(airplane::State::Registered { aircraft_type }),
        2 => Ok(airplane::State::Retired { aircraft_type }),
        other => Err(format!("the value has status {other}, which no airplane has")),
    }
}

fn rotation_header(state: &rotation::State) -> Vec<u8> {
    let mut value = vec![FORMAT];
    value.push(match state.status() {
        Status::Unborn => 0,
        Status::Live(rotation::Mode::Draft) => 1,
        Status::Live(rotation::Mode::Active) => 2,
        Status::Removed => 3,
    });
    put_optional(state.airplane(), &mut value);
    value
}

fn read_rotation(fields: &mut Fields<'_>) -> Result<(Status, Option<Registration>), String> {
    let status = match fields.byte("the value")? {
        0 => Status::Unborn,
        1 => Status::Live(rotation::Mode::Draft),
        2 => Status::Live(rotation::Mode::Active),
        3 => Status::Removed,
        other => return Err(format!("the value has status {other}, which no rotation has")),
    };
    Ok((status, fields.optional("airplane", Registration::parse)?))
}

fn read_value<T>(value: &[u8], read: impl Fn(&mut Fields<'_>) -> Result<T, String>) -> Result<T, String> {
    let mut fields = Fields::new(value);
    match fields.byte("the value")? {
        FORMAT => {}
        other => return Err(format!("the value has format {other}, where {FORMAT} belongs")),
    }
    let read = read(&mut fields)?;
    fields.end()?;
    Ok(read)
}

#[cfg(test)]
mod tests;
