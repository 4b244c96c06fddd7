//! Values of any schema as JSON and back: what people type, and what `aerolog decode` prints.
//!
//! Field names are the schema's. Instants are RFC 3339. A union of null and one other type is null or the plain value; of any
//! other union, the branch is an object with one key, the branch's name. Bytes are text of the characters U+0000 to U+00FF.

use crate::binary::{Reader, no_branch, put_count, put_long, put_text};
use crate::problem::{Problem, Within, shortened};
use crate::schema::{Schema, fixed_size, guard, is_null, name_of, unqualified};
use apache_avro::Schema as Avro;
use apache_avro::schema::{RecordField, UuidSchema};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What the JSON is, which decides how much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Written by a person or a program: nothing unknown, instants as text.
    Typed,
    /// Printed by this module: instants outside of the calendar are numbers.
    #[cfg(test)]
    Printed,
    /// A default in a schema: unions are not named, the first branch that fits is meant.
    Default,
}

/// How many fractional digits an instant has as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instants {
    /// As many as it needs. Fingerprints of refused commands are made of such texts, so that this never changes.
    Shortest,
    /// Three: texts of one length have the order of their times, and tables infer one type from them.
    Milliseconds,
}

impl Schema {
    /// The JSON of a value that was written with this schema, from its bytes without the frame; what is wrong with them otherwise.
    pub fn to_json(&self, body: &[u8]) -> Result<Value, String> {
        read_whole(self, body, Instants::Milliseconds).map_err(|problem| problem.to_string())
    }
}

/// Reads one value of the schema's root from its bytes, all of them, as it enters into fingerprints.
pub(crate) fn read(schema: &Schema, body: &[u8]) -> Result<Value, Problem> {
    read_whole(schema, body, Instants::Shortest)
}

fn read_whole(schema: &Schema, body: &[u8], instants: Instants) -> Result<Value, Problem> {
    guard(schema, body)?;
    read_type(schema, schema.root(), instants, &mut Reader::new(body))
}

/// Appends the bytes of a value of the schema's root.
pub(crate) fn put(schema: &Schema, value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    put_type(schema, schema.root(), value, form, out)
}

/// The guard has seen these bytes: they are not deeper than it allows.
fn read_type(schema: &Schema, of: &Avro, instants: Instants, reader: &mut Reader<'_>) -> Result<Value, Problem> {
    let of = schema.get(of);
    if let Some(size) = fixed_size(of) {
        return Ok(latin_1(reader.take(size)?));
    }
    Ok(match of {
        Avro::Null | Avro::Ref { .. } | Avro::Fixed(_) | Avro::Duration(_) => Value::Null,
        Avro::Boolean => reader.boolean()?.into(),
        Avro::Int | Avro::Date | Avro::TimeMillis => reader.int()?.into(),
        Avro::Float => f32::from_le_bytes(exact(reader)?).into(),
        Avro::Double => f64::from_le_bytes(exact(reader)?).into(),
        Avro::Bytes | Avro::BigDecimal | Avro::Decimal(_) | Avro::Uuid(UuidSchema::Bytes) => latin_1(reader.bytes()?),
        Avro::String | Avro::Uuid(_) => reader.text()?.into(),
        Avro::TimestampMillis => text_of_instant(reader.long()?, instants),
        Avro::Long
        | Avro::TimeMicros
        | Avro::TimestampMicros
        | Avro::TimestampNanos
        | Avro::LocalTimestampMillis
        | Avro::LocalTimestampMicros
        | Avro::LocalTimestampNanos => reader.long()?.into(),
        Avro::Enum(of) => {
            let index = reader.count()?;
            let unknown = || Problem::malformed(format!("has symbol {index} of an enum of {}", of.symbols.len()));
            of.symbols.get(index).ok_or_else(unknown)?.as_str().into()
        }
        Avro::Array(array) => {
            let mut list = Vec::new();
            reader.items(|reader, _| {
                list.push(read_type(schema, &array.items, instants, reader)?);
                Ok(())
            })?;
            list.into()
        }
        Avro::Map(of) => {
            let mut map = Map::new();
            reader.items(|reader, _| {
                let key = reader.text()?.to_owned();
                map.insert(key, read_type(schema, &of.types, instants, reader)?);
                Ok(())
            })?;
            map.into()
        }
        Avro::Record(record) => {
            let mut map = Map::new();
            for RecordField { name, schema: of, .. } in &record.fields {
                map.insert(name.clone(), read_type(schema, of, instants, reader).within(name)?);
            }
            map.into()
        }
        Avro::Union(union) => read_union(schema, union.variants(), instants, reader)?,
    })
}

fn read_union(schema: &Schema, branches: &[Avro], instants: Instants, reader: &mut Reader<'_>) -> Result<Value, Problem> {
    let index = reader.count()?;
    let branch = schema.get(branches.get(index).ok_or_else(|| no_branch(index, branches.len()))?);
    if schema.optional(branches).is_some() || is_null(branch) {
        return read_type(schema, branch, instants, reader);
    }
    let name = name_of(branch);
    let value = read_type(schema, branch, instants, reader).within(name)?;
    Ok(Map::from_iter([(name.to_owned(), value)]).into())
}

