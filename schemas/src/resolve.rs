//! Values of other writers' schemas into the bytes of ours, by the Avro library; what it gets wrong is done here.
//!
//! The library (0.22) differs from the specification in these, each of which has a test:
//! - It picks a union's branch by the shape of the value, and so takes a RemoveRotation, which has no fields, for the first branch that has none either.
//!   Here branches are picked by name, as the specification says.
//! - It does not look at the aliases of the reader's fields and types.
//! - It does not read an instant as the plain number that the reader asks for.
//! - It takes the end of the bytes for a null or an empty union, believes every length, and recurses as deep as the bytes say: `guard` walks them before.

use crate::binary::no_branch;
use crate::problem::{Problem, Within, shortened};
use crate::schema::{Schema, full_name_of, guard, is_null, name_of, unpanicked};
use apache_avro::Schema as Avro;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::{RecordField, RecordSchema, UnionSchema};
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Longer names are cut.
const NAME_CHARS_MAX: usize = 80;

/// What came of a value beyond its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Resolved {
    /// The name of a branch that the reader does not have, where another one took its place.
    pub(crate) unknown: Option<String>,
}

/// Appends to `out` the bytes in `reader`'s schema of a value that was written with `writer`'s. A branch that the reader does not have is replaced by
/// that of the name `stand_in`, in a union that has it; any other is a problem.
pub(crate) fn resolve(
    writer: &Schema,
    reader: &Schema,
    body: &[u8],
    stand_in: Option<&str>,
    out: &mut Vec<u8>,
) -> Result<Resolved, Problem> {
    guard(writer, body)?;
    let value = unpanicked(|| {
        let library = GenericDatumReader::builder(writer.root())
            .writer_schemata(vec![writer.whole()])?
            .build()?;
        library.read_value(&mut &body[..])
    });
    let value = value.map_err(Problem::malformed)?;
    let resolution = Resolution {
        writer,
        reader,
        stand_in,
        unknown: RefCell::default(),
    };
    let value = resolution.value(value, writer.root(), reader.root())?;
    let written = unpanicked(|| {
        let library = GenericDatumWriter::builder(reader.root()).schemata(vec![reader.whole()])?.build()?;
        library.write_value_ref(out, &value)
    });
    written.map_err(Problem::malformed)?;
    Ok(Resolved {
        unknown: resolution.unknown.into_inner(),
    })
}

struct Resolution<'s> {
    writer: &'s Schema,
    reader: &'s Schema,
    stand_in: Option<&'s str>,
    unknown: RefCell<Option<String>>,
}

