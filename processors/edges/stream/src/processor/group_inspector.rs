//! A look at the group and its topics from outside.

use super::ProcessorError;
use crate::Settings;
use crate::committed::{Committed, committed};
use crate::failure::Failure;
use crate::logging_context::{HEAR_WAIT, LoggingContext};
use crate::marks::{self, Question, Watermarks};
use crate::raw::{self, TopicIdsError};
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who is in a group.
pub(crate) struct Members {
    pub(crate) ids: Vec<String>,
    /// No rebalance is under way. During one, the coordinator removes no member for missed heartbeats.
    pub(crate) are_settled: bool,
}

/// Looks at the group and its topics without being a member, open transactions included.
pub(crate) struct GroupInspector {
    client: BaseConsumer<LoggingContext>,
}

impl GroupInspector {
    pub(crate) fn new(settings: &Settings, group: &str) -> Result<Self, ProcessorError> {
        let client =
            LoggingContext::consumer(&settings.group_inspector(group)).map_err(|error| ProcessorError::Client(Failure::of(&error)))?;
        Ok(Self { client })
    }

    /// The client, after it has heard what there is to hear: nothing is fetched with it, so that no other code polls it.
    fn client(&self) -> &BaseConsumer<LoggingContext> {
        while self.client.poll(HEAR_WAIT).is_some() {}
        &self.client
    }

    /// The committed offsets as they are, though a transaction that changes them may be open.
    pub(crate) fn unstable_offsets(&self, topic: &str, partitions: &[u32], timeout: Duration) -> Result<BTreeMap<u32, Committed>, Failure> {
        committed(self.client(), topic, partitions, timeout)
    }

    /// Waits until the topic's brokers are known.
    pub(crate) fn connect(&self, topic: &str, timeout: Duration) -> Result<(), Failure> {
        marks::connect(self.client(), topic, timeout)
    }

    /// The id of a topic; `None` where there is none of that name.
    pub(crate) fn topic_id(&self, topic: &str, timeout: Duration) -> Result<Option<String>, TopicIdsError> {
        let ids = raw::topic_ids(self.client().client(), &[topic], timeout)?;
        Ok(ids.into_iter().next().flatten())
    }

    /// The members of a group. Its static ones are in it until their session is over.
    pub(crate) fn members(&self, group: &str, timeout: Duration) -> Result<Members, Failure> {
        let list = self
            .client()
            .fetch_group_list(Some(group), timeout)
            .map_err(|error| Failure::of(&error))?;
        let members = list.groups().iter().flat_map(|group| group.members());
        Ok(Members {
            ids: members.map(|member| member.id().to_owned()).collect(),
            are_settled: list.groups().iter().all(|group| group.state() == "Stable"),
        })
    }

    /// Where each partition begins and ends, open transactions included.
    pub(crate) fn watermarks(&self, topic: &str, partitions: &[u32], timeout: Duration) -> Result<BTreeMap<u32, Watermarks>, Failure> {
        self.question(topic, partitions, timeout).watermarks()
    }

    pub(crate) fn high_watermarks(&self, topic: &str, partitions: &[u32], timeout: Duration) -> Result<BTreeMap<u32, i64>, Failure> {
        self.question(topic, partitions, timeout).high()
    }

    fn question<'q>(&'q self, topic: &'q str, partitions: &'q [u32], timeout: Duration) -> Question<'q, LoggingContext> {
        Question {
            client: self.client(),
            topic,
            partitions,
            timeout,
        }
    }
}
