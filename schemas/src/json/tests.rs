//! JSON and bytes of every type of Avro, compared with the Avro library, and what is said about JSON that does not fit.

use super::*;
use crate::released::Content;
use crate::samples::{read_by_the_library, written_by_the_library};
use apache_avro::types::Value as Avro;
use proptest::prelude::*;
use serde_json::json;

const ZOO: &str = r#"{"type":"record","name":"Zoo","namespace":"n","fields":[
    {"name":"nothing","type":"null"},
    {"name":"flag","type":"boolean"},
    {"name":"small","type":"int"},
    {"name":"large","type":"long"},
    {"name":"single","type":"float"},
    {"name":"double","type":"double"},
    {"name":"raw","type":"bytes"},
    {"name":"text","type":"string"},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"list","type":{"type":"array","items":"int"}},
    {"name":"map","type":{"type":"map","values":"string"}},
    {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["cat","dog"]}},
    {"name":"four","type":{"type":"fixed","name":"Four","size":4}},
    {"name":"optional","type":["null","string"],"default":null},
    {"name":"either","type":["null","string",{"type":"record","name":"Cage","fields":[{"name":"bars","type":"int","default":3}]}]},
    {"name":"first","type":["long","string"],"default":5}
]}"#;

fn zoo() -> Schema {
    Schema::of_reader(ZOO).unwrap()
}

fn animals() -> Value {
    json!({
        "nothing": null, "flag": true, "small": -3, "large": 1_i64 << 40, "single": 0.5, "double": 0.25, "raw": "\u{0}ÿ", "text": "häuser",
        "at": "2008-01-31T18:05:00.250Z", "list": [1, 2, 3], "map": {"a": "b"}, "kind": "dog", "four": "abcd", "optional": "yes",
        "either": {"Cage": {"bars": 4}}, "first": {"string": "x"},
    })
}

fn bytes(value: &Value) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    put(&zoo(), value, Form::Typed, &mut out).map_err(|problem| problem.to_string())?;
    Ok(out)
}

#[test]
fn every_type_comes_back_as_it_was_typed() {
    let bytes = bytes(&animals()).unwrap();
    assert_eq!(zoo().to_json(&bytes).unwrap(), animals());
}

#[test]
fn the_avro_library_reads_and_writes_the_same_bytes() {
    let ours = bytes(&animals()).unwrap();
    let value = read_by_the_library(ZOO, &ours);
    let Avro::Record(fields) = &value else { panic!("a record") };
    assert_eq!(fields[8].1, Avro::TimestampMillis(1_201_802_700_250));
    assert_eq!(fields[13].1, Avro::Union(1, Box::new(Avro::String("yes".into()))));
    assert_eq!(
        fields[14].1,
        Avro::Union(2, Box::new(Avro::Record(vec![("bars".into(), Avro::Int(4))])))
    );
    assert_eq!(written_by_the_library(ZOO, value), ours);
}

#[test]
fn what_is_missing_takes_its_default() {
    let mut less = animals();
    less.as_object_mut().unwrap().remove("optional");
    less.as_object_mut().unwrap().remove("first");
    less["either"] = json!({"n.Cage": {}});
    let read = zoo().to_json(&bytes(&less).unwrap()).unwrap();
    assert_eq!(read["optional"], Value::Null);
    assert_eq!(read["first"], json!({"long": 5}));
    assert_eq!(read["either"], json!({"Cage": {"bars": 3}}));
}

