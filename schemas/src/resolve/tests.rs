//! What other writers may legally do to our schemas, and that it is read as they meant it.

use super::*;
use crate::released::Content;
use crate::samples::{any_command, written_by_the_library};
use crate::{AvroCodec, SchemaIds, command_to_avro, command_to_json};
use decider::{CommandEnvelope, WriterSchema};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

fn read_as(writer: &Json, reader: &Json, value: Value) -> Result<Json, String> {
    let body = written_by_the_library(&writer.to_string(), value);
    let (writer, reader) = (
        Schema::parse(&writer.to_string()).unwrap(),
        Schema::of_reader(&reader.to_string()).unwrap(),
    );
    let mut out = Vec::new();
    resolve(&writer, &reader, &body, None, &mut out).map_err(|problem| problem.to_string())?;
    reader.to_json(&out)
}

fn record(fields: Json) -> Json {
    json!({"type": "record", "name": "R", "fields": fields})
}

fn one(of: Json) -> Json {
    record(json!([{"name": "a", "type": of}]))
}

fn check(writer: Json, value: Value, reader: Json, expected: Json) {
    let value = Value::Record(vec![("a".to_owned(), value)]);
    let found = read_as(&one(writer.clone()), &one(reader.clone()), value);
    assert_eq!(found, Ok(json!({ "a": expected })), "{writer} as {reader}");
}

fn check_refused(writer: Json, value: Value, reader: Json) {
    let value = Value::Record(vec![("a".to_owned(), value)]);
    let found = read_as(&one(writer.clone()), &one(reader.clone()), value);
    assert!(found.is_err(), "{writer} as {reader}: {found:?}");
}

#[test]
fn numbers_text_and_bytes_are_promoted_as_the_specification_says() {
    check(json!("int"), Value::Int(7), json!("long"), json!(7));
    check(json!("int"), Value::Int(7), json!("double"), json!(7.0));
    check(json!("long"), Value::Long(7), json!("float"), json!(7.0));
    check(json!("float"), Value::Float(0.5), json!("double"), json!(0.5));
    check(json!("string"), Value::String("x".into()), json!("bytes"), json!("x"));
    check(json!("bytes"), Value::Bytes(b"x".to_vec()), json!("string"), json!("x"));
    let instant = json!({"type": "long", "logicalType": "timestamp-millis"});
    check(json!("int"), Value::Int(0), instant.clone(), json!("1970-01-01T00:00:00.000Z"));
    check(json!("long"), Value::Long(0), instant.clone(), json!("1970-01-01T00:00:00.000Z"));
    check(instant, Value::TimestampMillis(5), json!("long"), json!(5));
}

#[test]
fn what_is_no_promotion_is_refused() {
    let instant = || json!({"type": "long", "logicalType": "timestamp-millis"});
    let micros = json!({"type": "long", "logicalType": "timestamp-micros"});
    check_refused(micros, Value::TimestampMicros(1), instant());
    let date = json!({"type": "int", "logicalType": "date"});
    check_refused(date, Value::Date(1), instant());
    check_refused(json!("string"), Value::String("7".into()), json!("long"));
    check_refused(json!("long"), Value::Long(1 << 40), json!("int"));
    check_refused(json!("boolean"), Value::Boolean(true), json!("int"));
    check_refused(json!("null"), Value::Null, json!("string"));
}

#[test]
fn unions_are_resolved_by_type_and_by_name() {
    let some = |of: Value| Value::Union(1, Box::new(of));
    let optional = || json!(["null", "long"]);
    check(json!("int"), Value::Int(3), optional(), json!(3));
    check(json!(["null", "int"]), some(Value::Int(3)), optional(), json!(3));
    check(
        json!(["int", "null"]),
        Value::Union(1, Box::new(Value::Null)),
        optional(),
        Json::Null,
    );
    check(json!(["null", "int"]), some(Value::Int(3)), json!("long"), json!(3));
    check_refused(json!(["null", "int"]), Value::Union(0, Box::new(Value::Null)), json!("long"));
    check_refused(json!(["null", "string"]), some(Value::String("x".into())), optional());
}

