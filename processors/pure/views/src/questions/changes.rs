//! The changes that followers of the schedule are sent: each event, and the violations that it makes appear and disappear.

use super::events::{Changed, TYPES, type_of};
use super::shapes::ViolationShape;
use super::text::Text;
use crate::ask;
use crate::keys::Prefix;
use crate::recent_gets::RecentGets;
use crate::violation_id::ViolationId;
use crate::{Check, Violation};
use application::{AGGREGATE, Change, ChangeFilter, Refusal};
use decider::EventEnvelope;
use domain::{AggregateId, AirportCode, Event, Instant, LegId, Registration, RotationId, airplane, airport, rotation};
use keyvalue::{Mutation, Read, ReadError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::fmt::Hyphenated;

const APPEARED: &str = "violation-appeared";
const DISAPPEARED: &str = "violation-disappeared";
/// One event changed more violations than are sent one by one.
const TOO_MANY: &str = "violations-untold";
/// Violations that are sent for one event.
const VIOLATIONS_MAX: usize = 1000;

/// The types of events, then those of violations.
pub(crate) const KINDS: &[&str] = &{
    let mut kinds = [APPEARED; TYPES.len() + 3];
    let mut index = 0;
    while index < TYPES.len() {
        kinds[index] = TYPES[index];
        index += 1;
    }
    kinds[TYPES.len() + 1] = DISAPPEARED;
    kinds[TYPES.len() + 2] = TOO_MANY;
    kinds
};

pub(crate) const FILTERS: &[ChangeFilter] = &[
    AGGREGATE,
    ChangeFilter {
        name: AIRPORT,
        check: |text| AirportCode::parse(text).map(|_| ()).map_err(|invalid| invalid.expected),
    },
    ChangeFilter {
        name: AIRPLANE,
        check: |text| Registration::parse(text).map(|_| ()).map_err(|invalid| invalid.expected),
    },
    ChangeFilter {
        name: ROTATION,
        check: |text| RotationId::parse(text).map(|_| ()).map_err(|invalid| invalid.expected),
    },
    ChangeFilter {
        name: CHECK,
        check: |text| {
            let expected = "rotation-continuity, overlap, ground-time, flight-designator, rotation-seam or unknown-reference";
            Check::named(text).map(|_| ()).ok_or(expected)
        },
    },
];

const AIRPORT: &str = "airport";
const AIRPLANE: &str = "airplane";
const ROTATION: &str = "rotation";
const CHECK: &str = "check";

/// Names and values that a change is about.
#[derive(Default)]
struct About(BTreeSet<(&'static str, String)>);

impl About {
    fn airport(&mut self, code: AirportCode) {
        self.0.insert((AIRPORT, code.to_string()));
    }

    fn airplane(&mut self, registration: &Registration) {
        self.0.insert((AIRPLANE, registration.to_string()));
    }

    /// A rotation and the airplane that it has, or had when it was removed.
    fn rotation(&mut self, id: &RotationId, read: &impl Read) -> Result<(), ReadError> {
        self.0.insert((ROTATION, id.to_string()));
        let rotation = match ask::rotation(read, id)? {
            Some(rotation) => Some(rotation),
            None => ask::removed_rotation(read, id)?.map(|gone| gone.rotation),
        };
        if let Some(assignment) = rotation.and_then(|rotation| rotation.airplane) {
            self.airplane(&assignment.registration);
        }
        Ok(())
    }

    /// The ends of a leg that is there, or was.
    fn leg(&mut self, rotation: &RotationId, id: &LegId, read: &impl Read) -> Result<(), ReadError> {
        let plan = match ask::leg(read, rotation, id)? {
            Some(leg) => Some(leg.plan()),
            None => ask::removed_leg(read, rotation, id)?.map(|gone| gone.leg),
        };
        if let Some(leg) = plan {
            self.airport(leg.origin);
            self.airport(leg.destination);
        }
        Ok(())
    }

    fn into_vec(self) -> Vec<(&'static str, String)> {
        self.0.into_iter().collect()
    }
}

/// The change that followers are sent for an event.
pub(crate) fn event(partition: u32, envelope: &EventEnvelope<Event>, read: &impl Read) -> Result<Change, Refusal> {
    #[derive(Serialize)]
    struct Document<'e> {
        partition: u32,
        sequence: u64,
        aggregate_id: &'e str,
        version: u64,
        decided_at: Text<Instant>,
        command_id: Text<Hyphenated>,
        changed: Changed<'e>,
    }
    let document = Document {
        partition,
        sequence: envelope.sequence,
        aggregate_id: &envelope.aggregate_id,
        version: envelope.version,
        decided_at: Text(Instant(envelope.decided_at_ms)),
        command_id: Text(envelope.command_id.hyphenated()),
        changed: Changed(&envelope.event),
    };
    let about = about(envelope, read)?.into_vec();
    Change::new(type_of(&envelope.event), about, &document).map_err(Refusal::Internal)
}

fn about(envelope: &EventEnvelope<Event>, read: &impl Read) -> Result<About, ReadError> {
    let mut about = About::default();
    about.0.insert((AGGREGATE.name, envelope.aggregate_id.clone()));
    // What names nothing was not applied either.
    match AggregateId::parse(&envelope.aggregate_id) {
        Ok(AggregateId::Airport(code)) => about.airport(code),
        Ok(AggregateId::Airplane(registration)) => about.airplane(&registration),
        Ok(AggregateId::Rotation(id)) => {
            about.rotation(&id, read)?;
            of_rotation(&id, &envelope.event, &mut about, read)?;
        }
        Err(_) => {}
    }
    Ok(about)
}

fn of_rotation(id: &RotationId, event: &Event, about: &mut About, read: &impl Read) -> Result<(), ReadError> {
    match event {
        Event::Rotation(event) => match event {
            rotation::Event::LegAdded { leg } | rotation::Event::LegRemoved { leg } => {
                about.airport(leg.origin);
                about.airport(leg.destination);
                Ok(())
            }
            rotation::Event::LegRescheduled { leg_id, .. } => about.leg(id, leg_id, read),
            rotation::Event::AirplaneAssigned { registration, previous } => {
                about.airplane(registration);
                previous.iter().for_each(|previous| about.airplane(previous));
                Ok(())
            }
            rotation::Event::AirplaneUnassigned { registration } => {
                about.airplane(registration);
                Ok(())
            }
            rotation::Event::Created { .. } | rotation::Event::Activated | rotation::Event::Removed => Ok(()),
        },
        Event::Airport(
            airport::Event::Registered { .. } | airport::Event::MinimumGroundTimeSet { .. } | airport::Event::Corrected { .. },
        )
        | Event::Airplane(
            airplane::Event::Registered { .. }
            | airplane::Event::Retired
            | airplane::Event::Corrected { .. }
            | airplane::Event::Reregistered { .. },
        ) => Ok(()),
    }
}

/// The violations that mutations make appear and disappear, each once.
pub(crate) fn violations(
    partition: u32,
    envelope: &EventEnvelope<Event>,
    mutations: &[Mutation],
    before: &impl Read,
    after: &impl Read,
) -> Result<Vec<Change>, Refusal> {
    let place = (partition, envelope.sequence);
    let keys: BTreeSet<&[u8]> = mutations.iter().filter_map(violation_key).collect();
    // By id: a leg that departs at another time has its violations at other keys.
    let (was, is) = (counted(before, &keys)?, counted(after, &keys)?);
    let disappeared = was.iter().filter(|(id, _)| !is.contains_key(id));
    let appeared = is.iter().filter(|(id, _)| !was.contains_key(id));
    // The violations of one event are mostly about the same few nodes.
    let (before, after) = (RecentGets::new(before), RecentGets::new(after));
    let mut changes = Vec::new();
    let all = disappeared
        .map(|(_, key)| (DISAPPEARED, key))
        .chain(appeared.map(|(_, key)| (APPEARED, key)));
    for (kind, key) in all {
        if changes.len() == VIOLATIONS_MAX {
            changes.push(too_many(place)?);
            break;
        }
        changes.push(match kind {
            DISAPPEARED => change(kind, place, key, &before)?,
            kind => change(kind, place, key, &after)?,
        });
    }
    Ok(changes)
}

/// The violations at some of these keys that count: what lies between two rotations stands in the index twice.
fn counted<'k>(read: &impl Read, keys: &BTreeSet<&'k [u8]>) -> Result<BTreeMap<ViolationId, &'k [u8]>, ReadError> {
    let mut found = BTreeMap::new();
    for key in keys {
        if read.get(key, Violation::is_counted)?.transpose()?.unwrap_or(false) {
            found.insert(ViolationId::of_key(key)?, *key);
        }
    }
    Ok(found)
}

