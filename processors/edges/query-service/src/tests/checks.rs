//! The six checks, their filters, and the comparison with a full recomputation.

use super::schedule::{Schedule, from, islands};
use crate::fixture::Running;
use keyvalue::Mutation;
use serde_json::{Value, json};

async fn check(running: &Running, path_and_query: &str) -> Value {
    let seen = running.get(&format!("/checks/{path_and_query}")).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    seen.json()
}

/// How many there are in all, and the legs of those that are shown.
async fn summary(running: &Running, path_and_query: &str) -> (u64, Vec<String>) {
    let answer = check(running, path_and_query).await;
    let violations = answer["violations"].as_array().unwrap().iter();
    let legs = violations.map(|violation| {
        let legs = violation["legs"].as_array().unwrap().iter();
        let names: Vec<_> = legs
            .map(|leg| format!("{}/{}", leg["rotation"].as_str().unwrap(), leg["id"].as_str().unwrap()))
            .collect();
        names.join(" ")
    });
    (answer["total"].as_u64().unwrap(), legs.collect())
}

#[tokio::test]
async fn a_ground_time_violation_says_by_how_much_and_by_which_facts() {
    let running = islands().served().await;
    let mut answer = check(&running, "ground-time?rotation=R1").await;
    let violation = answer["violations"][0].as_object_mut().unwrap();
    let legs = violation.remove("legs").unwrap();
    assert_eq!((&legs[0]["id"], &legs[1]["id"]), (&json!("L1"), &json!("L2")));
    assert_eq!(
        answer,
        json!({
            "check": "ground-time",
            "total": 1,
            "violations": [{
                "id": "ground-time/R1/L1",
                "rotation": "R1",
                "airport": "ITO",
                "ground_minutes": 30,
                "minimum_minutes": 40,
                "airport_provenance": from(2),
            }],
            "next_cursor": null,
        })
    );
}

#[tokio::test]
async fn each_check_shows_its_own_facts() {
    let mut schedule = islands();
    schedule.draft("R3", Some("N9ZZ"));
    schedule.leg("R3", "L1 HA11 HNL 10:00 ITO 10:50");
    schedule.leg("R3", "L2 HA32 OGG 10:30 HNL 11:00");
    let running = schedule.served().await;
    let first = async |path: &str| check(&running, path).await["violations"][0].clone();

    let discontinuity = first("rotation-continuity").await;
    assert_eq!(
        (&discontinuity["arrives_at"], &discontinuity["departs_from"]),
        (&json!("ITO"), &json!("OGG"))
    );
    let overlap = first("overlap").await;
    assert_eq!(
        (&overlap["arrives"], &overlap["departs"]),
        (&json!("2008-01-01T10:50:00.000Z"), &json!("2008-01-01T10:30:00.000Z"))
    );
    let clash = first("flight-designator").await;
    assert_eq!(
        (&clash["designator"], &clash["airport"], &clash["origin_date"], &clash["leg_count"]),
        (&json!("HA11"), &json!("HNL"), &json!("2008-01-01"), &json!(2))
    );
    let seam = first("rotation-seam").await;
    assert_eq!(
        (&seam["airplane"], &seam["discontinuous"], &seam["overlapping"]),
        (&json!("N475HA"), &json!(true), &json!(false))
    );
    let references = check(&running, "unknown-reference").await;
    assert_eq!(references["total"], 2);
    let of = |name: &str| {
        references["violations"]
            .as_array()
            .unwrap()
            .iter()
            .any(|violation| violation[name].is_string())
    };
    assert!(of("airport") && of("airplane"), "{references}");
}

#[tokio::test]
async fn filters_narrow_a_check_and_its_total() {
    let mut schedule = islands();
    schedule.draft("S1", Some("N476HA"));
    schedule.leg("S1", "L1 HA41 HNL 16:00 ITO 16:50");
    schedule.leg("S1", "L2 HA42 ITO 17:00 HNL 17:50");
    schedule.leg("S1", "L3 HA43 HNL 18:00 ITO 18:50");
    let running = schedule.served().await;
    let (r1, s1, s2) = ("R1/L1 R1/L2", "S1/L1 S1/L2", "S1/L2 S1/L3");
    for (filter, expected) in [
        ("", vec![r1, s1, s2]),
        ("?rotation=S1", vec![s1, s2]),
        ("?rotation=none", vec![]),
        ("?rotation_prefix=S", vec![s1, s2]),
        ("?airplane=N475HA", vec![r1]),
        ("?airport=ITO", vec![r1, s1]),
        ("?airport=HNL&airplane=N476HA", vec![s2]),
        ("?from=2008-01-01T16:00:00Z&to=2008-01-01T16:50:00Z", vec![s1]),
        ("?to=2008-01-01T16:00:00Z", vec![r1]),
    ] {
        let seen = summary(&running, &format!("ground-time{filter}")).await;
        assert_eq!(
            seen,
            (expected.len() as u64, expected.iter().map(ToString::to_string).collect()),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_check_comes_in_pages_with_the_total_of_all_of_them() {
    let mut schedule = Schedule::default();
    schedule.airport("ITO", 60);
    schedule.draft("R1", None);
    for hour in 10..15 {
        schedule.leg("R1", &format!("L{hour} HA{hour} ITO {hour}:00 ITO {hour}:30"));
    }
    let running = schedule.served().await;
    let first = check(&running, "ground-time?limit=3").await;
    assert_eq!((&first["total"], first["violations"].as_array().unwrap().len()), (&json!(4), 3));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = check(&running, &format!("ground-time?limit=3&cursor={cursor}")).await;
    assert_eq!((&second["total"], second["violations"].as_array().unwrap().len()), (&json!(4), 1));
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_recomputation_agrees_with_the_index_or_says_in_how_much_it_does_not() {
    let schedule = islands();
    let running = schedule.served().await;
    for check_name in views::Check::ALL.map(views::Check::name) {
        let answer = check(&running, &format!("{check_name}?recompute=true")).await;
        assert_eq!(answer["recomputed"]["agrees"], true, "{answer}");
        assert_eq!(answer["recomputed"]["total"], answer["total"]);
    }
    let mut memory = schedule.memory();
    let index: Vec<_> = memory
        .iter()
        .filter(|(key, _)| key[0] == 0x30)
        .map(|(key, _)| key.to_vec())
        .collect();
    let deletions: Vec<_> = index.into_iter().map(|key| Mutation::Delete { key }).collect();
    memory.apply(&deletions);
    let running = Running::of(memory, "0:1").await;
    let answer = check(&running, "ground-time?recompute=true").await;
    assert_eq!(answer["recomputed"], json!({ "total": 1, "differing": 1, "agrees": false }));
}
