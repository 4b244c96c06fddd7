//! Released files stay as they are, and every later reader reads every earlier version.
#![allow(clippy::disallowed_methods, reason = "the data lie next to the project")]

use super::*;
use crate::json::{self, Form};
use crate::resolve::resolve;
use crate::samples::{one_command_of_each, one_event_of_each};
use crate::schema::name_of;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64;

#[test]
fn released_files_have_never_been_edited() {
    for released in &RELEASED {
        let checksum = xxh3_64(released.json().as_bytes());
        assert_eq!(
            checksum, released.checksum,
            "{:?} version {} was edited ({checksum:#018x}); a change is a new file",
            released.content, released.version
        );
    }
}

#[test]
fn versions_count_from_one_and_are_all_in_the_list() {
    let mut listed = Vec::new();
    for content in Content::ALL {
        let versions: Vec<_> = content.versions().map(|released| released.version).collect();
        assert_eq!(versions, (1..=versions.len() as u32).collect::<Vec<_>>());
        assert_eq!(content.latest().version, versions.len() as u32);
        let name = content.record_name().to_lowercase();
        listed.extend(versions.iter().map(|version| format!("{name}-v{version}.avsc")));
    }
    listed.extend(published::SHARED.iter().map(|(name, _)| format!("{}.avsc", name.to_lowercase())));
    listed.sort();
    let folder = std::fs::read_dir(format!("{}/avro", std::env::var("CARGO_MANIFEST_DIR").unwrap())).unwrap();
    let mut files: Vec<_> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, listed);
}

