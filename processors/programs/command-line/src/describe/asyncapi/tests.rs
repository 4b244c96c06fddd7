//! The document of an application without schemas.

use super::*;
use bank_example::Bank;

#[test]
fn every_reference_leads_somewhere_and_every_header_of_an_answer_is_there() {
    fn references(json: &Value, found: &mut Vec<String>) {
        match json {
            Value::Object(members) => members.iter().for_each(|(name, member)| match (name.as_str(), member) {
                ("$ref", Value::String(to)) => found.push(to.clone()),
                _ => references(member, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document::<Bank>(&Topology::with_prefix("bank", None).unwrap());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert_eq!(found.len(), 12);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for message in ["outcome", "deadLetter"] {
        for header in ["command-id", "type", "status"] {
            let pointer = format!("/components/messages/{message}/headers/properties/{header}");
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
    }
}

#[test]
fn values_without_a_schema_are_described_by_what_their_records_say() {
    let document = document::<Bank>(&Topology::with_prefix("bank", None).unwrap());
    let event = document.pointer("/components/messages/event").unwrap();
    assert_eq!(event["contentType"], "application/json");
    assert_eq!(event["headers"]["properties"]["content-type"]["description"], "application/json.");
    assert!(event.get("payload").is_none(), "{event}");
    assert!(document["info"]["description"].as_str().unwrap().contains("the application bank"));
}