impl<'s> Resolution<'s> {
    fn value(&self, value: Value, writer: &'s Avro, reader: &'s Avro) -> Result<Value, Problem> {
        let (writer, reader) = (self.writer.get(writer), self.reader.get(reader));
        match (value, writer, reader) {
            (Value::Union(branch, value), Avro::Union(union), reader) => {
                let of = union.variants().get(branch as usize);
                self.value(*value, of.ok_or_else(|| no_branch(branch, union.variants().len()))?, reader)
            }
            (value, _, Avro::Union(union)) => self.branch(value, writer, union),
            (Value::Record(fields), Avro::Record(from), Avro::Record(to)) => self.record(fields, from, to),
            (Value::Array(items), Avro::Array(from), Avro::Array(to)) => {
                let items = items.into_iter().enumerate();
                let items = items.map(|(index, item)| self.value(item, &from.items, &to.items).map_err(|problem| problem.at(index)));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            (Value::Map(entries), Avro::Map(from), Avro::Map(to)) => {
                let entries = entries.into_iter().map(|(key, value)| {
                    let value = self.value(value, &from.types, &to.types).within(&key)?;
                    Ok((key, value))
                });
                Ok(Value::Map(entries.collect::<Result<_, _>>()?))
            }
            (value, _, _) => leaf(value, writer, reader),
        }
    }

    /// The first branch that the value's type matches.
    fn branch(&self, value: Value, writer: &'s Avro, union: &'s UnionSchema) -> Result<Value, Problem> {
        let branches = union.variants();
        let Some(index) = self.pick(writer, branches) else {
            let stand_in = branches.iter().position(|branch| Some(name_of(branch)) == self.stand_in);
            if let (Some(index), Avro::Record(record)) = (stand_in, writer) {
                self.unknown.replace(Some(shortened(record.name.name().to_owned(), NAME_CHARS_MAX)));
                return Ok(Value::Union(index as u32, Box::new(empty(&branches[index])?)));
            }
            let names: Vec<_> = branches.iter().map(|branch| name_of(self.reader.get(branch))).collect();
            return Err(Problem::malformed(format!(
                "is {}, where one of {} belongs",
                name_of(writer),
                names.join(", ")
            )));
        };
        let of = self.reader.get(&branches[index]);
        let value = self.value(value, writer, of);
        let value = if matches!(of, Avro::Record(_)) && self.reader.optional(branches).is_none() {
            value.within(name_of(of))?
        } else {
            value?
        };
        Ok(Value::Union(index as u32, Box::new(value)))
    }

    fn pick(&self, writer: &Avro, branches: &[Avro]) -> Option<usize> {
        let find = |matches: &dyn Fn(&Avro) -> bool| branches.iter().position(|branch| matches(self.reader.get(branch)));
        let named = |reader: &Avro| is_same_kind(writer, reader) && is_called(reader, name_of(writer));
        let is_named = matches!(writer, Avro::Record(_) | Avro::Enum(_) | Avro::Fixed(_));
        let same = |reader: &Avro| !is_named && is_same_kind(writer, reader);
        find(&named_fully(writer))
            .or_else(|| find(&named))
            .or_else(|| find(&same))
            .or_else(|| find(&|reader| is_promoted(name_of(writer), name_of(reader), is_named)))
    }

    fn record(&self, fields: Vec<(String, Value)>, from: &'s RecordSchema, to: &'s RecordSchema) -> Result<Value, Problem> {
        let written = fields.into_iter().zip(&from.fields);
        let mut written: BTreeMap<String, (Value, &Avro)> = written.map(|((name, value), field)| (name, (value, &field.schema))).collect();
        let fields = to.fields.iter().map(|field| {
            let names = std::iter::once(&field.name).chain(&field.aliases);
            let found = names.into_iter().find_map(|name| written.remove(name));
            let value = match found {
                Some((value, of)) => self.value(value, of, &field.schema),
                None => self.default_of(field),
            };
            Ok((field.name.clone(), value.within(&field.name)?))
        });
        Ok(Value::Record(fields.collect::<Result<_, Problem>>()?))
    }

    /// A union's default is one of its first branch.
    fn default_of(&self, field: &'s RecordField) -> Result<Value, Problem> {
        let default = field.default.clone().ok_or_else(|| Problem::malformed("is missing"))?;
        let of = self.reader.get(&field.schema);
        let first = if let Avro::Union(union) = of {
            union.variants().first()
        } else {
            None
        };
        let (of, is_union) = (first.map_or(of, |first| self.reader.get(first)), first.is_some());
        if is_union && is_null(of) {
            return Ok(Value::Union(0, Box::new(Value::Null)));
        }
        let value = unpanicked(|| Value::try_from(default)?.resolve_schemata(of, vec![self.reader.whole()]));
        let value = value.map_err(|reason| Problem::malformed(format!("is missing, and its default cannot be used: {reason}")))?;
        Ok(if is_union { Value::Union(0, Box::new(value)) } else { value })
    }
}

/// A record of empty text, to stand in for another one.
fn empty(of: &Avro) -> Result<Value, Problem> {
    let Avro::Record(record) = of else {
        return Err(Problem::malformed(format!("{} cannot stand in for a record", name_of(of))));
    };
    let text = record.fields.iter().map(|field| (field.name.clone(), Value::String(String::new())));
    Ok(Value::Record(text.collect()))
}

/// Numbers, text, bytes, enums: as the library promotes them.
fn leaf(value: Value, writer: &Avro, reader: &Avro) -> Result<Value, Problem> {
    let (from, to) = (name_of(writer), name_of(reader));
    let value = if matches!(reader, Avro::Int | Avro::Long | Avro::Float | Avro::Double) {
        plain(value)
    } else {
        value
    };
    unpanicked(|| value.resolve(reader))
        .map_err(|reason| Problem::malformed(format!("is of type {from} and cannot be read as {to}: {reason}")))
}

/// The number of a value of a logical type.
fn plain(value: Value) -> Value {
    if let Value::TimeMicros(number)
    | Value::TimestampMillis(number)
    | Value::TimestampMicros(number)
    | Value::TimestampNanos(number)
    | Value::LocalTimestampMillis(number)
    | Value::LocalTimestampMicros(number)
    | Value::LocalTimestampNanos(number) = value
    {
        Value::Long(number)
    } else if let Value::Date(number) | Value::TimeMillis(number) = value {
        Value::Int(number)
    } else {
        value
    }
}

/// Types of the same name in Avro, whatever their logical types.
fn is_same_kind(a: &Avro, b: &Avro) -> bool {
    match (a, b) {
        (Avro::Record(_), Avro::Record(_)) | (Avro::Enum(_), Avro::Enum(_)) | (Avro::Fixed(_), Avro::Fixed(_)) => true,
        (Avro::Record(_) | Avro::Enum(_) | Avro::Fixed(_), _) | (_, Avro::Record(_) | Avro::Enum(_) | Avro::Fixed(_)) => false,
        (a, b) => name_of(a) == name_of(b),
    }
}

fn named_fully(writer: &Avro) -> impl Fn(&Avro) -> bool {
    let name = full_name_of(writer);
    move |reader| name.is_some() && full_name_of(reader) == name
}

/// By its own name or by one of its aliases, without namespaces.
fn is_called(reader: &Avro, name: &str) -> bool {
    let aliases = reader.aliases().map_or(&[][..], Vec::as_slice);
    name_of(reader) == name || aliases.iter().any(|alias| alias.name() == name)
}

fn is_promoted(from: &str, to: &str, is_named: bool) -> bool {
    let promoted = matches!(
        (from, to),
        ("int", "long" | "float" | "double")
            | ("long", "float" | "double")
            | ("float", "double")
            | ("string", "bytes")
            | ("bytes", "string")
    );
    promoted && !is_named
}

#[cfg(test)]
mod tests;
