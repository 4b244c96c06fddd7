//! What is made of flags, before anything is sent.

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
