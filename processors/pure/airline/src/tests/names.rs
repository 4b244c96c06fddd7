//! The airline as an application: the names of its commands and events, its schemas, its views, and how its states are stored.

use super::*;
use application::View;
use keyvalue::Mutation;
use samples::{one_command_of_each, one_event_of_each};

#[test]
fn commands_and_events_are_called_as_in_their_schemas() {
    for (id, command) in one_command_of_each() {
        let name = schemas::command_type(&command);
        let command = Command {
            id: aggregate(id),
            command: Ok(command),
        };
        assert_eq!(Airline::command_type(&command), name);
        assert!(Content::Command.latest().payload_names().contains(&name), "{name}");
    }
    for event in one_event_of_each() {
        let name = Airline::event_type(&event);
        assert_eq!(name, schemas::event_type(&event));
        assert!(Content::Event.latest().payload_names().contains(&name), "{name}");
    }
}

#[test]
fn a_command_with_an_invalid_value_is_called_as_its_sender_calls_it() {
    let invalid = Invalid {
        rejection: Rejection {
            rule: "invalid-value",
            message: "too short".to_owned(),
            facts: Vec::new(),
        },
        command_type: "AddLegs",
        asked: String::new(),
    };
    let command = Command {
        id: aggregate("rotation/r1"),
        command: Err(invalid),
    };
    assert_eq!(Airline::command_type(&command), "AddLegs");
}

#[test]
fn every_released_schema_is_read_and_named_by_the_fingerprint_of_its_text() {
    let schemas = Airline::schemas();
    assert_eq!(schemas.len(), RELEASED.len());
    for (schema, released) in schemas.iter().zip(&RELEASED) {
        assert_eq!((schema.version, schema.json), (released.version, released.json()));
        assert_eq!(schema.compatibility, released.content.compatibility().name());
        assert_eq!(Airline::fingerprint(&schema.json.into()), Ok(schema.fingerprint));
        assert_eq!(Airline::reads(schema.kind, &schema.json.into()), Ok(()));
    }
    for (kind, content) in RecordKind::ALL.into_iter().zip(Content::ALL) {
        let latest = application::latest_schema::<Airline>(kind).unwrap();
        assert_eq!(latest.fingerprint, content.latest().fingerprint());
    }
}

#[test]
fn a_schema_that_is_none_of_the_airlines_is_not_read_and_text_that_is_no_schema_has_no_fingerprint() {
    let foreign = WriterSchema::from("\"string\"");
    for kind in RecordKind::ALL {
        assert!(Airline::reads(kind, &foreign).is_err(), "{kind:?}");
    }
    assert!(Airline::fingerprint(&"{".into()).is_err());
    assert!(Airline::shown(&"{".into()).is_err());
}

#[test]
fn the_airline_has_the_view_of_its_schedule() {
    struct Editions(Vec<String>);
    impl Views<Airline> for Editions {
        fn view<V: View<Event = Event>>(&mut self) {
            self.0.push(application::edition::<V>());
        }
    }
    let mut editions = Editions(Vec::new());
    Airline::views(&mut editions);
    assert_eq!(editions.0, [application::edition::<ScheduleGraph>()]);
}

#[test]
fn a_state_that_events_made_is_loaded_from_the_parts_that_they_stored() {
    let id = "rotation/r1";
    let mut state = Airline::initial(id);
    let empty = Airline::size_bytes(&state);
    let mut stored = keyvalue::Memory::default();
    let events = [
        rotation::Event::Created {
            mode: rotation::Mode::Draft,
        },
        rotation::Event::LegAdded { leg: leg("a") },
        rotation::Event::LegAdded { leg: leg("b") },
    ];
    for (version, event) in (1..).zip(events.map(Event::Rotation)) {
        Airline::evolve(&mut state, &event);
        let mut mutations: Vec<Mutation> = Vec::new();
        Airline::store(&state, &event, &mut Parts::new(0, id, version, &mut mutations));
        stored.apply(&mutations);
    }
    let prefix = decider::keys::aggregate(0, id);
    let parts: Vec<(Vec<u8>, Vec<u8>)> = stored
        .iter()
        .map(|(key, value)| (key[prefix.len()..].to_vec(), value[..value.len() - 8].to_vec()))
        .collect();
    let mut parts = parts.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
    assert_eq!(Airline::load(id, &mut parts), Ok(state.clone()));
    let State::Rotation(loaded) = &state else { panic!("a rotation") };
    assert!(loaded.legs().eq([&leg("a"), &leg("b")]));
    assert!(Airline::size_bytes(&state) > empty + 2 * size_of::<rotation::Leg>(), "{empty}");
}

#[test]
fn nothing_is_loaded_for_an_id_that_is_none() {
    let reason = Airline::load("leg/1", &mut std::iter::empty()).unwrap_err();
    assert!(reason.starts_with("aggregate id \"leg/1\""), "{reason}");
}