fn empty(name: &str) -> Json {
    json!({"type": "record", "name": name, "fields": []})
}

#[test]
fn the_library_takes_a_record_without_fields_for_the_first_that_has_none_and_we_do_not() {
    let reader = json!([empty("Activate"), empty("Remove")]);
    let value = || Value::Record(vec![]);
    check(empty("Remove"), value(), reader.clone(), json!({"Remove": {}}));
    let union = json!([empty("Remove"), empty("Other")]);
    check(
        union.clone(),
        Value::Union(0, Box::new(value())),
        reader.clone(),
        json!({"Remove": {}}),
    );
    check_refused(union, Value::Union(1, Box::new(value())), reader.clone());
    // What is done around: as soon as the library does it right, this can go.
    let library = apache_avro::Schema::parse(&reader).unwrap();
    let resolved = Value::Union(0, Box::new(value())).resolve(&library).unwrap();
    assert_eq!(
        resolved,
        Value::Union(0, Box::new(value())),
        "it has no way to tell Remove from Activate"
    );
}

#[test]
fn the_library_does_not_look_at_aliases_of_the_reader_and_we_do() {
    let reader = record(json!([{"name": "b", "aliases": ["z", "a"], "type": "int"}]));
    let value = || Value::Record(vec![("a".to_owned(), Value::Int(4))]);
    assert_eq!(read_as(&one(json!("int")), &reader, value()), Ok(json!({"b": 4})));
    assert!(value().resolve(&apache_avro::Schema::parse(&reader).unwrap()).is_err());
    let renamed = json!([empty("Other"), {"type": "record", "name": "New", "aliases": ["Old"], "fields": []}]);
    check(empty("Old"), Value::Record(vec![]), renamed, json!({"New": {}}));
}

#[test]
fn the_library_takes_the_end_for_a_null_and_we_do_not() {
    let schema =
        Schema::parse(&record(json!([{"name": "a", "type": "int"}, {"name": "b", "type": ["null", "string"]}])).to_string()).unwrap();
    assert!(resolve(&schema, &schema, &[2, 0], None, &mut Vec::new()).is_ok());
    let problem = resolve(&schema, &schema, &[2], None, &mut Vec::new()).unwrap_err();
    assert_eq!(problem.to_string(), "b ends before it should");
    let library = GenericDatumReader::builder(schema.root()).build().unwrap();
    assert!(library.read_value(&mut &[2_u8][..]).is_ok());
    let problem = resolve(&schema, &schema, &[2, 0, 0], None, &mut Vec::new()).unwrap_err();
    assert_eq!(problem.to_string(), "the value has 1 bytes too many");
}

#[test]
fn defaults_of_the_reader_fill_what_is_missing_and_what_has_none_is_named() {
    let reader = record(json!([
        {"name": "n", "type": ["null", "string"], "default": null},
        {"name": "s", "type": ["string", "null"], "default": "x"},
        {"name": "i", "type": "int", "default": 3},
        {"name": "l", "type": {"type": "array", "items": "int"}, "default": [1]},
        {"name": "r", "type": {"type": "record", "name": "I", "fields": [{"name": "j", "type": "int"}]}, "default": {"j": 4}},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["p", "q"]}, "default": "q"},
    ]));
    let found = read_as(&record(json!([])), &reader, Value::Record(vec![]));
    let expected = json!({"n": null, "s": {"string": "x"}, "i": 3, "l": [1], "r": {"j": 4}, "e": "q"});
    let expected_optional = json!({"n": null, "s": "x", "i": 3, "l": [1], "r": {"j": 4}, "e": "q"});
    assert!(found == Ok(expected) || found == Ok(expected_optional), "{found:?}");
    let missing = read_as(&record(json!([])), &one(json!("int")), Value::Record(vec![]));
    assert_eq!(missing, Err("a is missing".to_owned()));
}

