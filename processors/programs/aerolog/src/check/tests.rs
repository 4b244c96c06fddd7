//! How a violation becomes a line.

use super::*;
use serde_json::json;

#[test]
fn a_line_names_the_flat_facts_of_a_violation() {
    let violation = json!({ "rotation": "R1", "missing_minutes": 5, "legs": [{ "id": "L1" }], "airplane": null });
    assert_eq!(line(&violation), "missing_minutes=5 rotation=R1");
}