fn violation_key(mutation: &Mutation) -> Option<&[u8]> {
    match mutation {
        Mutation::Put { key, .. } | Mutation::Delete { key } => (key.first() == Some(&(Prefix::Violation as u8))).then_some(key.as_slice()),
        Mutation::DeleteRange { .. } => None,
    }
}

fn change(kind: &'static str, (partition, sequence): (u32, u64), key: &[u8], read: &impl Read) -> Result<Change, Refusal> {
    #[derive(Serialize)]
    struct Document<'v> {
        partition: u32,
        sequence: u64,
        check: &'static str,
        violation: ViolationShape<'v>,
    }
    let value = read.get(key, <[u8]>::to_vec)?.unwrap_or_default();
    let (check, violation) = Violation::read(read, key, &value)?;
    let mut about = About::default();
    about.0.insert((CHECK, check.name().to_owned()));
    about.rotation(violation.id.rotation(), read)?;
    if let ViolationId::Seam(_, after) = &violation.id {
        about.rotation(after, read)?;
    }
    for (rotation, leg) in &violation.legs {
        about.rotation(rotation, read)?;
        for airport in [leg.origin, leg.destination] {
            if violation.concerns_airport(airport) {
                about.airport(airport);
            }
        }
    }
    let document = Document {
        partition,
        sequence,
        check: check.name(),
        violation: ViolationShape(&violation),
    };
    Change::new(kind, about.into_vec(), &document).map_err(Refusal::Internal)
}

fn too_many((partition, sequence): (u32, u64)) -> Result<Change, Refusal> {
    #[derive(Serialize)]
    struct Document {
        partition: u32,
        sequence: u64,
        detail: &'static str,
    }
    let document = Document {
        partition,
        sequence,
        detail: "the event changed more violations than are sent one by one; ask /checks for those that there are",
    };
    let about = Check::ALL.map(|check| (CHECK, check.name().to_owned()));
    Change::new(TOO_MANY, about.to_vec(), &document).map_err(Refusal::Internal)
}
