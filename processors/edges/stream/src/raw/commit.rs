//! A commit of offsets with a deadline, which neither the crate's synchronous commit has nor librdkafka's own.

use super::{milliseconds, sys};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::ptr;
use std::time::Duration;

/// Commits outside of a transaction. An error when the answer, or that of any partition, is one, and when none comes in time: then the offsets
/// may still be committed.
pub(crate) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
    timeout: Duration,
) -> Result<(), RDKafkaErrorCode> {
    // SAFETY: the consumer and the list are valid while they are borrowed, and the queue is destroyed here, after the last use of it; an answer
    // that comes later finds it disabled.
    unsafe {
        let handle = consumer.client().native_ptr();
        let queue = sys::rd_kafka_queue_new(handle);
        let sent = sys::rd_kafka_commit_queue(handle, list.ptr(), queue, None, ptr::null_mut());
        let result = check(sent).and_then(|()| {
            let event = sys::rd_kafka_queue_poll(queue, milliseconds(timeout));
            let answer = read_answer(event);
            if !event.is_null() {
                sys::rd_kafka_event_destroy(event);
            }
            answer
        });
        sys::rd_kafka_queue_destroy(queue);
        result
    }
}

/// # Safety
/// `event` is null or a valid event, which outlives the call.
unsafe fn read_answer(event: *mut sys::rd_kafka_event_t) -> Result<(), RDKafkaErrorCode> {
    if event.is_null() {
        return Err(RDKafkaErrorCode::OperationTimedOut);
    }
    // SAFETY: the list is owned by the event, and has as many elements as it says.
    unsafe {
        check(sys::rd_kafka_event_error(event))?;
        let list = sys::rd_kafka_event_topic_partition_list(event);
        if list.is_null() {
            return Ok(());
        }
        let count = usize::try_from((*list).cnt).unwrap_or(0);
        (0..count).try_for_each(|index| check((*(*list).elems.add(index)).err))
    }
}

fn check(code: sys::rd_kafka_resp_err_t) -> Result<(), RDKafkaErrorCode> {
    if code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        Ok(())
    } else {
        Err(code.into())
    }
}
