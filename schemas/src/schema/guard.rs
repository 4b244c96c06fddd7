//! Checks how much memory bytes would need before the Avro library reads them: it believes lengths, recurses as deep as they say, and takes the end of the bytes
//! for a null.

use super::{Schema, fixed_size};
use crate::binary::{Reader, no_branch};
use crate::problem::{Problem, Within};
use apache_avro::Schema as Avro;
use apache_avro::schema::UuidSchema;

/// Deeper values are refused; a schema can refer to itself.
pub(crate) const DEPTH_MAX: usize = 64;
/// Values that take no bytes are counted by the bytes of those that do.
const VALUES_PER_BYTE_MAX: usize = 4;
const VALUES_MIN: usize = 10_000;

/// Walks one value of the schema's root through all of its bytes.
///
/// # Errors
/// Where the bytes are no such value, or one of more depth or more parts than are read.
pub(crate) fn guard(schema: &Schema, body: &[u8]) -> Result<(), Problem> {
    let mut walk = Walk {
        schema,
        reader: Reader::new(body),
        values_left: VALUES_MIN + body.len() * VALUES_PER_BYTE_MAX,
    };
    walk.value(schema.root(), 0)?;
    walk.reader.end()
}

struct Walk<'s, 'b> {
    schema: &'s Schema,
    reader: Reader<'b>,
    values_left: usize,
}

impl<'s> Walk<'s, '_> {
    fn value(&mut self, of: &'s Avro, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(Problem::malformed(format!("is more than {DEPTH_MAX} levels deep")));
        }
        self.values_left = (self.values_left.checked_sub(1)).ok_or_else(|| Problem::malformed("has too many values without bytes"))?;
        let of = self.schema.get(of);
        if let Some(size) = fixed_size(of) {
            return self.reader.take(size).map(drop);
        }
        match of {
            Avro::Null => Ok(()),
            Avro::Boolean => self.reader.boolean().map(drop),
            Avro::Int | Avro::Date | Avro::TimeMillis => self.reader.int().map(drop),
            Avro::Float => self.reader.take(4).map(drop),
            Avro::Double => self.reader.take(8).map(drop),
            Avro::Bytes | Avro::BigDecimal | Avro::Decimal(_) | Avro::Uuid(UuidSchema::Bytes) => self.reader.bytes().map(drop),
            Avro::String | Avro::Uuid(_) => self.reader.text().map(drop),
            Avro::Enum(of) => {
                let index = self.reader.count()?;
                let unknown = || Problem::malformed(format!("has symbol {index} of an enum of {}", of.symbols.len()));
                of.symbols.get(index).map(drop).ok_or_else(unknown)
            }
            Avro::Array(array) => self.items(false, &array.items, depth),
            Avro::Map(map) => self.items(true, &map.types, depth),
            Avro::Record(record) => {
                let mut fields = record.fields.iter();
                fields.try_for_each(|field| self.value(&field.schema, depth + 1).within(&field.name))
            }
            Avro::Union(union) => {
                let index = self.reader.count()?;
                let branch = union.variants().get(index);
                self.value(branch.ok_or_else(|| no_branch(index, union.variants().len()))?, depth + 1)
            }
            Avro::Ref { name } => Err(Problem::malformed(format!("is of {}, which is not defined", name.name()))),
            Avro::Long
            | Avro::TimeMicros
            | Avro::TimestampMillis
            | Avro::TimestampMicros
            | Avro::TimestampNanos
            | Avro::LocalTimestampMillis
            | Avro::LocalTimestampMicros
            | Avro::LocalTimestampNanos => self.reader.long().map(drop),
            // Of a fixed size, as was seen above.
            Avro::Fixed(_) | Avro::Duration(_) => Ok(()),
        }
    }

    fn items(&mut self, are_named: bool, of: &'s Avro, depth: usize) -> Result<(), Problem> {
        let mut reader = self.reader.clone();
        let walked = reader.items(|reader, _| {
            if are_named {
                reader.text()?;
            }
            std::mem::swap(&mut self.reader, reader);
            let walked = self.value(of, depth + 1);
            std::mem::swap(&mut self.reader, reader);
            walked
        });
        self.reader = reader;
        walked
    }
}
