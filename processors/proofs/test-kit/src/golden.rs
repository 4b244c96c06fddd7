//! A log of every form in which events were ever written, kept with the domain's sources.

use crate::report::{difference, indented};
use application::Application;
use decider::{Codec, EventEnvelope};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Set, [`check_golden`] appends what is new, and writes down how events are read now.
const UPDATE: &str = "UPDATE_GOLDEN";
const UNKNOWN_FIELD: &str = "a_field_of_a_later_build";

/// Checks the golden log of a domain whose records are JSON. `file` is found from the crate's folder, and has a line for each form of an event:
/// `written`, the event as it lies in the log, and `reads_as`, what the domain makes of it.
///
/// - Every line can be read, and is read as it says. So a form that was ever written is read for ever, and means the same.
/// - Every event of `samples`, one of each kind or more, has a line as it is written now. So no form is left out.
/// - A field that a later build adds is ignored.
///
/// With `UPDATE_GOLDEN=1`, the file is brought up to date: lines of new forms are appended. What was written never changes.
///
/// # Panics
/// When one of it is not so, with what to do.
#[track_caller]
pub fn check_golden<A: Application>(file: &str, samples: impl IntoIterator<Item = A::Event>) {
    let (path, is_update) = (path(file), std::env::var_os(UPDATE).is_some());
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut lines: Vec<Line> = text
        .lines()
        .enumerate()
        .map(|(index, text)| Line::parse(file, index + 1, text))
        .collect();
    for line in &mut lines {
        let reads_as = line.read::<A>(file);
        if is_update {
            line.reads_as = reads_as;
        } else if line.reads_as != reads_as {
            panic!(
                "{file}:{}: an event that was written like this is read differently than before\n    {}\n{}\nThe log keeps it for ever: read it \
                 as it was meant, by an upcast (json_codec::EventForms). Where only names of Rust have changed, run the test again with {UPDATE}=1",
                line.number,
                line.written,
                difference(&line.reads_as, &reads_as)
            );
        }
        line.check_tolerance::<A>(file);
    }
    let mut missing = Vec::new();
    for sample in samples {
        let written = written::<A>(sample);
        if lines.iter().chain(&missing).all(|line| line.written != written) {
            let mut line = Line {
                number: lines.len() + missing.len() + 1,
                written,
                reads_as: String::new(),
            };
            line.reads_as = line.read::<A>(file);
            missing.push(line);
        }
    }
    if is_update {
        lines.extend(missing);
        let text: String = lines.iter().map(|line| format!("{}\n", line.json())).collect();
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("the folder of the golden log can be made");
        fs::write(&path, text).expect("the golden log can be written");
    } else if !missing.is_empty() {
        let missing: String = missing.iter().map(|line| indented(&line.written.to_string())).collect();
        panic!(
            "{file} has no line for events as they are written now{missing}\nIf that is meant, and builds before this one may meet it, run the test again with {UPDATE}=1, which appends it; see docs/evolution.md"
        );
    }
}

fn path(file: &str) -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    folder.join(file)
}

struct Line {
    number: usize,
    written: Value,
    reads_as: String,
}

impl Line {
    #[track_caller]
    fn parse(file: &str, number: usize, text: &str) -> Self {
        let line: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{file}:{number}: the line is not JSON: {error}"));
        match (&line["written"], &line["reads_as"]) {
            (written @ Value::Object(_), Value::String(reads_as)) => Self {
                number,
                written: written.clone(),
                reads_as: reads_as.clone(),
            },
            _ => panic!("{file}:{number}: a line has \"written\", an event, and \"reads_as\", a text"),
        }
    }

    fn json(&self) -> Value {
        json!({ "written": self.written, "reads_as": self.reads_as })
    }

    /// The event that the domain reads.
    #[track_caller]
    fn read<A: Application>(&self, file: &str) -> String {
        let read = A::Codec::default().decode_event(self.written.to_string().as_bytes());
        match read {
            Ok(event) => format!("{:#?}", event.event),
            Err(error) => panic!(
                "{file}:{}: an event that was written like this cannot be read any more: {error}\n    {}\nThe log keeps it for ever: give a new \
                 field a default, or raise the version of the domain's events and upcast the former form (json_codec::EventForms)",
                self.number, self.written
            ),
        }
    }

    /// With a field more around the payload and in each object within it.
    #[track_caller]
    fn check_tolerance<A: Application>(&self, file: &str) {
        let mut extended = self.written.clone();
        extended[UNKNOWN_FIELD] = json!({});
        for fields in extended["payload"]
            .as_object_mut()
            .into_iter()
            .flat_map(|payload| payload.values_mut())
        {
            if let Value::Object(fields) = fields {
                fields.insert(UNKNOWN_FIELD.to_owned(), json!(1));
            }
        }
        if let Err(error) = A::Codec::default().decode_event(extended.to_string().as_bytes()) {
            panic!(
                "{file}:{}: an event with a field more than it has today cannot be read: {error}\n    {extended}\nBuilds of today will meet events \
                 of later ones: take deny_unknown_fields from the event's type",
                self.number
            );
        }
    }
}

/// An event as it is written now; its envelope is always the same.
#[track_caller]
fn written<A: Application>(event: A::Event) -> Value {
    let (mut codec, mut value) = (A::Codec::default(), Vec::new());
    let envelope = EventEnvelope {
        sequence: 1,
        aggregate_id: "golden/1".to_owned(),
        version: 1,
        command_id: Uuid::from_u128(1),
        command_offset: 0,
        decided_at_ms: 1_767_225_600_000,
        event,
    };
    codec.encode_event(&envelope, &mut value);
    serde_json::from_slice(&value).unwrap_or_else(|error| panic!("a golden log is of a domain whose records are JSON: {error}"))
}

#[cfg(test)]
mod tests;
