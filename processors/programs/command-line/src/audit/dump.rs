//! Topics as kcat -J has written them to files.
//!
//! kcat writes strings as they are but for quotes, backslashes and control characters: a line is JSON only where all bytes are UTF-8.
//! So each byte is taken for a character first, and turned back into a byte after the line was understood.

use super::Audit;
use super::report::Progress;
use super::source::{place, seen, source};
use crate::Connection;
use crate::foreign::{self, FIRST_MAX, First};
use anyhow::{Context, anyhow, bail};
use application::Application;
use auditor::{Partition, Record, Seen, SourceError, Topic};
use decider::{SCHEMA_FINGERPRINT, schema_fingerprint};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use stream::facts;
use topology::{Fact, Facts, Topology};

/// The topology with the number of partitions that the log was begun with, as the file `metadata` has it.
pub(super) fn topology(connection: &Connection<impl Application>, directory: &Path) -> anyhow::Result<Topology> {
    let topology = connection.topology()?;
    let path = directory.join("metadata");
    if !path.exists() {
        return match connection.partitions() {
            Some(_) => Ok(topology),
            None => bail!("there is no file {}: say with --partitions how many the log has", path.display()),
        };
    }
    let mut facts = Facts::default();
    let mut input = BufReader::new(File::open(&path)?);
    let mut line = Vec::new();
    while next_line(&mut input, &mut line)? {
        let record = record_in(&line, Topic::Commands, 0).with_context(|| format!("{}", path.display()))?;
        facts.push(record.place.offset, Fact::parse(record.value.as_deref().unwrap_or_default())?);
    }
    Ok(facts::number(&topology, &facts, connection.partitions())?)
}

/// Reads the files of a directory, and says what is missing there. `scratch` takes each topic once more, by partition.
pub(super) fn read<A: Application>(
    connection: &Connection<A>,
    directory: &Path,
    topology: &Topology,
    scratch: &Path,
    audit: &mut Audit<'_, A>,
    progress: &mut Progress,
) -> anyhow::Result<Vec<String>> {
    let mut notes = vec!["read from files: the history of committed offsets was not checked".to_owned()];
    let offsets = directory.join("offsets");
    let committed = if offsets.exists() {
        Some(offsets_in(&std::fs::read_to_string(&offsets)?, &topology.topics.commands.name)?)
    } else {
        notes.push("there is no file of offsets: what the last outcome of a partition answers counts as committed (I6)".to_owned());
        None
    };
    let mut split = |name: &str, topic: Topic| Split::of(directory, name, topic, scratch, &mut notes);
    let letters = split("dead-letters", Topic::DeadLetters)?;
    let commands = split("commands", Topic::Commands)?;
    let events = split("events", Topic::Events)?;
    let outcomes = split("outcomes", Topic::Outcomes)?;
    foreign::refuse_first(
        connection,
        topology,
        |partition| events.first(partition),
        |partition| outcomes.first(partition),
    )?;
    for partition in 0..letters.end() {
        for letter in letters.read(partition)? {
            audit.dead_letter(letter?)?;
        }
    }
    // Beyond the log's number there may be commands that were forwarded, and must be nothing else.
    let partitions = [topology.partitions, commands.end(), events.end(), outcomes.end()];
    let partitions = partitions.into_iter().max().unwrap_or(0);
    for number in 0..partitions {
        progress.partition(number, partitions);
        for seen in outcomes.read(number)? {
            audit.rewritten(&seen?)?;
        }
        let committed = committed.as_ref().map(|offsets| offsets.get(&number).copied().unwrap_or(0));
        let partition = Partition {
            number,
            // The files do not say.
            begins_at: 0,
            committed,
            committed_after: &mut || Ok(committed),
            commands: commands.read(number)?,
            events: events.read(number)?,
            outcomes: outcomes.read(number)?,
        };
        audit.partition(partition, &mut |counts| progress.note(counts))?;
    }
    Ok(notes)
}

