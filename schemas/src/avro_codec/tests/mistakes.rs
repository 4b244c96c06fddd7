//! Commands that look right and mean something else: each is a dead letter or a rejection, in JSON and in Avro alike, never a command.

use super::*;
use domain::State;

/// What becomes of a command, as far as it can be said without its aggregate's history.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    DeadLetter(String),
    Rejected(String),
    /// It may be decided.
    Command,
}

fn verdict(decoded: Result<CommandEnvelope<crate::Command>, DecodeError>) -> Verdict {
    let command = match decoded {
        Err(error) => return Verdict::DeadLetter(error.to_string()),
        Ok(envelope) => envelope.command,
    };
    match command.command {
        Err(invalid) => Verdict::Rejected(invalid.rejection.message),
        Ok(decidable) => match domain::decide(&command.id, &State::initial(&command.id), &decidable) {
            Err(rejection) if rejection.rule == "wrong-aggregate" => Verdict::Rejected(rejection.message),
            Ok(_) | Err(_) => Verdict::Command,
        },
    }
}

fn of_json(json: &Value) -> Verdict {
    verdict(codec().decode_command(JSON, json.to_string().as_bytes()))
}

/// The same value in Avro, where Avro can say it at all.
fn of_avro(json: &Value) -> Option<Verdict> {
    let mut value = Vec::new();
    put_frame(1, &mut value);
    json::put(Content::Command.schema(), json, Form::Typed, &mut value).ok()?;
    Some(verdict(codec().decode_command(None, &value)))
}

/// Fields that may be absent or null in JSON, in addition to those that `typed` fills in.
const OPTIONAL: [&str; 2] = ["/expected_version", "/issued_by"];
/// Fields that hold a code, whose case matters.
const CODES: [&str; 6] = ["origin", "destination", "registration", "designator", "aircraft_type", "mode"];

fn is_optional(json: &Value, pointer: &str) -> bool {
    let name = json["payload"].as_object().and_then(|named| named.keys().next()).unwrap();
    let is_called = |field: &str| pointer == format!("/payload/{name}/{field}");
    OPTIONAL.contains(&pointer)
        || commands::own_id_field(name).is_some_and(is_called)
        || name == "SetMinimumGroundTime" && is_called("aircraft_type")
        || name == "CorrectAirport" && ["name", "zone"].into_iter().any(is_called)
}

/// Every place in a document: of each member and of each item.
fn places(json: &Value, at: &str, found: &mut Vec<String>) {
    let mut visit = |key: &str, inner: &Value| {
        let place = format!("{at}/{key}");
        places(inner, &place, found);
        found.push(place);
    };
    match json {
        Value::Object(members) => members.iter().for_each(|(key, inner)| visit(key, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| visit(&index.to_string(), inner)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn replaced(json: &Value, place: &str, value: Value) -> Value {
    let mut json = json.clone();
    *json.pointer_mut(place).unwrap() = value;
    json
}

/// The document with the member at `place` renamed, or removed.
fn renamed(json: &Value, place: &str, name: Option<&str>) -> Option<Value> {
    let mut json = json.clone();
    let (parent, key) = place.rsplit_once('/')?;
    let members = json.pointer_mut(parent)?.as_object_mut()?;
    let value = members.remove(key)?;
    if let Some(name) = name {
        members.insert(name.to_owned(), value);
    }
    Some(json)
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + &part[..1].to_uppercase() + &part[1..])
}

/// Values of other types, and of the right type with another meaning.
fn wrong_values(name: &str, value: &Value) -> Vec<Value> {
    let mut wrong = match value {
        Value::String(text) => vec![
            json!(1),
            json!(true),
            json!([text]),
            json!({ "string": text }),
            json!(format!(" {text}")),
            json!(""),
        ],
        Value::Number(number) => vec![
            json!(number.to_string()),
            json!(30.5),
            json!(-1),
            json!(1e20),
            json!(true),
            json!([number]),
        ],
        Value::Object(_) => vec![json!([]), json!("{}"), json!(0), Value::Null],
        Value::Array(_) => vec![json!({}), json!("[]"), json!(0), Value::Null],
        Value::Null | Value::Bool(_) => Vec::new(),
    };
    // A name and who issued a command are free text.
    let is_text = ["name", "issued_by"].contains(&name);
    wrong.retain(|wrong| !(is_text && wrong.is_string()));
    if let Value::String(text) = value
        && CODES.contains(&name)
    {
        let other_case = if text.to_lowercase() == *text {
            text.to_uppercase()
        } else {
            text.to_lowercase()
        };
        if other_case != *text {
            wrong.push(json!(other_case));
        }
    }
    wrong
}

fn mistakes(json: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut found = Vec::new();
    places(json, "", &mut found);
    for place in &found {
        let name = place.rsplit('/').next().unwrap_or_default();
        let value = json.pointer(place).unwrap();
        for wrong in wrong_values(name, value) {
            all.push((format!("{place} is {wrong}"), replaced(json, place, wrong)));
        }
        if !is_optional(json, place) {
            all.push((format!("{place} is null"), replaced(json, place, Value::Null)));
            all.extend(renamed(json, place, None).map(|mistake| (format!("{place} is missing"), mistake)));
        }
        for other in [name.to_uppercase(), camel_case(name), format!("{name}s")] {
            if other != name {
                let mistake = renamed(json, place, Some(&other));
                all.extend(mistake.map(|mistake| (format!("{place} is called {other}"), mistake)));
            }
        }
        if let Value::Object(members) = value {
            let mut more = members.clone();
            more.insert("force".to_owned(), json!(true));
            all.push((format!("{place} has a member more"), replaced(json, place, more.into())));
        }
    }
    all
}

/// Every payload for every kind of aggregate but its own.
fn of_others(json: &Value) -> Vec<(String, Value)> {
    let own = json["aggregate_id"].as_str().unwrap();
    let kind = own.split('/').next().unwrap();
    let others = ["airport/HNL", "airplane/N475HA", "rotation/r1"]
        .into_iter()
        .filter(|id| !id.starts_with(kind));
    let malformed = [
        own.to_uppercase(),
        own.replace('/', ":"),
        format!("{own}/x"),
        kind.to_owned(),
        format!("leg/{own}"),
    ];
    others
        .map(str::to_owned)
        .chain(malformed)
        .map(|id| (format!("for {id}"), replaced(json, "/aggregate_id", json!(id))))
        .collect()
}

#[test]
fn commands_that_look_right_and_mean_something_else_are_never_commands() {
    let (mut tried, mut in_avro) = (0, 0);
    for (id, command) in one_command_of_each() {
        let json = command_to_json(&envelope(id, command));
        assert_eq!(of_json(&json), Verdict::Command, "{json}");
        assert_eq!(of_avro(&json), Some(Verdict::Command), "{json}");
        for (what, mistake) in mistakes(&json).into_iter().chain(of_others(&json)) {
            let verdict = of_json(&mistake);
            assert_ne!(verdict, Verdict::Command, "{what} in {json}");
            tried += 1;
            if let Some(in_bytes) = of_avro(&mistake) {
                assert_eq!(in_bytes, verdict, "{what} in {json}");
                in_avro += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
    assert!(in_avro > 100, "{in_avro}");
}
