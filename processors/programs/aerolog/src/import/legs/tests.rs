//! What a file of legs becomes, and which lines are left out.

use super::*;
use std::io::Write;

fn plan(lines: &str) -> Plan {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "tail,designator,local_date,origin,dest,std_utc,sta_utc\n{lines}").unwrap();
    let mut airports = tempfile::NamedTempFile::new().unwrap();
    write!(airports, "iata\nHNL\nKOA\nITO\n").unwrap();
    let arguments = Arguments {
        file: file.path().to_owned(),
        name: "T".to_owned(),
        aircraft_type: None,
        airports: Some(airports.path().to_owned()),
        chunk: 2,
    };
    arguments.plan().unwrap()
}

const GOOD: &str = "\
N1AB,HA108,2008-01-01,HNL,KOA,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA107,2008-01-01,KOA,HNL,2008-01-01T16:28Z,2008-01-01T17:08Z
N1AB,HA122,2008-01-01,HNL,ITO,2008-01-01T17:45Z,2008-01-01T18:36Z
N2CD,HA108,2008-01-02,HNL,KOA,2008-01-02T15:15Z,2008-01-02T15:58Z
";

#[test]
fn each_tail_becomes_a_draft_with_its_airplane_and_its_legs_in_chunks() {
    let plan = plan(GOOD);
    assert_eq!((plan.lines, plan.problems.len()), (4, 0));
    let said: Vec<String> = plan
        .asks
        .iter()
        .map(|ask| format!("{} {}", ask.id, schemas::command_type(&ask.command)))
        .collect();
    assert_eq!(
        said,
        [
            "rotation/T-N1AB CreateRotation",
            "rotation/T-N1AB AssignAirplane",
            "rotation/T-N1AB AddLegs",
            "rotation/T-N1AB AddLegs",
            "rotation/T-N2CD CreateRotation",
            "rotation/T-N2CD AssignAirplane",
            "rotation/T-N2CD AddLegs",
        ]
    );
}

#[test]
fn the_same_file_gives_the_same_commands() {
    assert_eq!(plan(GOOD).asks, plan(GOOD).asks);
}

#[test]
fn ids_of_legs_never_change_from_release_to_release() {
    let lines = "\
N1AB,HA108,2008-01-01,HNL,KOA,2008-01-01T10:00Z,2008-01-01T10:40Z
N1AB,HA109,2008-01-01,KOA,HNL,2008-01-01T12:00:30Z,2008-01-01T12:40Z
N1AB,HA110,2008-01-01,HNL,KOA,2008-01-01T14:00:00.500Z,2008-01-01T14:40Z
";
    let plan = plan(lines);
    let legs = plan.asks.iter().filter_map(|ask| match &ask.command {
        Command::Rotation(rotation::Command::AddLegs { legs }) => Some(legs),
        _ => None,
    });
    let ids: Vec<&str> = legs.flatten().map(|leg| leg.id.as_str()).collect();
    let expected = [
        "HA108-HNL-2008-01-01T10:00Z",
        "HA109-KOA-2008-01-01T12:00:30Z",
        "HA110-HNL-2008-01-01T14:00:00.5Z",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn a_bad_line_is_left_out_with_its_number_and_reason_and_the_rest_goes_on() {
    let bad = "\
N1AB,HA108,2008-01-01,HNL,KOA,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA107,2008-01-01,XXX,HNL,2008-01-01T16:28Z,2008-01-01T17:08Z
N1AB,HA109,2008-01-01,HNL,KOA,2008-02-31T15:15Z,2008-01-01T15:58Z
N1AB,nonsense,2008-01-01,HNL,KOA,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA108,2008-01-01,HNL,KOA,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA108

N1AB,HA111,2008-01-01,HNL,KOA,2008-01-01T15:15Z,2008-01-01T14:58Z
N1AB,HA112,2008-01-01,HNL,HNL,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA110,2008-01-01,KOA,HNL,2008-01-01T19:15Z,2008-01-01T19:58Z
";
    let plan = plan(bad);
    let found: Vec<(u64, &str)> = plan
        .problems
        .iter()
        .map(|problem| (problem.line, problem.reason.as_str()))
        .collect();
    let expected = [
        (3, "unknown airport code \"XXX\""),
        (4, "2008-02-31"),
        (5, "nonsense"),
        (6, "twice"),
        (7, "fields"),
        (9, "not after its departure"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((line, reason), (expected_line, part)) in found.into_iter().zip(expected) {
        assert!(line == expected_line && reason.contains(part), "{line}: {reason}");
    }
    let legs: usize = plan
        .asks
        .iter()
        .map(|ask| {
            if let Command::Rotation(rotation::Command::AddLegs { legs }) = &ask.command {
                legs.len()
            } else {
                0
            }
        })
        .sum();
    assert_eq!(legs, 3, "a flight back to where it began is possible");
}
