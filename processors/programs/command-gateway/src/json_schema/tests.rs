//! Every command and every body is described, by what the Avro schema says.

use super::*;

#[test]
fn every_reference_leads_to_a_schema() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let schemas = schemas();
    let mut found = Vec::new();
    references(&schemas, &mut found);
    assert!(found.len() >= 15, "{found:?}");
    for reference in found {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas[name].is_object(), "{name}");
    }
}

#[test]
fn every_command_is_a_branch_of_the_payload_under_its_own_name() {
    let schemas = schemas();
    let branches = schemas["Command"]["properties"]["payload"]["oneOf"].as_array().unwrap();
    let names: Vec<&str> = branches.iter().map(|branch| branch["required"][0].as_str().unwrap()).collect();
    for row in &ROWS {
        assert!(names.contains(&row.resource.payload), "{}", row.resource.payload);
    }
    assert_eq!(schemas["Command"]["required"], json!(["aggregate_id", "payload"]));
}

#[test]
fn a_body_holds_what_the_path_does_not() {
    let schemas = schemas();
    let members = |name: &str| -> Vec<String> { schemas[name]["properties"].as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members("RescheduleLegBody"), ["arrival", "departure"]);
    assert_eq!(schemas["RescheduleLegBody"]["properties"]["arrival"]["format"], "date-time");
    assert_eq!(members("CreateRotationBody"), ["mode", "rotation_id"]);
    assert_eq!(schemas["CreateRotationBody"]["required"], json!(["rotation_id", "mode"]));
    assert_eq!(schemas["SetMinimumGroundTimeBody"]["required"], json!(["minutes"]));
}
