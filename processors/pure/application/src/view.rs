//! The interface of a view: what an event changes in it, which questions it answers, and what it counts.

use crate::{AGGREGATE, Change, ChangeFilter, EVENT, EventPlace, LoggedEvent, Refusal, Route, Work};
use decider::EventEnvelope;
use keyvalue::{Mutation, Read, ReadError};
use serde::Serialize;
use std::fmt::Debug;

/// A view of an application's events, built by any number of processes, each with a full copy: ordered keys and values that follow from the
/// events alone, and questions that are answered from them.
///
/// The content must be a function of the position: events of different partitions come in any order. A key begins with a byte from 0x10 to
/// 0xFE, such as any printable text; the rest belongs to the process that keeps the view.
///
/// A value of the type projects, and may remember what it has read: one event after the other, each on a view that has the changes of those
/// before. After a failure it is replaced by a default value. Where a function panics or fails, the view stops at that event.
pub trait View: Default + 'static {
    /// The event of its domain.
    type Event;

    /// A question with everything that it names read and checked.
    type Question: Send + 'static;

    /// What the view is called in directories, paths and metrics: small letters, digits and hyphens.
    const NAME: &'static str;

    /// Content of another version means something else: each is built from the log in a directory of its own.
    const VERSION: u32;

    /// Everything that can be asked of it.
    const ROUTES: &'static [Route<Self::Question>];

    /// What is documented of its routes, as JSON: `routes` (by template: `summary`, `answer`, which names a schema, `required` names in the query,
    /// and `parameters` that mean something of their own), `parameters` (by name: `description` and `schema`) and `schemas` (by name).
    const DESCRIBED: &'static str = "{}";

    /// What is counted for metrics.
    const GAUGES: &'static [Gauge] = &[];

    /// Data outside of the log that the content follows from, with its version, such as `time zones 2026f`. With other data, the view is built
    /// from the log again.
    fn built_with() -> Option<String> {
        None
    }

    /// What an event of a partition changes in the view that `read` shows, in order: of two changes of one key the later one holds.
    ///
    /// # Errors
    /// When the view cannot be read, or when the event contradicts it.
    fn project(&mut self, partition: u32, event: &EventEnvelope<Self::Event>, read: &impl Read) -> Result<Vec<Mutation>, ProjectError>;

    /// Changes that nearly every event would make, such as totals: asked for after some events, and written together with what these
    /// changed.
    fn settle(&mut self) -> Vec<Mutation> {
        Vec::new()
    }

    /// The filters by which its followers can ask for changes.
    const CHANGE_FILTERS: &'static [ChangeFilter] = &[AGGREGATE];

    /// The kinds of changes that its followers are sent.
    const CHANGE_KINDS: &'static [&'static str] = &[EVENT];

    /// The change that followers are sent for an event of a partition. `read` shows the view at some position, which may be before the event or
    /// after it: of an event that was applied long ago, the view as it is now.
    ///
    /// # Errors
    /// When the view cannot be read, or on a bug.
    fn change(partition: u32, event: &EventEnvelope<Self::Event>, _read: &impl Read) -> Result<Change, Refusal> {
        #[derive(Serialize)]
        struct Document<'e> {
            partition: u32,
            sequence: u64,
            aggregate_id: &'e str,
            version: u64,
            command_id: String,
        }
        let document = Document {
            partition,
            sequence: event.sequence,
            aggregate_id: &event.aggregate_id,
            version: event.version,
            command_id: event.command_id.to_string(),
        };
        let about = vec![(AGGREGATE.name, event.aggregate_id.clone())];
        Change::new(EVENT, about, &document).map_err(Refusal::Internal)
    }

    /// The changes that followers are sent in addition to that of the event, for what it changes in the view: sent while it is applied, and
    /// never again. `mutations` lead from `before` to `after`.
    ///
    /// # Errors
    /// When the view cannot be read, or on a bug.
    fn consequences(
        _partition: u32,
        _event: &EventEnvelope<Self::Event>,
        _mutations: &[Mutation],
        _before: &impl Read,
        _after: &impl Read,
    ) -> Result<Vec<Change>, Refusal> {
        Ok(Vec::new())
    }

    /// How much there is to read for an answer.
    fn work(_question: &Self::Question) -> Work {
        Work::Point
    }

    /// The document that answers a question, as [`document`](crate::document) and [`list`](crate::list) write it.
    ///
    /// # Errors
    /// Why there is none.
    fn answer(question: &Self::Question, read: &impl Read) -> Result<Vec<u8>, Refusal>;

    /// The events of the log that an answer is made of, each at most once: asked of questions that are [`Work::Log`].
    ///
    /// # Errors
    /// Why there is no answer.
    fn log_events(_question: &Self::Question, _read: &impl Read) -> Result<Vec<EventPlace>, Refusal> {
        Ok(Vec::new())
    }

    /// As [`Self::answer`], from the same snapshot and those events, in their order.
    ///
    /// # Errors
    /// Why there is none.
    fn answer_from_log(question: &Self::Question, read: &impl Read, _events: &[LoggedEvent<Self::Event>]) -> Result<Vec<u8>, Refusal> {
        Self::answer(question, read)
    }

    /// Of each of [`Self::GAUGES`], in their order, its values by label. A few reads: it is asked for with every scrape.
    ///
    /// # Errors
    /// When the view cannot be read.
    fn counts(_read: &impl Read) -> Result<Vec<Vec<(&'static str, u64)>>, ReadError> {
        Ok(Vec::new())
    }
}

