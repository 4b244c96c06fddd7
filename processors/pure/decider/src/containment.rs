//! A domain's bug is caught here, and nowhere else: it stops the partition at one record, and not the process.
//!
//! What a domain or its codec does wrong cannot be foreseen, but what it is called for is known: a panic, a state that it cannot load and an
//! answer that it may not give are one [`DomainFailure`], with the record that it was met at. Nothing of that record is kept.

use crate::rejection::cut;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use uuid::Uuid;

/// What the domain or its codec is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Call {
    #[default]
    DecodeCommand,
    EncodeMeaning,
    Load,
    Decide,
    Evolve,
    Store,
    Size,
    EncodeEvent,
    EncodeOutcome,
}

impl Call {
    /// The name of the function.
    pub fn name(self) -> &'static str {
        match self {
            Self::DecodeCommand => "decode_command",
            Self::EncodeMeaning => "encode_meaning",
            Self::Load => "load",
            Self::Decide => "decide",
            Self::Evolve => "evolve",
            Self::Store => "store",
            Self::Size => "size_bytes",
            Self::EncodeEvent => "encode_event",
            Self::EncodeOutcome => "encode_outcome",
        }
    }
}

/// The domain has failed at a record. Tried again, it fails again, until the program is another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{partition}/{offset}: {} failed at {} of aggregate {aggregate_id:?}: {reason}. This is a bug in the domain: nothing of this record was \
     kept, and its partition goes on with it once a program runs that can handle it",
    .call.name(), .command_id.map_or("a command".to_owned(), |id| format!("command {id}"))
)]
pub struct DomainFailure {
    pub partition: u32,
    /// Of the command while deciding, of the event in a replay.
    pub offset: i64,
    pub aggregate_id: String,
    /// `None` where the command could not be decoded.
    pub command_id: Option<Uuid>,
    pub call: Call,
    /// What the domain said, or the message of its panic.
    pub reason: String,
}

const REASON_BYTES_MAX: usize = 1 << 10;

/// Runs what calls the domain. An error is the message of a panic.
///
/// Whatever was being changed is discarded: it is not known how far it has come.
pub(crate) fn contain<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| format!("it panicked: {}", message(&*panic)))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let mut text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    cut(&mut text, REASON_BYTES_MAX);
    text
}
