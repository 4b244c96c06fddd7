//! What people read of a document.

use super::*;
use serde_json::json;

fn document() -> Value {
    json!({
        "info": { "title": "Things & more", "version": "1", "description": "Answers <questions>." },
        "paths": { "/things/{id}": {
            "get": {
                "summary": "A thing.",
                "parameters": [{ "name": "id", "in": "path", "description": "Of the thing.", "schema": { "type": "string" } }],
                "responses": { "200": { "description": "It.", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } },
            },
            "post": {
                "summary": "Makes one.",
                "parameters": [],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                "responses": {},
            },
        } },
        "components": { "schemas": { "Thing": { "type": "object" } } },
    })
}

#[test]
fn every_operation_parameter_status_and_schema_is_on_the_page() {
    let page = page(&document());
    for part in [
        "<h1>Things &amp; more</h1>",
        "Answers &lt;questions&gt;.",
        "<a href=\"#get-things--id-\">",
        "<h2 id=\"get-things--id-\">",
        "<h2 id=\"post-things--id-\">",
        "Of the thing.",
        "<a href=\"#schema-Thing\">Thing</a>",
        "<h3 id=\"schema-Thing\">",
    ] {
        assert!(page.contains(part), "{part}:\n{page}");
    }
}

#[test]
fn nothing_comes_from_another_host_and_nothing_runs() {
    let page = page(&document());
    for part in ["http:", "https:", "//", "<script", "@import", "url("] {
        assert!(!page.contains(part), "{part}");
    }
}
