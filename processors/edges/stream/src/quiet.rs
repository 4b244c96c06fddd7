//! What every client does with what librdkafka has to say, and its way back when it has forgotten where the brokers are.

use crate::failure::is_transient;
use crate::raw::Bootstrap;
use rdkafka::ClientConfig;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::sync::OnceLock;
use std::time::Duration;

/// Of a poll that is to hear all there is: one that does not wait hears one thing.
pub(crate) const HEAR_WAIT: Duration = Duration::from_millis(1);

/// Logs what librdkafka says, and tells the client its bootstrap servers again when it says that all brokers are down.
///
/// A client forgets the brokers that the metadata do not name. A lone broker that stood still, and that the controller has therefore fenced, names none in
/// its next answer, not even itself: the client has nobody left to ask. librdkafka 2.12.1 begins anew from the bootstrap servers then, unless its
/// main thread cancels that in the same moment, which it does now and then: such a client was silent for ever (decision 0011).
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    bootstrap: OnceLock<Bootstrap>,
}

impl Quiet {
    /// To be called as soon as the client is there.
    pub(crate) fn watch<C: ClientContext>(&self, client: &Client<C>, config: &ClientConfig) {
        if let Some(bootstrap) = config.get("bootstrap.servers").and_then(|servers| Bootstrap::new(client, servers)) {
            self.bootstrap.get_or_init(|| bootstrap);
        }
    }

    /// A consumer that says nothing else.
    pub(crate) fn consumer(config: &ClientConfig) -> KafkaResult<BaseConsumer<Self>> {
        let consumer: BaseConsumer<Self> = config.create_with_context(Self::default())?;
        consumer.context().watch(consumer.client(), config);
        Ok(consumer)
    }
}

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        if code == Some(RDKafkaErrorCode::AllBrokersDown)
            && let Some(bootstrap) = self.bootstrap.get()
        {
            bootstrap.add();
        }
        if code.is_some_and(is_transient) {
            tracing::warn!(%error, reason, "the brokers cannot be reached; waiting for them");
        } else if code != Some(RDKafkaErrorCode::PartitionEOF) {
            tracing::error!(%error, reason, "Kafka reports an error");
        }
    }
}

impl ConsumerContext for Quiet {}

#[cfg(test)]
mod tests;
