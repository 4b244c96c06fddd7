//! Schemas of other writers, from the registry: legal ones with all that they may have, and hostile ones.

use super::*;
use serde_json::json;

fn refused(json: &str) -> String {
    Schema::parse(json).unwrap_err()
}

#[test]
fn names_are_found_within_their_namespace() {
    let schema = Schema::parse(
        r#"{"type":"record","name":"A","namespace":"x.y","fields":[
            {"name":"b","type":{"type":"record","name":"B","fields":[{"name":"self","type":["null","B"],"default":null}]}},
            {"name":"again","type":"x.y.B"},
            {"name":"list","type":{"type":"array","items":"B"}}]}"#,
    )
    .unwrap();
    assert_eq!(schema.record_name(), Some("A"));
    let Avro::Record(record) = schema.root() else { panic!("a record") };
    assert_eq!(full_name_of(schema.get(&record.fields[0].schema)).as_deref(), Some("x.y.B"));
    assert_eq!(schema.get(&record.fields[1].schema), schema.get(&record.fields[0].schema));
    assert_eq!(
        schema.to_json(&[2, 0, 0, 0]),
        Ok(json!({"b": {"self": {"self": null}}, "again": {"self": null}, "list": []}))
    );
}

#[test]
fn what_is_no_schema_is_refused_with_the_reason() {
    for (json, reason) in [
        ("{", "the schema is not JSON: EOF while parsing an object at line 1 column 1"),
        ("7", "the schema has 7 where a type belongs"),
        (r#"{"type":"array"}"#, "the schema has array without items"),
        (r#"{"type":"map"}"#, "the schema has map without values"),
        (r#"{"type":"record","name":"R"}"#, "the schema has a record without fields"),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#,
            "the schema has a field without name or type",
        ),
        (
            r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]"#,
            "the schema cannot be parsed: ",
        ),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":{"type":"fixed","name":"F","size":2}}]}"#,
            "the schema defines F twice",
        ),
        (r#"{"name":"R"}"#, "the schema has an object without a type"),
        (r#""strin""#, "the schema cannot be parsed: "),
        (r#"{"type":"record","fields":[]}"#, "the schema cannot be parsed: "),
        (r#"{"type":"enum","name":"E"}"#, "the schema cannot be parsed: "),
        (r#"{"type":"fixed","name":"F","size":-1}"#, "the schema cannot be parsed: "),
        (r#"{"type":"fixed","name":"not a name","size":1}"#, "the schema cannot be parsed: "),
        (r#"[["null"]]"#, "the schema cannot be parsed: "),
    ] {
        let found = refused(json);
        assert!(found.starts_with(reason) && found.len() < 500, "{json}: {found}");
    }
}

#[test]
fn documentation_and_defaults_do_not_change_the_bytes_but_names_and_types_do() {
    let parse = |fields: &str| Schema::parse(&format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)).unwrap();
    let plain = parse(r#"{"name":"a","type":"string"}"#);
    assert!(plain.same_bytes(&parse(r#"{"name":"a","type":{"type":"string"},"doc":"d","default":"x"}"#)));
    assert!(plain.same_bytes(&parse(
        r#"{"name":"a","type":{"type":"string","logicalType":"uuid"},"aliases":["b"]}"#
    )));
    assert!(!plain.same_bytes(&parse(r#"{"name":"b","type":"string"}"#)));
    assert!(!plain.same_bytes(&parse(r#"{"name":"a","type":"bytes"}"#)));
    assert!(!plain.same_bytes(&parse(r#"{"name":"a","type":["string","null"]}"#)));
    let long = parse(r#"{"name":"a","type":"long"}"#);
    assert!(!long.same_bytes(&parse(r#"{"name":"a","type":{"type":"long","logicalType":"timestamp-micros"}}"#)));
}

#[test]
fn references_are_found_in_their_order_and_once() {
    let leaf = r#"{"type":"enum","name":"Kind","namespace":"r","symbols":["a","b"]}"#;
    let middle = r#"{"type":"record","name":"Middle","namespace":"r","fields":[{"name":"kind","type":"Kind"}]}"#;
    let schema = WriterSchema {
        json: r#"{"type":"record","name":"Top","namespace":"t","fields":[{"name":"m","type":"r.Middle"},{"name":"k","type":"r.Kind"}]}"#
            .to_owned(),
        references: vec![leaf.to_owned(), middle.to_owned(), leaf.to_owned()],
    };
    let schema = Schema::of_writer(&schema).unwrap();
    assert_eq!(schema.record_name(), Some("Top"));
    assert_eq!(schema.to_json(&[2, 0]), Ok(json!({"m": {"kind": "b"}, "k": "a"})));
    let missing = WriterSchema {
        json: r#""r.Kind""#.to_owned(),
        references: vec![middle.to_owned()],
    };
    assert!(
        Schema::of_writer(&missing)
            .unwrap_err()
            .starts_with("the schema cannot be parsed: ")
    );
}

#[test]
fn a_hostile_schema_is_refused_before_it_costs_anything() {
    let deep = |levels: usize| format!(r#"{}"int"{}"#, r#"{"type":"array","items":"#.repeat(levels), "}".repeat(levels));
    assert!(refused(&deep(1_000)).contains("recursion limit"));
    assert!(refused(&deep(100)).contains("levels deep"));
    assert!(refused(&deep(50_000)).contains("more than"));
    assert!(refused(&format!(r#"{}"int"{}"#, r#"{"type":"#.repeat(60), "}".repeat(60))).contains("levels deep"));
    assert!(refused(&"[".repeat(100_000)).contains("JSON"));
    assert!(refused(&format!("\"{}\"", "x".repeat(10 << 20))).contains("more than 131072"));
    let symbols: Vec<String> = (0..11_000).map(|symbol| format!("\"a{symbol}\"")).collect();
    let symbols = format!(r#"{{"type":"enum","name":"E","symbols":[{}]}}"#, symbols.join(","));
    assert!(refused(&symbols).contains("more than 10000 types"));
}

#[test]
fn a_thousand_aliases_are_not_a_thousand_copies() {
    let aliases: Vec<String> = (0..5_000).map(|alias| format!("\"a{alias}\"")).collect();
    let fields: Vec<String> = (0..1_000).map(|field| format!(r#"{{"name":"f{field}","type":"int"}}"#)).collect();
    let schema = format!(
        r#"{{"type":"record","name":"R","aliases":[{}],"fields":[{}]}}"#,
        aliases.join(","),
        fields.join(",")
    );
    let schema = Schema::parse(&schema).unwrap();
    assert!(schema.root().aliases().is_none());
}

#[test]
fn impossible_logical_types_leave_the_type_as_it_is() {
    for logical in [
        r#""timestamp-millis""#,
        r#""decimal""#,
        r#""uuid""#,
        r#""duration""#,
        r#""nonsense""#,
        "7",
        "{}",
        "null",
    ] {
        for of in [r#""string""#, r#""bytes""#, r#"{"type":"array","items":"int"}"#] {
            let schema = Schema::parse(&format!(r#"{{"type":{of},"logicalType":{logical},"precision":-1,"scale":99}}"#)).unwrap();
            assert_eq!(name_of(schema.root()), name_of(Schema::parse(of).unwrap().root()), "{logical} {of}");
        }
    }
}

#[test]
fn records_that_double_and_items_without_bytes_do_not_multiply() {
    let mut of = r#"{"type":"record","name":"R0","fields":[{"name":"a","type":"null"},{"name":"b","type":"null"}]}"#.to_owned();
    for level in 1..10 {
        of = format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":{of}}},{{"name":"b","type":"R{}"}}]}}"#,
            level - 1
        );
    }
    let schema = Schema::parse(&of).unwrap();
    assert!(schema.to_json(&[]).is_ok());
    for level in 10..25 {
        of = format!(
            r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":{of}}},{{"name":"b","type":"R{}"}}]}}"#,
            level - 1
        );
    }
    let schema = Schema::parse(&of).unwrap();
    assert!(schema.to_json(&[]).unwrap_err().contains("too many values without bytes"));
}

#[test]
fn a_record_that_always_contains_itself_is_parsed_and_has_no_values() {
    let endless = Schema::parse(r#"{"type":"record","name":"Endless","fields":[{"name":"next","type":"Endless"}]}"#).unwrap();
    assert!(endless.to_json(&[]).unwrap_err().contains("64 levels deep"));
}

#[test]
fn a_huge_fixed_and_huge_counts_take_no_memory() {
    for (json, body) in [
        (r#"{"type":"fixed","name":"F","size":9223372036854775807}"#, vec![1, 2, 3]),
        (
            r#"{"type":"array","items":"string"}"#,
            vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
        (
            r#"{"type":"map","values":"int"}"#,
            vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
        (r#""bytes""#, vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ] {
        let schema = Schema::parse(json).unwrap();
        assert!(schema.to_json(&body).is_err(), "{json}");
    }
}

#[test]
fn fingerprints_are_those_of_the_specification() {
    // From the test data of Avro itself.
    for (json, fingerprint) in [
        (r#""null""#, 7_195_948_357_588_979_594_i64),
        (r#""boolean""#, -6_970_731_678_124_411_036),
        (r#"{"type":"int"}"#, 8_247_732_601_305_521_295),
        (r#""long""#, -3_434_872_931_120_570_953),
        (r#""float""#, 5_583_340_709_985_441_680),
        (r#""double""#, -8_181_574_048_448_539_266),
        (r#""bytes""#, 5_746_618_253_357_095_269),
        (r#""string""#, -8_142_146_995_180_207_161),
    ] {
        assert_eq!(Schema::fingerprint_of(&json.into()), Ok(fingerprint.cast_unsigned()), "{json}");
    }
    assert!(Schema::fingerprint_of(&"7".into()).is_err());
}

#[test]
fn a_schema_has_at_most_so_many_bytes_and_levels() {
    let padded = |bytes: usize| format!("\"int\"{}", " ".repeat(bytes - 5));
    assert!(Schema::parse(&padded(SCHEMA_BYTES_MAX)).is_ok());
    assert!(refused(&padded(SCHEMA_BYTES_MAX + 1)).contains("has 131073 bytes, more than 131072"));
    let nested = |begin: &dyn Fn(usize) -> String, end: &str, levels: usize| {
        let begins: String = (0..levels).map(begin).collect();
        format!("{begins}\"int\"{}", end.repeat(levels))
    };
    let lists = |levels| nested(&|_| r#"{"type":"array","items":"#.to_owned(), "}", levels);
    let unions = |levels| nested(&|_| r#"{"type":"array","items":["null","#.to_owned(), "]}", levels);
    let records = |levels| {
        let begin = |level| format!(r#"{{"type":"record","name":"R{level}","fields":[{{"name":"a","type":"#);
        nested(&begin, "}]}", levels)
    };
    for (legal, too_deep) in [(lists(32), lists(33)), (unions(16), unions(17)), (records(32), records(33))] {
        assert!(Schema::parse(&legal).is_ok(), "{legal}");
        assert!(refused(&too_deep).contains("more than 32 levels deep"), "{too_deep}");
    }
}

#[test]
fn a_value_has_at_most_so_many_levels() {
    let chain = Schema::parse(r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#).unwrap();
    let linked = |links: usize| [vec![2; links], vec![0]].concat();
    // Each link is a record in a union, and a null in a union is at the end.
    assert_eq!(guard(&chain, &linked(31)), Ok(()));
    assert!(guard(&chain, &linked(32)).unwrap_err().reason.contains("64 levels deep"));
    let tree = Schema::parse(r#"{"type":"record","name":"T","fields":[{"name":"list","type":{"type":"array","items":"T"}}]}"#).unwrap();
    let nested = |lists: usize| [vec![2; lists], vec![0; lists + 1]].concat();
    assert_eq!(guard(&tree, &nested(31)), Ok(()));
    assert!(guard(&tree, &nested(32)).unwrap_err().reason.contains("64 levels deep"));
}

#[test]
fn values_without_bytes_are_allowed_by_the_bytes_of_those_that_have_them() {
    let list = |nulls: usize| {
        let fields: Vec<Value> = (0..nulls).map(|null| json!({"name": format!("n{null}"), "type": "null"})).collect();
        let fields = [vec![json!({"name": "b", "type": "boolean"})], fields].concat();
        let item = json!({"type": "record", "name": "R", "fields": fields});
        Schema::parse(&json!({"type": "array", "items": item}).to_string()).unwrap()
    };
    let items = 20_000;
    let mut body = Vec::new();
    crate::binary::put_items(0..items, &mut body, |_, out| out.push(1));
    // Four values for each byte: the record, its boolean and two nulls.
    assert_eq!(guard(&list(2), &body), Ok(()));
    assert!(guard(&list(4), &body).unwrap_err().reason.contains("too many values without bytes"));
}
