//! The lines of a CSV file, each with its number, the bad ones too.

use anyhow::{Context, bail};
use serde::de::DeserializeOwned;
use std::path::Path;

/// What a line says, or why it says nothing.
pub(super) struct Line<T> {
    /// As an editor counts, from 1.
    pub(super) number: u64,
    pub(super) said: Result<T, String>,
}

/// Everything after the first line, which must name all of `columns`.
pub(super) fn read<T: DeserializeOwned>(path: &Path, columns: &[&str]) -> anyhow::Result<Vec<Line<T>>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&bytes, columns).with_context(|| path.display().to_string())
}

fn parse<T: DeserializeOwned>(bytes: &[u8], columns: &[&str]) -> anyhow::Result<Vec<Line<T>>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let names = reader.headers()?.clone();
    if let Some(column) = columns.iter().find(|column| !names.iter().any(|name| name == **column)) {
        bail!("the first line does not name the column {column}");
    }
    let mut counter = Counter::default();
    let lines = reader.into_records().map(|record| {
        let position = match &record {
            Ok(record) => record.position(),
            Err(error) => error.position(),
        };
        let start = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(bytes.len()));
        let said = record.and_then(|record| record.deserialize(Some(&names)));
        Line {
            number: counter.line_at(bytes, start),
            said: said.map_err(|error| reason(&error)),
        }
    });
    Ok(lines.collect())
}

/// Counts lines up to where a record begins. The reader's own count is wrong after empty lines.
#[derive(Default)]
struct Counter {
    counted: usize,
    ends: u64,
}

impl Counter {
    fn line_at(&mut self, bytes: &[u8], start: usize) -> u64 {
        let empty = bytes[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let start = start + empty;
        let ends = bytes[self.counted..start].iter().filter(|byte| **byte == b'\n').count();
        self.ends += ends as u64;
        self.counted = start;
        self.ends + 1
    }
}

/// Without the reader's own idea of the line.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{len} fields where {expected_len} are expected"),
        csv::ErrorKind::Utf8 { .. } => "this is not UTF-8".to_owned(),
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
