//! How commands become records: the pure step of a command processor, over any domain. No clock, no randomness, no I/O.
//!
//! A [`Machine`] takes a batch of incoming commands and gives back what is to be written: [`Outgoing`] records for Kafka, and
//! [`keyvalue::Mutation`]s for the local state once Kafka has committed them. `stream` executes that on Kafka, `simulation` on an
//! in-process log. The domain is known only through the [`Domain`] trait: nothing here names one.
#![deny(clippy::wildcard_enum_match_arm)]

mod admission;
mod aggregates;
mod answer;
mod batch;
mod codec;
mod containment;
mod cursor;
mod envelope;
mod events;
mod fingerprint;
pub mod keys;
mod lost;
mod machine;
mod reading;
mod rejection;
mod remembered;
mod replay;
mod torn;

pub use batch::{Batch, DeadLetter, Incoming, Outgoing, Tally};
pub use codec::{
    Codec, DecodeError, Identity, SCHEMA_FINGERPRINT, SchemaIds, WriterSchema, WrittenWith, decode_learning, schema_fingerprint,
};
pub use containment::{Call, DomainFailure};
pub use cursor::{CLOCK_STEP_MS_MAX, Cursor};
pub use envelope::{COMMAND_ID_REUSED, CommandEnvelope, EXPECTED_VERSION, EventEnvelope, OUTCOME_LOST, Outcome, Status, TYPE_DIFFERS};
pub use events::EVENT_BYTES_MAX;
pub use fingerprint::Fingerprint;
pub use lost::{EVENTS_MAX, LostOutcomes};
pub use machine::{Limits, Machine, StepError};
pub use reading::{read_event, read_outcome};
pub use rejection::{REJECTION_BYTES_MAX, Rejection};
pub use replay::{Replay, ReplayError};
pub use torn::{WholePrefix, WholePrefixSearch, Written};

use keyvalue::Mutation;
use uuid::Uuid;

/// What a domain has to say for itself in order to run on the machine: who decides, what follows, and how it is stored.
///
/// Where one of these functions panics or fails, the partition stops at that command ([`DomainFailure`]); nothing is written for it.
///
/// An aggregate is stored as parts ([`Representation`]): keys under the aggregate, each with a value. One event changes few of them, however large
/// the aggregate is, and all of them together give the state back.
pub trait Domain: Sized + Send + Sync + 'static {
    type Command: Send;
    type Event: Clone + PartialEq + std::fmt::Debug + Send;
    type State: Clone + Send;
    /// How they look from outside: `Self` where the domain says it itself.
    type Representation: Representation<Self>;

    /// Rules by which an earlier build may have refused what this one accepts, or refuses by another rule. The audit decides the commands
    /// of a log again, and takes such a rejection as it is.
    const REFUSED_EARLIER: &'static [&'static str] = &[];

    /// The version of the form in which states are stored. Where it changes, every state directory is set aside, and the states are rebuilt from
    /// the events.
    const STATE_VERSION: u32 = 1;

    /// The state of an aggregate that has no events yet.
    fn initial(aggregate_id: &str) -> Self::State;

    /// Decides a command. Without an event it is accepted and changes nothing. It may depend on its arguments alone: the audit decides the
    /// commands of a log again, and expects the same.
    fn decide(context: &Context<'_>, state: &Self::State, command: &Self::Command) -> Result<Vec<Self::Event>, Rejection>;

    /// Total: every event that was decided can be applied.
    fn evolve(state: &mut Self::State, event: &Self::Event);
}

/// How a domain's values look from outside: the parts in which a state is stored, its size, and the names of commands and events.
///
/// A domain whose values have serde needs no code for it (`json_codec::Json`): a state is one part, and names are those of the variants.
pub trait Representation<D: Domain>: Send + Sync + 'static {
    /// Whether [`Self::store`] writes the whole state, whatever the event was. It is called once for all events of a decision then, and so is
    /// [`Self::size_bytes`]: a decision of many events costs no more than one of one event.
    const IS_WHOLE: bool = false;

    /// About how many bytes the state takes in memory: the cache of aggregates is bounded by their sum. Called after every decision: it should
    /// cost no more than [`Self::store`] does.
    fn size_bytes(state: &D::State) -> usize;

    /// What `event` changes in the stored parts of its aggregate, whose state is now `after`.
    fn store(after: &D::State, event: &D::Event, parts: &mut Parts<'_>);

    /// The state from its stored parts, in key order. An error says which part cannot be right.
    fn load(aggregate_id: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<D::State, String>;

    /// The name of a command (record header `type`).
    fn command_type(command: &D::Command) -> &'static str;

    /// The name of an event for eyes at a terminal (record header `type`).
    fn event_type(event: &D::Event) -> &'static str;
}

/// The representation of a domain.
pub(crate) type Represented<D> = <D as Domain>::Representation;

/// What is known of a command apart from what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'c> {
    pub aggregate_id: &'c str,
    /// Version of the aggregate before the decision; 0 before its first event.
    pub version: u64,
    pub command_id: Uuid,
    /// The time of the decision: when the broker appended the command, milliseconds since the epoch. As wrong as the broker's clock was, and
    /// the same whenever the command is decided again.
    pub decided_at_ms: i64,
}

/// Collects what one event changes of its aggregate's stored parts. Every part that is put carries the aggregate's version after the event;
/// the greatest of them is the aggregate's. Of an event that puts none, the version has a place of its own.
pub struct Parts<'m> {
    prefix: Vec<u8>,
    version: u64,
    is_versioned: bool,
    mutations: &'m mut Vec<Mutation>,
}

impl<'m> Parts<'m> {
    /// Parts of `aggregate_id`, which lives in `partition`, and has this version after the event.
    pub fn new(partition: u32, aggregate_id: &str, version: u64, mutations: &'m mut Vec<Mutation>) -> Self {
        Self {
            prefix: keys::aggregate(partition, aggregate_id),
            version,
            is_versioned: false,
            mutations,
        }
    }

    /// After the last change of the event.
    pub fn finish(self) {
        if !self.is_versioned {
            self.mutations.push(Mutation::Put {
                key: self.prefix,
                value: self.version.to_be_bytes().to_vec(),
            });
        }
    }

    /// # Panics
    /// On an empty key: that place holds the aggregate's version.
    pub fn put(&mut self, part: &[u8], mut value: Vec<u8>) {
        let key = self.key(part);
        value.extend_from_slice(&self.version.to_be_bytes());
        self.is_versioned = true;
        self.mutations.push(Mutation::Put { key, value });
    }

    /// # Panics
    /// On an empty key: that place holds the aggregate's version.
    pub fn delete(&mut self, part: &[u8]) {
        let key = self.key(part);
        self.mutations.push(Mutation::Delete { key });
    }

    fn key(&self, part: &[u8]) -> Vec<u8> {
        assert!(!part.is_empty(), "a part of an aggregate has a key");
        let mut key = Vec::with_capacity(self.prefix.len() + part.len());
        key.extend_from_slice(&self.prefix);
        key.extend_from_slice(part);
        key
    }
}

#[cfg(test)]
mod tests;