/// A topic's lines by partition, as committed and as uncommitted readers see them.
struct Split {
    topic: Topic,
    committed: BTreeMap<u32, PathBuf>,
    uncommitted: Option<BTreeMap<u32, PathBuf>>,
}

impl Split {
    fn of(directory: &Path, name: &str, topic: Topic, scratch: &Path, notes: &mut Vec<String>) -> anyhow::Result<Self> {
        let uncommitted = format!("{name}.uncommitted");
        let uncommitted = if directory.join(&uncommitted).exists() {
            Some(split(&directory.join(&uncommitted), scratch, &uncommitted)?)
        } else {
            notes.push(format!("there is no file {uncommitted}: what was aborted in it is not known (I4)"));
            None
        };
        Ok(Self {
            topic,
            committed: split(&directory.join(name), scratch, name)?,
            uncommitted,
        })
    }

    /// The number after the last partition of which there is a record.
    fn end(&self) -> u32 {
        let last = |paths: &BTreeMap<u32, PathBuf>| paths.keys().next_back().map_or(0, |last| last + 1);
        last(&self.committed).max(self.uncommitted.as_ref().map_or(0, last))
    }

    /// The first committed records of a partition.
    fn first(&self, partition: u32) -> anyhow::Result<Vec<First>> {
        let lines = Lines::open(self.topic, partition, self.committed.get(&partition))?.take(FIRST_MAX);
        let first = |record: Record| First {
            offset: record.place.offset,
            fingerprint: record.header(SCHEMA_FINGERPRINT).and_then(schema_fingerprint),
            value: record.value,
        };
        Ok(lines.map(|record| record.map(first)).collect::<Result<_, _>>()?)
    }

    fn read(&self, partition: u32) -> anyhow::Result<Reading> {
        let open = |paths: &BTreeMap<u32, PathBuf>| Lines::open(self.topic, partition, paths.get(&partition));
        Ok(Reading {
            committed: open(&self.committed)?.peekable(),
            uncommitted: self.uncommitted.as_ref().map(open).transpose()?,
        })
    }
}

/// Copies the lines of a file to one file for each partition.
fn split(path: &Path, scratch: &Path, name: &str) -> anyhow::Result<BTreeMap<u32, PathBuf>> {
    let mut input = BufReader::new(File::open(path).with_context(|| format!("{}", path.display()))?);
    let mut outputs: BTreeMap<u32, (PathBuf, BufWriter<File>)> = BTreeMap::new();
    let (mut line, mut number) = (Vec::new(), 0_u64);
    while next_line(&mut input, &mut line)? {
        number += 1;
        let partition = parse(&line)
            .and_then(|value| field(&value, "partition"))
            .and_then(|partition| u32::try_from(partition).map_err(|error| anyhow!(error)))
            .with_context(|| format!("{} line {number}: is this what kcat -J writes?", path.display()))?;
        if let std::collections::btree_map::Entry::Vacant(entry) = outputs.entry(partition) {
            let to = scratch.join(format!("{name}-{partition}"));
            entry.insert((to.clone(), BufWriter::new(File::create(&to)?)));
        }
        if let Some((_, output)) = outputs.get_mut(&partition) {
            output.write_all(&line)?;
            output.write_all(b"\n")?;
        }
    }
    let mut paths = BTreeMap::new();
    for (partition, (path, mut output)) in outputs {
        output.flush()?;
        paths.insert(partition, path);
    }
    Ok(paths)
}

/// Committed and aborted records of one partition.
struct Reading {
    committed: Peekable<Lines>,
    uncommitted: Option<Lines>,
}