/// The full names of the types that are defined in a schema, all of which are in one namespace.
fn defined(json: &Value, into: &mut Vec<String>) {
    match json {
        Value::Object(object) => {
            if matches!(object.get("type").and_then(Value::as_str), Some("record" | "enum" | "fixed")) {
                into.push(object["name"].as_str().unwrap().to_owned());
            }
            object.values().for_each(|value| defined(value, into));
        }
        Value::Array(items) => items.iter().for_each(|item| defined(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A generator of classes or structs that is given commands, events and outcomes together finds one definition of each name.
#[test]
fn a_type_is_defined_in_one_file_but_for_the_versions_of_that_file() {
    let mut files: Vec<(&str, &str)> = RELEASED.iter().map(|one| (one.content.record_name(), one.source)).collect();
    files.extend(published::SHARED);
    let mut homes: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (file, source) in files {
        let mut names = Vec::new();
        let source: Value = serde_json::from_str(source).unwrap();
        assert_eq!(source["namespace"], "aerolog.schedule", "{file}");
        defined(&source, &mut names);
        for name in names {
            homes.entry(name).or_default().insert(file);
        }
    }
    assert!(homes.len() > 30, "{homes:?}");
    for (name, files) in homes {
        assert_eq!(files.len(), 1, "{name} is defined in {files:?}");
    }
}

#[test]
fn what_is_registered_for_commands_and_for_events_defines_their_shared_types_by_the_same_bytes() {
    for released in RELEASED.iter().filter(|released| released.content != Content::Outcome) {
        let (content, version) = (released.content, released.version);
        let mut names = Vec::new();
        defined(&serde_json::from_str(released.json()).unwrap(), &mut names);
        for (name, definition) in published::SHARED {
            let found = released.json().matches(&published::within_a_schema(definition)).count();
            assert_eq!(found, 1, "{content:?} version {version} has the text of {name} {found} times");
            let times = names.iter().filter(|defined| *defined == name).count();
            assert_eq!(times, 1, "{content:?} version {version} defines {name} {times} times");
        }
    }
}

/// The schema without documentation, and its payload with the first `payloads` kinds only.
fn skeleton(released: &Released, payloads: usize) -> Value {
    fn without_docs(json: &mut Value) {
        match json {
            Value::Object(object) => {
                object.remove("doc");
                object.values_mut().for_each(without_docs);
            }
            Value::Array(items) => items.iter_mut().for_each(without_docs),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut json: Value = serde_json::from_str(released.json()).unwrap();
    without_docs(&mut json);
    json.as_object_mut().unwrap().remove("schema_version");
    let fields = json["fields"].as_array_mut().unwrap();
    if let Some(payload) = fields.iter_mut().find(|field| field["name"] == "payload") {
        payload["type"].as_array_mut().unwrap().truncate(payloads);
    }
    json
}

#[test]
fn a_later_version_only_adds_payloads_at_the_end_so_that_the_bytes_of_every_version_are_read_alike() {
    for content in Content::ALL {
        let versions: Vec<_> = content.versions().collect();
        for pair in versions.windows(2) {
            assert!(pair[0].payloads < pair[1].payloads);
            assert_eq!(skeleton(pair[0], pair[0].payloads), skeleton(pair[1], pair[0].payloads));
        }
        for released in versions {
            assert_eq!(skeleton(released, released.payloads), skeleton(released, usize::MAX));
            assert_eq!(released.payload_names().len(), released.payloads);
        }
    }
}

#[test]
fn a_version_says_its_number_from_the_second_on() {
    for released in &RELEASED {
        let said = crate::later::version_of(released.json());
        assert_eq!(said, (released.version > 1).then_some(released.version.into()));
    }
}

#[test]
fn every_schema_is_one_that_the_avro_library_accepts() {
    for released in &RELEASED {
        let schema = apache_avro::Schema::parse_str(released.json()).unwrap();
        let name = format!("aerolog.schedule.{}", released.content.record_name());
        assert_eq!(schema.name().unwrap().fullname(None), name);
    }
}

#[test]
fn every_field_says_what_it_means() {
    fn check(json: &Value, path: &str) {
        match json {
            Value::Object(object) => {
                if object.contains_key("name") {
                    let doc = object.get("doc").and_then(Value::as_str);
                    assert!(
                        doc.is_some_and(|doc| doc.ends_with('.')),
                        "{path}/{} has no sentence",
                        object["name"]
                    );
                }
                object.iter().for_each(|(key, value)| check(value, &format!("{path}/{key}")));
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, path)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    for released in &RELEASED {
        check(&serde_json::from_str(released.json()).unwrap(), released.content.record_name());
    }
}

/// The fields of each payload, and those of them that have no default.
fn fields_of_payloads(released: &Released) -> Vec<(String, Vec<String>, Vec<String>)> {
    let json: Value = serde_json::from_str(released.json()).unwrap();
    let payload = json["fields"].as_array().unwrap().iter().find(|field| field["name"] == "payload");
    let branches = payload.map_or(&[][..], |payload| payload["type"].as_array().unwrap());
    let name = |field: &Value| field["name"].as_str().unwrap().to_owned();
    let of_branch = |branch: &Value| {
        let fields = branch["fields"].as_array().unwrap();
        let required = fields.iter().filter(|field| field.get("default").is_none()).map(name);
        (name(branch), fields.iter().map(name).collect(), required.collect())
    };
    branches.iter().map(of_branch).collect()
}

/// Clients in languages without types pick a branch by the fields that they find in a map, and let those pass that no branch has.
#[test]
fn a_command_without_the_name_of_its_payload_fits_no_other_payload_than_its_own() {
    for released in Content::Command.versions() {
        let payloads = fields_of_payloads(released);
        assert_eq!(payloads.len(), released.payloads);
        for (meant, fields, _) in &payloads {
            for (taken, _, required) in payloads.iter().filter(|(taken, ..)| taken != meant) {
                let fits = required.iter().all(|field| fields.contains(field));
                assert!(!fits, "the fields of {meant} fit {taken}, whose required fields are {required:?}");
            }
        }
    }
}

/// A misspelt name of a field with a default would change what is asked, without an error at the sender.
#[test]
fn no_field_of_a_command_has_a_default() {
    for released in Content::Command.versions() {
        for (name, fields, required) in fields_of_payloads(released) {
            assert_eq!(fields, required, "{name}");
        }
    }
}

#[test]
fn every_reader_reads_every_earlier_version() {
    for content in Content::ALL {
        let versions: Vec<_> = content.versions().collect();
        for (index, reader) in versions.iter().enumerate() {
            let reader = apache_avro::Schema::parse_str(reader.json()).unwrap();
            for writer in &versions[..=index] {
                let writer = apache_avro::Schema::parse_str(writer.json()).unwrap();
                SchemaCompatibility::can_read(&writer, &reader).unwrap();
            }
        }
    }
}

/// The event schema as a later version may be: one more field with a default in every event and in every leg, one more branch.
fn later_event_schema() -> String {
    let mut later: Value = serde_json::from_str(Content::Event.latest().json()).unwrap();
    let fields = later["fields"].as_array_mut().unwrap();
    fields.push(json!({"name": "reason", "type": ["null", "string"], "default": null}));
    let branches = fields[6]["type"].as_array_mut().unwrap();
    let leg = branches.iter_mut().find(|branch| branch["name"] == "LegAdded").unwrap();
    let leg_fields = leg["fields"][0]["type"]["fields"].as_array_mut().unwrap();
    leg_fields.insert(1, json!({"name": "service_type", "type": "string", "default": "J"}));
    branches.insert(0, json!({"type": "record", "name": "AirportClosed", "fields": []}));
    later.to_string()
}

fn an_event(payload: Value) -> Value {
    json!({
        "sequence": 7, "aggregate_id": "rotation/r1", "version": 3, "command_id": "00000000-0000-0000-0000-000000000001",
        "command_offset": 9, "decided_at": "2008-01-31T18:05:00Z", "payload": payload,
    })
}

fn a_leg() -> Value {
    json!({
        "leg_id": "l1", "designator": "HA11", "origin": "HNL", "destination": "LAX",
        "departure": "2008-01-31T18:05:00Z", "arrival": "2008-01-31T23:05:00Z",
    })
}

#[test]
fn a_later_reader_reads_what_this_version_wrote() {
    let later = Schema::of_reader(&later_event_schema()).unwrap();
    for (written, read) in [
        (
            json!({"LegAdded": {"leg": a_leg()}}),
            json!({"LegAdded": {"leg": {"service_type": "J", "leg_id": "l1", "designator": "HA11", "origin": "HNL",
                "destination": "LAX", "departure": "2008-01-31T18:05:00Z", "arrival": "2008-01-31T23:05:00Z"}}}),
        ),
        (json!({"RotationRemoved": {}}), json!({"RotationRemoved": {}})),
        (json!({"RotationActivated": {}}), json!({"RotationActivated": {}})),
    ] {
        let mut body = Vec::new();
        json::put(Content::Event.schema(), &an_event(written), Form::Typed, &mut body).unwrap();
        let mut resolved = Vec::new();
        resolve(Content::Event.schema(), &later, &body, None, &mut resolved).unwrap();
        let mut expected = an_event(read);
        expected["reason"] = Value::Null;
        assert_eq!(json::read(&later, &resolved).unwrap(), expected);
    }
}

#[test]
fn a_version_says_why_it_does_not_read_what_another_schema_wrote() {
    for content in Content::ALL {
        for released in content.versions() {
            content.latest().reads(released.json()).unwrap();
        }
        let latest = content.latest();
        for other in Content::ALL.into_iter().filter(|other| *other != content) {
            assert!(
                latest.reads(other.latest().json()).is_err(),
                "{} reads {}",
                content.record_name(),
                other.record_name()
            );
        }
        let mut writer: Value = serde_json::from_str(latest.json()).unwrap();
        writer["fields"].as_array_mut().unwrap().remove(0);
        assert!(
            !latest.reads(&writer.to_string()).unwrap_err().is_empty(),
            "a field without a default is not written"
        );
        latest.reads("no schema").unwrap_err();
    }
}

#[test]
fn the_avro_library_agrees_that_the_later_reader_is_compatible() {
    let writer = apache_avro::Schema::parse_str(Content::Event.latest().json()).unwrap();
    let later = apache_avro::Schema::parse_str(&later_event_schema()).unwrap();
    SchemaCompatibility::can_read(&writer, &later).unwrap();
}

#[test]
fn a_reader_whose_new_field_has_no_default_does_not_read_this_version() {
    let mut later: Value = serde_json::from_str(Content::Event.latest().json()).unwrap();
    let fields = later["fields"].as_array_mut().unwrap();
    fields.push(json!({"name": "reason", "type": "string"}));
    let later = Schema::of_reader(&later.to_string()).unwrap();
    let mut body = Vec::new();
    json::put(
        Content::Event.schema(),
        &an_event(json!({"RotationRemoved": {}})),
        Form::Typed,
        &mut body,
    )
    .unwrap();
    let problem = resolve(Content::Event.schema(), &later, &body, None, &mut Vec::new()).unwrap_err();
    assert_eq!(problem.to_string(), "reason is missing");
}

#[test]
fn the_registry_is_to_keep_every_kind_compatible_with_all_its_versions() {
    let names = Content::ALL.map(|content| content.compatibility().name());
    assert_eq!(names, ["BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", "FULL_TRANSITIVE"]);
}

/// The branches of the payload of the latest schema, by name.
fn payload_of(content: Content) -> Vec<&'static str> {
    let schema: &'static Schema = content.schema();
    let apache_avro::Schema::Record(record) = schema.root() else {
        panic!("a record")
    };
    let payload = record.fields.iter().find(|field| field.name == "payload").unwrap();
    let apache_avro::Schema::Union(union) = &payload.schema else {
        panic!("a union")
    };
    union.variants().iter().map(name_of).collect()
}

#[test]
fn commands_and_events_are_named_and_ordered_as_in_the_schemas() {
    assert_eq!(payload_of(Content::Command), commands::BRANCHES);
    assert_eq!(payload_of(Content::Event), events::BRANCHES);
    let names: Vec<_> = one_event_of_each().iter().map(events::event_type).collect();
    assert_eq!(names, events::BRANCHES);
    let names: Vec<_> = one_command_of_each()
        .iter()
        .map(|(_, command)| crate::command_type(command))
        .collect();
    assert_eq!(names, commands::BRANCHES);
}
