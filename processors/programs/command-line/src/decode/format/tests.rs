//! What kcat writes and what else may come.

use super::*;

fn read(format: &str, mut input: &[u8]) -> Result<Vec<Record>, String> {
    let format = Format::parse(format)?;
    let mut records = Vec::new();
    while let Some(record) = format.read(&mut input).map_err(|error| error.to_string())? {
        records.push(record);
    }
    Ok(records)
}

#[test]
fn values_with_their_lengths_are_read_to_the_last_byte() {
    let found = read("%R%s", b"\0\0\0\x02ab\0\0\0\0\xff\xff\xff\xff\0\0\0\x01\n").unwrap();
    let values: Vec<_> = found.iter().map(|record| record.value.as_slice()).collect();
    assert_eq!(values, [&b"ab"[..], b"", b"", b"\n"]);
    assert!(Format::parse("%R%s").unwrap().is_of_values_alone());
    assert_eq!(read("%S %s\\n", b"3 a\nb\n0 \n").unwrap().len(), 2);
}

#[test]
fn an_envelope_has_what_the_format_has() {
    let format = "%t %p %o %T %K:%k [%h] %R%s\\n";
    let input = b"schedule.events 3 17 1700000000000 5:a b c [type=LegAdded,x=y] \0\0\0\x04 \n] \nschedule.events 4 0 -1 -1: [] \0\0\0\0\n";
    let found = read(format, input).unwrap();
    assert!(!Format::parse(format).unwrap().is_of_values_alone());
    let first = json!({
        "topic": "schedule.events", "partition": 3, "offset": 17, "timestamp_ms": 1_700_000_000_000_i64, "key": "a b c",
        "headers": "type=LegAdded,x=y", "value": 1,
    });
    assert_eq!((found[0].value.as_slice(), found[0].envelope(json!(1))), (&b" \n] "[..], first));
    let second = found[1].envelope(json!(2));
    assert_eq!((&second["key"], &second["timestamp_ms"]), (&Value::Null, &json!(-1)));
}

#[test]
fn a_format_that_does_not_separate_records_is_refused() {
    for (format, reason) in [
        ("%s", "after its length"),
        ("%s\\n", "after its length"),
        ("%s%R", "after its length"),
        ("%p%R%s", "has to end each text"),
        ("%k%R%s", "has to end each text"),
        ("%S%s", "has to end each text"),
        ("%x %R%s", "%x is not one of"),
        ("%R%s%", "ends with %"),
        ("\\q%R%s", "is not one of"),
    ] {
        let refused = Format::parse(format).unwrap_err();
        assert!(refused.contains(reason), "{format}: {refused}");
    }
    assert!(Format::parse("%% %p\\x00%R%s").is_ok());
}

#[test]
fn input_of_another_format_says_what_was_found() {
    let cases: [(&str, &[u8], &str); 6] = [
        ("%R%s", b"3 \0\0\0\x01a", "a length of"),
        ("%R%s", b"\0\0\0\x05ab", "ends within a value"),
        ("%R%s", b"\0\0", "ends within a length"),
        ("%p %R%s", b"x \0\0\0\x01a", "where a number belongs"),
        ("%p %R%s", b"3", "ends within a text or a number"),
        ("%p %R%s\\n", b"3 \0\0\0\x01a;", "where the format has"),
    ];
    for (format, input, reason) in cases {
        let error = read(format, input).unwrap_err();
        assert!(
            error.contains(reason) && error.contains("with the same format"),
            "{format}: {error}"
        );
    }
}
