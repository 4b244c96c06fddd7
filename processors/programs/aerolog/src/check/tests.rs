//! How a violation becomes a line.

use super::*;
use serde_json::json;

#[test]
fn a_line_names_the_flat_facts_of_a_violation() {
    let violation = json!({ "rotation": "R1", "missing_minutes": 5, "legs": [{ "id": "L1" }], "airplane": null });
    assert_eq!(line(&violation), "missing_minutes=5 rotation=R1");
}

/// A service with so many violations, that gives `page_max` at a time.
fn service(total: u64, page_max: u64) -> impl FnMut(u64, Option<&str>) -> anyhow::Result<Answer> {
    move |limit, cursor| {
        assert!((1..=1000).contains(&limit), "{limit} is refused by the service");
        let from: u64 = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let to = (from + limit.min(page_max)).min(total);
        Ok(Answer {
            status: reqwest::StatusCode::OK,
            position: Some("0:1".to_owned()),
            body: json!({
                "total": total,
                "violations": (from..to).collect::<Vec<_>>(),
                "next_cursor": (to < total).then(|| to.to_string()),
            }),
        })
    }
}

#[test]
fn as_many_violations_are_read_as_asked_for_in_as_many_pages_as_it_takes() {
    for (limit, total, page_max, expected) in [
        (5000, 3022, 1000, 3022),
        (3022, 3022, 1000, 3022),
        (1500, 3022, 1000, 1500),
        (10, 3022, 1000, 10),
        (10, 0, 1000, 0),
        // Pages of a filtered check can be short, and more comes after them.
        (50, 3022, 7, 50),
    ] {
        let document = collect(limit, "overlap", service(total, page_max)).unwrap();
        let violations = document["violations"].as_array().unwrap();
        assert_eq!(violations.len(), expected, "{limit} of {total}");
        assert!(violations.iter().zip(0..).all(|(violation, number)| *violation == json!(number)));
        assert_eq!(document["next_cursor"].is_null(), expected as u64 == total, "{limit} of {total}");
    }
}
