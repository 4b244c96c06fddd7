//! Signing the group's offsets outside of a transaction, with a deadline.

use super::{GroupConsumer, Polled, lock};
use crate::clock::Deadline;
use crate::failure::Failure;
use crate::processor::scout::Committed;
use crate::raw::metadata;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionList;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A commit outside of a transaction, and how often its answer is looked for.
const CLAIM_WAIT_MAX: Duration = Duration::from_secs(2);
const CLAIM_POLL: Duration = Duration::from_millis(5);

/// Partition, offset and metadata.
type Element = (i32, Option<i64>, String);

/// How a commit went, and of what.
#[derive(Debug)]
pub(super) struct Answer {
    committed: BTreeSet<Element>,
    result: Result<(), Failure>,
}

impl Answer {
    pub(super) fn of(result: KafkaResult<()>, offsets: &TopicPartitionList) -> Self {
        let mut result = result.map_err(|error| Failure::of(&error));
        for element in offsets.elements() {
            result = result.and_then(|()| element.error().map_err(|error| Failure::of(&error)));
        }
        let committed = elements(offsets);
        Self { committed, result }
    }
}

fn elements(list: &TopicPartitionList) -> BTreeSet<Element> {
    let elements = list.elements();
    let with_metadata = elements.iter().zip(metadata(list));
    with_metadata
        .map(|(element, metadata)| (element.partition(), element.offset().to_raw(), metadata))
        .collect()
}

impl GroupConsumer {
    /// Writes the same offsets again, so that they are signed with the transactional id which may write them from now on.
    pub(crate) fn claim(&self, offsets: &BTreeMap<u32, Committed>) -> Result<(), Failure> {
        let list = self.signed(offsets)?;
        let context = self.client.context();
        *lock(&context.answered) = None;
        // A synchronous commit has no deadline: it waits for as long as the group's coordinator is away.
        self.client.commit(&list, CommitMode::Async).map_err(|error| Failure::of(&error))?;
        let wanted = elements(&list);
        let deadline = Deadline::after(CLAIM_WAIT_MAX);
        loop {
            // Records that are polled meanwhile are fetched again from where the state ends.
            if let Polled::Over(_) = self.poll(CLAIM_POLL) {
                return Err(Failure::of(&KafkaError::ConsumerCommit(RDKafkaErrorCode::Fatal)));
            }
            // An answer that comes late is that of an earlier claim.
            if let Some(answer) = lock(&context.answered).take_if(|answer| answer.committed == wanted) {
                return answer.result;
            }
            if deadline.is_over() {
                return Err(Failure::of(&KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut)));
            }
        }
    }
}
