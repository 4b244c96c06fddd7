//! Each row becomes the command that it names, and nothing is said twice.

use super::*;
use crate::airline::ROWS;
use crate::incoming::{CommandReader, Envelope};
use airline::Airline;
use http_server::{Body, HeaderMap, HeaderValue, Method, Parameter};
use schemas::{AvroCodec, SchemaIds};

fn members(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A body that the command of this name can have.
fn body(payload: &str) -> Value {
    let leg = json!({ "leg_id": "L1", "designator": "HA11", "origin": "HNL", "destination": "LAX",
        "departure": "2026-01-01T10:00:00Z", "arrival": "2026-01-01T15:00:00Z" });
    match payload {
        "CreateRotation" => json!({ "rotation_id": "R1", "mode": "draft" }),
        "AddLegs" => json!({ "legs": [leg] }),
        "ReplaceLegs" => json!({ "remove": ["L9"], "add": [leg] }),
        "RescheduleLeg" => json!({ "departure": "2026-01-01T10:00:00Z", "arrival": "2026-01-01T15:00:00Z" }),
        "AssignAirplane" => json!({ "registration": "N475HA" }),
        "RegisterAirplane" => json!({ "registration": "N475HA", "aircraft_type": "763" }),
        "CorrectAirplane" => json!({ "aircraft_type": "763" }),
        "RegisterAirport" => json!({ "code": "HNL", "name": "Honolulu", "zone": "Pacific/Honolulu", "minimum_ground_time_minutes": 30 }),
        "CorrectAirport" => json!({ "name": "Honolulu" }),
        "SetMinimumGroundTime" => json!({ "minutes": 40 }),
        other => panic!("{other} has no body"),
    }
}

fn value(source: Source) -> Option<String> {
    match source {
        Source::Path("id") => Some("R1".to_owned()),
        Source::Path("leg") => Some("L1".to_owned()),
        Source::Path("registration") => Some("N475HA".to_owned()),
        Source::Path("code") => Some("HNL".to_owned()),
        Source::Query("leg_ids") => Some("L1,L2".to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_row_becomes_the_command_that_it_names() {
    let reader = CommandReader::new::<Airline, _>(AvroCodec::new(SchemaIds::UNKNOWN));
    for row in &ROWS {
        let resource = &row.resource;
        assert_eq!(resource.has_body, row.body.is_some(), "{}", row.template);
        let body = if resource.has_body {
            members(body(resource.payload))
        } else {
            Map::new()
        };
        let command = resource.command(body, Some(5), value).unwrap();
        assert_eq!(command["expected_version"], 5);
        let read = reader.read(command, Envelope::default()).unwrap();
        assert_eq!(read.type_name, resource.payload);
        assert!(read.aggregate_id.starts_with(resource.kind), "{}", read.aggregate_id);
    }
}

#[test]
fn a_list_in_a_query_becomes_a_list() {
    let row = ROWS
        .iter()
        .find(|row| row.template == "/rotations/{id}/legs" && row.body.is_none())
        .unwrap();
    let command = row.resource.command(Map::new(), None, value).unwrap();
    assert_eq!(command["payload"], json!({ "RemoveLegs": { "leg_ids": ["L1", "L2"] } }));
    let missing = row.resource.command(Map::new(), None, |source| match source {
        Source::Query(_) => None,
        source => value(source),
    });
    assert_eq!(missing.unwrap_err().status().as_u16(), 400);
}

#[test]
fn what_stands_in_the_path_may_not_stand_in_the_body_too() {
    let row = ROWS.iter().find(|row| row.resource.payload == "RescheduleLeg").unwrap();
    let mut twice = members(body("RescheduleLeg"));
    twice.insert("leg_id".to_owned(), json!("L1"));
    assert!(row.resource.command(twice, None, value).is_err());
}

#[test]
fn the_id_of_something_new_stands_in_the_body_as_text() {
    let row = ROWS.iter().find(|row| row.resource.payload == "CreateRotation").unwrap();
    for body in [json!({ "mode": "draft" }), json!({ "rotation_id": 7, "mode": "draft" })] {
        let refused = row.resource.command(members(body), None, value).unwrap_err();
        assert!(String::from_utf8(refused.body()).unwrap().contains("rotation_id"));
    }
}

#[test]
fn every_name_in_a_template_is_one_that_its_command_takes() {
    for row in &ROWS {
        let named: Vec<&str> = row.template.split(['{', '}']).skip(1).step_by(2).collect();
        for name in named {
            let taken = row.resource.id == Source::Path(name) || row.resource.fields.iter().any(|field| field.source == Source::Path(name));
            assert!(taken, "{} has {name}", row.template);
        }
    }
    let known: Vec<&Parameter> = crate::routes::routes()
        .iter()
        .flat_map(|route| route.described.path.iter())
        .collect();
    assert!(!known.is_empty());
}

#[test]
fn an_if_match_is_one_tag_as_answers_have_them() {
    let read = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        expected_version(&Request {
            method: &Method::PUT,
            path: "/",
            query: "",
            headers: &headers,
            body: &Body::default(),
        })
    };
    assert_eq!(read("\"5\""), Ok(Some(5)));
    for refused in ["5", "*", "W/\"5\"", "\"5\", \"6\"", "\"\"", "\"-1\"", "\"99999999999999999999\""] {
        assert!(read(refused).is_err(), "{refused}");
    }
}