/// A gauge by one label, and a name such as `aerolog_view_accounts`. Labels are few and come from the code, never from events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    pub name: &'static str,
    pub help: &'static str,
    pub label: &'static str,
}

/// A view and its version, as they stand in paths of directories and routes and in metrics: `accounts-1`.
pub fn edition<V: View>() -> String {
    format!("{}-{}", V::NAME, V::VERSION)
}

/// Why an event could not be projected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The event contradicts the view: one of them is wrong.
    #[error("{event} does not fit: {reason}")]
    Unfit { event: String, reason: String },
}

impl ProjectError {
    pub fn unfit(event: &impl Debug, reason: impl Into<String>) -> Self {
        Self::Unfit {
            event: format!("{event:?}"),
            reason: reason.into(),
        }
    }
}

/// The first byte of the keys of the process that keeps a view.
pub const BOOKKEEPING: u8 = 0x00;
/// The first byte of the keys of [`offsets`](crate::offsets).
pub(crate) const OFFSETS: u8 = 0x01;
/// The first byte of the keys of [`history`](crate::history).
pub(crate) const HISTORY: u8 = 0x02;
/// The least first byte of a view's keys.
const CONTENT: u8 = 0x10;
/// Above every key of a view: nothing begins with it.
const END: u8 = 0xFF;

/// A hash of every key and value of a view, whatever they are, all but the bookkeeping of the process that keeps it: equal for two replicas at
/// the same position.
///
/// # Errors
/// When the view cannot be read.
pub fn content_hash(read: &impl Read) -> Result<u128, ReadError> {
    keyvalue::content_hash(read, &[CONTENT], &[END])
}

/// Refuses changes that a view must not make: they would not be in its hash, or damage what the process keeps.
///
/// # Errors
/// What is wrong with which key.
pub fn check_keys(mutations: &[Mutation]) -> Result<(), String> {
    for mutation in mutations {
        match mutation {
            Mutation::Put { key, .. } | Mutation::Delete { key } => {
                let first = key.first();
                if !first.is_some_and(|first| (CONTENT..END).contains(first)) {
                    return Err(format!(
                        "a key of a view begins with a byte from 10 to fe, and not with {first:02x?}"
                    ));
                }
            }
            Mutation::DeleteRange { .. } => return Err("a view deletes keys one by one, not a range of them".to_owned()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
