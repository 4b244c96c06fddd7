//! The few calls of librdkafka's C interface that the `rdkafka` crate does not offer. The only unsafe code.
//!
//! - Group metadata has no accessors in the crate, and the broker takes transactional offsets whose metadata carries no generation
//!   from anybody (KIP-447 keeps that open for consumers without a group): it has to be looked at before it is sent.
//! - Topic ids (KIP-516) tell a topic that was deleted and created again from the one before.
//! - Brokers can be added again to a client that has forgotten all of them.
//! - A header's name and an offset's metadata may be any bytes, and need not be text.
#![allow(unsafe_code)]

mod commit;
mod headers;

use crate::failure::Failure;
pub(crate) use commit::commit;
pub(crate) use headers::{Headers, NewHeaders};
use rdkafka::bindings as sys;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{Producer, ProducerContext};
use rdkafka::topic_partition_list::TopicPartitionList;
use std::ffi::{CStr, CString, NulError};
use std::os::raw::{c_char, c_int};
use std::ptr;
use std::time::Duration;

/// Which membership offsets are sent under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) generation: i32,
    pub(crate) member_id: String,
}

impl Membership {
    /// A member of a generation: from anybody else the broker would take offsets without asking.
    pub(crate) fn is_fenced(&self) -> bool {
        self.generation >= 0 && !self.member_id.is_empty()
    }
}

/// Owns group metadata until it is dropped.
struct Metadata(*mut sys::rd_kafka_consumer_group_metadata_t);

impl Drop for Metadata {
    fn drop(&mut self) {
        // SAFETY: the pointer came from rd_kafka_consumer_group_metadata and is destroyed once.
        unsafe { sys::rd_kafka_consumer_group_metadata_destroy(self.0) }
    }
}

impl Metadata {
    fn of<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Option<Self> {
        // SAFETY: the consumer's handle is valid for as long as the consumer is borrowed.
        let pointer = unsafe { sys::rd_kafka_consumer_group_metadata(consumer.client().native_ptr()) };
        (!pointer.is_null()).then_some(Self(pointer))
    }

    fn membership(&self) -> Membership {
        // SAFETY: the metadata is valid, and the member id is a string that lives as long as it does.
        unsafe {
            Membership {
                generation: sys::rd_kafka_consumer_group_metadata_generation_id(self.0),
                member_id: text(sys::rd_kafka_consumer_group_metadata_member_id(self.0)),
            }
        }
    }
}

// SAFETY: no other code has the pointer, and nothing that is read through it belongs to a thread.
unsafe impl Send for Metadata {}

/// Offsets that are to be sent to the open transaction, under the very membership that was checked.
pub(crate) struct Offsets {
    list: TopicPartitionList,
    metadata: Metadata,
}

impl Offsets {
    /// `None` where the consumer is no member of a generation now. Without `member_only` it need not be one.
    pub(crate) fn of<C: ConsumerContext>(consumer: &BaseConsumer<C>, list: TopicPartitionList, member_only: bool) -> Option<Self> {
        let metadata = Metadata::of(consumer).filter(|metadata| !member_only || metadata.membership().is_fenced())?;
        Some(Self { list, metadata })
    }

    /// May take longer than `timeout`, and without an end where the group's coordinator is away: librdkafka 2.12.1 never looks at the time while it
    /// waits for that one's connection (confluentinc/librdkafka#5456).
    pub(crate) fn send<P: ProducerContext>(&self, producer: &impl Producer<P>, timeout: Duration) -> Result<(), Failure> {
        // SAFETY: all three handles are valid while they are borrowed; an error object is read and destroyed here, once.
        unsafe {
            let handle = producer.client().native_ptr();
            let error = sys::rd_kafka_send_offsets_to_transaction(handle, self.list.ptr(), self.metadata.0, milliseconds(timeout));
            if error.is_null() {
                return Ok(());
            }
            let failure = Failure {
                code: sys::rd_kafka_error_code(error).into(),
                reason: text(sys::rd_kafka_error_string(error)),
                fatal: sys::rd_kafka_error_is_fatal(error) != 0,
                retriable: sys::rd_kafka_error_is_retriable(error) != 0,
                abortable: sys::rd_kafka_error_txn_requires_abort(error) != 0,
            };
            sys::rd_kafka_error_destroy(error);
            Err(failure)
        }
    }
}

/// Waits until every record is reported on; `false` when some are not by then. Another thread must serve the reports meanwhile.
///
/// The crate's own flush polls in steps of 100 ms, and so takes at least one of them for each transaction.
pub(crate) fn flush<P: ProducerContext>(producer: &impl Producer<P>, timeout: Duration) -> bool {
    // SAFETY: the handle is valid while the producer is borrowed.
    let code = unsafe { sys::rd_kafka_flush(producer.client().native_ptr(), milliseconds(timeout)) };
    code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}

