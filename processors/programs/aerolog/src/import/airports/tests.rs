//! What a file of airports becomes, and which lines are left out.

use super::*;
use std::io::Write;

fn plan(lines: &str, legs: Option<&str>) -> Plan {
    try_plan(lines, legs).unwrap()
}

fn try_plan(lines: &str, legs: Option<&str>) -> anyhow::Result<Plan> {
    let file = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{text}").unwrap();
        file
    };
    let airports = file(&format!("iata,name,tz\n{lines}"));
    let legs = legs.map(file);
    let arguments = Arguments {
        file: airports.path().to_owned(),
        minimum_ground_time: 25,
        used_by: legs.iter().map(|file| file.path().to_owned()).collect(),
    };
    arguments.plan()
}

fn codes(plan: &Plan) -> Vec<String> {
    plan.asks.iter().map(|ask| ask.id.to_string()).collect()
}

const GOOD: &str = "HNL,Honolulu,Pacific/Honolulu\nLAX,\"Los Angeles, California\",America/Los_Angeles\n";

#[test]
fn each_airport_is_registered_with_its_zone_and_the_given_ground_time() {
    let plan = plan(GOOD, None);
    assert_eq!(
        (codes(&plan), plan.problems),
        (vec!["airport/HNL".to_owned(), "airport/LAX".to_owned()], vec![])
    );
    let Command::Airport(airport::Command::Register {
        name,
        zone,
        minimum_ground_time_minutes,
    }) = &plan.asks[1].command
    else {
        panic!("{:?}", plan.asks[1]);
    };
    assert_eq!(
        (name.as_str(), zone.to_string().as_str()),
        ("Los Angeles, California", "America/Los_Angeles")
    );
    assert_eq!(*minimum_ground_time_minutes, 25);
}

#[test]
fn only_airports_that_legs_name_are_registered_if_legs_are_given() {
    let plan = plan(GOOD, Some("origin,dest\nLAX\nLAX,SEA\n"));
    assert_eq!(codes(&plan), ["airport/LAX"]);
    assert_eq!(plan.problems, []);
    assert_eq!(plan.unknown, 1, "SEA has no line");
}

#[test]
fn a_file_of_legs_that_names_no_airport_registers_none() {
    for legs in ["", "origin,dest\n", "origin,dest\nLAX\n", "origin;dest\nLAX;HNL\n"] {
        let error = try_plan(GOOD, Some(legs)).unwrap_err();
        assert!(format!("{error:#}").contains("/"), "{error:#}");
    }
}

#[test]
fn a_line_that_is_no_airport_is_left_out_with_its_number_and_reason() {
    let plan = plan(
        "hnl,x,Pacific/Honolulu\nKOA,x,Mars/Olympus\nITO,,Pacific/Honolulu\nHNL\nLIH,x,Pacific/Honolulu\nLIH,y,UTC\n",
        None,
    );
    let expected = [(2, "hnl"), (3, "Mars/Olympus"), (4, "0 characters"), (5, "fields"), (7, "twice")];
    assert_eq!(plan.problems.len(), expected.len(), "{:?}", plan.problems);
    for (problem, (line, part)) in plan.problems.iter().zip(expected) {
        assert!(problem.line == line && problem.reason.contains(part), "{problem:?}");
    }
    assert_eq!(codes(&plan), ["airport/LIH"]);
}
