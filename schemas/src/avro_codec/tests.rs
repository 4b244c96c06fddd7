//! Bytes and JSON to commands, events to bytes and back, compared with the Avro library; and everything that may arrive instead.

mod meaning;
mod mistakes;

use super::*;
use crate::samples::{
    any_command, any_event_envelope, any_outcome, event, leg, one_command_of_each, one_event_of_each, outcome, read_by_the_library,
    written_by_the_library,
};
use crate::{command_to_avro, command_to_json};
use apache_avro::types::Value as Avro;
use decider::Rejection;
use domain::{Command, rotation};
use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const JSON: Option<&[u8]> = Some(b"application/json");

fn codec() -> AvroCodec {
    AvroCodec::new(SchemaIds {
        command: 1,
        event: 2,
        outcome: 3,
    })
}

fn envelope(aggregate_id: &str, command: Command) -> CommandEnvelope<Command> {
    CommandEnvelope {
        command_id: Uuid::from_u128(1),
        aggregate_id: aggregate_id.to_owned(),
        expected_version: Some(4),
        issued_by: Some("planner".to_owned()),
        command,
    }
}

fn decoded(sent: &CommandEnvelope<Command>) -> CommandEnvelope<crate::Command> {
    CommandEnvelope {
        command_id: sent.command_id,
        aggregate_id: sent.aggregate_id.clone(),
        expected_version: sent.expected_version,
        issued_by: sent.issued_by.clone(),
        command: crate::Command {
            id: AggregateId::parse(&sent.aggregate_id).unwrap(),
            command: Ok(sent.command.clone()),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(32)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

fn add_legs() -> Value {
    let legs = Command::Rotation(rotation::Command::AddLegs { legs: vec![leg("a")] });
    command_to_json(&envelope("rotation/r1", legs))
}

fn decode_json(json: &Value) -> Result<CommandEnvelope<crate::Command>, String> {
    codec()
        .decode_command(JSON, json.to_string().as_bytes())
        .map_err(|error| error.to_string())
}

/// The value after it went through the Avro library.
fn through_the_library(content: Content, body: &[u8]) -> Vec<u8> {
    let schema = content.latest().json();
    written_by_the_library(schema, read_by_the_library(schema, body))
}

#[test]
fn every_command_comes_back_from_avro_and_from_json() {
    for (aggregate_id, command) in one_command_of_each() {
        let sent = envelope(aggregate_id, command);
        let expected = Ok(decoded(&sent));
        assert_eq!(codec().decode_command(None, &command_to_avro(&sent, 1)), expected);
        assert_eq!(
            codec().decode_command(JSON, command_to_json(&sent).to_string().as_bytes()),
            expected
        );
    }
}

#[test]
fn every_event_comes_back() {
    for sample in one_event_of_each() {
        let (mut codec, event, mut out) = (codec(), event(sample), Vec::new());
        codec.encode_event(&event, &mut out);
        assert_eq!(codec.decode_event(&out), Ok(event));
    }
}

#[test]
fn commands_have_these_bytes() {
    let bytes = one_command_of_each()
        .into_iter()
        .map(|(id, command)| command_to_avro(&envelope(id, command), 258));
    expect![[r#"
        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116616972706f72742f484e4c0208020e706c616e6e65
        720010486f6e6f6c756c7520506163696669632f486f6e6f6c756c753c

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116616972706f72742f484e4c0208020e706c616e6e65
        72020637363350

        00000001024830303030303030302d303030302d303030302d303030302d3030
        303030303030303030311e616972706c616e652f4e34373548410208020e706c
        616e6e6572040c4e343735484106373633

        00000001024830303030303030302d303030302d303030302d303030302d3030
        303030303030303030311e616972706c616e652f4e34373548410208020e706c
        616e6e6572060c4e3437354841

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        720802

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        720a020261084841313106484e4c064c4158c093af90fa45c0b5c4a1fa4500

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        720c02026100

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        720e02026100020262084841313106484e4c064c4158c093af90fa45c0b5c4a1
        fa4500

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        72100261c093af90fa45c0b5c4a1fa45

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        72120c4e3437354841

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        7214047231

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        7216047231

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f72310208020e706c616e6e65
        7218047231

        00000001024830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116616972706f72742f484e4c0208020e706c616e6e65
        721a06484e4c000220506163696669632f486f6e6f6c756c75

        00000001024830303030303030302d303030302d303030302d303030302d3030
        303030303030303030311e616972706c616e652f4e34373548410208020e706c
        616e6e65721c0c4e343735484106373633"#]]
    .assert_eq(&bytes.map(|bytes| hex(&bytes)).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn events_have_these_bytes() {
    let bytes = one_event_of_each().into_iter().map(|sample| {
        let mut out = Vec::new();
        codec().encode_event(&event(sample), &mut out);
        hex(&out)
    });
    expect![[r#"
        00000000020e16616972706f72742f484e4c064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4500
        10486f6e6f6c756c7520506163696669632f486f6e6f6c756c753c

        00000000020e16616972706f72742f484e4c064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4502
        0050

        00000000020e1e616972706c616e652f4e343735484106483030303030303030
        2d303030302d303030302d303030302d30303030303030303030303112c093af
        90fa450406373633

        00000000020e1e616972706c616e652f4e343735484106483030303030303030
        2d303030302d303030302d303030302d30303030303030303030303112c093af
        90fa4506

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4508
        00

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa450a
        0261084841313106484e4c064c4158c093af90fa45c0b5c4a1fa45

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa450c
        0261084841313106484e4c064c4158c093af90fa45c0b5c4a1fa45

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa450e
        0261c093af90fa45c0b5c4a1fa4580bdb690fa4580dfcba1fa45

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4510
        0c4e3437354841020c4e3437364841

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4512
        0c4e3437354841

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4514

        00000000020e16726f746174696f6e2f7231064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4516

        00000000020e16616972706f72742f484e4c064830303030303030302d303030
        302d303030302d303030302d30303030303030303030303112c093af90fa4518
        2044616e69656c204b2e20496e6f75796520506163696669632f486f6e6f6c75
        6c7510486f6e6f6c756c7506555443

        00000000020e1e616972706c616e652f4e343735484106483030303030303030
        2d303030302d303030302d303030302d30303030303030303030303112c093af
        90fa451a0637363306373137

        00000000020e1e616972706c616e652f4e343735484106483030303030303030
        2d303030302d303030302d303030302d30303030303030303030303112c093af
        90fa451c06373633"#]]
    .assert_eq(&bytes.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn an_outcome_has_these_bytes() {
    let mut out = Vec::new();
    let rejection = Rejection {
        rule: "legs-overlap".to_owned(),
        message: "m".to_owned(),
        facts: vec![BTreeMap::from([("leg".to_owned(), "a".to_owned())])],
    };
    codec().encode_outcome(&outcome(Some(rejection)), &mut out);
    expect![[r#"
        00000000034830303030303030302d303030302d303030302d303030302d3030
        3030303030303030303116726f746174696f6e2f723102060e02120020303132
        33343536373839616263646566c093af90fa4502186c6567732d6f7665726c61
        70026d0202066c656702610000"#]]
    .assert_eq(&hex(&out));
}

#[test]
fn a_command_is_typed_as_this_json() {
    let typed = json!({
        "command_id": "00000000-0000-0000-0000-000000000001",
        "aggregate_id": "rotation/r1",
        "expected_version": 4,
        "issued_by": "planner",
        "payload": {"AddLegs": {"legs": [{
            "leg_id": "a",
            "designator": "HA11",
            "origin": "HNL",
            "destination": "LAX",
            "departure": "2008-01-31T18:05:00.000Z",
            "arrival": "2008-01-31T23:05:00.000Z",
        }]}},
    });
    assert_eq!(add_legs(), typed);
}

#[test]
fn an_own_id_that_is_not_that_of_the_aggregate_is_refused_in_avro_and_in_json() {
    let mut tried = 0;
    for (aggregate_id, command) in one_command_of_each() {
        let Some(field) = commands::own_id_field(crate::command_type(&command)) else {
            continue;
        };
        let sent = envelope(aggregate_id, command);
        let mut json = command_to_json(&sent);
        json["payload"][crate::command_type(&sent.command)][field] = json!("OTHER");
        let in_json = decode_json(&json).unwrap();
        let mut value = Vec::new();
        put_frame(1, &mut value);
        json::put(Content::Command.schema(), &json, Form::Typed, &mut value).unwrap();
        let in_avro = codec().decode_command(None, &value).unwrap();
        for decoded in [in_json, in_avro] {
            let Invalid { rejection, .. } = decoded.command.command.unwrap_err();
            let (_, own) = aggregate_id.split_once('/').unwrap();
            let path = format!("payload.{}.{field}", crate::command_type(&sent.command));
            let reason = format!("\"OTHER\" is not the id in aggregate_id, which is {own:?}");
            assert_eq!((rejection.rule, rejection.message), ("invalid-value", format!("{path}: {reason}")));
        }
        tried += 1;
    }
    assert_eq!(tried, 7);
}

#[test]
fn what_is_optional_may_be_left_out_of_json() {
    let mut less = add_legs();
    less.as_object_mut().unwrap().remove("expected_version");
    less.as_object_mut().unwrap().remove("issued_by");
    let decoded = decode_json(&less).unwrap();
    assert_eq!((decoded.expected_version, decoded.issued_by), (None, None));
}

/// Sets the value at a JSON pointer; `None` removes it.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut json = add_legs();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = json.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(key.to_owned(), value),
        None => parent.remove(key),
    };
    json
}

#[test]
fn json_that_is_no_command_says_what_is_wrong_and_where() {
    const LEG: &str = "/payload/AddLegs/legs/0";
    for (pointer, value, reason) in [
        (
            "/comand_id",
            Some(json!("x")),
            "comand_id is not a field here; the fields are: command_id, aggregate_id, expected_version, issued_by, payload",
        ),
        ("/command_id", None, "command_id is missing"),
        ("/command_id", Some(json!("17")), r#"command_id is "17" where a UUID belongs"#),
        ("/aggregate_id", Some(json!("rotation")), ""),
        ("/aggregate_id", Some(json!(17)), "aggregate_id is 17 where text belongs"),
        (
            "/expected_version",
            Some(json!("4")),
            r#"expected_version is "4" where a whole number of 64 bits belongs"#,
        ),
        ("/payload", Some(json!({"Add legs!": {}})), ""),
        ("/payload", Some(json!({"ActivateRotation": {}, "RemoveRotation": {}})), ""),
        (
            "/payload",
            Some(json!({"ActivateRotation": null})),
            "payload.ActivateRotation is null where an object belongs",
        ),
        (
            "/payload",
            Some(json!({"ActivateRotation": {"force": true}})),
            "payload.ActivateRotation.force is not a field here; the fields are: rotation_to_activate",
        ),
        (&format!("{LEG}/arrival"), None, "payload.AddLegs.legs[0].arrival is missing"),
        (
            &format!("{LEG}/gate"),
            Some(json!("A1")),
            "payload.AddLegs.legs[0].gate is not a field here; the fields are: leg_id, designator, origin, destination, departure, arrival",
        ),
        (
            &format!("{LEG}/departure"),
            Some(json!(1_201_802_700_000_i64)),
            "payload.AddLegs.legs[0].departure is 1201802700000 where an instant such as 2008-01-31T18:05:00Z belongs",
        ),
        (&format!("{LEG}/departure"), Some(json!("2008-01-31T18:05")), ""),
        (&format!("{LEG}/departure"), Some(json!("2008-02-30T18:05:00Z")), ""),
    ] {
        let found = decode_json(&with(pointer, value)).unwrap_err();
        if reason.is_empty() {
            assert!(found.starts_with(&pointer[1..].replace("/0", "[0]").replace('/', ".")), "{found}");
        } else {
            assert_eq!(found, reason);
        }
    }
}

#[test]
fn json_with_a_key_twice_is_no_command() {
    let twice = add_legs()
        .to_string()
        .replacen("\"origin\":\"HNL\"", "\"origin\":\"HNL\",\"origin\":\"OGG\"", 1);
    let error = codec().decode_command(JSON, twice.as_bytes()).unwrap_err().to_string();
    assert!(
        error.starts_with("the value is not JSON: the key \"origin\" occurs twice"),
        "{error}"
    );
}

#[test]
fn json_in_the_middle_of_avro_is_recognized_by_the_header_only() {
    let text = add_legs().to_string();
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        assert!(codec().decode_command(Some(content_type.as_bytes()), text.as_bytes()).is_ok());
    }
    let error = codec().decode_command(None, text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the value begins with '{' where Avro begins with byte 0; JSON needs the record header content-type: application/json"
    );
    let error = codec()
        .decode_command(Some(b"text/plain"), text.as_bytes())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        r#"the content type is "text/plain"; commands are application/json, or Avro without a content type"#
    );
}

fn check_invalid(pointer: &str, value: Value, message: &str) {
    let decoded = decode_json(&with(pointer, Some(value))).unwrap();
    let rejection = decoded.command.command.unwrap_err().rejection;
    assert_eq!((rejection.rule, rejection.message.as_str()), ("invalid-value", message));
    assert_eq!(rejection.facts.len(), 1);
    assert!(message.starts_with(&format!("{}: ", rejection.facts[0]["field"])));
}

#[test]
fn a_value_that_may_not_be_is_a_rejection_that_names_the_field() {
    check_invalid(
        "/payload/AddLegs/legs/0/origin",
        json!("hnl"),
        r#"payload.AddLegs.legs[0].origin: airport code "hnl": expected three capital letters"#,
    );
    check_invalid("/expected_version", json!(-1), "expected_version: expected 0 or more, found -1");
    check_invalid(
        "/payload",
        json!({"SetMinimumGroundTime": {"minutes": -5}}),
        "payload.SetMinimumGroundTime.minutes: expected 0 or more minutes, found -5",
    );
}

#[test]
fn an_invalid_value_does_not_hide_bytes_that_are_no_command() {
    let legs = Command::Rotation(rotation::Command::AddLegs { legs: vec![leg("a")] });
    let mut value = command_to_avro(&envelope("rotation/r1", legs), 1);
    let origin = value.windows(3).position(|window| window == b"HNL").unwrap();
    value[origin] = b'h';
    assert!(codec().decode_command(None, &value).unwrap().command.command.is_err());
    value.push(0);
    let error = codec().decode_command(None, &value).unwrap_err();
    assert_eq!(error.to_string(), "the value has 1 bytes too many");
}

#[test]
fn an_instant_beyond_the_calendar_is_an_invalid_value() {
    let reschedule = rotation::Command::RescheduleLeg {
        leg_id: leg("a").id,
        departure: domain::Instant(i64::MIN),
        arrival: domain::Instant(0),
    };
    let value = command_to_avro(&envelope("rotation/r1", Command::Rotation(reschedule)), 1);
    let rejection = codec().decode_command(None, &value).unwrap().command.command.unwrap_err().rejection;
    assert_eq!(
        rejection.message,
        "payload.RescheduleLeg.departure: -9223372036854775808 ms since 1970 is outside of the calendar"
    );
}

#[test]
fn a_reason_is_short_however_long_the_value() {
    let long = "x".repeat(500_000);
    let rejection = decode_json(&with("/payload/AddLegs/legs/0/origin", Some(json!(long)))).unwrap();
    let rejection = rejection.command.command.unwrap_err().rejection;
    assert!(rejection.message.len() < 500 && rejection.facts[0]["problem"].len() < 500);
    for wrong in [
        with(&format!("/{long}"), Some(json!(1))),
        with("/command_id", Some(json!(long))),
        with("/aggregate_id", Some(json!(long))),
    ] {
        assert!(decode_json(&wrong).unwrap_err().len() < 500);
    }
    let content_type = codec().decode_command(Some(long.as_bytes()), b"").unwrap_err();
    assert!(content_type.to_string().len() < 500);
}

#[test]
fn an_unknown_schema_is_learned_and_then_read() {
    let sent = envelope("rotation/r1", Command::Rotation(rotation::Command::Activate));
    let value = command_to_avro(&sent, 77);
    let mut codec = codec();
    assert_eq!(codec.decode_command(None, &value), Err(DecodeError::UnknownSchema(77)));
    codec.learn(77, &Content::Command.latest().json().into()).unwrap();
    assert_eq!(codec.decode_command(None, &value), Ok(decoded(&sent)));
}

#[test]
fn what_cannot_be_read_with_ours_is_not_learned() {
    let mut codec = codec();
    assert_eq!(
        codec.learn(7, &r#""string""#.into()),
        Err("the schema is not of a record".to_owned())
    );
    assert_eq!(
        codec.learn(7, &r#"{"type":"record","name":"Order","fields":[]}"#.into()),
        Err("the schema is of Order, which is no command, event or outcome".to_owned())
    );
    assert!(codec.learn(7, &"{".into()).is_err());
}

#[test]
fn what_is_no_command_still_says_whose_it_is_where_that_can_be_read() {
    let id = Some(Uuid::from_u128(1));
    let identity = |command_id, name: Option<&str>, by: Option<&str>| Identity {
        command_id,
        command_type: name.map(str::to_owned),
        issued_by: by.map(str::to_owned),
    };
    let whole = identity(id, Some("AddLegs"), Some("planner"));
    let text = |json: &Value| json.to_string().into_bytes();
    for mistake in [
        with("/aggregate_id", Some(json!("moon/base"))),
        with("/comand", Some(json!(1))),
        with("/payload/AddLegs/legs/0/departure", Some(json!(1_201_802_700_000_i64))),
    ] {
        assert!(decode_json(&mistake).is_err(), "{mistake}");
        assert_eq!(codec().identify(JSON, &text(&mistake)), whole);
    }
    let alone = with("/payload", Some(json!("UnassignAirplane")));
    let expected = identity(id, Some("UnassignAirplane"), Some("planner"));
    assert_eq!(codec().identify(JSON, &text(&alone)), expected);
    // The header that says JSON was forgotten, or the text begins with a byte order mark.
    assert_eq!(codec().identify(None, &text(&add_legs())), whole);
    let marked = [b"\xEF\xBB\xBF", text(&add_legs()).as_slice()].concat();
    assert_eq!(codec().identify(JSON, &marked), whole);
    let mut avro = command_to_avro(&envelope("moon/base", Command::Rotation(rotation::Command::Activate)), 1);
    assert!(codec().decode_command(None, &avro).is_err());
    assert_eq!(
        codec().identify(None, &avro),
        identity(id, Some("ActivateRotation"), Some("planner"))
    );
    // Cut off after its id.
    avro.truncate(45);
    assert_eq!(codec().identify(None, &avro), identity(id, None, None));
    for nothing in [&b"x"[..], b"", &[0, 0, 0, 0, 9], &avro[..20]] {
        assert_eq!(codec().identify(None, nothing), Identity::default());
    }
    let long = with("/issued_by", Some(json!("x".repeat(1_000))));
    let issued_by = codec().identify(JSON, &text(&long)).issued_by.unwrap();
    assert!(issued_by.len() < 100, "{issued_by}");
}

#[test]
fn an_event_on_the_commands_topic_is_no_command() {
    let mut out = Vec::new();
    codec().encode_event(&event(one_event_of_each().swap_remove(0)), &mut out);
    let error = codec().decode_command(None, &out).unwrap_err();
    assert_eq!(
        error,
        DecodeError::Malformed("schema id 2 is of Event, where Command belongs".to_owned())
    );
}

/// A client's own schema: fields in another order, one more, one less, an int, one branch only, another namespace.
const CLIENTS: &str = r#"{"type":"record","name":"Command","namespace":"their.own","fields":[
    {"name":"payload","type":[
        {"type":"record","name":"RemoveRotation","fields":[
            {"name":"why","type":"string"},{"name":"rotation_to_remove","type":"string"}]},
        {"type":"record","name":"RescheduleLeg","fields":[
            {"name":"arrival","type":"long"},{"name":"departure","type":"long"},{"name":"leg_id","type":"string"}]},
        {"type":"record","name":"Dance","fields":[]}]},
    {"name":"expected_version","type":"int"},
    {"name":"aggregate_id","type":"string"},
    {"name":"command_id","type":"string"}]}"#;

fn from_client(branch: u32, payload: Vec<(String, Avro)>) -> Vec<u8> {
    let value = Avro::Record(vec![
        ("payload".to_owned(), Avro::Union(branch, Box::new(Avro::Record(payload)))),
        ("expected_version".to_owned(), Avro::Int(4)),
        ("aggregate_id".to_owned(), Avro::String("rotation/r1".to_owned())),
        ("command_id".to_owned(), Avro::String(Uuid::from_u128(1).to_string())),
    ]);
    let mut framed = vec![0, 0, 0, 0, 77];
    framed.extend(written_by_the_library(CLIENTS, value));
    framed
}

#[test]
fn a_command_of_another_writer_is_resolved_by_name() {
    let mut codec = codec();
    codec.learn(77, &CLIENTS.into()).unwrap();
    let text = |text: &str| Avro::String(text.to_owned());
    let why = vec![("why".to_owned(), text("x")), ("rotation_to_remove".to_owned(), text("r1"))];
    let decoded = codec.decode_command(None, &from_client(0, why)).unwrap();
    assert_eq!(decoded.command.command, Ok(Command::Rotation(rotation::Command::Remove)));
    assert_eq!((decoded.expected_version, decoded.issued_by), (Some(4), None));

    let times = vec![
        ("arrival".to_owned(), Avro::Long(2)),
        ("departure".to_owned(), Avro::Long(1)),
        ("leg_id".to_owned(), Avro::String("a".to_owned())),
    ];
    let decoded = codec.decode_command(None, &from_client(1, times)).unwrap();
    let expected = rotation::Command::RescheduleLeg {
        leg_id: leg("a").id,
        departure: domain::Instant(1),
        arrival: domain::Instant(2),
    };
    assert_eq!(decoded.command.command, Ok(Command::Rotation(expected)));

    let decoded = codec.decode_command(None, &from_client(2, vec![])).unwrap();
    assert_eq!((decoded.aggregate_id.as_str(), decoded.expected_version), ("rotation/r1", Some(4)));
    assert_eq!(decoded.command.command.unwrap_err().rejection.rule, "unknown-command");
}

#[test]
fn an_event_of_an_unreadable_aggregate_is_malformed() {
    let mut out = Vec::new();
    let mut codec = codec();
    let mut event = event(one_event_of_each().swap_remove(0));
    event.aggregate_id = "moon/base".to_owned();
    codec.encode_event(&event, &mut out);
    let error = codec.decode_event(&out).unwrap_err().to_string();
    assert!(error.starts_with("aggregate_id is no aggregate: "), "{error}");
}

/// The schema of events or commands as a later version may be: with one more kind of payload.
fn later_schema(content: Content) -> String {
    let mut later: Value = serde_json::from_str(content.latest().json()).unwrap();
    later["schema_version"] = (content.latest().version + 1).into();
    let fields = later["fields"].as_array_mut().unwrap();
    let payload = fields.iter_mut().find(|field| field["name"] == "payload").unwrap();
    let closed = match content {
        Content::Command => json!({"type": "record", "name": "CloseAirport", "fields": [{"name": "until", "type": "long"}]}),
        Content::Event => json!({"type": "record", "name": "AirportClosed", "fields": [{"name": "until", "type": "long"}]}),
        Content::Outcome => panic!("outcomes have no payload"),
    };
    payload["type"].as_array_mut().unwrap().push(closed);
    later.to_string()
}

/// A value of that schema, framed with an id.
fn of_later(content: Content, id: u8, value: &Value) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 0, id];
    let schema = Schema::parse(&later_schema(content)).unwrap();
    json::put(&schema, value, Form::Typed, &mut out).unwrap();
    out
}

fn an_event(payload: Value) -> Value {
    json!({
        "sequence": 7, "aggregate_id": "airport/HNL", "version": 3, "command_id": Uuid::from_u128(1).to_string(),
        "command_offset": 9, "decided_at": "2008-01-31T18:05:00Z", "payload": payload,
    })
}

#[test]
fn an_event_of_a_later_version_is_not_read_and_it_is_said_which_version_is_needed() {
    let mut codec = codec();
    codec.learn(7, &later_schema(Content::Event).as_str().into()).unwrap();
    let closed = of_later(Content::Event, 7, &an_event(json!({"AirportClosed": {"until": 5}})));
    expect![[r#"
        needs a build that knows event AirportClosed (event schema version 3, schema id 7); this build knows event schema version 2. It is not skipped: upgrade this process, and it goes on from here"#]]
    .assert_eq(&codec.decode_event(&closed).unwrap_err().to_string());
}

#[test]
fn events_that_are_known_are_read_whatever_later_version_they_were_written_with() {
    let mut codec = codec();
    codec.learn(7, &later_schema(Content::Event).as_str().into()).unwrap();
    for sample in one_event_of_each() {
        let (expected, mut out) = (event(sample), Vec::new());
        codec.encode_event(&expected, &mut out);
        let value = json::read(Content::Event.schema(), &out[5..]).unwrap();
        assert_eq!(codec.decode_event(&of_later(Content::Event, 7, &value)), Ok(expected));
    }
}

#[test]
fn a_command_of_a_later_version_is_refused_in_avro_and_in_json_and_keeps_its_envelope() {
    let closing = json!({
        "command_id": Uuid::from_u128(1).to_string(), "aggregate_id": "airport/HNL", "expected_version": 4, "issued_by": "planner",
        "payload": {"CloseAirport": {"until": 5}},
    });
    let mut codec = codec();
    codec.learn(7, &later_schema(Content::Command).as_str().into()).unwrap();
    for decoded in [
        codec.decode_command(None, &of_later(Content::Command, 7, &closing)).unwrap(),
        codec.decode_command(JSON, closing.to_string().as_bytes()).unwrap(),
    ] {
        assert_eq!(
            (decoded.command_id, decoded.aggregate_id.as_str()),
            (Uuid::from_u128(1), "airport/HNL")
        );
        assert_eq!((decoded.expected_version, decoded.issued_by.as_deref()), (Some(4), Some("planner")));
        let rejection = decoded.command.command.unwrap_err().rejection;
        expect![[r#"
            unknown-command: there is no command CloseAirport in command schema version 2, which is the latest that the processor of this partition knows; if a later version has it, upgrade the processors and send it again with a new command_id"#]]
        .assert_eq(&rejection.to_string());
        assert_eq!(
            rejection.facts,
            [BTreeMap::from([
                ("command", "CloseAirport".to_owned()),
                ("known_schema_version", "2".to_owned())
            ])]
        );
    }
}

#[test]
fn an_unknown_command_does_not_hide_an_envelope_that_is_none() {
    for (pointer, value) in [("/command_id", json!("17")), ("/aggregate_id", json!("moon")), ("/extra", json!(1))] {
        let mut wrong = with(pointer, Some(value));
        wrong["payload"] = json!({"CloseAirport": {}});
        assert!(decode_json(&wrong).is_err(), "{pointer}");
    }
    let name = "C".repeat(100_000);
    let mut long = add_legs();
    long["payload"] = json!({ name: {} });
    let rejection = decode_json(&long).unwrap().command.command.unwrap_err().rejection;
    assert!(rejection.message.len() < 500, "{}", rejection.message);
}

/// The codec of the first build, which has met the schemas of this one.
fn first_codec() -> AvroCodec {
    let mut codec = AvroCodec::first(SchemaIds {
        command: 11,
        event: 12,
        outcome: 13,
    });
    codec.learn(1, &Content::Command.latest().json().into()).unwrap();
    codec.learn(2, &Content::Event.latest().json().into()).unwrap();
    codec
}

#[test]
fn the_first_build_reads_what_it_knows_of_the_latest_version() {
    let (mut first, mut codec) = (first_codec(), codec());
    for (index, sample) in one_event_of_each().into_iter().enumerate() {
        let (expected, mut out) = (event(sample), Vec::new());
        codec.encode_event(&expected, &mut out);
        match first.decode_event(&out) {
            Ok(found) => assert_eq!(found, expected),
            Err(error) => {
                assert!(index >= Content::Event.first().payloads);
                let (name, error) = (events::BRANCHES[index], error.to_string());
                let start = format!("needs a build that knows event {name} (event schema version 2, schema id 2); this build knows");
                assert!(error.starts_with(&start), "{error}");
            }
        }
    }
    for (index, (id, command)) in one_command_of_each().into_iter().enumerate() {
        let sent = envelope(id, command);
        for found in [
            first.decode_command(None, &command_to_avro(&sent, 1)).unwrap(),
            first.decode_command(JSON, command_to_json(&sent).to_string().as_bytes()).unwrap(),
        ] {
            if index < Content::Command.first().payloads {
                assert_eq!(found, decoded(&sent));
            } else {
                assert_eq!(found.command.command.unwrap_err().rejection.rule, "unknown-command");
            }
        }
    }
}

#[test]
fn what_the_first_build_wrote_is_read_by_its_bytes() {
    let (mut first, mut codec) = (first_codec(), codec());
    codec.learn(12, &Content::Event.first().json().into()).unwrap();
    assert!(matches!(codec.learned[&12].writer, Writer::Released(released) if released.version == 1));
    for sample in one_event_of_each().into_iter().take(Content::Event.first().payloads) {
        let (expected, mut out) = (event(sample), Vec::new());
        first.encode_event(&expected, &mut out);
        assert_eq!(codec.decode_event(&out), Ok(expected));
    }
}

#[test]
fn a_payload_that_its_writers_version_does_not_have_is_malformed() {
    let mut codec = codec();
    codec.learn(12, &Content::Event.first().json().into()).unwrap();
    let mut out = Vec::new();
    codec.encode_event(&event(one_event_of_each().swap_remove(12)), &mut out);
    out[4] = 12;
    assert_eq!(
        codec.decode_event(&out),
        Err(DecodeError::Malformed("payload has branch 12 of a union of 12".to_owned()))
    );
}

#[test]
fn an_event_is_read_by_the_fingerprint_in_its_header_whatever_its_id_means_by_now() {
    let (mut codec, written, mut out) = (codec(), event(one_event_of_each().swap_remove(0)), Vec::new());
    codec.encode_event(&written, &mut out);
    let with = codec.written_with();
    // A registry that came back in another order: 2 is the outcomes' schema, 3 the events'.
    let mut other = AvroCodec::new(SchemaIds {
        command: 1,
        event: 3,
        outcome: 2,
    });
    assert!(other.decode_event(&out).is_err());
    assert_eq!(other.decode_event_of(with.event, &out), Ok(written.clone()));
    // No registry at all.
    let mut alone = AvroCodec::new(SchemaIds::UNKNOWN);
    assert_eq!(alone.decode_event(&out), Err(DecodeError::UnknownSchema(2)));
    assert_eq!(alone.decode_event_of(with.event, &out), Ok(written));
    let answer = outcome(None);
    out.clear();
    codec.encode_outcome(&answer, &mut out);
    assert_eq!(alone.decode_outcome_of(with.outcome, &out), Ok(answer));
}

#[test]
fn a_fingerprint_that_neither_this_build_nor_the_registry_has_is_named() {
    let (mut codec, mut out) = (codec(), Vec::new());
    codec.encode_event(&event(one_event_of_each().swap_remove(0)), &mut out);
    let reason = codec.decode_event_of(Some(0xabcd), &out).unwrap_err().to_string();
    assert!(
        reason.contains("fingerprint 000000000000abcd") && reason.contains("schema id 2"),
        "{reason}"
    );
    let mut alone = AvroCodec::new(SchemaIds::UNKNOWN);
    assert_eq!(alone.decode_event_of(Some(0xabcd), &out), Err(DecodeError::UnknownSchema(2)));
}

#[test]
fn a_schema_has_one_fingerprint_however_its_text_is_written() {
    for released in &crate::RELEASED {
        let text: Value = serde_json::from_str(released.json()).unwrap();
        let again = Schema::parse(&text.to_string()).unwrap();
        assert_eq!(again.fingerprint(), released.fingerprint());
        assert_eq!(Released::of_fingerprint(released.fingerprint()), Some(released));
    }
}

/// Which of these ids the codec would have to learn.
fn missing(codec: &AvroCodec, ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let is_missing = |id: &u32| {
        let mut value = Vec::new();
        put_frame(*id, &mut value);
        codec.missing_schema(None, &value) == Some(*id)
    };
    ids.filter(is_missing).collect()
}

fn padded(text: &str, bytes: usize) -> String {
    format!("{text}{}", " ".repeat(bytes.saturating_sub(text.len())))
}

/// The smallest schema of a command, padded to this length.
fn smallest_schema(bytes: usize) -> String {
    padded(r#"{"type":"record","name":"Command","fields":[]}"#, bytes)
}

#[test]
fn schemas_are_learned_up_to_a_number_and_then_the_oldest_ones_are_forgotten() {
    let mut codec = codec();
    let (first, last) = (100, 100 + LEARNED_MAX as u32 - 2);
    codec.learn(1, &Content::Command.latest().json().into()).unwrap();
    for id in first..=last {
        codec.learn(id, &smallest_schema(0).as_str().into()).unwrap();
    }
    assert_eq!(missing(&codec, first..=last + 1), [last + 1]);
    // The one that is learned again is the newest one, and the schema of this build stays.
    codec.learn(first, &smallest_schema(0).as_str().into()).unwrap();
    assert_eq!(missing(&codec, first..=last), [0; 0]);
    codec.learn(last + 1, &smallest_schema(0).as_str().into()).unwrap();
    assert_eq!(missing(&codec, (1..=3).chain(first..=last + 1)), [0; 0]);
    codec.learn(last + 2, &smallest_schema(0).as_str().into()).unwrap();
    assert_eq!(missing(&codec, first..=last + 2), [first + 1]);
    let command = command_to_avro(&envelope("rotation/r1", Command::Rotation(rotation::Command::Activate)), 1);
    assert!(codec.decode_command(None, &command).is_ok());
}

#[test]
fn schemas_are_learned_up_to_a_length_of_their_texts_and_then_the_oldest_ones_are_forgotten() {
    let mut codec = codec();
    for id in 100..103 {
        codec.learn(id, &smallest_schema(0).as_str().into()).unwrap();
    }
    // With what it refers to, each has the greatest length that a schema may have, and 128 of them the greatest length of all.
    let referred_to = padded(r#"{"type":"enum","name":"Kind","symbols":["a"]}"#, 40_000);
    let greatest = WriterSchema {
        json: smallest_schema(SCHEMA_BYTES_MAX - referred_to.len()),
        references: vec![referred_to],
    };
    let (first, last) = (200, 327);
    for id in first..last {
        codec.learn(id, &greatest).unwrap();
    }
    assert_eq!(missing(&codec, (100..103).chain(first..last)), [0; 0]);
    codec.learn(last, &greatest).unwrap();
    assert_eq!(missing(&codec, (100..103).chain(first..=last)), [100, 101, 102]);
    codec.learn(last + 1, &greatest).unwrap();
    assert_eq!(missing(&codec, first..=last + 1), [first]);
}

#[test]
fn a_value_that_is_no_avro_has_no_schema_to_be_learned() {
    let codec = codec();
    assert_eq!(codec.missing_schema(None, &[0, 0, 0, 0, 7]), Some(7));
    assert_eq!(codec.missing_schema(None, &[0, 0, 0, 0, 1]), None);
    assert_eq!(codec.missing_schema(JSON, &[0, 0, 0, 0, 7]), None);
    assert_eq!(codec.missing_schema(Some(b"text/plain"), &[0, 0, 0, 0, 7]), None);
    assert_eq!(codec.missing_schema(None, b"{}"), None);
}

#[test]
fn avro_may_be_named_as_the_content_type_in_several_ways() {
    let sent = envelope("rotation/r1", Command::Rotation(rotation::Command::Activate));
    let value = command_to_avro(&sent, 1);
    for name in [
        "",
        "application/avro",
        "application/vnd.apache.avro",
        "avro/binary",
        "application/octet-stream",
        " Application/AVRO ; charset=binary",
    ] {
        assert_eq!(
            codec().decode_command(Some(name.as_bytes()), &value),
            Ok(decoded(&sent)),
            "{name:?}"
        );
    }
}

#[test]
fn a_command_that_its_writers_version_does_not_have_is_malformed_and_not_invalid() {
    let mut codec = codec();
    codec.learn(11, &Content::Command.first().json().into()).unwrap();
    let (id, command) = one_command_of_each().swap_remove(13);
    assert_eq!(
        codec.decode_command(None, &command_to_avro(&envelope(id, command), 11)),
        Err(DecodeError::Malformed("payload has branch 13 of a union of 13".to_owned()))
    );
}

#[test]
fn a_command_that_cannot_be_asked_has_the_type_of_its_payload_where_that_is_known() {
    let type_of = |json: &Value| decode_json(json).unwrap().command.command.unwrap_err().command_type;
    let invalid = |name: &str, fields: Value| with("/payload", Some(json!({ name: fields })));
    assert_eq!(type_of(&with("/payload/AddLegs/legs/0/origin", Some(json!("hnl")))), "AddLegs");
    assert_eq!(
        type_of(&invalid("SetMinimumGroundTime", json!({"minutes": -5}))),
        "SetMinimumGroundTime"
    );
    assert_eq!(type_of(&invalid("Dance", json!({}))), "Unknown");
}

proptest! {
    #[test]
    fn any_command_comes_back(command in any_command(), version in proptest::option::of(0..u64::MAX / 2), id: u128) {
        let sent = CommandEnvelope {
            command_id: Uuid::from_u128(id),
            expected_version: version,
            ..envelope("rotation/r1", command)
        };
        let value = command_to_avro(&sent, 1);
        prop_assert_eq!(codec().decode_command(None, &value), Ok(decoded(&sent)));
        prop_assert_eq!(codec().decode_command(JSON, command_to_json(&sent).to_string().as_bytes()), Ok(decoded(&sent)));
        prop_assert_eq!(through_the_library(Content::Command, &value[5..]), &value[5..]);
    }

    #[test]
    fn any_event_comes_back(event in any_event_envelope()) {
        let (mut codec, mut out) = (codec(), Vec::new());
        codec.encode_event(&event, &mut out);
        prop_assert_eq!(codec.decode_event(&out), Ok(event));
        prop_assert_eq!(through_the_library(Content::Event, &out[5..]), &out[5..]);
    }

    #[test]
    fn any_outcome_comes_back(outcome in any_outcome()) {
        let (mut codec, mut out) = (codec(), Vec::new());
        codec.encode_outcome(&outcome, &mut out);
        prop_assert_eq!(codec.decode_outcome(&out), Ok(outcome));
        prop_assert_eq!(through_the_library(Content::Outcome, &out[5..]).len(), out.len() - 5);
    }

    #[test]
    fn what_is_cut_short_is_never_a_command(command in any_command(), keep: prop::sample::Index) {
        let value = command_to_avro(&envelope("rotation/r1", command), 1);
        let cut = &value[..keep.index(value.len())];
        prop_assert!(matches!(codec().decode_command(None, cut), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn damaged_values_never_panic(event in any_event_envelope(), command in any_command(), at: prop::sample::Index, with: [u8; 4]) {
        let mut codec = codec();
        let mut out = Vec::new();
        codec.encode_event(&event, &mut out);
        for mut value in [out, command_to_avro(&envelope("rotation/r1", command), 1)] {
            let at = at.index(value.len() - 5) + 5;
            let end = value.len().min(at + with.len());
            value[at..end].copy_from_slice(&with[..end - at]);
            let _ = codec.decode_event(&value);
            let _ = codec.decode_outcome(&value);
            if let Err(error) = codec.decode_command(None, &value) {
                prop_assert!(matches!(error, DecodeError::Malformed(_)));
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(body: Vec<u8>, id in 0..5_u8) {
        let mut value = vec![0, 0, 0, 0, id];
        value.extend(body);
        let mut codec = codec();
        codec.learn(4, &CLIENTS.into()).unwrap();
        let known = codec.decode_command(None, &value) != Err(DecodeError::UnknownSchema(id.into()));
        prop_assert_eq!(known, id != 0);
        let _ = codec.decode_event(&value);
        let _ = codec.decode_outcome(&value);
        let _ = codec.decode_command(JSON, &value[5..]);
    }
}
