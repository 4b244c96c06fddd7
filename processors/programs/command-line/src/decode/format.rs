//! Reads the output of `kcat -f FORMAT` by the same format: values of any bytes, because their lengths come before them.

use serde_json::{Map, Value, json};
use std::io::{BufRead, Read};

/// A greater length means that the input is something else: the first four characters of a text say more than this.
const BYTES_MAX: usize = 512 << 20;
/// Text up to the character that ends it in the format.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// A format whose records can be told apart, whatever bytes they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    Field(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Headers,
    Key,
    KeyLength,
    Value,
    ValueLength,
    BinaryValueLength,
}

/// One record, as far as the format has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    pub value: Vec<u8>,
    topic: Option<String>,
    pub partition: Option<i64>,
    offset: Option<i64>,
    timestamp_ms: Option<i64>,
    headers: Option<String>,
    key: Option<Option<Vec<u8>>>,
}

/// What was wrong with the input.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}: was this written by kcat with the same format, given as -f?")]
    Other(String),
}

impl Format {
    /// Reads a format as kcat does.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '\\' => literal.push(escaped(&mut rest)?),
                '%' => match rest.next() {
                    Some('%') => literal.push(b'%'),
                    token => {
                        if !literal.is_empty() {
                            parts.push(Part::Literal(std::mem::take(&mut literal)));
                        }
                        parts.push(Part::Field(field(token)?));
                    }
                },
                other => literal.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        check(&parts)?;
        Ok(Self(parts))
    }

    /// Whether records have nothing but a value.
    pub fn is_of_values_alone(&self) -> bool {
        let is_about_values = |part: &Part| {
            matches!(
                part,
                Part::Literal(_) | Part::Field(Field::Value | Field::ValueLength | Field::BinaryValueLength)
            )
        };
        self.0.iter().all(is_about_values)
    }

    /// Whether each record says which partition it is of.
    pub fn has_partition(&self) -> bool {
        self.0.contains(&Part::Field(Field::Partition))
    }

    /// The next record; `None` at the end of the input.
    pub fn read(&self, input: &mut impl BufRead) -> Result<Option<Record>, ReadError> {
        if input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut record = Record::default();
        let (mut key_length, mut value_length) = (None, None);
        for (at, part) in self.0.iter().enumerate() {
            let field = match part {
                Part::Literal(literal) => {
                    expect(input, literal)?;
                    continue;
                }
                Part::Field(field) => *field,
            };
            let end = match self.0.get(at + 1) {
                Some(Part::Literal(literal)) => literal.first().copied(),
                Some(Part::Field(_)) | None => None,
            };
            match field {
                Field::BinaryValueLength => value_length = Some(i64::from(i32::from_be_bytes(exact(input)?))),
                Field::ValueLength => value_length = Some(number(input, end)?),
                Field::KeyLength => key_length = Some(number(input, end)?),
                Field::Value => record.value = bytes(input, value_length.unwrap_or(0))?.unwrap_or_default(),
                Field::Key => {
                    record.key = Some(match key_length {
                        Some(length) => bytes(input, length)?,
                        None => Some(text(input, end)?.into_bytes()),
                    });
                }
                Field::Topic => record.topic = Some(text(input, end)?),
                Field::Headers => record.headers = Some(text(input, end)?),
                Field::Partition => record.partition = Some(number(input, end)?),
                Field::Offset => record.offset = Some(number(input, end)?),
                Field::Timestamp => record.timestamp_ms = Some(number(input, end)?),
            }
        }
        Ok(Some(record))
    }
}

impl Record {
    /// All that the format has, around what the value says.
    pub fn envelope(&self, value: Value) -> Value {
        let mut envelope = Map::new();
        let mut put = |name: &str, found: Option<Value>| {
            if let Some(found) = found {
                envelope.insert(name.to_owned(), found);
            }
        };
        put("topic", self.topic.clone().map(Value::from));
        put("partition", self.partition.map(Value::from));
        put("offset", self.offset.map(Value::from));
        put("timestamp_ms", self.timestamp_ms.map(Value::from));
        put(
            "key",
            self.key.as_ref().map(|key| json!(key.as_deref().map(String::from_utf8_lossy))),
        );
        put("headers", self.headers.clone().map(Value::from));
        put("value", Some(value));
        envelope.into()
    }
}

