//! One partition at a time, by a reader of committed and one of uncommitted records side by side: what only the second one sees was
//! aborted.

use super::{InspectError, failed};
use crate::Settings;
use crate::clock::{self, Deadline};
use crate::failure::is_transient;
use crate::logging_context::LoggingContext;
use crate::raw::Headers;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::Duration;

/// A record with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub offset: i64,
    pub timestamp_ms: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    /// What is no text in a name comes with replacement characters.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// `false` where its transaction was aborted.
    pub committed: bool,
}

/// Reads the partitions of a topic one after the other.
pub struct Walk {
    committed: Side,
    uncommitted: Side,
}

impl Walk {
    pub fn new(settings: &Settings, topic: &str) -> Result<Self, InspectError> {
        Ok(Self {
            committed: Side::new(&settings.reader(), topic)?,
            uncommitted: Side::new(&settings.witness(), topic)?,
        })
    }

    /// From `low` on; records at `end` and beyond are not read.
    pub fn begin(&mut self, partition: u32, low: i64, end: i64) -> Result<(), InspectError> {
        self.committed.begin(partition, low, end)?;
        self.uncommitted.begin(partition, low, end)
    }

    /// The next record, committed or aborted. `None` at the end.
    pub fn next_record(&mut self) -> Result<Option<Found>, InspectError> {
        self.uncommitted.fill()?;
        self.committed.fill()?;
        let Some(mut found) = self.uncommitted.head.take() else {
            return match &self.committed.head {
                None => Ok(None),
                Some(unseen) => Err(self.committed.unwitnessed(unseen.offset)),
            };
        };
        match &self.committed.head {
            Some(head) if head.offset < found.offset => return Err(self.committed.unwitnessed(head.offset)),
            Some(head) if head.offset == found.offset => {
                self.committed.head = None;
                found.committed = true;
            }
            Some(_) | None => {}
        }
        Ok(Some(found))
    }
}

/// Longer than any transaction may stay open.
const NO_PROGRESS_MAX: Duration = Duration::from_secs(60);
const POLL_WAIT: Duration = Duration::from_millis(100);
const ASK_WAIT_MAX: Duration = Duration::from_secs(20);

pub(super) struct Side {
    consumer: BaseConsumer<LoggingContext>,
    topic: String,
    partition: u32,
    next: i64,
    end: i64,
    head: Option<Found>,
    ended: bool,
}

impl Side {
    pub(super) fn new(config: &ClientConfig, topic: &str) -> Result<Self, InspectError> {
        Ok(Self {
            consumer: LoggingContext::consumer(config).map_err(|error| failed(topic, &error))?,
            topic: topic.to_owned(),
            partition: 0,
            next: 0,
            end: 0,
            head: None,
            ended: true,
        })
    }

    pub(super) fn begin(&mut self, partition: u32, low: i64, end: i64) -> Result<(), InspectError> {
        (self.partition, self.next, self.end) = (partition, low, end);
        (self.head, self.ended) = (None, low >= end);
        // A reader that begins later meets the end of the partition after everything that is looked for.
        let patience = Deadline::after(NO_PROGRESS_MAX);
        while !self.ended && !self.is_at_end()? {
            if patience.is_over() {
                return Err(self.no_progress());
            }
            clock::rest(POLL_WAIT);
        }
        let mut list = TopicPartitionList::new();
        if !self.ended {
            list.add_partition_offset(&self.topic, partition.cast_signed(), Offset::Offset(low))
                .map_err(|error| failed(&self.topic, &error))?;
        }
        self.consumer.assign(&list).map_err(|error| failed(&self.topic, &error))
    }

    pub(super) fn take(&mut self) -> Result<Option<Found>, InspectError> {
        self.fill()?;
        Ok(self.head.take())
    }

    /// Waits for the next record, or for the certainty that there is none before the end.
    fn fill(&mut self) -> Result<(), InspectError> {
        let patience = Deadline::after(NO_PROGRESS_MAX);
        while self.head.is_none() && !self.ended {
            match self.consumer.poll(POLL_WAIT) {
                Some(Ok(message)) if message.offset() >= self.end => self.ended = true,
                Some(Ok(message)) => {
                    self.next = message.offset() + 1;
                    self.head = Some(found(&message));
                }
                Some(Err(KafkaError::PartitionEOF(partition))) if partition.cast_unsigned() == self.partition => self.ended = true,
                Some(Err(KafkaError::PartitionEOF(_))) | None => {}
                Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_transient) => {}
                Some(Err(error)) => return Err(failed(&self.topic, &error)),
            }
            if patience.is_over() {
                return Err(self.no_progress());
            }
        }
        Ok(())
    }

    /// Nothing before the end is open any more, as this reader sees it.
    fn is_at_end(&self) -> Result<bool, InspectError> {
        let marks = self
            .consumer
            .fetch_watermarks(&self.topic, self.partition.cast_signed(), ASK_WAIT_MAX)
            .map_err(|error| failed(&self.topic, &error))?;
        Ok(marks.1 >= self.end)
    }

    fn no_progress(&self) -> InspectError {
        InspectError::NoProgress {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.next,
            end: self.end,
        }
    }

    fn unwitnessed(&self, offset: i64) -> InspectError {
        InspectError::Unwitnessed {
            topic: self.topic.clone(),
            partition: self.partition,
            offset,
        }
    }
}

fn found(message: &BorrowedMessage<'_>) -> Found {
    let headers = Headers::of(message).map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.map(<[u8]>::to_vec)));
    Found {
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.collect(),
        committed: false,
    }
}
