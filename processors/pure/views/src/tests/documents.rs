//! The documents that answer questions about one small schedule, whole; and which questions are refused.

use super::fixture::*;
use crate::ask::{ConnectionSearch, Delay};
use crate::graph::Budget;
use crate::questions::{self, Question};
use crate::{Check, ScheduleGraph};
use application::{Asked, Refusal, View as _};
use domain::rotation::Event::{Activated, Created};
use domain::rotation::Mode;
use expect_test::{Expect, expect};
use keyvalue::Memory;
use std::borrow::Cow;

/// A question as it is asked: `/rotations/r1?limit=1` is asked by the route of its template.
fn asked(template: &str, names: &[(&'static str, &str)], query: &str) -> Result<Question, Refusal> {
    let route = questions::ROUTES.iter().find(|route| route.template == template).unwrap();
    let names: Vec<_> = names.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))).collect();
    let mut parameters: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    parameters.sort_unstable();
    (route.question)(&Asked::new(route.template, &names, parameters))
}

fn answer(view: &Memory, template: &str, names: &[(&'static str, &str)], query: &str) -> Result<String, Refusal> {
    let question = asked(template, names, query)?;
    Ok(String::from_utf8(ScheduleGraph::answer(&question, view)?).unwrap())
}

/// Each item of a list on its own line, and events by their sequence.
fn lines(document: &str) -> String {
    let mut text = document.replace(":[{", ":[\n  {").replace("},{", "},\n  {");
    while let Some(begin) = text.find(r#"{"partition":0,"sequence":"#) {
        let end = begin + text[begin..].find('}').unwrap();
        let sequence = text[begin..end].split([':', ',']).nth(3).unwrap().to_owned();
        text.replace_range(begin..=end, &format!("#{sequence}"));
    }
    text
}

fn check(template: &str, names: &[(&'static str, &str)], query: &str, expected: Expect) {
    expected.assert_eq(&lines(&answer(&schedule().memory, template, names, query).unwrap()));
}

fn is_refused(template: &str, names: &[(&'static str, &str)], query: &str, parameter: &str) {
    match answer(&schedule().memory, template, names, query) {
        Err(Refusal::BadParameter { name, .. }) => assert_eq!(name, parameter, "{template}?{query}"),
        other => panic!("{template}?{query}: {other:?}"),
    }
}

fn is_not_found(template: &str, names: &[(&'static str, &str)]) {
    let found = answer(&schedule().memory, template, names, "");
    assert!(matches!(found, Err(Refusal::NotFound { .. })), "{template}: {found:?}");
}

const FIRST: &str = "a HA1 HNL OGG 01T18:00 01T18:40";
const SECOND: &str = "b HA2 OGG HNL 01T19:10 01T19:50";

/// A rotation whose ground time is too short, one from Honolulu on by an airplane that has retired, and a draft of an airplane that is not
/// registered, at an airport that is not registered either.
fn schedule() -> View {
    View::given([
        airport("HNL", "Pacific/Honolulu", 30),
        airport("OGG", "Pacific/Honolulu", 45),
        minimum("OGG", Some("763"), 60),
        airport("LAX", "America/Los_Angeles", 60),
        airplane("N1", "717"),
        airplane("N2", "763"),
        created("r1"),
        assigned("r1", "N1", None),
        added("r1", FIRST),
        added("r1", SECOND),
        rescheduled("r1", SECOND, "01T19:10", "01T19:55"),
        rotation("r1", Activated),
        rotation("r2", Created { mode: Mode::Active }),
        assigned("r2", "N2", None),
        added("r2", "c HA3 HNL LAX 01T20:30 02T01:30"),
        retired("N2"),
        created("r3"),
        assigned("r3", "N3", None),
        added("r3", "d HA1 HNL LIH 01T21:00 01T21:30"),
        created("r4"),
        assigned("r4", "N1", None),
    ])
}

#[test]
fn rotations_legs_airplanes_and_airports_say_which_event_wrote_what() {
    check(
        "/rotations",
        &[],
        "limit=2",
        expect![[r#"
        {"rotations":[
          {"id":"r1","mode":"active","airplane":{"registration":"N1","provenance":#8},"provenance":#7,"mode_provenance":#12},
          {"id":"r2","mode":"active","airplane":{"registration":"N2","provenance":#14},"provenance":#13,"mode_provenance":#13}],"next_cursor":"01ec7a63bede2675ef12723200"}
    "#]],
    );
    check(
        "/rotations/{id}",
        &[("id", "r1")],
        "",
        expect![[r#"
        {"id":"r1","mode":"active","airplane":{"registration":"N1","provenance":#8},"provenance":#7,"mode_provenance":#12,"legs":[
          {"rotation":"r1","id":"a","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T18:00:00.000Z","arrival":"2008-01-01T18:40:00.000Z","origin_date":"2008-01-01","provenance":#9,"times_provenance":#9},
          {"rotation":"r1","id":"b","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","origin_date":"2008-01-01","provenance":#10,"times_provenance":#11}],"next_cursor":null}
    "#]],
    );
    check(
        "/rotations/{id}",
        &[("id", "r4")],
        "",
        expect![[r#"
        {"id":"r4","mode":"draft","airplane":{"registration":"N1","provenance":#21},"provenance":#20,"mode_provenance":#20,"legs":[],"next_cursor":null}
    "#]],
    );
    check(
        "/rotations/{id}/legs/{leg}",
        &[("id", "r1"), ("leg", "b")],
        "",
        expect![[r#"
        {"rotation":"r1","id":"b","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","origin_date":"2008-01-01","provenance":#10,"times_provenance":#11,"airplane":"N1","previous":{"rotation":"r1","id":"a","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T18:00:00.000Z","arrival":"2008-01-01T18:40:00.000Z","origin_date":"2008-01-01","provenance":#9,"times_provenance":#9},"next":null}
    "#]],
    );
    check(
        "/airplanes",
        &[],
        "",
        expect![[r#"
        {"airplanes":[
          {"registration":"N1","aircraft_type":"717","retired":false,"provenance":#5,"type_provenance":#5,"retired_provenance":null},
          {"registration":"N2","aircraft_type":"763","retired":true,"provenance":#6,"type_provenance":#6,"retired_provenance":#16}],"next_cursor":null}
    "#]],
    );
    check(
        "/airports/{code}",
        &[("code", "OGG")],
        "",
        expect![[r#"
        {"code":"OGG","name":"OGG airport","zone":"Pacific/Honolulu","minimum_ground_time":{"minutes":45,"provenance":#2},"by_aircraft_type":{"763":{"minutes":60,"provenance":#3}},"provenance":#2,"name_provenance":#2,"zone_provenance":#2}
    "#]],
    );
}

#[test]
fn an_airplane_is_found_where_it_is_registered_or_a_rotation_names_it() {
    check(
        "/airplanes/{id}",
        &[("id", "N1")],
        "",
        expect![[r#"
        {"registration":"N1","aircraft_type":"717","retired":false,"provenance":#5,"type_provenance":#5,"retired_provenance":null,"rotations":[
          {"id":"r1","mode":"active","first_departure":"2008-01-01T18:00:00.000Z","last_arrival":"2008-01-01T19:55:00.000Z","departs_from":"HNL","arrives_at":"HNL"},
          {"id":"r4","mode":"draft","first_departure":null,"last_arrival":null,"departs_from":null,"arrives_at":null}],"next_cursor":null}
    "#]],
    );
    check(
        "/airplanes/{id}",
        &[("id", "N2")],
        "from=2009-01-01T00:00:00Z",
        expect![[r#"
        {"registration":"N2","aircraft_type":"763","retired":true,"provenance":#6,"type_provenance":#6,"retired_provenance":#16,"rotations":[],"next_cursor":null}
    "#]],
    );
    check(
        "/airplanes/{id}",
        &[("id", "N3")],
        "",
        expect![[r#"
        {"registration":"N3","aircraft_type":null,"retired":null,"provenance":null,"type_provenance":null,"retired_provenance":null,"rotations":[
          {"id":"r3","mode":"draft","first_departure":"2008-01-01T21:00:00.000Z","last_arrival":"2008-01-01T21:30:00.000Z","departs_from":"HNL","arrives_at":"LIH"}],"next_cursor":null}
    "#]],
    );
    is_not_found("/airplanes/{id}", &[("id", "N4")]);
}

#[test]
fn nothing_is_answered_for_a_name_that_the_schedule_does_not_have() {
    is_not_found("/rotations/{id}", &[("id", "r9")]);
    is_not_found("/rotations/{id}/legs/{leg}", &[("id", "r1"), ("leg", "z")]);
    is_not_found("/airports/{code}", &[("code", "LIH")]);
    is_not_found("/graph/nodes/{+id}", &[("id", "airport/SFO")]);
    let impact = answer(
        &schedule().memory,
        "/rotations/{id}/legs/{leg}/impact",
        &[("id", "r1"), ("leg", "z")],
        "delay_minutes=5",
    );
    assert!(matches!(impact, Err(Refusal::NotFound { what: "leg", .. })), "{impact:?}");
    let traversed = answer(&schedule().memory, "/graph/traverse", &[], "start=airport/SFO");
    assert!(matches!(traversed, Err(Refusal::NotFound { what: "node", .. })), "{traversed:?}");
    let unknown_check = asked("/checks/{check}", &[("check", "crew")], "");
    assert!(matches!(unknown_check, Err(Refusal::NoSuchRoute)), "{unknown_check:?}");
}

#[test]
fn legs_are_listed_by_designator_by_time_and_by_airport() {
    check(
        "/legs",
        &[],
        "designator=HA2",
        expect![[r#"
        {"legs":[
          {"rotation":"r1","id":"b","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","origin_date":"2008-01-01","provenance":#10,"times_provenance":#11}],"next_cursor":null}
    "#]],
    );
    let ids = |template: &str, names: &[(&'static str, &str)], query: &str| {
        let document = answer(&schedule().memory, template, names, query).unwrap();
        let of = |leg: &serde_json::Value| leg["id"].as_str().unwrap().to_owned();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        document["legs"].as_array().unwrap().iter().map(of).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids("/legs", &[], ""), "a b c d");
    assert_eq!(ids("/legs", &[], "from=2008-01-01T19:10:00Z&to=2008-01-01T21:00:00Z"), "b c");
    assert_eq!(ids("/legs", &[], "designator=HA1"), "a d");
    assert_eq!(ids("/legs", &[], "designator=HA1&from=2008-01-01T18:01:00Z"), "d");
    assert_eq!(ids("/legs", &[], "designator=HA1&to=2008-01-01T21:00:00Z"), "a");
    assert_eq!(ids("/airports/{code}/departures", &[("code", "HNL")], ""), "a c d");
    assert_eq!(ids("/airports/{code}/arrivals", &[("code", "HNL")], ""), "b");
    assert_eq!(ids("/rotations/{id}", &[("id", "r1")], "from=2008-01-01T18:01:00Z"), "b");
    is_refused("/legs", &[], "from=2008-01-02T00:00:00Z&to=2008-01-01T00:00:00Z", "to");
    assert_eq!(ids("/legs", &[], "from=2008-01-01T18:00:00Z&to=2008-01-01T18:00:00Z"), "");
}

#[test]
fn a_board_shows_both_directions_in_local_time_where_the_airport_is_registered() {
    check(
        "/airports/{code}/board",
        &[("code", "HNL")],
        "",
        expect![[r#"
        {"board":[
          {"direction":"departure","at":"2008-01-01T18:00:00.000Z","local":"2008-01-01T08:00:00.000-10:00","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T18:00:00.000Z","arrival":"2008-01-01T18:40:00.000Z","rotation":"r1","leg":"a","mode":"active","airplane":"N1"},
          {"direction":"arrival","at":"2008-01-01T19:55:00.000Z","local":"2008-01-01T09:55:00.000-10:00","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","rotation":"r1","leg":"b","mode":"active","airplane":"N1"},
          {"direction":"departure","at":"2008-01-01T20:30:00.000Z","local":"2008-01-01T10:30:00.000-10:00","designator":"HA3","origin":"HNL","destination":"LAX","departure":"2008-01-01T20:30:00.000Z","arrival":"2008-01-02T01:30:00.000Z","rotation":"r2","leg":"c","mode":"active","airplane":"N2"},
          {"direction":"departure","at":"2008-01-01T21:00:00.000Z","local":"2008-01-01T11:00:00.000-10:00","designator":"HA1","origin":"HNL","destination":"LIH","departure":"2008-01-01T21:00:00.000Z","arrival":"2008-01-01T21:30:00.000Z","rotation":"r3","leg":"d","mode":"draft","airplane":"N3"}],"next_cursor":null}
    "#]],
    );
    check(
        "/airports/{code}/board",
        &[("code", "LIH")],
        "",
        expect![[r#"
        {"board":[
          {"direction":"arrival","at":"2008-01-01T21:30:00.000Z","local":null,"designator":"HA1","origin":"HNL","destination":"LIH","departure":"2008-01-01T21:00:00.000Z","arrival":"2008-01-01T21:30:00.000Z","rotation":"r3","leg":"d","mode":"draft","airplane":"N3"}],"next_cursor":null}
    "#]],
    );
}

#[test]
fn a_check_lists_its_violations_with_what_they_follow_from() {
    check(
        "/checks/{check}",
        &[("check", "ground-time")],
        "recompute=true",
        expect![[r#"
        {"check":"ground-time","total":1,"violations":[
          {"id":"ground-time/r1/a","rotation":"r1","airport":"OGG","ground_minutes":30,"minimum_minutes":45,"airport_provenance":#2,"legs":[
          {"rotation":"r1","id":"a","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T18:00:00.000Z","arrival":"2008-01-01T18:40:00.000Z","origin_date":"2008-01-01","provenance":#9,"times_provenance":#9},
          {"rotation":"r1","id":"b","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","origin_date":"2008-01-01","provenance":#10,"times_provenance":#11}]}],"next_cursor":null,"recomputed":{"total":1,"differing":0,"agrees":true}}
    "#]],
    );
    check(
        "/checks/{check}",
        &[("check", "flight-designator")],
        "",
        expect![[r#"
        {"check":"flight-designator","total":1,"violations":[
          {"id":"flight-designator/r1/HA1/HNL/2008-01-01","rotation":"r1","designator":"HA1","airport":"HNL","origin_date":"2008-01-01","leg_count":2,"legs":[
          {"rotation":"r1","id":"a","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T18:00:00.000Z","arrival":"2008-01-01T18:40:00.000Z","origin_date":"2008-01-01","provenance":#9,"times_provenance":#9},
          {"rotation":"r3","id":"d","designator":"HA1","origin":"HNL","destination":"LIH","departure":"2008-01-01T21:00:00.000Z","arrival":"2008-01-01T21:30:00.000Z","origin_date":"2008-01-01","provenance":#19,"times_provenance":#19}]}],"next_cursor":null}
    "#]],
    );
    check(
        "/checks/{check}",
        &[("check", "unknown-reference")],
        "",
        expect![[r#"
        {"check":"unknown-reference","total":3,"violations":[
          {"id":"unknown-reference/r2/airplane","rotation":"r2","airplane":"N2","retired":true,"assigned_provenance":#14,"legs":[]},
          {"id":"unknown-reference/r3/d/destination","rotation":"r3","airport":"LIH","legs":[
          {"rotation":"r3","id":"d","designator":"HA1","origin":"HNL","destination":"LIH","departure":"2008-01-01T21:00:00.000Z","arrival":"2008-01-01T21:30:00.000Z","origin_date":"2008-01-01","provenance":#19,"times_provenance":#19}]},
          {"id":"unknown-reference/r3/airplane","rotation":"r3","airplane":"N3","retired":false,"assigned_provenance":#18,"legs":[]}],"next_cursor":null}
    "#]],
    );
}

#[test]
fn continuity_overlap_and_seam_say_where_or_when_the_legs_do_not_fit() {
    let view = View::given([
        created("r1"),
        added("r1", FIRST),
        added("r1", "b HA2 KOA HNL 01T18:30 01T19:50"),
        assigned("r1", "N1", None),
        created("r2"),
        added("r2", "c HA3 LIH HNL 01T19:30 01T20:30"),
        assigned("r2", "N1", None),
    ]);
    let shown = |check: Check| {
        let document = answer(&view.memory, "/checks/{check}", &[("check", check.name())], "").unwrap();
        document.split(r#","legs":"#).next().unwrap().to_owned()
    };
    expect![[r#"
        {"check":"rotation-continuity","total":1,"violations":[{"id":"rotation-continuity/r1/a","rotation":"r1","arrives_at":"OGG","departs_from":"KOA"
        {"check":"overlap","total":1,"violations":[{"id":"overlap/r1/a","rotation":"r1","arrives":"2008-01-01T18:40:00.000Z","departs":"2008-01-01T18:30:00.000Z"
        {"check":"rotation-seam","total":1,"violations":[{"id":"rotation-seam/r1/r2","rotation":"r1","airplane":"N1","discontinuous":true,"overlapping":true,"arrives_at":"HNL","departs_from":"LIH""#]].assert_eq(
        &[Check::RotationContinuity, Check::Overlap, Check::RotationSeam]
            .map(shown)
            .join("\n"),
    );
}

#[test]
fn a_recomputation_that_does_not_agree_says_by_how_many() {
    let mut view = schedule().memory;
    let (from, to) = crate::keys::violations(Check::GroundTime).range();
    let key = view
        .iter()
        .map(|(key, _)| key.to_vec())
        .find(|key| from <= *key && *key < to)
        .unwrap();
    view.apply(&[keyvalue::Mutation::Delete { key }]);
    let document = answer(&view, "/checks/{check}", &[("check", "ground-time")], "recompute=true").unwrap();
    assert!(
        document
            .trim_end()
            .ends_with(r#""recomputed":{"total":1,"differing":1,"agrees":false}}"#),
        "{document}"
    );
}

#[test]
fn the_impact_of_a_delay_is_given_in_minutes() {
    let leg = [("id", "r1"), ("leg", "a")];
    check(
        "/rotations/{id}/legs/{leg}/impact",
        &leg,
        "delay_minutes=60&drafts=true",
        expect![[r#"
            {"airplane":"N1","legs":[
              {"rotation":"r1","leg":"a","designator":"HA1","origin":"HNL","destination":"OGG","departure":"2008-01-01T18:00:00.000Z","arrival":"2008-01-01T18:40:00.000Z","mode":"active","airplane":"N1","ground_minutes":null,"required_minutes":null,"slack_minutes":null,"delay_minutes":60,"missed_connections":[]},
              {"rotation":"r1","leg":"b","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","mode":"active","airplane":"N1","ground_minutes":30,"required_minutes":45,"slack_minutes":0,"delay_minutes":60,"missed_connections":[
              {"rotation":"r2","leg":"c","designator":"HA3","origin":"HNL","destination":"LAX","departure":"2008-01-01T20:30:00.000Z","arrival":"2008-01-02T01:30:00.000Z","mode":"active","airplane":"N2","connection_minutes":35,"minimum_connection_minutes":30},
              {"rotation":"r3","leg":"d","designator":"HA1","origin":"HNL","destination":"LIH","departure":"2008-01-01T21:00:00.000Z","arrival":"2008-01-01T21:30:00.000Z","mode":"draft","airplane":"N3","connection_minutes":65,"minimum_connection_minutes":30}]}],"absorbed_by":null,"cut":false}
        "#]],
    );
    let refused = |query: &str, name: &str| is_refused("/rotations/{id}/legs/{leg}/impact", &leg, query, name);
    refused("", "delay_minutes");
    refused("delay_minutes=0", "delay_minutes");
    refused("delay_minutes=10081", "delay_minutes");
    let week = asked("/rotations/{id}/legs/{leg}/impact", &leg, "delay_minutes=10080&min_connection=0");
    let Question::Impact(delay) = week.unwrap() else {
        panic!("another question");
    };
    let expected = Delay {
        rotation: rotation_id("r1"),
        leg: leg_id("a"),
        delay_ms: 7 * 24 * 3_600_000,
        min_connection_minutes: Some(0),
        drafts: false,
    };
    assert_eq!(*delay, expected);
}

#[test]
fn connections_are_listed_leg_by_leg_with_the_time_to_change() {
    check(
        "/connections",
        &[],
        "from=OGG&to=LAX&depart_after=2008-01-01T12:00:00Z&legs_max=2",
        expect![[r#"
            {"from":"OGG","to":"LAX","depart_after":"2008-01-01T12:00:00.000Z","arrive_before":"2008-01-02T12:00:00.000Z","legs_max":2,"connections":[
              {"departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-02T01:30:00.000Z","minutes":380,"legs":[
              {"rotation":"r1","leg":"b","designator":"HA2","origin":"OGG","destination":"HNL","departure":"2008-01-01T19:10:00.000Z","arrival":"2008-01-01T19:55:00.000Z","mode":"active","airplane":"N1","connection_minutes":null,"minimum_connection_minutes":null},
              {"rotation":"r2","leg":"c","designator":"HA3","origin":"HNL","destination":"LAX","departure":"2008-01-01T20:30:00.000Z","arrival":"2008-01-02T01:30:00.000Z","mode":"active","airplane":"N2","connection_minutes":35,"minimum_connection_minutes":30}]}]}
        "#]],
    );
}

#[test]
fn a_search_for_connections_looks_a_day_far_and_for_three_legs_unless_the_question_says_otherwise() {
    let search = |query: &str| asked("/connections", &[], &format!("from=OGG&to=LAX&{query}"));
    let after = "depart_after=2008-01-01T12:00:00Z";
    let Question::Connections(found) = search(after).unwrap() else {
        panic!("another question");
    };
    let expected = ConnectionSearch {
        from: code("OGG"),
        to: code("LAX"),
        depart_after: at("01T12:00"),
        arrive_before: at("02T12:00"),
        legs_max: 3,
        min_connection_minutes: None,
        drafts: false,
    };
    assert_eq!(*found, expected);
    for (arrive_before, is_possible) in [("11:59:59", false), ("12:00:00", false), ("12:00:01", true)] {
        let found = search(&format!("{after}&arrive_before=2008-01-01T{arrive_before}Z"));
        assert_eq!(found.is_ok(), is_possible, "{arrive_before}: {found:?}");
    }
    assert!(search("").is_err() && search(&format!("{after}&legs_max=7")).is_err());
    is_refused("/connections", &[], "from=OGG&to=OGG&depart_after=2008-01-01T12:00:00Z", "to");
}

#[test]
fn a_traversal_names_nodes_and_edges_and_what_has_cut_it() {
    check(
        "/graph/traverse",
        &[],
        "start=rotation/r1&edges=legs,airplane,next-leg",
        expect![[r#"
            {"start":"rotation/r1","expanded":1,"cut":null,"nodes":[
              {"id":"rotation/r1","depth":0},
              {"id":"leg/r1/a","depth":1},
              {"id":"leg/r1/b","depth":1},
              {"id":"airplane/N1","depth":1}],"edges":[
              {"from":"rotation/r1","kind":"legs","to":"leg/r1/a","at":"2008-01-01T18:00:00.000Z"},
              {"from":"rotation/r1","kind":"legs","to":"leg/r1/b","at":"2008-01-01T19:10:00.000Z"},
              {"from":"rotation/r1","kind":"airplane","to":"airplane/N1"}]}
        "#]],
    );
    check(
        "/graph/traverse",
        &[],
        "start=airplane/N1&edges=airplane&direction=backward&nodes_max=2",
        expect![[r#"
            {"start":"airplane/N1","expanded":0,"cut":"nodes","nodes":[
              {"id":"airplane/N1","depth":0},
              {"id":"rotation/r1","depth":1}],"edges":[
              {"from":"airplane/N1","kind":"rotations","to":"rotation/r1","at":"2008-01-01T18:00:00.000Z"}]}
        "#]],
    );
}

#[test]
fn a_traversal_goes_forward_one_step_far_unless_the_question_says_otherwise() {
    let kinds = |query: &str| {
        let question = asked("/graph/traverse", &[], &format!("start=airport/HNL&{query}")).unwrap();
        let Question::GraphTraverse(traversal) = question else {
            panic!("another question");
        };
        let names: Vec<_> = traversal.kinds.iter().map(|kind| kind.name()).collect();
        (names.join(" "), traversal.budget)
    };
    let default = Budget {
        depth_max: 1,
        nodes_max: 1000,
        edges_max: 8000,
        bytes_max: 1_048_576,
    };
    assert_eq!(kinds("edges=legs,origin"), ("legs origin".to_owned(), default));
    assert_eq!(kinds("edges=legs,origin&direction=forward").0, "legs origin");
    assert_eq!(kinds("edges=legs,origin&direction=backward").0, "rotation departures");
    assert_eq!(kinds("edges=legs,origin&direction=both").0, "legs rotation departures origin");
    let largest = Budget {
        depth_max: 100,
        nodes_max: 100_000,
        edges_max: 800_000,
        bytes_max: 16_777_216,
    };
    assert_eq!(kinds("depth=100&nodes_max=100000&bytes_max=16777216").1, largest);
    assert_eq!(kinds("depth=0&nodes_max=1&bytes_max=1024").1.bytes_max, 1024);
    for (query, name) in [
        ("direction=up", "direction"),
        ("edges=legs,wings", "edges"),
        ("depth=101", "depth"),
        ("nodes_max=0", "nodes_max"),
        ("bytes_max=1023", "bytes_max"),
        ("bytes_max=16777217", "bytes_max"),
    ] {
        is_refused("/graph/traverse", &[], &format!("start=airport/HNL&{query}"), name);
    }
    is_refused("/graph/traverse", &[], "", "start");
}

#[test]
fn a_node_is_present_removed_or_only_named_and_a_page_of_its_edges_goes_with_it() {
    let mut view = schedule();
    view.when([unassigned("r1", "N1"), removed("r3")]);
    let state = |id: &str| {
        let document = answer(&view.memory, "/graph/nodes/{+id}", &[("id", id)], "").unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        (
            document["state"].as_str().unwrap().to_owned(),
            document["removed"]["sequence"].as_u64(),
        )
    };
    for (id, expected, removed) in [
        ("airport/HNL", "present", None),
        ("airplane/N1", "present", None),
        ("airplane/N2", "removed", Some(16)),
        ("airplane/N3", "named", None),
        ("rotation/r1", "present", None),
        ("rotation/r3", "removed", Some(23)),
        ("leg/r1/a", "present", None),
        ("leg/r3/d", "removed", Some(23)),
        ("designator-day/HA1/HNL/2008-01-01", "named", None),
    ] {
        assert_eq!(state(id), (expected.to_owned(), removed), "{id}");
    }
    let edges = answer(
        &view.memory,
        "/graph/nodes/{+id}",
        &[("id", "rotation/r1")],
        "edges=legs,former-airplanes",
    )
    .unwrap();
    expect![[r#"
        {"id":"rotation/r1","kind":"rotation","state":"present","facts":{"id":"r1","mode":"active","airplane":null,"provenance":#7,"mode_provenance":#12},"removed":null,"edges":[
          {"kind":"legs","to":"leg/r1/a","at":"2008-01-01T18:00:00.000Z"},
          {"kind":"legs","to":"leg/r1/b","at":"2008-01-01T19:10:00.000Z"},
          {"kind":"former-airplanes","to":"airplane/N1","assigned":#8,"ended":#22}],"next_cursor":null}
    "#]].assert_eq(&lines(&edges));
}

#[test]
fn a_timeline_has_rows_of_bars_and_gaps_with_bits_for_what_checks_have_found() {
    let window = "from=2008-01-01T00:00:00Z&to=2008-01-03T00:00:00Z";
    check(
        "/timeline",
        &[],
        window,
        expect![[r#"
        {"from":"2008-01-01T00:00:00.000Z","to":"2008-01-03T00:00:00.000Z","checks":["rotation-continuity","overlap","ground-time","flight-designator","rotation-seam","unknown-reference"],"airports":["HNL","LAX","LIH","OGG"],"rows":[
          {"airplane":"N1","aircraft_type":"717","retired":false,"rotations":[["r1","active",0]],"bars":[[0,"a","HA1",0,3,64800000,67200000,8],[0,"b","HA2",3,0,69000000,71700000,0]],"gaps":[[30,45,4]]},
          {"airplane":"N2","aircraft_type":"763","retired":true,"rotations":[["r2","active",32]],"bars":[[0,"c","HA3",0,1,73800000,91800000,0]],"gaps":[]},
          {"airplane":"N3","aircraft_type":null,"retired":false,"rotations":[["r3","draft",32]],"bars":[[0,"d","HA1",0,2,75600000,77400000,40]],"gaps":[]}],"next_cursor":null}
    "#]],
    );
    let of = |query: &str| {
        let document = answer(&schedule().memory, "/timeline", &[], &format!("{window}&{query}")).unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let rows = document["rows"].as_array().unwrap().iter();
        let names: Vec<_> = rows.map(|row| row["airplane"].as_str().unwrap().to_owned()).collect();
        (names.join(" "), document["next_cursor"].as_str().map(str::to_owned))
    };
    assert_eq!(of("prefix=N2").0, "N2");
    assert_eq!(of("airplanes=N1,N3").0, "N1 N3");
    assert_eq!(of("airplanes=N1,N3&prefix=N3").0, "N3");
    let (first, cursor) = of("limit=2");
    assert_eq!(first, "N1 N2");
    assert_eq!(of(&format!("limit=2&cursor={}", cursor.unwrap())), ("N3".to_owned(), None));
}

#[test]
fn a_timeline_needs_both_ends_of_its_time_and_takes_registrations_up_to_a_number() {
    let window = "from=2008-01-01T00:00:00Z&to=2008-01-03T00:00:00Z";
    let airplanes = |count: usize| (0..count).map(|number| format!("N{number}")).collect::<Vec<_>>().join(",");
    assert!(asked("/timeline", &[], &format!("{window}&airplanes={}", airplanes(200))).is_ok());
    let refused = |query: &str, name: &str| is_refused("/timeline", &[], query, name);
    refused(&format!("{window}&airplanes={}", airplanes(201)), "airplanes");
    refused(&format!("{window}&airplanes=N1,n2"), "airplanes");
    refused(&format!("{window}&prefix="), "prefix");
    refused(&format!("{window}&prefix=n"), "prefix");
    refused("from=2008-01-01T00:00:00Z", "to");
    refused("to=2008-01-01T00:00:00Z", "from");
}

#[test]
fn nodes_and_violations_are_counted_by_kind_and_by_check() {
    let counts = ScheduleGraph::counts(&schedule().memory).unwrap();
    let nodes = vec![("rotation", 4), ("leg", 4), ("airplane", 2), ("airport", 3)];
    let violations = vec![
        ("rotation-continuity", 0),
        ("overlap", 0),
        ("ground-time", 1),
        ("flight-designator", 1),
        ("rotation-seam", 0),
        ("unknown-reference", 3),
    ];
    assert_eq!(counts, [nodes, violations]);
}

#[test]
fn a_view_is_called_by_its_version_and_says_which_time_zones_it_was_built_with() {
    assert_eq!(crate::edition(), "schedule-graph-3");
    let built_with = ScheduleGraph::built_with().unwrap();
    assert!(built_with.starts_with("time zones 20"), "{built_with}");
}
