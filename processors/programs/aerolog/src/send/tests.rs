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
    let (id, command) = arguments.what.unwrap().to_command();
    assert_eq!(id.to_string(), "rotation/R1");
    assert_eq!(command_type(&command), "AddLegs");
    assert_eq!(arguments.expected_version, Some(3));
}

#[test]
fn every_command_of_the_domain_can_be_sent_by_flags() {
    let leg = "L1,HA11,HNL,LAX,2008-01-01T10:00Z,2008-01-01T15:00Z";
    for (line, aggregate, type_name) in [
        (
            "register-airport HNL --name Honolulu --zone Pacific/Honolulu --minimum-ground-time 30",
            "airport/HNL",
            "RegisterAirport",
        ),
        ("set-minimum-ground-time HNL --minutes 5", "airport/HNL", "SetMinimumGroundTime"),
        (
            "register-airplane N475HA --aircraft-type 717",
            "airplane/N475HA",
            "RegisterAirplane",
        ),
        ("retire-airplane N475HA", "airplane/N475HA", "RetireAirplane"),
        ("correct-airplane N475HA --aircraft-type 763", "airplane/N475HA", "CorrectAirplane"),
        ("correct-airport OVB --zone Asia/Novosibirsk", "airport/OVB", "CorrectAirport"),
        ("correct-airport OVB --name Tolmachevo", "airport/OVB", "CorrectAirport"),
        ("create-rotation R1 --active", "rotation/R1", "CreateRotation"),
        (&format!("add-legs R1 --leg {leg}"), "rotation/R1", "AddLegs"),
        ("remove-legs R1 L1 L2", "rotation/R1", "RemoveLegs"),
        (&format!("replace-legs R1 --remove L0 --add {leg}"), "rotation/R1", "ReplaceLegs"),
        (
            "reschedule-leg R1 L1 --departure 2008-01-01T10:00Z --arrival 2008-01-01T15:00Z",
            "rotation/R1",
            "RescheduleLeg",
        ),
        ("assign-airplane R1 N475HA", "rotation/R1", "AssignAirplane"),
        ("unassign-airplane R1", "rotation/R1", "UnassignAirplane"),
        ("activate-rotation R1", "rotation/R1", "ActivateRotation"),
        ("remove-rotation R1", "rotation/R1", "RemoveRotation"),
    ] {
        let (id, command) = parse(&format!("send {line}")).unwrap().what.unwrap().to_command();
        assert_eq!((id.to_string().as_str(), command_type(&command)), (aggregate, type_name), "{line}");
    }
}

#[test]
fn a_value_that_cannot_be_says_what_was_expected() {
    let error = parse("send retire-airplane x").err().unwrap();
    assert!(error.contains("2 to 10 capital letters"), "{error}");
    let error = parse("send correct-airport OVB").err().unwrap();
    assert!(error.contains("--name"), "{error}");
    let error = parse("send add-legs R1 --leg L1,HA11,HNL").err().unwrap();
    assert!(error.contains("3 parts where"), "{error}");
}

#[test]
fn json_gets_an_id_where_it_has_none_and_keeps_the_one_that_it_has() {
    let text = r#"{"aggregate_id": "airport/HNL", "payload": {"RegisterAirport": {}}}"#;
    let made = from_json(text.as_bytes(), None).unwrap();
    assert_eq!(
        (made.aggregate_id.as_str(), made.type_name.as_str()),
        ("airport/HNL", "RegisterAirport")
    );
    assert!(String::from_utf8(made.value).unwrap().contains(&made.command_id.to_string()));
    let id = "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3";
    let text = format!(r#"{{"command_id": "{id}", "aggregate_id": "airport/HNL"}}"#);
    assert_eq!(from_json(text.as_bytes(), None).unwrap().command_id.to_string(), id);
}

#[test]
fn json_that_cannot_be_sent_says_why() {
    for (text, reason) in [
        ("nonsense", "not JSON"),
        ("", "not JSON"),
        ("{\"aggregate_id\": \"airport/HNL\"} x", "trailing characters"),
        ("\u{feff}{}", "byte order mark"),
        ("[]", "not a JSON object"),
        ("{}", "aggregate_id is missing"),
        (r#"{"command_id": 1}"#, "not a UUID"),
    ] {
        let error = format!("{:#}", from_json(text.as_bytes(), None).err().unwrap());
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_command_without_an_outcome_in_time_says_where_it_lies() {
    let place = Place { partition: 3, offset: 14 };
    let text = late(Uuid::from_u128(7), Some(place), Duration::from_secs(2));
    assert!(
        text.contains("within 2 s. It is written to partition 3 at offset 14") && text.contains("/health/ready"),
        "{text}"
    );
    let text = late(Uuid::from_u128(7), None, Duration::from_secs(2));
    assert!(text.contains("not known whether it was written"), "{text}");
}

#[test]
fn a_doubled_key_is_refused_before_anything_is_sent() {
    for text in [
        r#"{"aggregate_id": "rotation/R1", "payload": {"CreateRotation": {}}, "payload": {"RemoveRotation": {}}}"#,
        r#"{"aggregate_id": "rotation/R1", "payload": {"RemoveRotation": {}, "RemoveRotation": {}}}"#,
        r#"{"aggregate_id": "rotation/R1", "payload": {"AddLegs": {"legs": [{"id": "L1", "id": "L2"}]}}}"#,
        r#"{"aggregate_id": "rotation/R1", "aggregate_id": "rotation/R2", "payload": {"RemoveRotation": {}}}"#,
    ] {
        let error = format!("{:#}", from_json(text.as_bytes(), None).err().unwrap());
        assert!(error.contains("occurs twice"), "{error}");
    }
}

#[test]
fn an_id_in_the_json_is_not_replaced_by_the_one_of_the_flag() {
    let id = "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3";
    let text = format!(r#"{{"command_id": "{id}", "aggregate_id": "airport/HNL"}}"#);
    let error = from_json(text.as_bytes(), Some(Uuid::from_u128(7))).err().unwrap().to_string();
    assert!(error.contains("give one of them"), "{error}");
}

#[test]
fn an_input_without_an_end_is_refused() {
    let error = from_json(std::io::repeat(b' '), None).unwrap_err();
    assert!(error.to_string().contains("more than 1048576 bytes"), "{error}");
}
