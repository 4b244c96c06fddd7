//! What is made of flags and of JSON, before anything is sent.

use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn parse(line: &str) -> Result<Arguments, String> {
    Line::try_parse_from(line.split(' '))
        .map(|line| line.arguments)
        .map_err(|error| error.to_string())
}

#[test]
fn flags_make_the_command_that_they_say() {
    let arguments = parse("send add-legs R1 --leg L1,HA11,HNL,LAX,2008-01-01T10:00Z,2008-01-01T15:00Z --expected-version 3").unwrap();
    let (id, command) = arguments.what.unwrap().to_command().unwrap();
    assert_eq!(id.to_string(), "rotation/R1");
    assert_eq!(command_type(&command), "AddLegs");
    assert_eq!(arguments.expected_version, Some(3));
}

#[test]
fn a_value_that_cannot_be_says_what_was_expected() {
    let error = parse("send retire-airplane x").err().unwrap();
    assert!(error.contains("2 to 10 capital letters"), "{error}");
    let error = parse("send add-legs R1 --leg L1,HA11,HNL").err().unwrap();
    assert!(error.contains("3 parts where"), "{error}");
}

#[test]
fn json_gets_an_id_where_it_has_none_and_keeps_the_one_that_it_has() {
    let text = r#"{"aggregate_id": "airport/HNL", "payload": {"RegisterAirport": {}}}"#;
    let made = from_json(text.as_bytes(), None).unwrap();
    assert_eq!((made.key.as_str(), made.type_name.as_str()), ("airport/HNL", "RegisterAirport"));
    assert!(String::from_utf8(made.value).unwrap().contains(&made.command_id.to_string()));
    let id = "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3";
    let text = format!(r#"{{"command_id": "{id}", "aggregate_id": "airport/HNL"}}"#);
    assert_eq!(from_json(text.as_bytes(), None).unwrap().command_id.to_string(), id);
}

#[test]
fn json_that_cannot_be_sent_says_why() {
    for (text, reason) in [
        ("nonsense", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "aggregate_id is missing"),
        (r#"{"command_id": 1}"#, "not a UUID"),
    ] {
        let error = format!("{:#}", from_json(text.as_bytes(), None).err().unwrap());
        assert!(error.contains(reason), "{error}");
    }
}