impl Iterator for Reading {
    type Item = Result<Seen, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(uncommitted) = &mut self.uncommitted else {
            return Some(self.committed.next()?.map(Seen::Committed));
        };
        // A committed record that was written after the other file was is not in it.
        let record = match uncommitted.next() {
            None => return Some(self.committed.next()?.map(Seen::Committed)),
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(record)) => record,
        };
        match self.committed.peek() {
            Some(Ok(committed)) if committed.place.offset < record.place.offset => Some(Err(SourceError(format!(
                "the committed record at {} is not in the file of uncommitted ones",
                committed.place
            )))),
            Some(Ok(committed)) => {
                let same = committed.place.offset == record.place.offset;
                if same {
                    self.committed.next();
                }
                Some(Ok(seen(same, record)))
            }
            Some(Err(error)) => Some(Err(error.clone())),
            None => Some(Ok(seen(false, record))),
        }
    }
}

/// The records of a file.
struct Lines {
    input: Option<BufReader<File>>,
    topic: Topic,
    partition: u32,
    line: Vec<u8>,
}

impl Lines {
    fn open(topic: Topic, partition: u32, path: Option<&PathBuf>) -> anyhow::Result<Self> {
        Ok(Self {
            input: path.map(File::open).transpose()?.map(BufReader::new),
            topic,
            partition,
            line: Vec::new(),
        })
    }
}

impl Iterator for Lines {
    type Item = Result<Record, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match next_line(self.input.as_mut()?, &mut self.line) {
            Ok(false) => None,
            Ok(true) => Some(record_in(&self.line, self.topic, self.partition).map_err(|error| source(format!("{error:#}")))),
            Err(error) => Some(Err(source(error))),
        }
    }
}

fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    input.read_until(b'\n', line)?;
    let there_is = !line.is_empty();
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(there_is)
}

fn parse(line: &[u8]) -> anyhow::Result<Value> {
    let characters: String = line.iter().copied().map(char::from).collect();
    Ok(serde_json::from_str(&characters)?)
}

fn field(value: &Value, name: &str) -> anyhow::Result<i64> {
    value
        .get(name)
        .and_then(Value::as_i64)
        .ok_or_else(|| anyhow!("a record without {name}"))
}

/// Characters back to bytes. `None` stays what it is.
fn bytes(value: Option<&Value>) -> anyhow::Result<Option<Vec<u8>>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let byte = |character: char| u8::try_from(u32::from(character)).map_err(|_| anyhow!("{character:?} is no byte"));
            text.chars().map(byte).collect::<Result<_, _>>().map(Some)
        }
        Some(other) => bail!("{other} where a string belongs"),
    }
}

fn record_in(line: &[u8], topic: Topic, partition: u32) -> anyhow::Result<Record> {
    let value = parse(line)?;
    let offset = field(&value, "offset")?;
    let mut headers = Vec::new();
    if let Some(Value::Array(list)) = value.get("headers") {
        for pair in list.chunks(2) {
            let name = bytes(pair.first())?.unwrap_or_default();
            headers.push((String::from_utf8_lossy(&name).into_owned(), bytes(pair.get(1))?));
        }
    }
    Ok(Record {
        place: place(topic, partition, offset),
        timestamp_ms: field(&value, "ts")?,
        key: bytes(value.get("key"))?,
        value: bytes(value.get("payload"))?,
        headers,
    })
}

/// The committed offsets in what kafka-consumer-groups.sh --describe prints.
fn offsets_in(text: &str, commands: &str) -> anyhow::Result<BTreeMap<u32, i64>> {
    let mut columns = None;
    let mut offsets = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let column = |name: &str| words.iter().position(|word| *word == name);
        if let (Some(topic), Some(partition), Some(offset)) = (column("TOPIC"), column("PARTITION"), column("CURRENT-OFFSET")) {
            columns = Some((topic, partition, offset));
            continue;
        }
        let Some((topic, partition, offset)) = columns else { continue };
        if words.get(topic) == Some(&commands)
            && let (Some(partition), Some(offset)) = (words.get(partition), words.get(offset))
            && *offset != "-"
        {
            offsets.insert(partition.parse()?, offset.parse()?);
        }
    }
    if columns.is_none() {
        bail!("the file of offsets is not what kafka-consumer-groups.sh --describe prints");
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests;
