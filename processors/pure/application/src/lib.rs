//! A domain, its records and its views, declared once: every program that serves the domain follows from it. Pure.
//!
//! A [`Domain`] decides; an [`Application`] adds its name, its codec, the schemas that a registry is to know, and its [`View`]s: what is
//! built from its events and answers questions.
#![deny(clippy::wildcard_enum_match_arm)]

mod change;
mod cursor;
mod document;
pub mod history;
mod logged;
pub mod offsets;
mod paging;
mod question;
mod view;

pub use change::{AGGREGATE, Change, ChangeFilter, EVENT};
pub use document::{document, list};
pub use history::EventPlace;
pub use logged::{IssuedCommand, LoggedEvent, Unavailable};
pub use paging::{Page, Paging, SCANNED_MAX, Span, page};
pub use question::{Asked, Refusal, Route, Work};
pub use view::{BOOKKEEPING, Gauge, ProjectError, View, check_keys, content_hash, edition};

use decider::{Codec, Domain, WriterSchema};
pub use decider::{EventEnvelope, SchemaIds};

/// A domain with everything that its programs need of it: the processor that decides its commands, the command line, the auditor, the
/// simulation.
pub trait Application: Domain + Sized {
    /// What the names of its topics and of its consumer group begin with, unless another prefix is configured: small letters, digits and
    /// hyphens.
    const NAME: &'static str;

    /// How its records are written.
    type Codec: Codec<Self> + Clone + Default + 'static;

    /// Every released version of the schemas of its records, of each kind the oldest first. None of a domain whose values have no schema;
    /// it needs no registry.
    fn schemas() -> Vec<RecordSchema> {
        Vec::new()
    }

    /// A codec that writes these ids, for a domain with schemas.
    fn codec(_ids: SchemaIds) -> Self::Codec {
        Self::Codec::default()
    }

    /// Names its views to `views`, one after the other. Of several versions of a view, the first is the current one: it is asked where no
    /// version is named.
    fn views(_views: &mut impl Views<Self>) {}

    /// What names a schema in the log, made of its text as a registry gives it.
    ///
    /// # Errors
    /// What is wrong with the schema.
    fn fingerprint(schema: &WriterSchema) -> Result<u64, String> {
        no_schema(schema)
    }

    /// Whether this build reads values of a kind that were written with another schema, a later one or a foreign one.
    ///
    /// # Errors
    /// Why it does not.
    fn reads(_kind: RecordKind, schema: &WriterSchema) -> Result<(), String> {
        no_schema(schema)
    }

    /// Shows values that were written with a schema, whichever it is, as JSON: for people, who look at a record.
    ///
    /// # Errors
    /// What is wrong with the schema.
    fn shown(schema: &WriterSchema) -> Result<Shown, String> {
        no_schema(schema)
    }
}

/// Makes JSON of a value without its frame, or says what is wrong with it.
pub type Shown = Box<dyn Fn(&[u8]) -> Result<serde_json::Value, String>>;

fn no_schema<T>(schema: &WriterSchema) -> Result<T, String> {
    Err(format!(
        "the values of this application have no schema, so not {:?} either",
        schema.json
    ))
}

/// Splits a value in the Confluent wire format into its schema id and its body; `None` where it has no such frame.
pub fn unframe(value: &[u8]) -> Option<(u32, &[u8])> {
    let ([0, id @ ..], body) = value.split_first_chunk::<5>()? else {
        return None;
    };
    Some((u32::from_be_bytes(*id), body))
}

/// What the names of an application's topics and of its groups begin with: what is configured, or its name where that is empty.
pub fn prefix<A: Application>(configured: &str) -> &str {
    if configured.is_empty() { A::NAME } else { configured }
}

/// Takes the views of an application, each as a type of its own.
pub trait Views<A: Domain> {
    fn view<V: View<Event = A::Event>>(&mut self);
}

/// What a record is: each kind has a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    Command,
    Event,
    Outcome,
}

impl RecordKind {
    pub const ALL: [Self; 3] = [Self::Command, Self::Event, Self::Outcome];

    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Event => "event",
            Self::Outcome => "outcome",
        }
    }

    /// The id of the kind's latest schema.
    pub fn id_in(self, ids: &SchemaIds) -> u32 {
        match self {
            Self::Command => ids.command,
            Self::Event => ids.event,
            Self::Outcome => ids.outcome,
        }
    }
}

/// One released version of the schema of one kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSchema {
    pub kind: RecordKind,
    pub version: u32,
    pub json: &'static str,
    /// How the subject's schemas may change, as the registry's API spells it: `BACKWARD_TRANSITIVE`.
    pub compatibility: &'static str,
    /// As [`Application::fingerprint`] makes it of `json`.
    pub fingerprint: u64,
}

/// The version of a kind's schema that is written: the last one that the application names; `None` where values have no schema.
pub fn latest_schema<A: Application>(kind: RecordKind) -> Option<RecordSchema> {
    A::schemas().into_iter().rfind(|schema| schema.kind == kind)
}

/// The registry's subject for the values of `topic` (TopicNameStrategy).
pub fn subject(topic: &str) -> String {
    format!("{topic}-value")
}

#[cfg(test)]
mod tests;
