//! The part of a schema that matters for reading what was written with it, bounded in size and depth before the Avro library sees it.

use super::unqualified;
use decider::WriterSchema;
use serde_json::{Map, Value};

/// The text of a schema with all that it refers to.
pub const SCHEMA_BYTES_MAX: usize = 128 << 10;
/// Types, fields and symbols of a schema with all that it refers to.
const PARTS_MAX: usize = 10_000;
/// Types within types. The library copies a named type once for each named type around it.
const DEPTH_MAX: usize = 32;

/// Of these, a number means something else than it would without them; all others leave a value as it is.
const LOGICAL_TYPES_OF_NUMBERS: [&str; 9] = [
    "date",
    "time-millis",
    "time-micros",
    "timestamp-millis",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
];

/// The schema, and those that it refers to, each after those that it refers to itself.
pub(super) fn of(schema: &WriterSchema) -> Result<(Value, Vec<Value>), String> {
    let bytes = schema.references.iter().map(String::len).sum::<usize>() + schema.json.len();
    if bytes > SCHEMA_BYTES_MAX {
        return Err(format!("has {bytes} bytes, more than {SCHEMA_BYTES_MAX}"));
    }
    let mut parts_left = PARTS_MAX;
    let mut references = Vec::new();
    for (index, text) in schema.references.iter().enumerate() {
        if !schema.references[..index].contains(text) {
            references.push(parsed(text, &mut parts_left)?);
        }
    }
    Ok((parsed(&schema.json, &mut parts_left)?, references))
}

fn parsed(json: &str, parts_left: &mut usize) -> Result<Value, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| format!("is not JSON: {error}"))?;
    reduced(&value, 0, parts_left)
}

fn reduced(json: &Value, depth: usize, parts_left: &mut usize) -> Result<Value, String> {
    if depth > DEPTH_MAX {
        return Err(format!("is more than {DEPTH_MAX} levels deep"));
    }
    take(1, parts_left)?;
    match json {
        Value::String(_) => Ok(json.clone()),
        Value::Array(branches) => branches.iter().map(|branch| reduced(branch, depth + 1, parts_left)).collect(),
        Value::Object(object) => reduced_object(object, depth, parts_left),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(format!("has {json} where a type belongs")),
    }
}

fn reduced_object(object: &Map<String, Value>, depth: usize, parts_left: &mut usize) -> Result<Value, String> {
    let of = object.get("type").ok_or("has an object without a type")?;
    let kind = of.as_str().unwrap_or_default();
    // The specification has errors only in protocols; writers have them in schemas, too.
    let kind = if kind == "error" { "record" } else { kind };
    let mut kept = Map::new();
    kept.insert("type".to_owned(), kind.into());
    let mut keep = |name: &str| {
        if let Some(value) = object.get(name).filter(|value| value.is_string() || value.is_u64()) {
            kept.insert(name.to_owned(), value.clone());
        }
    };
    match kind {
        "array" | "map" => {
            let inner = if kind == "array" { "items" } else { "values" };
            let within = object.get(inner).ok_or_else(|| format!("has {kind} without {inner}"))?;
            kept.insert(inner.to_owned(), reduced(within, depth + 1, parts_left)?);
        }
        "record" | "enum" | "fixed" => {
            ["name", "namespace", "size"].into_iter().for_each(&mut keep);
            if kind == "record" {
                kept.insert("fields".to_owned(), reduced_fields(object, depth, parts_left)?);
            }
            if let Some(symbols) = object.get("symbols").and_then(Value::as_array).filter(|_| kind == "enum") {
                take(symbols.len(), parts_left)?;
                kept.insert("symbols".to_owned(), symbols.clone().into());
            }
        }
        _ => {
            let of = reduced(of, depth + 1, parts_left)?;
            let logical = object.get("logicalType").and_then(Value::as_str);
            let Some(logical) = logical.filter(|logical| LOGICAL_TYPES_OF_NUMBERS.contains(logical)) else {
                return Ok(of);
            };
            let number = if matches!(logical, "date" | "time-millis") { "int" } else { "long" };
            if of != number {
                // The specification has an impossible logical type ignored.
                return Ok(of);
            }
            kept.insert("type".to_owned(), of);
            kept.insert("logicalType".to_owned(), logical.into());
        }
    }
    Ok(kept.into())
}

fn reduced_fields(object: &Map<String, Value>, depth: usize, parts_left: &mut usize) -> Result<Value, String> {
    let fields = object
        .get("fields")
        .and_then(Value::as_array)
        .ok_or("has a record without fields")?;
    let fields = fields.iter().map(|field| {
        let (Some(name), Some(of)) = (field.get("name").and_then(Value::as_str), field.get("type")) else {
            return Err("has a field without name or type".to_owned());
        };
        let of = reduced(of, depth + 1, parts_left)?;
        Ok(Value::from(Map::from_iter([
            ("name".to_owned(), name.into()),
            ("type".to_owned(), of),
        ])))
    });
    fields.collect()
}

fn take(parts: usize, parts_left: &mut usize) -> Result<(), String> {
    *parts_left = parts_left
        .checked_sub(parts)
        .ok_or_else(|| format!("has more than {PARTS_MAX} types, fields and symbols"))?;
    Ok(())
}

/// Whether values of both have the same bytes with the same meaning. Namespaces do not matter to either.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => unqualified(a) == unqualified(b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let has_namespace = |of: &Map<String, Value>| usize::from(of.contains_key("namespace"));
            let keys_of_a = a.keys().filter(|key| *key != "namespace");
            let is_same_at = |key: &String| b.get(key).is_some_and(|other| is_same(&a[key], other));
            a.len() - has_namespace(a) == b.len() - has_namespace(b) && keys_of_a.into_iter().all(is_same_at)
        }
        (a, b) => a == b,
    }
}
