//! What is said of payloads that this build does not know.

use super::*;

fn taken(payload: Value) -> (Option<String>, Value) {
    let mut value = json!({ "aggregate_id": "airport/HNL", "payload": payload.clone() });
    let unknown = take_unknown_payload(Content::Command.first(), &mut value);
    if let Some(unknown) = &unknown {
        assert_eq!(unknown.payload, payload, "it is kept as it was sent");
    }
    (unknown.map(|unknown| unknown.name), value["payload"].clone())
}

#[test]
fn a_payload_with_a_name_that_is_not_known_is_taken_and_another_stands_in_for_it() {
    let stand_in = json!({"RetireAirplane": {}});
    for name in ["CorrectAirport", "Dance", "their.own.Dance"] {
        let expected = (Some(unqualified(name).to_owned()), stand_in.clone());
        assert_eq!(taken(json!({ name: {"x": 1} })), expected);
    }
}

#[test]
fn what_is_known_and_what_has_no_name_is_left_for_the_reader_to_judge() {
    for payload in [
        json!({"RetireAirplane": {"x": 1}}),
        json!({"RegisterAirport": null}),
        json!({}),
        json!({"A": {}, "B": {}}),
        json!({"no name": {}}),
        json!({"": {}}),
        json!({"1st": {}}),
        json!("Dance"),
        Value::Null,
    ] {
        assert_eq!(taken(payload.clone()), (None, payload));
    }
}

#[test]
fn a_schema_that_does_not_say_its_version_is_only_later() {
    expect_test::expect![[r#"
        needs a build that knows event AirportClosed (a later event schema, schema id 7); this build knows event schema version 2. It is not skipped: upgrade this process, and it goes on from here"#]]
    .assert_eq(&needed_build("AirportClosed", 7, None, 2));
    for schema in ["{", "{}", r#"{"schema_version": "two"}"#, r#"{"schema_version": -1}"#, "[]"] {
        assert_eq!(version_of(schema), None);
    }
    assert_eq!(version_of(r#"{"schema_version": 3}"#), Some(3));
}

#[test]
fn an_unknown_payload_is_kept_with_its_name() {
    let kept = |value: Value| Unknown::of("Dance".to_owned(), value).payload;
    let named = json!({"Dance": {"x": 1}});
    assert_eq!(kept(json!({ "payload": named })), named);
    // Of a schema whose payload is no union.
    assert_eq!(kept(json!({"payload": {"x": 1}})), named);
    for fields in [json!({"Dance": 1, "x": 2}), json!({"x": 1, "y": 2}), json!({}), Value::Null] {
        assert_eq!(kept(json!({ "payload": fields })), json!({ "Dance": fields }));
    }
    assert_eq!(kept(json!({})), json!({"Dance": null}));
}
