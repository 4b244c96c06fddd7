//! The document in docs/ is what would be made now.

use super::*;

#[test]
fn the_document_in_docs_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/asyncapi.json");
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let made = serde_json::to_string_pretty(&document(&Topology::with_prefix("schedule", None).unwrap())).unwrap() + "\n";
    assert!(
        found == made,
        "docs/asyncapi.json is not current; make it with: aerolog describe --form async-api > docs/asyncapi.json"
    );
}

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
    let document = document(&Topology::with_prefix("schedule", None).unwrap());
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