#[test]
fn what_does_not_fit_is_named_with_its_path() {
    for (field, value, reason) in [
        ("flag", json!(1), "flag is 1 where true or false belongs"),
        (
            "small",
            json!(1_i64 << 31),
            "small is 2147483648 where a whole number of 32 bits belongs",
        ),
        ("small", json!(1.5), "small is 1.5 where a whole number of 32 bits belongs"),
        (
            "large",
            json!(u64::MAX),
            "large is 18446744073709551615 where a whole number of 64 bits belongs",
        ),
        ("double", json!("1"), r#"double is "1" where a number belongs"#),
        ("raw", json!("€"), r#"raw is "€" where bytes as text belongs"#),
        ("four", json!("abc"), r#"four is "abc" where 4 bytes as text belongs"#),
        ("text", json!(null), "text is null where text belongs"),
        (
            "at",
            json!(1_201_802_700_250_i64),
            "at is 1201802700250 where an instant such as 2008-01-31T18:05:00Z belongs",
        ),
        (
            "at",
            json!("2008-01-31T18:05:00.0001Z"),
            r#"at is "2008-01-31T18:05:00.0001Z" where an instant to the millisecond belongs"#,
        ),
        ("list", json!([1, "2"]), r#"list[1] is "2" where a whole number of 32 bits belongs"#),
        ("list", json!({}), "list is {} where a list belongs"),
        ("map", json!({"a": 1}), "map.a is 1 where text belongs"),
        ("kind", json!("cow"), r#"kind is "cow" where cat or dog belongs"#),
        (
            "optional",
            json!({"string": "x"}),
            r#"optional is {"string":"x"} where text belongs"#,
        ),
        (
            "either",
            json!("x"),
            r#"either is "x" where an object with one key out of null, string, Cage belongs"#,
        ),
        (
            "either",
            json!({"Cage": {}, "string": ""}),
            r#"either is {"Cage":{},"string":""} where an object with one key out of null, string, Cage belongs"#,
        ),
        (
            "either",
            json!({"Cage": {"bar": 3}}),
            "either.Cage.bar is not a field here; the fields are: bars",
        ),
        (
            "more",
            json!(1),
            "more is not a field here; the fields are: nothing, flag, small, large, single, double, raw, text, at, list, map, kind, four, optional, either, first",
        ),
    ] {
        let mut wrong = animals();
        wrong[field] = value;
        assert_eq!(bytes(&wrong).unwrap_err(), reason);
    }
    assert_eq!(bytes(&json!([])).unwrap_err(), "the value is [] where an object belongs");
    assert_eq!(bytes(&json!({})).unwrap_err(), "nothing is missing");
}

#[test]
fn dates_that_do_not_exist_are_refused_with_the_reason() {
    let mut wrong = animals();
    wrong["at"] = json!("2008-02-30T10:00:00Z");
    let reason = bytes(&wrong).unwrap_err();
    assert!(
        reason.starts_with(r#"at is "2008-02-30T10:00:00Z" where an instant such as 2008-01-31T18:05:00Z belongs: "#),
        "{reason}"
    );
    assert!(reason.contains("day"), "{reason}");
}

#[test]
fn long_values_are_quoted_in_part() {
    let mut wrong = animals();
    wrong["flag"] = json!("x".repeat(1_000_000));
    assert!(bytes(&wrong).unwrap_err().len() < 150);
}

#[test]
fn a_key_that_occurs_twice_is_refused() {
    let reason = |text: &str| format!("the value {}", json_codec::parse(text.as_bytes()).unwrap_err());
    assert_eq!(
        reason(r#"{"a": {"b": 1, "b": 2}}"#),
        r#"the value is not JSON: the key "b" occurs twice at line 1 column 22"#
    );
    assert_eq!(reason("{"), "the value is not JSON: EOF while parsing an object at line 1 column 1");
    assert_eq!(reason("{} x"), "the value is not JSON: trailing characters at line 1 column 4");
    assert_eq!(
        json_codec::parse(br#"{"a": [1, -1, 1.5, true, null, "x"]}"#),
        Ok(json!({"a": [1, -1, 1.5, true, null, "x"]}))
    );
}

#[test]
fn a_schema_within_itself_does_not_exhaust_the_stack() {
    let list = Schema::parse(r#"{"type":"record","name":"List","fields":[{"name":"next","type":["null","List"]}]}"#).unwrap();
    assert_eq!(list.to_json(&[2, 2, 0]), Ok(json!({"next": {"next": {"next": null}}})));
    assert!(list.to_json(&[2; 100_000]).unwrap_err().ends_with("is more than 64 levels deep"));
    let endless = Schema::parse(r#"{"type":"record","name":"Endless","fields":[{"name":"next","type":"Endless"}]}"#).unwrap();
    assert!(endless.to_json(&[]).unwrap_err().ends_with("is more than 64 levels deep"));
}

#[test]
fn arrays_of_nothing_do_not_multiply() {
    let schema = Schema::parse(r#"{"type":"array","items":{"type":"array","items":"null"}}"#).unwrap();
    let mut body = Vec::new();
    put_count(1_000_000, &mut body);
    for _ in 0..1_000_000 {
        put_count(10_000, &mut body);
        body.push(0);
    }
    assert_eq!(schema.to_json(&body).unwrap_err(), "[1] has more than 10000 items without bytes");
}

#[test]
fn instants_outside_of_the_calendar_are_shown_as_numbers() {
    assert_eq!(text_of_instant(i64::MAX, Instants::Milliseconds), json!(i64::MAX));
    assert_eq!(text_of_instant(0, Instants::Milliseconds), json!("1970-01-01T00:00:00.000Z"));
}

proptest! {
    #[test]
    fn no_bytes_make_the_walk_panic(body: Vec<u8>) {
        for schema in [Content::Command.schema(), Content::Event.schema(), Content::Outcome.schema(), &zoo()] {
            if let Ok(value) = schema.to_json(&body) {
                prop_assert!(value.is_object());
            }
        }
    }

    #[test]
    fn damaged_bytes_do_not_make_the_walk_panic(at in 0_usize..100, byte: u8) {
        let mut body = bytes(&animals()).unwrap();
        let length = body.len();
        body[at % length] = byte;
        if let Ok(value) = zoo().to_json(&body) {
            let mut again = Vec::new();
            let put = put(&zoo(), &value, Form::Printed, &mut again);
            prop_assert!(put.is_ok() || value["single"].is_null() || value["double"].is_null(), "{:?}", put);
        }
    }
}