/// The offset after the last record of a partition, as the client saw it with its last fetch; `None` before that. Asks no broker.
pub(crate) fn seen_end<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &CStr, partition: u32) -> Option<i64> {
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the handle is valid while the consumer is borrowed, and both numbers outlive the call.
    let code = unsafe {
        sys::rd_kafka_get_watermark_offsets(
            consumer.client().native_ptr(),
            topic.as_ptr(),
            partition.cast_signed(),
            &raw mut low,
            &raw mut high,
        )
    };
    (code == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
}

/// What the broker said of a record that it did not take, or the client where the broker said nothing.
pub(crate) fn refusal_of(message: &BorrowedMessage<'_>) -> String {
    // SAFETY: the message is valid while it is borrowed, and owns the text where there is one.
    let said = unsafe { text(sys::rd_kafka_message_produce_errstr(message.ptr())) };
    if !said.is_empty() {
        return said;
    }
    // SAFETY: the code is the message's own, and the text for it is a constant.
    unsafe { text(sys::rd_kafka_err2str((*message.ptr()).err)) }
}

/// Why topic ids could not be had.
#[derive(Debug, thiserror::Error)]
pub enum TopicIdsError {
    #[error("a topic's name holds a zero: {0}")]
    Name(#[from] NulError),
    #[error("topics could not be described: {0}")]
    Kafka(RDKafkaErrorCode),
}

/// The ids of the topics, in the order asked; `None` for a topic that there is not.
pub(crate) fn topic_ids<C: ClientContext>(
    client: &Client<C>,
    names: &[&str],
    timeout: Duration,
) -> Result<Vec<Option<String>>, TopicIdsError> {
    let names: Vec<CString> = names.iter().map(|name| CString::new(*name)).collect::<Result<_, _>>()?;
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    // SAFETY: every object made here is destroyed here, after the last use of what it owns.
    unsafe {
        let handle = client.native_ptr();
        let queue = sys::rd_kafka_queue_new(handle);
        let topics = sys::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        sys::rd_kafka_DescribeTopics(handle, topics, ptr::null(), queue);
        let event = sys::rd_kafka_queue_poll(queue, milliseconds(timeout));
        let ids = read_topic_ids(event).map_err(TopicIdsError::Kafka);
        if !event.is_null() {
            sys::rd_kafka_event_destroy(event);
        }
        sys::rd_kafka_TopicCollection_destroy(topics);
        sys::rd_kafka_queue_destroy(queue);
        ids
    }
}

/// # Safety
/// `event` is null or a valid event, which outlives the call.
unsafe fn read_topic_ids(event: *mut sys::rd_kafka_event_t) -> Result<Vec<Option<String>>, RDKafkaErrorCode> {
    if event.is_null() {
        return Err(RDKafkaErrorCode::OperationTimedOut);
    }
    // SAFETY: the result and the descriptions are owned by the event.
    unsafe {
        let failed = sys::rd_kafka_event_error(event);
        let result = sys::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() || failed != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(failed.into());
        }
        let mut count = 0;
        let descriptions = sys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        let mut ids = Vec::with_capacity(count);
        for index in 0..count {
            let description = *descriptions.add(index);
            let failed = sys::rd_kafka_error_code(sys::rd_kafka_TopicDescription_error(description));
            let known = failed == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            ids.push(known.then(|| text(sys::rd_kafka_Uuid_base64str(sys::rd_kafka_TopicDescription_topic_id(description)))));
        }
        Ok(ids)
    }
}

/// A client and where it begins to look for brokers.
#[derive(Debug)]
pub(crate) struct Bootstrap {
    /// Valid while the client lives. This is kept in the client's own context, and used in its callbacks only.
    client: *mut sys::rd_kafka_t,
    servers: CString,
}

// SAFETY: librdkafka's handle may be used by any thread, and the rest is only read.
unsafe impl Send for Bootstrap {}
// SAFETY: the same.
unsafe impl Sync for Bootstrap {}

impl Bootstrap {
    /// `None` where the servers' names hold a zero.
    pub(crate) fn new<C: ClientContext>(client: &Client<C>, servers: &str) -> Option<Self> {
        let client = client.native_ptr();
        CString::new(servers).ok().map(|servers| Self { client, servers })
    }

    /// Makes the client know its bootstrap servers, whatever it has forgotten. What it knows is not added again, but for their names in a list
    /// of some bytes each.
    pub(crate) fn add(&self) {
        // SAFETY: the client lives while one of its callbacks runs, and the string ends with a zero.
        unsafe { sys::rd_kafka_brokers_add(self.client, self.servers.as_ptr()) };
    }
}

/// The metadata of each partition's offset in a list, in its order. What is no text comes with replacement characters.
pub(crate) fn metadata(list: &TopicPartitionList) -> Vec<String> {
    // SAFETY: the list is valid while it is borrowed, and so is each of its elements; metadata is null or has the length that is said.
    unsafe {
        let list = &*list.ptr();
        let count = usize::try_from(list.cnt).unwrap_or(0);
        let read = |index| {
            let element: &sys::rd_kafka_topic_partition_t = &*list.elems.add(index);
            if element.metadata.is_null() {
                return String::new();
            }
            let bytes = std::slice::from_raw_parts(element.metadata.cast::<u8>(), element.metadata_size);
            String::from_utf8_lossy(bytes).into_owned()
        };
        (0..count).map(read).collect()
    }
}

fn milliseconds(duration: Duration) -> c_int {
    c_int::try_from(duration.as_millis()).unwrap_or(c_int::MAX)
}

/// # Safety
/// `pointer` is null or a string that ends with a zero.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
