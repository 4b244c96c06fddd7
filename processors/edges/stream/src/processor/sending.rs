//! Offsets on their way into a transaction. The call may never come back while the group's coordinator is away: it is made on a thread of its
//! own, which is abandoned then.

use crate::failure::Failure;
use crate::raw::Offsets;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::producer::{Producer, ProducerContext};
use rdkafka::topic_partition_list::TopicPartitionList;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often it is looked what is left.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why offsets were not sent.
#[derive(Debug)]
pub(super) enum NotSent {
    /// The consumer is no member of a generation.
    Unfenced,
    Kafka(Failure),
    /// The client has not come back: it is of no use any more, and may still send them.
    NoAnswer(String),
}

/// Sends offsets to the producer's open transaction. Without `member_only` the consumer need not be a member of the group. One try has
/// `slice`, a call that does not come back is given up when nothing is left.
pub(super) fn send_offsets<Q, P, C>(
    producer: &Arc<Q>,
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
    member_only: bool,
    slice: Duration,
    left: &dyn Fn() -> Duration,
) -> Result<(), NotSent>
where
    Q: Producer<P> + Send + Sync + 'static,
    P: ProducerContext,
    C: ConsumerContext,
{
    loop {
        let offsets = Offsets::of(consumer, list.clone(), member_only).ok_or(NotSent::Unfenced)?;
        let timeout = slice.min(left());
        let (client, (reply, answer)) = (Arc::clone(producer), mpsc::channel());
        let send = move || {
            // The receiver is gone where it took too long.
            let _late = reply.send(offsets.send(&*client, timeout));
        };
        let spawned = thread::Builder::new().name("offsets".to_owned()).spawn(send);
        spawned.map_err(|error| NotSent::NoAnswer(format!("no thread to send them with: {error}")))?;
        let answer = loop {
            match answer.recv_timeout(LOOK_EVERY.min(left())) {
                Err(RecvTimeoutError::Timeout) if !left().is_zero() => {}
                answer => break answer,
            }
        };
        match answer {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) if failure.retriable && !left().is_zero() => {}
            Ok(Err(failure)) => return Err(NotSent::Kafka(failure)),
            Err(_) => {
                return Err(NotSent::NoAnswer(
                    "the client does not come back; is the group's coordinator away?".to_owned(),
                ));
            }
        }
    }
}
