//! Values of any schema as JSON and back: what people type, what `aerolog decode` prints, and how schemas are resolved.
//!
//! Field names are the schema's. Instants are RFC 3339. A union of null and one other type is null or the plain value; of any
//! other union, the branch is an object with one key, the branch's name. Bytes are text of the characters U+0000 to U+00FF.
//!
//! Resolving goes through JSON because JSON keeps the names of branches. The Avro library resolves branches by their shape, and so
//! reads a RemoveRotation, which has no fields, as the first branch that has none either.

use crate::binary::{Reader, no_branch, put_count, put_long, put_text};
use crate::problem::{Problem, Within, shortened};
use crate::schema::{Field, Schema, Type, TypeId, unqualified};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Deeper values are refused; a schema can refer to itself.
const DEPTH_MAX: usize = 64;

/// What the JSON is, which decides how much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Written by a person or a program: nothing unknown, instants as text.
    Typed,
    /// Read with the writer's schema: what the reader does not know is dropped, as Avro resolves schemas.
    Resolved,
    /// A default in a schema: unions are not named, the first branch that fits is meant.
    Default,
}

impl Schema {
    /// The JSON of a value that was written with this schema, from its bytes without the frame; what is wrong with them otherwise.
    pub fn to_json(&self, body: &[u8]) -> Result<Value, String> {
        read(self, body).map_err(|problem| problem.to_string())
    }
}

/// Reads one value of the schema's root from its bytes, all of them.
pub(crate) fn read(schema: &Schema, body: &[u8]) -> Result<Value, Problem> {
    let mut reader = Reader::new(body);
    let value = read_type(schema, schema.root(), &mut reader, 0)?;
    reader.end()?;
    Ok(value)
}

/// Appends the bytes of a value of the schema's root.
pub(crate) fn put(schema: &Schema, value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    put_type(schema, schema.root(), value, form, out)
}

