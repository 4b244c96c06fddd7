//! Avro schemas of any writer: parsed by the Avro library, after they were cut down to what matters for reading and bounded.
//!
//! The library copies a named type for each of its aliases, and prints schemas into its warnings; so a text from the registry is never given to it as it
//! is (see `skeleton`).

mod guard;
mod skeleton;

use crate::problem::shortened;
use apache_avro::Schema as Avro;
use apache_avro::rabin::Rabin;
use apache_avro::schema::{InnerDecimalSchema, UuidSchema};
use decider::WriterSchema;
pub(crate) use guard::guard;
use serde_json::{Value, json};
pub use skeleton::SCHEMA_BYTES_MAX;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A length that is declared for a single value is believed up to here. The library has one such bound for the whole process.
const ALLOCATION_BYTES_MAX: usize = 16 << 20;
/// Of what the library says about a schema.
const REASON_CHARS_MAX: usize = 300;

/// A schema with the named types that it uses.
#[derive(Debug, Clone)]
pub struct Schema {
    /// A record whose last field has the schema, after one for each schema that it refers to.
    whole: Avro,
    named: BTreeMap<String, Avro>,
    skeleton: Value,
}

impl Schema {
    /// A schema that refers to no other.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub fn parse(json: &str) -> Result<Self, String> {
        Self::of_writer(&json.into())
    }

    /// A schema with those that it refers to. Documentation, aliases, defaults and unknown attributes are dropped: the specification resolves by
    /// those of the reader.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub fn of_writer(schema: &WriterSchema) -> Result<Self, String> {
        let (skeleton, references) = skeleton::of(schema).map_err(|reason| format!("the schema {reason}"))?;
        Self::assembled(skeleton.clone(), references, skeleton)
    }

    /// One of ours, with its defaults and aliases.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub(crate) fn of_reader(json: &str) -> Result<Self, String> {
        let (skeleton, _) = skeleton::of(&json.into()).map_err(|reason| format!("the schema {reason}"))?;
        let whole = serde_json::from_str(json).map_err(|error| format!("the schema is not JSON: {error}"))?;
        Self::assembled(whole, Vec::new(), skeleton)
    }

    fn assembled(root: Value, references: Vec<Value>, skeleton: Value) -> Result<Self, String> {
        apache_avro::util::max_allocation_bytes(ALLOCATION_BYTES_MAX);
        let fields = references.into_iter().chain([root]).enumerate();
        let fields: Vec<Value> = fields.map(|(index, of)| json!({"name": format!("f{index}"), "type": of})).collect();
        let whole = json!({"type": "record", "name": "AerologWhole", "fields": fields});
        let whole = unpanicked(|| Avro::parse(&whole)).map_err(|reason| format!("the schema cannot be parsed: {reason}"))?;
        let mut named = BTreeMap::new();
        collect(&whole, &mut named).map_err(|name| format!("the schema defines {name} twice"))?;
        Ok(Self { whole, named, skeleton })
    }

    pub(crate) fn root(&self) -> &Avro {
        if let Avro::Record(record) = &self.whole
            && let Some(root) = record.fields.last()
        {
            return self.get(&root.schema);
        }
        &self.whole
    }

    /// What the library is to find references in.
    pub(crate) fn whole(&self) -> &Avro {
        &self.whole
    }

    /// The type itself, where it is only named.
    pub(crate) fn get<'s>(&'s self, of: &'s Avro) -> &'s Avro {
        if let Avro::Ref { name } = of {
            return self.named.get(&name.fullname(None)).unwrap_or(of);
        }
        of
    }

    /// The branches of a union whose values are written without a name: of a union of null and one other type, that type.
    pub(crate) fn optional<'s>(&self, branches: &'s [Avro]) -> Option<&'s Avro> {
        match branches {
            [a, b] if is_null(a) => Some(b),
            [a, b] if is_null(b) => Some(a),
            _ => None,
        }
    }

    /// The name of the record that it is of, without its namespace; `None` where it is of something else.
    pub(crate) fn record_name(&self) -> Option<&str> {
        if let Avro::Record(record) = self.root() {
            return Some(record.name.name());
        }
        None
    }

    /// The fingerprint of a text.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub fn fingerprint_of(schema: &WriterSchema) -> Result<u64, String> {
        Self::of_writer(schema).map(|schema| schema.fingerprint())
    }

    /// CRC-64-AVRO of the schema's parsing canonical form, as Avro's specification has it.
    pub fn fingerprint(&self) -> u64 {
        let bytes = self.root().fingerprint::<Rabin>().bytes;
        bytes.iter().rev().fold(0, |fingerprint, byte| fingerprint << 8 | u64::from(*byte))
    }

    /// Every value has the same bytes with the same meaning in both.
    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        skeleton::is_same(&self.skeleton, &other.skeleton)
    }
}

