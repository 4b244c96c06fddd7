//! The context of every client: it logs what librdkafka reports, and re-adds the brokers when the client has lost all of them.

use crate::advice::{CLOSED_CONNECTIONS, advice};
use crate::clock;
use crate::failure::is_transient;
use crate::raw::Bootstrap;
use rdkafka::ClientConfig;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Of a poll that is to hear all there is: one that does not wait hears one thing.
pub(crate) const HEAR_WAIT: Duration = Duration::from_millis(1);

/// Logs what librdkafka says, and adds the bootstrap servers to the client again when it reports that all brokers are down.
///
/// A client forgets the brokers that the metadata do not name. A lone broker that stood still, and that the controller has therefore fenced, names none in
/// its next answer, not even itself: the client has no broker left to ask. librdkafka 2.12.1 starts again from the bootstrap servers then, unless its
/// main thread cancels that in the same moment, which it does now and then: such a client stayed silent (decision 0011).
#[derive(Debug, Default)]
pub(crate) struct LoggingContext {
    bootstrap: OnceLock<Bootstrap>,
    last: Mutex<Option<LastError>>,
}

/// The last error that a client reported, for the reason of a process that waits.
#[derive(Debug)]
struct LastError {
    at: Instant,
    code: Option<RDKafkaErrorCode>,
    text: String,
}

impl LoggingContext {
    /// To be called as soon as the client is there.
    pub(crate) fn watch<C: ClientContext>(&self, client: &Client<C>, config: &ClientConfig) {
        if let Some(bootstrap) = config.get("bootstrap.servers").and_then(|servers| Bootstrap::new(client, servers)) {
            self.bootstrap.get_or_init(|| bootstrap);
        }
    }

    /// Keeps an error that explains what a client waits for. That all brokers are down does not replace the error that says why.
    pub(crate) fn note(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        let says_why = code != Some(RDKafkaErrorCode::AllBrokersDown);
        if code == Some(RDKafkaErrorCode::PartitionEOF) || (!says_why && self.last().as_ref().is_some_and(|last| last.code != code)) {
            return;
        }
        let said = if reason.is_empty() { error.to_string() } else { reason.to_owned() };
        let hint = match code {
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown) => Some(CLOSED_CONNECTIONS.to_owned()),
            code => code.and_then(advice),
        };
        let text = hint.map_or_else(|| said.clone(), |hint| format!("{said}; {hint}"));
        *self.last() = Some(LastError {
            at: clock::now(),
            code,
            text,
        });
    }

    /// The last error within this time, with what to do about it.
    pub(crate) fn last_error(&self, within: Duration) -> Option<String> {
        let last = self.last();
        let last = last.as_ref().filter(|last| clock::now() - last.at <= within)?;
        Some(last.text.clone())
    }

    /// Whether a broker could not be reached within this time.
    pub(crate) fn was_unreachable(&self, within: Duration) -> bool {
        let last = self.last();
        let unreachable = |last: &LastError| {
            use RDKafkaErrorCode as Code;
            let is_away = matches!(last.code, Some(Code::BrokerTransportFailure | Code::AllBrokersDown | Code::Resolve));
            is_away && clock::now() - last.at <= within
        };
        last.as_ref().is_some_and(unreachable)
    }

    fn last(&self) -> MutexGuard<'_, Option<LastError>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A consumer that says nothing else.
    pub(crate) fn consumer(config: &ClientConfig) -> KafkaResult<BaseConsumer<Self>> {
        let consumer: BaseConsumer<Self> = config.create_with_context(Self::default())?;
        consumer.context().watch(consumer.client(), config);
        Ok(consumer)
    }
}

impl ClientContext for LoggingContext {
    fn error(&self, error: KafkaError, reason: &str) {
        self.note(&error, reason);
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

impl ConsumerContext for LoggingContext {}

#[cfg(test)]
mod tests;
