//! The lines of a CSV file, each with its number, the bad ones too. A line break always ends a line, so that a quote that is not
//! closed costs one line and not all that follow.

use anyhow::{Context, bail};
use csv::{ReaderBuilder, StringRecord};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a line says, or why it says nothing.
pub(super) struct Line<T> {
    /// As an editor counts, from 1.
    pub(super) number: u64,
    pub(super) said: Result<T, String>,
}

const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF_16_MARKS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];
const GZIP_MARK: &[u8] = b"\x1F\x8B";
/// Of a file that is read as a whole: some three million legs.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// What programs write between columns where they do not write commas.
const OTHER_DELIMITERS: [char; 3] = [';', '\t', '|'];

/// Everything after the first line, which must name all of `columns`, in any order and with others among them.
///
/// # Errors
/// When the file as a whole cannot be meant: it is unreadable or empty, has another delimiter, or lacks a column.
pub(super) fn read<T: DeserializeOwned>(path: &Path, columns: &[&str]) -> anyhow::Result<Vec<Line<T>>> {
    let whole = || parse(&bytes_of(File::open(path)?, FILE_BYTES_MAX)?, columns);
    whole().with_context(|| path.display().to_string())
}

/// All bytes of a file that may have no end, as a device has none.
fn bytes_of(file: impl Read, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        bail!("this has more than {bytes_max} bytes; split it into several files");
    }
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8], columns: &[&str]) -> anyhow::Result<Vec<Line<T>>> {
    if UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        bail!("this is UTF-16; save the file as UTF-8");
    }
    if bytes.starts_with(GZIP_MARK) {
        bail!("this is compressed by gzip; unpack it first");
    }
    let bytes = bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes);
    let mut rows = rows(bytes);
    let Some((_, first)) = rows.next() else {
        bail!("the file is empty; its first line must name the columns {}", columns.join(", "));
    };
    let names = record(first).map_err(anyhow::Error::msg).context("the first line")?;
    check_names(&names, columns)?;
    let lines: Vec<Line<T>> = rows
        .map(|(number, row)| Line {
            number,
            said: record(row).and_then(|record| deserialize(&record, &names)),
        })
        .collect();
    if lines.is_empty() {
        bail!("there is no line after the first, which names the columns");
    }
    Ok(lines)
}

/// The lines that are not blank, without their ends.
fn rows(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let rows = bytes.split(|byte| *byte == b'\n').zip(1_u64..);
    rows.map(|(row, number)| (number, row.strip_suffix(b"\r").unwrap_or(row)))
        .filter(|(_, row)| !row.trim_ascii().is_empty())
}

fn check_names(names: &StringRecord, columns: &[&str]) -> anyhow::Result<()> {
    if let Some(column) = columns.iter().find(|column| !names.iter().any(|name| name == **column)) {
        let found: Vec<&str> = names.iter().collect();
        if let Some(delimiter) = OTHER_DELIMITERS
            .into_iter()
            .find(|other| names.iter().any(|name| name.contains(*other)))
        {
            bail!("the columns are separated by {delimiter:?}, where commas are expected");
        }
        bail!("the first line does not name the column {column}; it names {}", found.join(", "));
    }
    if let Some(column) = columns
        .iter()
        .find(|column| names.iter().filter(|name| name == *column).count() > 1)
    {
        bail!("the first line names the column {column} twice");
    }
    Ok(())
}

/// The fields of one line.
fn record(row: &[u8]) -> Result<StringRecord, String> {
    let text = std::str::from_utf8(row).map_err(|error| format!("this is not UTF-8 from byte {} on", error.valid_up_to() + 1))?;
    check_quotes(text)?;
    let mut reader = ReaderBuilder::new().has_headers(false).buffer_capacity(row.len()).from_reader(row);
    match reader.records().next() {
        Some(record) => record.map_err(|error| error.to_string()),
        None => Err("nothing is on this line".to_owned()),
    }
}

/// A quote opens where a field begins, and closes where it ends. The reader would take anything else for text.
fn check_quotes(text: &str) -> Result<(), String> {
    let mut opened = None;
    let mut begins = true;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((index, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (opened, character) {
            (None, '"') if begins => opened = Some(index + 1),
            (None, '"') => {
                return Err(format!(
                    "a quote at character {} is within a field that has none at its beginning",
                    index + 1
                ));
            }
            (Some(_), '"') if next == Some('"') => {
                characters.next();
            }
            (Some(_), '"') if next.is_none_or(|next| next == ',') => opened = None,
            (Some(_), '"') => return Err(format!("the quote at character {} closes before its field ends", index + 1)),
            (Some(_) | None, _) => {}
        }
        begins = opened.is_none() && character == ',';
    }
    match opened {
        None => Ok(()),
        Some(character) => Err(format!("the quote that opens at character {character} is not closed on this line")),
    }
}

fn deserialize<T: DeserializeOwned>(record: &StringRecord, names: &StringRecord) -> Result<T, String> {
    if record.len() != names.len() {
        return Err(format!("{} fields where {} are expected", record.len(), names.len()));
    }
    record.deserialize(Some(names)).map_err(|error| match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests;
