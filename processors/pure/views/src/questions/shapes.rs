//! Answers as JSON: nodes with their edges in order, each group of facts with the event that wrote it, instants in RFC 3339.

use super::text::Text;
use crate::ask::{BoardEntry, Direction};
use crate::{Airplane, Airport, Assignment, Detail, FlownRotation, Leg, MinimumGroundTime, Provenance, RemovedLeg, Rotation, Violation};
use domain::{AirportCode, CalendarDate, Instant, Registration, RotationId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// The event that wrote a fact, by its place in the log of events, with the command that it was decided for.
#[derive(Serialize)]
pub(crate) struct ProvenanceShape {
    partition: u32,
    sequence: u64,
    command_id: Text<Hyphenated>,
    decided_at: Text<Instant>,
}

impl From<Provenance> for ProvenanceShape {
    fn from(provenance: Provenance) -> Self {
        let Provenance {
            partition,
            sequence,
            command_id,
            decided_at,
        } = provenance;
        Self {
            partition,
            sequence,
            command_id: Text(Uuid::from_bytes(command_id).hyphenated()),
            decided_at: Text(decided_at),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct RotationShape<'v> {
    id: &'v str,
    mode: &'static str,
    airplane: Option<AssignmentShape<'v>>,
    provenance: ProvenanceShape,
    mode_provenance: ProvenanceShape,
}

/// An airplane of a rotation, with the event that assigned it.
#[derive(Serialize)]
struct AssignmentShape<'v> {
    registration: &'v str,
    provenance: ProvenanceShape,
}

impl<'v> RotationShape<'v> {
    pub(crate) fn new(id: &'v RotationId, rotation: &'v Rotation) -> Self {
        let airplane = rotation
            .airplane
            .as_ref()
            .map(|Assignment { registration, provenance }| AssignmentShape {
                registration: registration.as_str(),
                provenance: (*provenance).into(),
            });
        Self {
            id: id.as_str(),
            mode: rotation.mode.name(),
            airplane,
            provenance: rotation.provenance.into(),
            mode_provenance: rotation.mode_provenance.into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct LegShape<'v> {
    rotation: &'v str,
    id: &'v str,
    designator: Text<domain::FlightDesignator>,
    origin: &'v str,
    destination: &'v str,
    departure: Text<Instant>,
    arrival: Text<Instant>,
    /// The local date of the departure.
    origin_date: Option<Text<CalendarDate>>,
    provenance: ProvenanceShape,
    times_provenance: ProvenanceShape,
}

impl<'v> LegShape<'v> {
    pub(crate) fn new(rotation: &'v RotationId, leg: &'v Leg) -> Self {
        Self {
            rotation: rotation.as_str(),
            id: leg.id.as_str(),
            designator: Text(leg.designator),
            origin: leg.origin.as_str(),
            destination: leg.destination.as_str(),
            departure: Text(leg.departure),
            arrival: Text(leg.arrival),
            origin_date: CalendarDate::of_days(leg.origin_date).map(Text),
            provenance: leg.provenance.into(),
            times_provenance: leg.times_provenance.into(),
        }
    }
}

/// A leg as commands and events have it.
#[derive(Serialize)]
pub(crate) struct PlanShape<'v> {
    id: &'v str,
    designator: Text<domain::FlightDesignator>,
    origin: &'v str,
    destination: &'v str,
    departure: Text<Instant>,
    arrival: Text<Instant>,
}

impl<'v> From<&'v domain::rotation::Leg> for PlanShape<'v> {
    fn from(leg: &'v domain::rotation::Leg) -> Self {
        Self {
            id: leg.id.as_str(),
            designator: Text(leg.designator),
            origin: leg.origin.as_str(),
            destination: leg.destination.as_str(),
            departure: Text(leg.departure),
            arrival: Text(leg.arrival),
        }
    }
}

/// A leg that was removed, as it last was; its date at the airport is not kept.
#[derive(Serialize)]
pub(crate) struct RemovedLegShape<'v> {
    rotation: &'v str,
    #[serde(flatten)]
    leg: PlanShape<'v>,
    provenance: ProvenanceShape,
    times_provenance: ProvenanceShape,
}

impl<'v> RemovedLegShape<'v> {
    pub(crate) fn new(rotation: &'v RotationId, gone: &'v RemovedLeg) -> Self {
        Self {
            rotation: rotation.as_str(),
            leg: (&gone.leg).into(),
            provenance: gone.provenance.into(),
            times_provenance: gone.times_provenance.into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct AirplaneShape<'v> {
    registration: &'v str,
    /// Null, as what follows, where rotations name an airplane that is not registered.
    aircraft_type: Option<&'v str>,
    retired: Option<bool>,
    provenance: Option<ProvenanceShape>,
    type_provenance: Option<ProvenanceShape>,
    /// Null, too, where it has not retired.
    retired_provenance: Option<ProvenanceShape>,
}

impl<'v> AirplaneShape<'v> {
    pub(crate) fn new(registration: &'v Registration, airplane: Option<&'v Airplane>) -> Self {
        Self {
            registration: registration.as_str(),
            aircraft_type: airplane.map(|airplane| airplane.aircraft_type.as_str()),
            retired: airplane.map(Airplane::is_retired),
            provenance: airplane.map(|airplane| airplane.provenance.into()),
            type_provenance: airplane.map(|airplane| airplane.type_provenance.into()),
            retired_provenance: airplane.and_then(|airplane| airplane.retired).map(ProvenanceShape::from),
        }
    }
}

/// A rotation of an airplane.
#[derive(Serialize)]
pub(crate) struct FlownShape<'v> {
    id: &'v str,
    mode: &'static str,
    /// Null, as what follows, where the rotation has no legs.
    first_departure: Option<Text<Instant>>,
    last_arrival: Option<Text<Instant>>,
    departs_from: Option<&'v str>,
    arrives_at: Option<&'v str>,
}

impl<'v> FlownShape<'v> {
    pub(crate) fn new(flown: &'v FlownRotation) -> Self {
        let span = flown.span.as_ref();
        Self {
            id: flown.rotation.as_str(),
            mode: flown.mode.name(),
            first_departure: span.map(|span| Text(span.first_departure)),
            last_arrival: span.map(|span| Text(span.last_arrival)),
            departs_from: span.map(|span| span.first_origin.as_str()),
            arrives_at: span.map(|span| span.last_destination.as_str()),
        }
    }
}

/// A minimum ground time with the event that set it.
#[derive(Serialize)]
struct MinimumShape {
    minutes: u32,
    provenance: ProvenanceShape,
}

impl From<&MinimumGroundTime> for MinimumShape {
    fn from(minimum: &MinimumGroundTime) -> Self {
        Self {
            minutes: minimum.minutes,
            provenance: minimum.provenance.into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct AirportShape<'v> {
    code: String,
    name: &'v str,
    zone: &'v str,
    minimum_ground_time: MinimumShape,
    /// Where an aircraft type has a minimum of its own.
    by_aircraft_type: BTreeMap<&'v str, MinimumShape>,
    provenance: ProvenanceShape,
    name_provenance: ProvenanceShape,
    zone_provenance: ProvenanceShape,
}

impl<'v> AirportShape<'v> {
    pub(crate) fn new(code: AirportCode, airport: &'v Airport) -> Self {
        let by_aircraft_type = airport.by_aircraft_type.iter();
        Self {
            code: code.to_string(),
            name: &airport.name,
            zone: airport.zone.as_str(),
            minimum_ground_time: (&airport.minimum_ground_time).into(),
            by_aircraft_type: by_aircraft_type
                .map(|(aircraft_type, minimum)| (aircraft_type.as_str(), minimum.into()))
                .collect(),
            provenance: airport.provenance.into(),
            name_provenance: airport.name_provenance.into(),
            zone_provenance: airport.zone_provenance.into(),
        }
    }
}

/// A line of an airport's board.
#[derive(Serialize)]
pub(crate) struct BoardShape<'v> {
    direction: &'static str,
    at: Text<Instant>,
    /// The same instant by the airport's clocks, with their offset; null where the airport is not registered.
    local: Option<String>,
    designator: Text<domain::FlightDesignator>,
    origin: &'v str,
    destination: &'v str,
    departure: Text<Instant>,
    arrival: Text<Instant>,
    rotation: &'v str,
    leg: &'v str,
    mode: &'static str,
    airplane: Option<&'v str>,
}

impl<'v> BoardShape<'v> {
    pub(crate) fn new(entry: &'v BoardEntry, zone: Option<&TimeZone>) -> Self {
        let summary = &entry.edge.summary;
        Self {
            direction: match entry.direction {
                Direction::Departure => "departure",
                Direction::Arrival => "arrival",
            },
            at: Text(entry.at),
            local: zone.and_then(|zone| local(entry.at, zone)),
            designator: Text(summary.designator),
            origin: summary.origin.as_str(),
            destination: summary.destination.as_str(),
            departure: Text(summary.departure),
            arrival: Text(summary.arrival),
            rotation: entry.edge.rotation.as_str(),
            leg: entry.edge.leg.as_str(),
            mode: summary.mode.name(),
            airplane: summary.airplane.as_ref().map(Registration::as_str),
        }
    }
}

fn local(at: Instant, zone: &TimeZone) -> Option<String> {
    let timestamp = Timestamp::from_millisecond(at.0).ok()?;
    let local = timestamp.display_with_offset(zone.to_offset(timestamp));
    Some(format!("{local:.3}"))
}

/// A violation: the rotation, what is wrong, and the legs with the events that it follows from.
pub(crate) struct ViolationShape<'v>(pub(crate) &'v Violation);

impl Serialize for ViolationShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Violation {
            id,
            rotation,
            legs,
            detail,
            ..
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &Text(id))?;
        map.serialize_entry("rotation", rotation.as_str())?;
        serialize_detail(&mut map, legs, detail)?;
        let legs: Vec<LegShape<'_>> = legs.iter().map(|(rotation, leg)| LegShape::new(rotation, leg)).collect();
        map.serialize_entry("legs", &legs)?;
        map.end()
    }
}

