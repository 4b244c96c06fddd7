//! Where transactions are open: what is committed ends before the log does.

use super::{ASK_WAIT_MAX, InspectError};
use crate::Settings;
use crate::failure::Failure;
use crate::logging_context::LoggingContext;
use crate::marks::Question;
use rdkafka::consumer::BaseConsumer;
use std::collections::BTreeMap;

/// Looks for open transactions.
pub struct OpenTransactions {
    /// Reads uncommitted: its end is the high watermark. The other one's is the last stable offset.
    all: BaseConsumer<LoggingContext>,
    committed: BaseConsumer<LoggingContext>,
}

impl OpenTransactions {
    pub fn new(settings: &Settings) -> Result<Self, InspectError> {
        let client = |config| LoggingContext::consumer(config).map_err(|error| super::failed("the cluster", &error));
        Ok(Self {
            all: client(&settings.witness())?,
            committed: client(&settings.reader())?,
        })
    }

    /// Those of the partitions in which a transaction is open, each with its first offset.
    pub fn of(&self, topic: &str, partitions: &[u32]) -> Result<BTreeMap<u32, i64>, InspectError> {
        let ends = |client: &BaseConsumer<LoggingContext>| {
            let question = Question {
                client,
                topic,
                partitions,
                timeout: ASK_WAIT_MAX,
            };
            question.high().map_err(|failure: Failure| InspectError::Kafka {
                what: topic.to_owned(),
                failure,
            })
        };
        // In this order: a transaction that begins in between is not seen, and one that ends in between is over.
        let all = ends(&self.all)?;
        let committed = ends(&self.committed)?;
        let is_open = |(partition, end): &(u32, i64)| all.get(partition).is_some_and(|all| end < all);
        Ok(committed.into_iter().filter(is_open).collect())
    }
}