#[test]
fn a_list_within_itself_may_be_there_and_is_left_out() {
    let list = json!({"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]});
    let writer = record(json!([{"name": "more", "type": list}, {"name": "a", "type": "int"}]));
    let (writer, reader) = (
        Schema::parse(&writer.to_string()).unwrap(),
        Schema::parse(&one(json!("int")).to_string()).unwrap(),
    );
    let mut out = Vec::new();
    resolve(&writer, &reader, &[2, 2, 0, 14], None, &mut out).unwrap();
    assert_eq!(out, [14]);
    let mut deep = vec![2; 400_000];
    deep.extend([0, 14]);
    let problem = resolve(&writer, &reader, &deep, None, &mut out).unwrap_err();
    assert!(problem.to_string().ends_with("more than 64 levels deep"), "{problem}");
}

#[test]
fn lists_of_nothing_that_the_reader_does_not_want_cost_nothing() {
    let writer = record(json!([
        {"name": "more", "type": {"type": "array", "items": {"type": "array", "items": "null"}}}, {"name": "a", "type": "int"}
    ]));
    let (writer, reader) = (
        Schema::parse(&writer.to_string()).unwrap(),
        Schema::parse(&one(json!("int")).to_string()).unwrap(),
    );
    let mut body = Vec::new();
    crate::binary::put_count(100_000, &mut body);
    for _ in 0..100_000 {
        crate::binary::put_count(10_000, &mut body);
        body.push(0);
    }
    body.extend([0, 14]);
    assert!(resolve(&writer, &reader, &body, None, &mut Vec::new()).is_err());
}

/// Prints what decision 0020 quotes: `cargo test --release -p schemas -- --ignored --nocapture by_hand`.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::disallowed_methods)]
fn time_by_hand_and_through_the_library() {
    const TIMES: u32 = 20_000;
    let sent = CommandEnvelope {
        command_id: Uuid::from_u128(7),
        aggregate_id: "rotation/r1".to_owned(),
        expected_version: Some(4),
        issued_by: None,
        command: crate::samples::one_command_of_each().swap_remove(5).1,
    };
    let mut codec = AvroCodec::new(SchemaIds {
        command: 1,
        event: 2,
        outcome: 3,
    });
    let mut schema: Json = serde_json::from_str(Content::Command.latest().json()).unwrap();
    schema = serde_json::from_str(&schema.to_string().replace(r#""Leg""#, r#""Flight""#)).unwrap();
    codec.learn(99, &schema.to_string().as_str().into()).unwrap();
    for (what, id) in [("by hand", 1), ("through the library", 99)] {
        let value = command_to_avro(&sent, id);
        let begun = std::time::Instant::now();
        for _ in 0..TIMES {
            assert!(codec.decode_command(None, &value).is_ok());
        }
        eprintln!("{what}: {:?} for a command with one leg", begun.elapsed() / TIMES);
    }
}

// Random writers: our command schema after any number of legal steps.

/// What a writer may do, each with a place to do it at.
#[derive(Debug, Clone, Copy)]
enum Step {
    AddField,
    Reorder,
    Narrow,
    Rename,
    PlainPayload,
    SwapOptional,
    DropOptional,
    Document,
    Namespace,
    ReorderBranches,
    AddBranch,
    Reference,
}

fn any_step() -> impl Strategy<Value = (Step, Index)> {
    use Step::*;
    let steps = vec![
        AddField,
        Reorder,
        Narrow,
        Rename,
        PlainPayload,
        SwapOptional,
        DropOptional,
        Document,
        Namespace,
        ReorderBranches,
        AddBranch,
        Reference,
    ];
    (prop::sample::select(steps), any::<Index>())
}

/// The records of a schema, at their JSON pointers; outer ones first.
fn records(json: &Json, path: &str, found: &mut Vec<String>) {
    match json {
        Json::Object(object) => {
            if object.get("fields").is_some() {
                found.push(path.to_owned());
            }
            object
                .iter()
                .for_each(|(key, value)| records(value, &format!("{path}/{key}"), found));
        }
        Json::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| records(item, &format!("{path}/{index}"), found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn payload(schema: &mut Json) -> &mut Json {
    let fields = schema["fields"].as_array_mut().unwrap();
    &mut fields.iter_mut().find(|field| field["name"] == "payload").unwrap()["type"]
}

/// One step at the schema and its value, whose own JSON is as the schema is read; `false` where it cannot be done here.
fn evolve(step: Step, at: Index, count: usize, schema: &mut Json, branch: &str, references: &mut Vec<String>) {
    let mut places = Vec::new();
    records(schema, "", &mut places);
    let place = places[at.index(places.len())].clone();
    match step {
        Step::AddField => {
            let of = [
                json!("string"),
                json!(["null", "int"]),
                json!({"type": "map", "values": "long"}),
                json!("boolean"),
            ];
            let fields = schema.pointer_mut(&place).unwrap()["fields"].as_array_mut().unwrap();
            let index = at.index(fields.len() + 1);
            fields.insert(index, json!({"name": format!("extra{count}"), "type": of[at.index(of.len())]}));
        }
        Step::Reorder => schema.pointer_mut(&place).unwrap()["fields"].as_array_mut().unwrap().reverse(),
        Step::Narrow => {
            let fields = schema["fields"].as_array_mut().unwrap();
            let version = fields.iter_mut().find(|field| field["name"] == "expected_version").unwrap();
            if version["type"].is_array() {
                version["type"] = json!(["null", "int"]);
            }
        }
        // The name of the record of a list's items does not matter to what is read.
        Step::Rename => {
            let text = schema.to_string();
            if text.contains(r#""name":"Leg""#) && references.is_empty() {
                *schema = serde_json::from_str(&text.replace(r#""Leg""#, r#""Flight""#)).unwrap();
            }
        }
        Step::PlainPayload => {
            let payload = payload(schema);
            if let Some(branches) = payload.as_array() {
                let fields = branches.iter().flat_map(|of| of["fields"].as_array().into_iter().flatten());
                let mut items = fields.filter_map(|field| field.pointer("/type/items"));
                let leg = items.find(|items| items.is_object()).cloned();
                let mut plain = branches.iter().find(|of| of["name"] == branch).unwrap().clone();
                if let Some(leg) = leg {
                    define(&mut plain, &leg);
                }
                *payload = plain;
            }
        }
        Step::SwapOptional
        | Step::DropOptional
        | Step::Document
        | Step::Namespace
        | Step::ReorderBranches
        | Step::AddBranch
        | Step::Reference => {
            evolve_further(step, at, count, schema, &place, references);
        }
    }
}

/// A branch that stands alone defines the record that another branch has defined for it.
fn define(branch: &mut Json, leg: &Json) {
    let name = leg["name"].as_str().unwrap();
    for field in branch["fields"].as_array_mut().into_iter().flatten() {
        let items = field.pointer_mut("/type/items");
        if let Some(items) = items.filter(|items| items.as_str().is_some_and(|of| of.ends_with(name))) {
            *items = leg.clone();
        }
    }
}

fn evolve_further(step: Step, at: Index, count: usize, schema: &mut Json, place: &str, references: &mut Vec<String>) {
    match step {
        Step::AddField | Step::Reorder | Step::Narrow | Step::Rename | Step::PlainPayload => {}
        Step::SwapOptional | Step::DropOptional => {
            let fields = schema["fields"].as_array_mut().unwrap();
            let issued_by = fields.iter_mut().find(|field| field["name"] == "issued_by").unwrap();
            if issued_by["type"].is_array() {
                let is_dropped = matches!(step, Step::DropOptional);
                issued_by["type"] = if is_dropped { json!("string") } else { json!(["string", "null"]) };
                issued_by.as_object_mut().unwrap().remove("default");
            }
        }
        Step::Document => {
            let record = schema.pointer_mut(place).unwrap();
            record["doc"] = json!("x".repeat(at.index(100)));
            record["aliases"] = json!([format!("Alias{count}"), "other.Alias"]);
            record["custom"] = json!({"a": [1, 2]});
        }
        Step::Namespace => {
            schema["namespace"] = json!("their.own");
        }
        Step::ReorderBranches => {
            // Types are defined before they are used.
            if let Some(branches) = payload(schema).as_array_mut() {
                let index = branches.iter().position(|of| of["name"] == "AddLegs");
                let movable: Vec<usize> = (0..branches.len())
                    .filter(|place| index.is_none_or(|index| *place < index))
                    .collect();
                if let [first, .., last] = movable[..] {
                    branches.swap(first, last);
                }
            }
        }
        Step::AddBranch => {
            if let Some(branches) = payload(schema).as_array_mut() {
                branches.insert(0, json!({"type": "record", "name": format!("Dance{count}"), "fields": []}));
            }
        }
        Step::Reference => {
            let text = schema.to_string();
            let mut found = Vec::new();
            records(schema, "", &mut found);
            let leg = found.into_iter().find(|place| schema.pointer(place).unwrap()["name"] == "Leg");
            if let (Some(leg), true) = (leg, text.contains(r#""items":"#) && references.is_empty()) {
                let mut of = schema.pointer(&leg).unwrap().clone();
                of["namespace"] = json!("shared");
                references.push(of.to_string());
                *schema.pointer_mut(&leg).unwrap() = json!("shared.Leg");
                let text = schema.to_string().replace(r#""items":"Leg""#, r#""items":"shared.Leg""#);
                *schema = serde_json::from_str(&text).unwrap();
            }
        }
    }
}

/// The command's JSON as the writer's schema wants it: what was added has values, what is left out is gone.
fn suited(value: &Json, of: &Json, named: &Map<String, Json>) -> Json {
    match of {
        Json::String(name) => match named.get(name.rsplit('.').next().unwrap()) {
            Some(of) => suited(value, of, named),
            None => value.clone(),
        },
        Json::Array(branches) => {
            let is_optional = branches.len() == 2 && branches.contains(&json!("null"));
            let Some((name, inner)) = value.as_object().filter(|_| !is_optional).and_then(|object| object.iter().next()) else {
                return value.clone();
            };
            let branch = branches.iter().find(|branch| branch["name"] == **name).unwrap();
            json!({ name: suited(inner, branch, named) })
        }
        Json::Object(object) => match object["type"].as_str() {
            Some("record") => {
                // Where the payload is plain, its branch's name is gone.
                let value = value
                    .as_object()
                    .filter(|value| value.len() == 1)
                    .and_then(|value| value.get(object["name"].as_str().unwrap()))
                    .unwrap_or(value);
                let fields = object["fields"].as_array().unwrap().iter().map(|field| {
                    let name = field["name"].as_str().unwrap();
                    let extra = match &field["type"] {
                        Json::String(of) if of == "string" => json!("planner"),
                        Json::String(_) => json!(true),
                        Json::Array(_) => Json::Null,
                        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => json!({}),
                    };
                    let given = value.get(name).filter(|given| !(given.is_null() && field["type"].is_string()));
                    (name.to_owned(), given.map_or(extra, |given| suited(given, &field["type"], named)))
                });
                Json::Object(fields.collect())
            }
            Some("array") => value
                .as_array()
                .unwrap()
                .iter()
                .map(|item| suited(item, &object["items"], named))
                .collect(),
            _ => value.clone(),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
    }
}

fn named(json: &Json, found: &mut Map<String, Json>) {
    let mut places = Vec::new();
    records(json, "", &mut places);
    for place in places {
        let of = json.pointer(&place).unwrap();
        found.insert(of["name"].as_str().unwrap().to_owned(), of.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_command_of_any_legal_writer_is_read_as_it_was_meant(
        command in any_command(), version in proptest::option::of(0..i32::MAX as u64), steps in proptest::collection::vec(any_step(), 0..8),
    ) {
        let sent = CommandEnvelope {
            command_id: Uuid::from_u128(7),
            aggregate_id: "rotation/r1".to_owned(),
            expected_version: version,
            issued_by: Some("planner".to_owned()),
            command,
        };
        let value = command_to_json(&sent);
        let branch = value["payload"].as_object().unwrap().keys().next().unwrap().clone();
        let mut schema: Json = serde_json::from_str(Content::Command.latest().json()).unwrap();
        let mut references = Vec::new();
        for (count, (step, at)) in steps.into_iter().enumerate() {
            evolve(step, at, count, &mut schema, &branch, &mut references);
        }
        let writer = WriterSchema { json: schema.to_string(), references };
        let parsed = Schema::of_writer(&writer);
        prop_assert!(parsed.is_ok(), "{:?} of {}", parsed.err(), schema);
        let parsed = parsed.unwrap();
        let mut types = Map::new();
        writer.references.iter().for_each(|of| named(&serde_json::from_str(of).unwrap(), &mut types));
        named(&schema, &mut types);
        let mut body = vec![0, 0, 0, 0, 99];
        let theirs = suited(&value, &schema, &types);
        let put = crate::json::put(&parsed, &theirs, crate::json::Form::Printed, &mut body);
        prop_assert!(put.is_ok(), "{:?} {} {}", put, theirs, schema);
        let mut codec = AvroCodec::new(SchemaIds { command: 1, event: 2, outcome: 3 });
        codec.learn(99, &writer).unwrap();
        let expected = codec.decode_command(None, &command_to_avro(&sent, 1));
        prop_assert_eq!(codec.decode_command(None, &body), expected, "{}", schema);
    }

    #[test]
    fn no_schema_and_no_bytes_panic(bytes: Vec<u8>, steps in proptest::collection::vec(any_step(), 0..8), cut: Index, with in "[\\[\\]{}\",:0-9a-z]{0,3}") {
        let mut schema: Json = serde_json::from_str(Content::Command.latest().json()).unwrap();
        let mut references = Vec::new();
        for (count, (step, at)) in steps.into_iter().enumerate() {
            evolve(step, at, count, &mut schema, "AddLegs", &mut references);
        }
        let mut json = schema.to_string();
        if let Ok(parsed) = Schema::of_writer(&WriterSchema { json: json.clone(), references: references.clone() }) {
            let _ = resolve(&parsed, Content::Command.schema(), &bytes, None, &mut Vec::new());
        }
        let at = cut.index(json.len());
        json.replace_range(at..(at + with.len()).min(json.len()), &with);
        if let Ok(parsed) = Schema::of_writer(&WriterSchema { json, references }) {
            let _ = resolve(&parsed, Content::Command.schema(), &bytes, None, &mut Vec::new());
        }
    }
}

#[test]
fn a_problem_is_found_at_the_record_of_a_union_of_records_and_at_the_field_of_any_other_union() {
    let problem_at = |writer: Json, value: Value, reader: Json| {
        let value = Value::Record(vec![("a".to_owned(), value)]);
        let problem = read_as(&one(writer), &one(reader), value).unwrap_err();
        problem.split(' ').next().unwrap_or_default().to_owned()
    };
    let mood = |symbols: Json| json!({"type": "enum", "name": "Mood", "symbols": symbols});
    let of = |symbols: Json| json!({"type": "record", "name": "Person", "fields": [{"name": "mood", "type": mood(symbols)}]});
    let (written, wanted) = (json!(["calm", "wild"]), json!(["calm"]));
    let wild = || Value::Enum(1, "wild".to_owned());
    let person = || Value::Record(vec![("mood".to_owned(), wild())]);
    let at = |reader: Json| problem_at(of(written.clone()), person(), reader);
    assert_eq!(at(json!(["null", "int", of(wanted.clone())])), "a.Person.mood");
    assert_eq!(at(json!(["null", of(wanted.clone())])), "a.mood");
    let at = |reader: Json| problem_at(mood(written.clone()), wild(), reader);
    assert_eq!(at(json!(["null", "int", mood(wanted.clone())])), "a");
    assert_eq!(at(json!(["null", mood(wanted.clone())])), "a");
}