fn put_type(schema: &Schema, of: &Avro, value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let of = schema.get(of);
    if let Some(size) = fixed_size(of) {
        let bytes = from_latin_1(value).filter(|bytes| bytes.len() == size);
        out.extend_from_slice(&bytes.ok_or_else(|| differs(&format!("{size} bytes as text"), value))?);
        return Ok(());
    }
    match of {
        Avro::Null => value.as_null().ok_or_else(|| differs("null", value))?,
        Avro::Boolean => out.push(value.as_bool().ok_or_else(|| differs("true or false", value))?.into()),
        Avro::Int | Avro::Date | Avro::TimeMillis => {
            put_long(int(value).ok_or_else(|| differs("a whole number of 32 bits", value))?.into(), out);
        }
        Avro::Long
        | Avro::TimeMicros
        | Avro::TimestampMicros
        | Avro::TimestampNanos
        | Avro::LocalTimestampMillis
        | Avro::LocalTimestampMicros
        | Avro::LocalTimestampNanos => put_long(value.as_i64().ok_or_else(|| differs("a whole number of 64 bits", value))?, out),
        Avro::Float => {
            let number = value.as_f64().ok_or_else(|| differs("a number", value))? as f32;
            out.extend_from_slice(&number.to_le_bytes());
        }
        Avro::Double => {
            let number = value.as_f64().ok_or_else(|| differs("a number", value))?;
            out.extend_from_slice(&number.to_le_bytes());
        }
        Avro::TimestampMillis => put_long(instant(value, form)?, out),
        Avro::Bytes | Avro::BigDecimal | Avro::Decimal(_) | Avro::Uuid(UuidSchema::Bytes) => {
            let bytes = from_latin_1(value).ok_or_else(|| differs("bytes as text", value))?;
            put_count(bytes.len(), out);
            out.extend_from_slice(&bytes);
        }
        Avro::String | Avro::Uuid(_) => put_text(value.as_str().ok_or_else(|| differs("text", value))?, out),
        Avro::Enum(of) => {
            let index = of.symbols.iter().position(|symbol| Some(symbol.as_str()) == value.as_str());
            put_count(index.ok_or_else(|| differs(&of.symbols.join(" or "), value))?, out);
        }
        Avro::Array(array) => put_list(schema, &array.items, value, form, out)?,
        Avro::Map(map) => put_map(schema, &map.types, value, form, out)?,
        Avro::Record(record) => put_record(schema, &record.fields, value, form, out)?,
        Avro::Union(union) => put_union(schema, union.variants(), value, form, out)?,
        Avro::Ref { .. } | Avro::Fixed(_) | Avro::Duration(_) => return Err(differs("nothing", value)),
    }
    Ok(())
}

fn put_list(schema: &Schema, items: &Avro, value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let list = value.as_array().ok_or_else(|| differs("a list", value))?;
    if !list.is_empty() {
        put_count(list.len(), out);
    }
    for (index, item) in list.iter().enumerate() {
        put_type(schema, items, item, form, out).map_err(|problem| problem.at(index))?;
    }
    out.push(0);
    Ok(())
}

fn put_map(schema: &Schema, values: &Avro, value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let map = value.as_object().ok_or_else(|| differs("an object", value))?;
    if !map.is_empty() {
        put_count(map.len(), out);
    }
    for (key, value) in map {
        put_text(key, out);
        put_type(schema, values, value, form, out).within(key)?;
    }
    out.push(0);
    Ok(())
}

fn put_record(schema: &Schema, fields: &[RecordField], value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let given = value.as_object().ok_or_else(|| differs("an object", value))?;
    if let Some(unknown) = given.keys().find(|key| fields.iter().all(|field| field.name != **key)) {
        let known: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Problem::malformed(format!("is not a field here; the fields are: {known}")).within(unknown));
    }
    for RecordField {
        name, schema: of, default, ..
    } in fields
    {
        match (given.get(name), default) {
            (Some(value), _) => put_type(schema, of, value, form, out),
            (None, Some(default)) => put_type(schema, of, default, Form::Default, out),
            (None, None) => Err(Problem::malformed("is missing")),
        }
        .within(name)?;
    }
    Ok(())
}

fn put_union(schema: &Schema, branches: &[Avro], value: &Value, form: Form, out: &mut Vec<u8>) -> Result<(), Problem> {
    let null = branches.iter().position(is_null);
    if let (Value::Null, Some(null)) = (value, null) {
        put_count(null, out);
        return Ok(());
    }
    if let (Some(branch), Some(null)) = (schema.optional(branches), null) {
        put_count(1 - null, out);
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
        let place = branches.iter().position(|branch| name_of(branch) == name)?;
        Some((name, place, value))
    });
    let Some((name, place, value)) = found else {
        let names: Vec<_> = branches.iter().map(name_of).collect();
        return Err(differs(&format!("an object with one key out of {}", names.join(", ")), value));
    };
    put_count(place, out);
    put_type(schema, &branches[place], value, form, out).within(name)
}

fn put_first_that_fits(schema: &Schema, branches: &[Avro], value: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
    let before = out.len();
    for (index, branch) in branches.iter().enumerate() {
        put_count(index, out);
        if put_type(schema, branch, value, Form::Default, out).is_ok() {
            return Ok(());
        }
        out.truncate(before);
    }
    Err(differs("a default of one of the branches", value))
}

/// Far outside of the calendar there is no text; the milliseconds are shown then.
fn text_of_instant(ms: i64, instants: Instants) -> Value {
    match instants {
        Instants::Shortest => Timestamp::from_millisecond(ms).map_or(ms.into(), |instant| instant.to_string().into()),
        Instants::Milliseconds => json_codec::instant_text(ms),
    }
}

fn instant(value: &Value, form: Form) -> Result<i64, Problem> {
    if form == Form::Typed && value.is_i64() {
        return Err(differs("an instant such as 2008-01-31T18:05:00Z", value));
    }
    json_codec::instant(value).map_err(Problem::malformed)
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
