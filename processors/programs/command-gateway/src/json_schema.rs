//! The commands as JSON Schema, made of their Avro schema, so that the two cannot differ.

use crate::airline::ROWS;
use crate::resources::{Resource, Source};
use crate::routes;
use serde_json::{Map, Value, json};

/// The schemas of the OpenAPI document, by name.
pub(crate) fn schemas() -> Value {
    let avro: Value = serde_json::from_str(schemas::Content::Command.latest().json()).unwrap_or_default();
    let mut named = Map::new();
    let command = of_type(&avro, &mut named);
    named.insert("Document".to_owned(), json!({ "type": "object" }));
    named.insert("Text".to_owned(), json!({ "type": "string" }));
    named.insert("Outcome".to_owned(), outcome());
    named.insert("Pending".to_owned(), pending());
    for row in &ROWS {
        if let Some(name) = row.body {
            let body = body_of(&row.resource, &named);
            named.insert(name.to_owned(), body);
        }
    }
    if let Some(command) = named.get_mut("Command") {
        command["properties"]["aggregate_id"] = parsed(routes::AGGREGATE);
    }
    // The ids may be left out: the header or the gateway gives them.
    if let Some(required) = named.get_mut("Command").and_then(|command| command["required"].as_array_mut()) {
        required.retain(|name| name == "aggregate_id" || name == "payload");
    }
    debug_assert_eq!(command, reference("Command"));
    Value::Object(named)
}

/// Of the members of a command's record those that stand in the body, and the id where it does.
fn body_of(resource: &Resource, named: &Map<String, Value>) -> Value {
    let mut body = named.get(resource.payload).cloned().unwrap_or_default();
    for field in resource.fields {
        body["properties"].as_object_mut().and_then(|members| members.remove(field.name));
        if let Some(required) = body["required"].as_array_mut() {
            required.retain(|name| name != field.name);
        }
    }
    if let Source::Body(name) = resource.id {
        body["properties"][name] = id_schema(name);
        if let Some(required) = body["required"].as_array_mut() {
            required.insert(0, name.into());
        }
    }
    body
}

/// Of an id that stands in a body.
fn id_schema(name: &str) -> Value {
    let schema = match name {
        "rotation_id" => routes::ID,
        "registration" => routes::REGISTRATION,
        "code" => routes::AIRPORT,
        name => panic!("{name}: nothing is said of the id"),
    };
    parsed(schema)
}

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_else(|error| panic!("{schema}: {error}"))
}

/// The JSON that commands are written as: instants are text, a union of null and one other type is that or null, and every other union is an
/// object whose one key is the name of its branch. A record is put among the named ones.
fn of_type(avro: &Value, named: &mut Map<String, Value>) -> Value {
    match avro {
        Value::String(name) => of_name(name),
        Value::Array(branches) => of_union(branches, named),
        Value::Object(of) => match (
            of["type"].as_str().unwrap_or_default(),
            of.get("logicalType").and_then(Value::as_str),
        ) {
            (_, Some("timestamp-millis")) => json!({ "type": "string", "format": "date-time" }),
            (_, Some("uuid")) => json!({ "type": "string", "format": "uuid" }),
            ("enum", _) => json!({ "type": "string", "enum": of["symbols"] }),
            ("array", _) => json!({ "type": "array", "items": of_type(&of["items"], named) }),
            ("record", _) => of_record(of, named),
            (name, _) => of_name(name),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => json!({}),
    }
}

fn of_name(name: &str) -> Value {
    match name {
        "string" => json!({ "type": "string" }),
        "boolean" => json!({ "type": "boolean" }),
        "int" => json!({ "type": "integer", "format": "int32" }),
        "long" => json!({ "type": "integer", "format": "int64" }),
        "null" => json!({ "type": "null" }),
        name => reference(name),
    }
}

fn of_union(branches: &[Value], named: &mut Map<String, Value>) -> Value {
    let is_null = |branch: &&Value| branch.as_str() == Some("null");
    let nullable = branches.iter().any(|branch| is_null(&branch));
    let others: Vec<&Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
    if let ([other], true) = (others.as_slice(), nullable) {
        return json!({ "anyOf": [of_type(other, named), { "type": "null" }] });
    }
    let alternatives: Vec<Value> = others
        .into_iter()
        .map(|branch| {
            let name = branch["name"].as_str().unwrap_or_default();
            json!({ "type": "object", "properties": { name: of_type(branch, named) }, "required": [name], "additionalProperties": false })
        })
        .collect();
    json!({ "oneOf": alternatives })
}

fn of_record(of: &Map<String, Value>, named: &mut Map<String, Value>) -> Value {
    let name = of["name"].as_str().unwrap_or_default().to_owned();
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in of["fields"].as_array().into_iter().flatten() {
        let field_name = field["name"].as_str().unwrap_or_default();
        let mut schema = of_type(&field["type"], named);
        if let Some(doc) = field.get("doc") {
            schema["description"] = doc.clone();
        }
        properties.insert(field_name.to_owned(), schema);
        if field.get("default").is_none() && !schemas::may_be_left_out(&name, field_name) {
            required.push(Value::from(field_name));
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    if let Some(doc) = of.get("doc") {
        schema["description"] = doc.clone();
    }
    named.insert(name.clone(), schema);
    reference(&name)
}

fn outcome() -> Value {
    json!({
        "type": "object",
        "description": "What became of a command.",
        "required": ["command_id", "aggregate_id", "status", "version", "position", "event_count", "command_offset", "repeated", "fingerprint"],
        "properties": {
            "command_id": { "type": "string", "format": "uuid" },
            "aggregate_id": { "type": "string" },
            "status": { "type": "string", "enum": ["accepted", "rejected"] },
            "version": { "type": "integer", "description": "The aggregate's version after the decision." },
            "position": { "type": "string", "description": "Partition and sequence: what X-Min-Position of a question takes." },
            "event_count": { "type": "integer" },
            "command_offset": { "type": "integer" },
            "repeated": { "type": "boolean", "description": "The command had been decided before; all else says what was decided then." },
            "fingerprint": { "type": "string" },
        },
    })
}

fn pending() -> Value {
    json!({
        "type": "object",
        "required": ["command_id", "aggregate_id", "status", "partition", "command_offset", "outcome"],
        "properties": {
            "command_id": { "type": "string", "format": "uuid" },
            "aggregate_id": { "type": "string" },
            "status": { "const": "pending" },
            "partition": { "type": "integer" },
            "command_offset": { "type": "integer" },
            "outcome": { "type": "string", "description": "Where the outcome can be asked for." },
        },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[cfg(test)]
mod tests;
