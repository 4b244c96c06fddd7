//! Rows as text, in the order of their columns.

use super::Form;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::io::{self, Write};

/// Writes rows of one table.
pub(super) struct Sheet<W: Write> {
    columns: &'static [&'static str],
    output: Output<W>,
    rows: u64,
}

enum Output<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Ndjson(io::BufWriter<W>),
}

impl<W: Write> Sheet<W> {
    /// CSV has a line of names even where there is no row.
    pub(super) fn new(form: Form, columns: &'static [&'static str], to: W) -> io::Result<Self> {
        let output = match form {
            Form::Csv => {
                let mut writer = csv::Writer::from_writer(to);
                writer.write_record(columns).map_err(io_error)?;
                Output::Csv(Box::new(writer))
            }
            Form::Ndjson => Output::Ndjson(io::BufWriter::new(to)),
        };
        Ok(Self { columns, output, rows: 0 })
    }

    /// Writes the cells of a row: texts, numbers, truth values or null.
    pub(super) fn write(&mut self, row: &[Value]) -> io::Result<()> {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows += 1;
        match &mut self.output {
            Output::Csv(writer) => writer.write_record(row.iter().map(text)).map_err(io_error),
            Output::Ndjson(writer) => {
                serde_json::to_writer(
                    &mut *writer,
                    &Line {
                        columns: self.columns,
                        row,
                    },
                )?;
                writer.write_all(b"\n")
            }
        }
    }

    /// Writes what is left. Returns the number of rows.
    pub(super) fn end(self) -> io::Result<u64> {
        match self.output {
            Output::Csv(mut writer) => writer.flush()?,
            Output::Ndjson(mut writer) => writer.flush()?,
        }
        Ok(self.rows)
    }
}

/// With its kind, by which a closed pipe is recognized.
fn io_error(error: csv::Error) -> io::Error {
    let text = error.to_string();
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        error
    } else {
        io::Error::other(text)
    }
}

fn text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => cell.to_string(),
    }
}

struct Line<'r> {
    columns: &'static [&'static str],
    row: &'r [Value],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (name, cell) in self.columns.iter().zip(self.row) {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
