//! What is described is what is there.

use airline::Airline;
use topology::Topology;

#[test]
fn the_document_in_docs_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/asyncapi.json");
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let document = command_line::asyncapi::document::<Airline>(&Topology::with_prefix("schedule", None).unwrap());
    let made = serde_json::to_string_pretty(&document).unwrap() + "\n";
    assert!(
        found == made,
        "docs/asyncapi.json is not current; make it with: aerolog describe --form async-api > docs/asyncapi.json"
    );
}