/// The value without the members of objects that are null, as they may be left out.
pub(crate) fn without_nulls(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(|member| *member = without_nulls(member.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_nulls(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

fn read_type(schema: &Schema, id: TypeId, reader: &mut Reader<'_>, depth: usize) -> Result<Value, Problem> {
    if depth > DEPTH_MAX {
        return Err(Problem::malformed(format!("is more than {DEPTH_MAX} levels deep")));
    }
    let depth = depth + 1;
    Ok(match schema.get(id) {
        Type::Null => Value::Null,
        Type::Boolean => reader.boolean()?.into(),
        Type::Int => reader.int()?.into(),
        Type::Long => reader.long()?.into(),
        Type::Float => f32::from_le_bytes(exact(reader)?).into(),
        Type::Double => f64::from_le_bytes(exact(reader)?).into(),
        Type::Bytes => latin_1(reader.bytes()?),
        Type::Text => reader.text()?.into(),
        Type::Instant => instant_text(reader.long()?),
        Type::Fixed { size, .. } => latin_1(reader.take(*size)?),
        Type::Enum { symbols, .. } => {
            let index = reader.count()?;
            let symbol = symbols.get(index);
            let unknown = || Problem::malformed(format!("has symbol {index} of an enum of {}", symbols.len()));
            symbol.ok_or_else(unknown)?.as_str().into()
        }
        Type::Array(items) => {
            let mut list = Vec::new();
            reader.items(|reader, _| {
                list.push(read_type(schema, *items, reader, depth)?);
                Ok(())
            })?;
            list.into()
        }
        Type::Map(values) => {
            let mut map = Map::new();
            reader.items(|reader, _| {
                let key = reader.text()?.to_owned();
                map.insert(key, read_type(schema, *values, reader, depth)?);
                Ok(())
            })?;
            map.into()
        }
        Type::Record { fields, .. } => {
            let mut map = Map::new();
            for Field { name, of, .. } in fields {
                map.insert(name.clone(), read_type(schema, *of, reader, depth).within(name)?);
            }
            map.into()
        }
        Type::Union(branches) => {
            let index = reader.count()?;
            let branch = *branches.get(index).ok_or_else(|| no_branch(index, branches.len()))?;
            let name = schema.name(branch);
            if schema.optional(branches).is_some() || *schema.get(branch) == Type::Null {
                read_type(schema, branch, reader, depth)?
            } else {
                let value = read_type(schema, branch, reader, depth).within(name)?;
                Map::from_iter([(name.to_owned(), value)]).into()
            }
        }
    })
}

fn put_type(schema: &Schema, id: TypeId, value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    match schema.get(id) {
        Type::Null => value.as_null().ok_or_else(|| differs("null", value))?,
        Type::Boolean => out.push(value.as_bool().ok_or_else(|| differs("true or false", value))?.into()),
        Type::Int => put_long(int(value).ok_or_else(|| differs("a whole number of 32 bits", value))?.into(), out),
        Type::Long => put_long(value.as_i64().ok_or_else(|| differs("a whole number of 64 bits", value))?, out),
        Type::Float => {
            let number = value.as_f64().ok_or_else(|| differs("a number", value))? as f32;
            out.extend_from_slice(&number.to_le_bytes());
        }
        Type::Double => {
            let number = value.as_f64().ok_or_else(|| differs("a number", value))?;
            out.extend_from_slice(&number.to_le_bytes());
        }
        Type::Text => put_text(value.as_str().ok_or_else(|| differs("text", value))?, out),
        Type::Instant => put_long(instant(value, form)?, out),
        Type::Bytes => {
            let bytes = from_latin_1(value).ok_or_else(|| differs("bytes as text", value))?;
            put_count(bytes.len(), out);
            out.extend_from_slice(&bytes);
        }
        Type::Fixed { size, .. } => {
            let bytes = from_latin_1(value).filter(|bytes| bytes.len() == *size);
            out.extend_from_slice(&bytes.ok_or_else(|| differs(&format!("{size} bytes as text"), value))?);
        }
        Type::Enum { symbols, .. } => {
            let index = symbols.iter().position(|symbol| Some(symbol.as_str()) == value.as_str());
            put_count(index.ok_or_else(|| differs(&symbols.join(" or "), value))?, out);
        }
        Type::Array(items) => {
            let list = value.as_array().ok_or_else(|| differs("a list", value))?;
            if !list.is_empty() {
                put_count(list.len(), out);
            }
            for (index, item) in list.iter().enumerate() {
                put_type(schema, *items, item, form, out).map_err(|problem| problem.at(index))?;
            }
            out.push(0);
        }
        Type::Map(values) => {
            let map = value.as_object().ok_or_else(|| differs("an object", value))?;
            if !map.is_empty() {
                put_count(map.len(), out);
            }
            for (key, value) in map {
                put_text(key, out);
                put_type(schema, *values, value, form, out).within(key)?;
            }
            out.push(0);
        }
        Type::Record { fields, .. } => put_record(schema, fields, value, form, out)?,
        Type::Union(branches) => put_union(schema, branches, value, form, out)?,
    }
    Ok(())
}

fn put_record(schema: &Schema, fields: &[Field], value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let given = value.as_object().ok_or_else(|| differs("an object", value))?;
    if form != Form::Resolved
        && let Some(unknown) = given.keys().find(|key| fields.iter().all(|field| field.name != **key))
    {
        let known: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Problem::malformed(format!("is not a field here; the fields are: {known}")).within(unknown));
    }
    for Field { name, of, default } in fields {
        match (given.get(name), default) {
            (Some(value), _) => put_type(schema, *of, value, form, out),
            (None, Some(default)) => put_type(schema, *of, default, Form::Default, out),
            (None, None) => Err(Problem::malformed("is missing")),
        }
        .within(name)?;
    }
    Ok(())
}

fn put_union(schema: &Schema, branches: &[TypeId], value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let place = |branch: TypeId| branches.iter().position(|other| *other == branch).unwrap_or_default();
    let null = branches.iter().copied().find(|branch| *schema.get(*branch) == Type::Null);
    if let (Value::Null, Some(null)) = (value, null) {
        put_count(place(null), out);
        return Ok(());
    }
    if let Some(branch) = schema.optional(branches) {
        put_count(place(branch), out);
        return put_type(schema, branch, value, form, out);
    }
    if form == Form::Default {
        return put_first_that_fits(schema, branches, value, out);
    }
    let named = value
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.iter().next());
    let found = named.and_then(|(name, value)| {
        let name = unqualified(name);
        let branch = branches.iter().copied().find(|branch| schema.name(*branch) == name)?;
        Some((name, branch, value))
    });
    let Some((name, branch, value)) = found else {
        let names: Vec<_> = branches.iter().map(|branch| schema.name(*branch)).collect();
        return Err(differs(&format!("an object with one key out of {}", names.join(", ")), value));
    };
    put_count(place(branch), out);
    put_type(schema, branch, value, form, out).within(name)
}

fn put_first_that_fits(schema: &Schema, branches: &[TypeId], value: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
    let before = out.len();
    for (index, branch) in branches.iter().enumerate() {
        put_count(index, out);
        if put_type(schema, *branch, value, Form::Default, out).is_ok() {
            return Ok(());
        }
        out.truncate(before);
    }
    Err(differs("a default of one of the branches", value))
}

/// Far outside of the calendar there is no text; the milliseconds are shown then.
pub(crate) fn instant_text(ms: i64) -> Value {
    Timestamp::from_millisecond(ms).map_or(ms.into(), |instant| instant.to_string().into())
}

pub(crate) fn instant(value: &Value, form: Form) -> Result<i64, Problem> {
    if let (Form::Resolved | Form::Default, Some(ms)) = (form, value.as_i64()) {
        return Ok(ms);
    }
    let expected = "an instant such as 2008-01-31T18:05:00Z";
    let text = value.as_str().ok_or_else(|| differs(expected, value))?;
    let instant: Timestamp = text
        .parse()
        .map_err(|error| Problem::malformed(format!("{}: {error}", differs(expected, value).reason)))?;
    if instant.subsec_nanosecond() % 1_000_000 != 0 {
        return Err(differs("an instant to the millisecond", value));
    }
    Ok(instant.as_millisecond())
}

fn int(value: &Value) -> Option<i32> {
    i32::try_from(value.as_i64()?).ok()
}

fn latin_1(bytes: &[u8]) -> Value {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

fn from_latin_1(value: &Value) -> Option<Vec<u8>> {
    value.as_str()?.chars().map(|char| u8::try_from(char).ok()).collect()
}

fn exact<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Problem> {
    let bytes = reader.take(N)?;
    Ok(std::array::from_fn(|index| bytes[index]))
}

/// Values are quoted as far as they fit in a line.
fn differs(expected: &str, found: &Value) -> Problem {
    Problem::malformed(format!("is {} where {expected} belongs", shortened(found.to_string(), 80)))
}

#[cfg(test)]
mod tests;
