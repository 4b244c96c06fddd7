//! Getting a producer to its transaction coordinator without waiting for the client's timer.

use crate::clock::Deadline;
use crate::failure::Failure;
use rdkafka::producer::{Producer, ProducerContext};
use std::time::Duration;

/// Registers the transactional id: the epoch before is fenced, and what it left open is aborted.
///
/// A client that is not connected to any broker yet puts the question for its coordinator off by 500 ms (librdkafka 2.12.1,
/// rd_kafka_txn_coord_query); asking for topics first connects it, and it learns where it will write.
pub(in crate::processor) fn init_transactions<C: ProducerContext>(
    client: &impl Producer<C>,
    topics: &[String],
    wait: Duration,
) -> Result<(), Failure> {
    let deadline = Deadline::after(wait);
    for topic in topics {
        // Whatever it answers: what is wrong shows in the last call.
        if let Err(error) = client.client().fetch_metadata(Some(topic), deadline.left()) {
            tracing::debug!(%error, "the brokers cannot be asked yet");
        }
    }
    client.init_transactions(deadline.left()).map_err(|error| Failure::of(&error))
}
