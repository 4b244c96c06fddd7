//! Schemas of other writers, from the registry.

use super::*;

#[test]
fn names_are_found_within_their_namespace() {
    let schema = Schema::parse(
        r#"{"type":"record","name":"A","namespace":"x.y","fields":[
            {"name":"b","type":{"type":"record","name":"B","fields":[{"name":"self","type":["null","B"],"default":null}]}},
            {"name":"again","type":"x.y.B"},
            {"name":"list","type":{"type":"array","items":"B"}}]}"#,
    )
    .unwrap();
    let Type::Record { name, fields } = schema.get(schema.root()) else {
        panic!("a record")
    };
    assert_eq!(name, "x.y.A");
    assert_eq!(fields[0].of, fields[1].of);
    assert_eq!(*schema.get(fields[2].of), Type::Array(fields[0].of));
    assert_eq!(schema.name(fields[0].of), "B");
}

#[test]
fn what_is_no_schema_is_refused_with_the_reason() {
    for (json, reason) in [
        ("{", "the schema is not JSON: EOF while parsing an object at line 1 column 1"),
        ("7", "the schema has 7 where a type belongs"),
        (r#""strin""#, "the schema uses strin, which it does not define before"),
        (r#"{"type":"array"}"#, "the schema has an array without items"),
        (r#"{"type":"map"}"#, "the schema has a map without values"),
        (r#"{"type":"record","fields":[]}"#, "the schema has a named type without a name"),
        (r#"{"type":"record","name":"R"}"#, "the schema has no fields for R"),
        (
            r#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#,
            "the schema has a field without name or type in R",
        ),
        (r#"{"type":"enum","name":"E"}"#, "the schema has no symbols for E"),
        (r#"{"type":"fixed","name":"F","size":-1}"#, "the schema has no size for F"),
        (
            r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]"#,
            "the schema defines F twice",
        ),
        (r#"{"name":"R"}"#, "the schema has an object without a type"),
    ] {
        assert_eq!(Schema::parse(json).unwrap_err(), reason);
    }
}

#[test]
fn documentation_and_defaults_do_not_change_the_bytes_but_names_and_types_do() {
    let parse = |fields: &str| Schema::parse(&format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)).unwrap();
    let plain = parse(r#"{"name":"a","type":"string"}"#);
    assert!(plain.same_bytes(&parse(r#"{"name":"a","type":{"type":"string"},"doc":"d","default":"x"}"#)));
    assert!(!plain.same_bytes(&parse(r#"{"name":"b","type":"string"}"#)));
    assert!(!plain.same_bytes(&parse(r#"{"name":"a","type":"bytes"}"#)));
}