/// Each record has to say where its parts end.
fn check(parts: &[Part]) -> Result<(), String> {
    let place = |wanted: &[Field]| {
        parts
            .iter()
            .position(|part| matches!(part, Part::Field(field) if wanted.contains(field)))
    };
    let is_before =
        |first: &[Field], second: Field| matches!((place(first), place(&[second])), (Some(first), Some(second)) if first < second);
    if !is_before(&[Field::ValueLength, Field::BinaryValueLength], Field::Value) {
        return Err("a value of any bytes can only be read after its length: %R%s, or %S and %s with something between them".to_owned());
    }
    for (at, part) in parts.iter().enumerate() {
        let Part::Field(field) = part else { continue };
        let has_length = match field {
            Field::Value | Field::BinaryValueLength => true,
            Field::Key => is_before(&[Field::KeyLength], Field::Key),
            Field::Topic | Field::Partition | Field::Offset | Field::Timestamp | Field::Headers | Field::KeyLength | Field::ValueLength => {
                false
            }
        };
        if !has_length && !matches!(parts.get(at + 1), Some(Part::Literal(_))) {
            return Err("something has to end each text and number of the format, such as a space or a tab".to_owned());
        }
    }
    Ok(())
}

fn field(token: Option<char>) -> Result<Field, String> {
    Ok(match token {
        Some('t') => Field::Topic,
        Some('p') => Field::Partition,
        Some('o') => Field::Offset,
        Some('T') => Field::Timestamp,
        Some('h') => Field::Headers,
        Some('k') => Field::Key,
        Some('K') => Field::KeyLength,
        Some('s') => Field::Value,
        Some('S') => Field::ValueLength,
        Some('R') => Field::BinaryValueLength,
        Some(other) => return Err(format!("%{other} is not one of %t %p %o %T %h %k %K %s %S %R")),
        None => return Err("the format ends with %".to_owned()),
    })
}

fn escaped(rest: &mut std::str::Chars<'_>) -> Result<u8, String> {
    Ok(match rest.next() {
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('r') => b'\r',
        Some('\\') => b'\\',
        Some('x') => {
            let digits: String = rest.by_ref().take(2).collect();
            u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no byte in two hexadecimal digits"))?
        }
        other => {
            return Err(format!(
                "\\{} is not one of \\n \\t \\r \\\\ \\xHH",
                other.map(String::from).unwrap_or_default()
            ));
        }
    })
}

fn expect(input: &mut impl BufRead, literal: &[u8]) -> Result<(), ReadError> {
    let mut found = vec![0; literal.len()];
    let read = input.read_exact(&mut found);
    if read.is_err() || found != literal {
        let (found, expected) = (String::from_utf8_lossy(&found), String::from_utf8_lossy(literal));
        return Err(ReadError::Other(format!("there is {found:?} where the format has {expected:?}")));
    }
    Ok(())
}

fn exact<const N: usize>(input: &mut impl BufRead) -> Result<[u8; N], ReadError> {
    let mut found = [0; N];
    input
        .read_exact(&mut found)
        .map_err(|_| ReadError::Other("the input ends within a length".to_owned()))?;
    Ok(found)
}

/// Up to the byte that ends it, which stays.
fn text(input: &mut impl BufRead, end: Option<u8>) -> Result<String, ReadError> {
    let mut found = Vec::new();
    while let Some(byte) = input.fill_buf()?.first().copied() {
        if Some(byte) == end {
            return Ok(String::from_utf8_lossy(&found).into_owned());
        }
        if found.len() as u64 >= TEXT_BYTES_MAX {
            return Err(ReadError::Other(format!("a text has more than {TEXT_BYTES_MAX} bytes")));
        }
        found.push(byte);
        input.consume(1);
    }
    Err(ReadError::Other("the input ends within a text or a number".to_owned()))
}

fn number(input: &mut impl BufRead, end: Option<u8>) -> Result<i64, ReadError> {
    let found = text(input, end)?;
    found.parse().map_err(|_| {
        let shown: String = found.chars().take(40).collect();
        ReadError::Other(format!("there is {shown:?} where a number belongs"))
    })
}

/// kcat writes -1 as the length of a null.
fn bytes(input: &mut impl BufRead, length: i64) -> Result<Option<Vec<u8>>, ReadError> {
    if length == -1 {
        return Ok(None);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > BYTES_MAX {
        return Err(ReadError::Other(format!("a length of {length} bytes")));
    }
    // As it comes, not as large as it says.
    let mut found = Vec::new();
    input.take(length as u64).read_to_end(&mut found)?;
    if found.len() < length {
        return Err(ReadError::Other("the input ends within a value or a key".to_owned()));
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests;
