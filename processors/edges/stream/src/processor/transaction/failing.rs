//! The failures of a transaction, and how each is handled.

use crate::failure::{Failure, is_refusal, is_timeout};
use crate::processor::TransientFault;
use decider::Outgoing;
use rdkafka::error::RDKafkaErrorCode;
use topology::Topology;

/// Why a transaction did not commit.
#[derive(Debug)]
pub(crate) enum NotCommitted {
    /// It was aborted: nothing of it will be seen. The producer goes on.
    Aborted(Reason),
    /// It may have committed or not, or the producer is of no use any more: only the log can tell.
    Doubtful(Reason),
}

/// What went wrong, in words, and what that says about another try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) text: String,
    pub(crate) cause: FailureCause,
}

/// Why a transaction failed, as far as it decides about the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureCause {
    /// The same would be refused again: an answer to the command at this place in the batch, where that is known.
    Refused { incoming: Option<usize> },
    /// Not all was done in time.
    Slow,
    /// It may pass by itself.
    Passing,
}

impl FailureCause {
    pub(super) fn of(code: RDKafkaErrorCode, incoming: Option<usize>) -> Self {
        if is_refusal(code) {
            Self::Refused { incoming }
        } else if is_timeout(code) {
            Self::Slow
        } else {
            Self::Passing
        }
    }
}

/// Why a step failed, and what that asks for.
pub(super) struct Step {
    pub(super) ending: Ending,
    pub(super) reason: Reason,
    pub(super) trouble: Option<TransientFault>,
    /// The principal lacks a right to one of the topics, and the failure does not say to which.
    pub(super) is_topic_denied: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Ending {
    Abort,
    Doubt,
}

impl Step {
    pub(super) fn of(what: &str, failure: &Failure) -> Self {
        let ending = if failure.fatal { Ending::Doubt } else { Ending::Abort };
        Self {
            trouble: trouble_of(failure.code),
            is_topic_denied: failure.code == RDKafkaErrorCode::TopicAuthorizationFailed,
            ..Self::new(ending, FailureCause::of(failure.code, None), format!("{what}: {failure}"))
        }
    }

    pub(super) fn new(ending: Ending, cause: FailureCause, text: String) -> Self {
        let (trouble, reason) = (None, Reason { text, cause });
        Self {
            ending,
            reason,
            trouble,
            is_topic_denied: false,
        }
    }

    /// Names the topics that were written to, where one of them is denied.
    pub(super) fn naming_topics(mut self, topology: &Topology, outgoing: &[Outgoing]) -> Self {
        if self.is_topic_denied {
            let topics = written_to(topology, outgoing).join(", ");
            self.reason.text.push_str(&format!(". The transaction writes to {topics}"));
        }
        self
    }

    pub(super) fn in_doubt(self) -> Self {
        Self {
            ending: Ending::Doubt,
            ..self
        }
    }
}

fn trouble_of(code: RDKafkaErrorCode) -> Option<TransientFault> {
    use RDKafkaErrorCode as Code;
    match code {
        Code::IllegalGeneration | Code::UnknownMemberId | Code::FencedInstanceId => Some(TransientFault::StaleGeneration),
        Code::Fenced
        | Code::ProducerFenced
        | Code::InvalidProducerEpoch
        | Code::InvalidProducerIdMapping
        | Code::InvalidTransactionalState => Some(TransientFault::EpochFenced),
        _ => None,
    }
}

/// The client itself does not take a record: it is too large, or there was no room for it in time.
pub(super) fn not_produced(failure: &Failure, outgoing: &Outgoing) -> Step {
    let cause = match failure.code {
        RDKafkaErrorCode::QueueFull => FailureCause::Slow,
        code => FailureCause::of(code, Some(outgoing.incoming())),
    };
    let mut step = Step::of("produce", failure);
    step.reason.cause = cause;
    step
}

/// The topics of these records.
fn written_to<'t>(topology: &'t Topology, outgoing: &[Outgoing]) -> Vec<&'t str> {
    let topics = &topology.topics;
    let mut names: Vec<&str> = (outgoing.iter())
        .map(|outgoing| match outgoing {
            Outgoing::Event { .. } => &topics.events,
            Outgoing::Outcome { .. } => &topics.outcomes,
            Outgoing::DeadLetter { .. } => &topics.dead_letters,
            Outgoing::Forward { .. } => &topics.commands,
        })
        .map(|topic| topic.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