/// What a union's branch is called in JSON: the name of a named type without its namespace, else the name of the type.
pub(crate) fn name_of(of: &Avro) -> &str {
    match of {
        Avro::Null => "null",
        Avro::Boolean => "boolean",
        Avro::Int | Avro::Date | Avro::TimeMillis => "int",
        Avro::Long
        | Avro::TimeMicros
        | Avro::TimestampMillis
        | Avro::TimestampMicros
        | Avro::TimestampNanos
        | Avro::LocalTimestampMillis
        | Avro::LocalTimestampMicros
        | Avro::LocalTimestampNanos => "long",
        Avro::Float => "float",
        Avro::Double => "double",
        Avro::Bytes | Avro::BigDecimal | Avro::Uuid(UuidSchema::Bytes) => "bytes",
        Avro::String | Avro::Uuid(UuidSchema::String) => "string",
        Avro::Array(_) => "array",
        Avro::Map(_) => "map",
        Avro::Union(_) => "union",
        Avro::Record(record) => record.name.name(),
        Avro::Enum(of) => of.name.name(),
        Avro::Fixed(fixed) | Avro::Duration(fixed) | Avro::Uuid(UuidSchema::Fixed(fixed)) => fixed.name.name(),
        Avro::Decimal(decimal) => match &decimal.inner {
            InnerDecimalSchema::Bytes => "bytes",
            InnerDecimalSchema::Fixed(fixed) => fixed.name.name(),
        },
        Avro::Ref { name } => name.name(),
    }
}

/// The name of a type that is defined here, with its namespace.
pub(crate) fn full_name_of(of: &Avro) -> Option<String> {
    if let Avro::Record(record) = of {
        Some(record.name.fullname(None))
    } else if let Avro::Enum(of) = of {
        Some(of.name.fullname(None))
    } else if let Avro::Fixed(fixed) = of {
        Some(fixed.name.fullname(None))
    } else {
        None
    }
}

pub(crate) fn is_null(of: &Avro) -> bool {
    matches!(of, Avro::Null)
}

/// The size of a fixed type, whatever its logical type.
pub(crate) fn fixed_size(of: &Avro) -> Option<usize> {
    if let Avro::Fixed(fixed) | Avro::Duration(fixed) | Avro::Uuid(UuidSchema::Fixed(fixed)) = of {
        return Some(fixed.size);
    }
    if let Avro::Decimal(decimal) = of
        && let InnerDecimalSchema::Fixed(fixed) = &decimal.inner
    {
        return Some(fixed.size);
    }
    None
}

pub(crate) fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

/// Runs the Avro library, whose errors may be long and whose bugs must not end the process.
pub(crate) fn unpanicked<T>(call: impl FnOnce() -> Result<T, apache_avro::Error>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(called) => called.map_err(|error| shortened(error.to_string(), REASON_CHARS_MAX)),
        Err(_) => Err("the Avro library panics on it".to_owned()),
    }
}

/// Notes every definition of a named type; the name of one that is defined twice is an error.
fn collect(of: &Avro, named: &mut BTreeMap<String, Avro>) -> Result<(), String> {
    if let Some(name) = full_name_of(of)
        && named.insert(name.clone(), of.clone()).is_some()
    {
        return Err(name);
    }
    if let Avro::Record(record) = of {
        record.fields.iter().try_for_each(|field| collect(&field.schema, named))
    } else if let Avro::Union(union) = of {
        union.variants().iter().try_for_each(|branch| collect(branch, named))
    } else if let Avro::Array(array) = of {
        collect(&array.items, named)
    } else if let Avro::Map(map) = of {
        collect(&map.types, named)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