fn serialize_detail<M: SerializeMap>(map: &mut M, legs: &[(RotationId, Leg)], detail: &Detail) -> Result<(), M::Error> {
    match detail {
        Detail::Continuity => serialize_places(map, legs),
        Detail::Overlap => match legs {
            [(_, first), (_, second)] => {
                map.serialize_entry("arrives", &Text(first.arrival))?;
                map.serialize_entry("departs", &Text(second.departure))
            }
            _ => Ok(()),
        },
        Detail::GroundTime {
            ground_minutes,
            minimum_minutes,
            airport,
            airport_provenance,
        } => {
            map.serialize_entry("airport", airport.as_str())?;
            map.serialize_entry("ground_minutes", ground_minutes)?;
            map.serialize_entry("minimum_minutes", minimum_minutes)?;
            map.serialize_entry("airport_provenance", &ProvenanceShape::from(*airport_provenance))
        }
        Detail::Designator {
            designator,
            airport,
            origin_date_days,
            legs,
        } => {
            map.serialize_entry("designator", &Text(designator))?;
            map.serialize_entry("airport", airport.as_str())?;
            map.serialize_entry("origin_date", &CalendarDate::of_days(*origin_date_days).map(Text))?;
            map.serialize_entry("leg_count", legs)
        }
        Detail::Seam {
            airplane,
            discontinuous,
            overlapping,
        } => {
            map.serialize_entry("airplane", airplane.as_str())?;
            map.serialize_entry("discontinuous", discontinuous)?;
            map.serialize_entry("overlapping", overlapping)?;
            serialize_places(map, legs)
        }
        Detail::UnknownAirport { airport } => map.serialize_entry("airport", airport.as_str()),
        Detail::UnknownAirplane {
            airplane,
            retired,
            assigned,
        } => {
            map.serialize_entry("airplane", airplane.as_str())?;
            map.serialize_entry("retired", retired)?;
            map.serialize_entry("assigned_provenance", &ProvenanceShape::from(*assigned))
        }
    }
}

/// Where the first of two legs ends and where the second begins.
fn serialize_places<M: SerializeMap>(map: &mut M, legs: &[(RotationId, Leg)]) -> Result<(), M::Error> {
    match legs {
        [(_, first), (_, second)] => {
            map.serialize_entry("arrives_at", first.destination.as_str())?;
            map.serialize_entry("departs_from", second.origin.as_str())
        }
        _ => Ok(()),
    }
}
