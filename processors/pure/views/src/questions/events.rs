//! Events as JSON: what each has changed, as far as it says that itself.

use super::shapes::PlanShape;
use super::text::Text;
use domain::{Event, Registration, airplane, airport, rotation};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// The type of an event, as its schema names it.
pub(crate) fn type_of(event: &Event) -> &'static str {
    match event {
        Event::Airport(event) => match event {
            airport::Event::Registered { .. } => "AirportRegistered",
            airport::Event::MinimumGroundTimeSet { .. } => "MinimumGroundTimeSet",
            airport::Event::Corrected { .. } => "AirportCorrected",
        },
        Event::Airplane(event) => match event {
            airplane::Event::Registered { .. } => "AirplaneRegistered",
            airplane::Event::Retired => "AirplaneRetired",
            airplane::Event::Corrected { .. } => "AirplaneCorrected",
            airplane::Event::Reregistered { .. } => "AirplaneReregistered",
        },
        Event::Rotation(event) => match event {
            rotation::Event::Created { .. } => "RotationCreated",
            rotation::Event::LegAdded { .. } => "LegAdded",
            rotation::Event::LegRemoved { .. } => "LegRemoved",
            rotation::Event::LegRescheduled { .. } => "LegRescheduled",
            rotation::Event::AirplaneAssigned { .. } => "AirplaneAssigned",
            rotation::Event::AirplaneUnassigned { .. } => "AirplaneUnassigned",
            rotation::Event::Activated => "RotationActivated",
            rotation::Event::Removed => "RotationRemoved",
        },
    }
}

/// Every type of event.
pub(crate) const TYPES: [&str; 15] = [
    "AirportRegistered",
    "MinimumGroundTimeSet",
    "AirportCorrected",
    "AirplaneRegistered",
    "AirplaneRetired",
    "AirplaneCorrected",
    "AirplaneReregistered",
    "RotationCreated",
    "LegAdded",
    "LegRemoved",
    "LegRescheduled",
    "AirplaneAssigned",
    "AirplaneUnassigned",
    "RotationActivated",
    "RotationRemoved",
];

/// What an event has changed, as a list: `what`, the value before where the event says it, and the value from then on; null is nothing.
pub(crate) struct Changed<'e>(pub(crate) &'e Event);

/// One attribute before and after.
struct Change<'c, F, T> {
    what: &'c str,
    /// `None` where the event does not say what was before.
    from: Option<F>,
    to: T,
}

impl<F: Serialize, T: Serialize> Serialize for Change<'_, F, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("what", self.what)?;
        if let Some(from) = &self.from {
            map.serialize_entry("from", from)?;
        }
        map.serialize_entry("to", &self.to)?;
        map.end()
    }
}

const NOTHING: Option<&str> = None;

/// Where there was nothing before.
fn new<T: Serialize>(what: &str, to: T) -> Change<'_, Option<&str>, T> {
    Change {
        what,
        from: Some(NOTHING),
        to,
    }
}

fn changed<T: Serialize>(what: &str, from: T, to: T) -> Change<'_, T, T> {
    Change {
        what,
        from: Some(from),
        to,
    }
}

/// Where the event does not say what was before.
fn set<T: Serialize>(what: &str, to: T) -> Change<'_, T, T> {
    Change { what, from: None, to }
}

impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        match self.0 {
            Event::Airport(event) => of_airport(event, &mut list)?,
            Event::Airplane(event) => of_airplane(event, &mut list)?,
            Event::Rotation(event) => of_rotation(event, &mut list)?,
        }
        list.end()
    }
}

fn of_airport<L: SerializeSeq>(event: &airport::Event, list: &mut L) -> Result<(), L::Error> {
    match event {
        airport::Event::Registered {
            name,
            zone,
            minimum_ground_time_minutes,
        } => {
            list.serialize_element(&new("name", name))?;
            list.serialize_element(&new("zone", zone.as_str()))?;
            list.serialize_element(&new("minimum_ground_time_minutes", minimum_ground_time_minutes))
        }
        airport::Event::MinimumGroundTimeSet { aircraft_type, minutes } => match aircraft_type {
            None => list.serialize_element(&set("minimum_ground_time_minutes", minutes)),
            Some(aircraft_type) => {
                let what = format!("minimum_ground_time_minutes of {}", aircraft_type.as_str());
                list.serialize_element(&set(&what, minutes))
            }
        },
        airport::Event::Corrected {
            name,
            zone,
            previous_name,
            previous_zone,
        } => {
            if name != previous_name {
                list.serialize_element(&changed("name", previous_name, name))?;
            }
            if zone != previous_zone {
                list.serialize_element(&changed("zone", previous_zone.as_str(), zone.as_str()))?;
            }
            Ok(())
        }
    }
}

fn of_airplane<L: SerializeSeq>(event: &airplane::Event, list: &mut L) -> Result<(), L::Error> {
    match event {
        airplane::Event::Registered { aircraft_type } => list.serialize_element(&new("aircraft_type", aircraft_type.as_str())),
        airplane::Event::Retired => list.serialize_element(&changed("retired", false, true)),
        airplane::Event::Corrected { aircraft_type, previous } => {
            list.serialize_element(&changed("aircraft_type", previous.as_str(), aircraft_type.as_str()))
        }
        airplane::Event::Reregistered { aircraft_type } => {
            list.serialize_element(&changed("retired", true, false))?;
            list.serialize_element(&set("aircraft_type", aircraft_type.as_str()))
        }
    }
}

fn of_rotation<L: SerializeSeq>(event: &rotation::Event, list: &mut L) -> Result<(), L::Error> {
    match event {
        rotation::Event::Created { mode } => list.serialize_element(&new("mode", mode.name())),
        rotation::Event::LegAdded { leg } => list.serialize_element(&new("leg", PlanShape::from(leg))),
        rotation::Event::LegRemoved { leg } => list.serialize_element(&changed("leg", Some(PlanShape::from(leg)), None)),
        rotation::Event::LegRescheduled {
            leg_id,
            previous_departure,
            previous_arrival,
            departure,
            arrival,
        } => {
            let id = leg_id.as_str();
            if departure != previous_departure {
                let what = format!("departure of {id}");
                list.serialize_element(&changed(&what, Text(previous_departure), Text(departure)))?;
            }
            if arrival != previous_arrival {
                let what = format!("arrival of {id}");
                list.serialize_element(&changed(&what, Text(previous_arrival), Text(arrival)))?;
            }
            Ok(())
        }
        rotation::Event::AirplaneAssigned { registration, previous } => {
            let previous = previous.as_ref().map(Registration::as_str);
            list.serialize_element(&changed("airplane", previous, Some(registration.as_str())))
        }
        rotation::Event::AirplaneUnassigned { registration } => {
            list.serialize_element(&changed("airplane", Some(registration.as_str()), None))
        }
        rotation::Event::Activated => list.serialize_element(&changed("mode", "draft", "active")),
        rotation::Event::Removed => list.serialize_element(&changed("removed", false, true)),
    }
}
