//! A batch of records that the client cannot read. The broker takes what it can decompress bit by bit, however much comes out of it; a client
//! has to hold all of it, and librdkafka gives up beyond `receive.message.max.bytes`. It tries that batch again and again, says so without its
//! partition, and fetches nothing after it.

use super::Session;
use super::transaction_sizing::Place;
use crate::clock::Deadline;
use crate::failure::is_unreadable;
use crate::processor::wiring::Wiring;
use crate::reader::{ReadFailure, Reader};
use std::collections::BTreeMap;
use std::time::Duration;

const SEARCH_EVERY: Duration = Duration::from_secs(2);
/// For one partition.
const SEARCH_WAIT_MAX: Duration = Duration::from_secs(2);
const POLL_WAIT: Duration = Duration::from_millis(100);

impl<W: Wiring> Session<'_, W> {
    /// Stops the partitions whose next command is in a batch that cannot be read. There may be none: commands before it come first. All partitions
    /// have to be fetched from their next commands again afterwards.
    pub(super) fn set_unreadable_aside(&mut self) {
        self.searched = Deadline::after(SEARCH_EVERY);
        let waiting: Vec<Place> = self
            .processed()
            .into_iter()
            .map(|partition| (partition, self.next_command(partition)))
            .filter(|(partition, next)| self.consumer.lag(*partition, *next).is_none_or(|lag| lag > 0))
            .collect();
        let found: Vec<Place> = waiting.into_iter().filter(|place| self.is_next_unreadable(*place)).collect();
        for place in &found {
            self.set_unreadable_place_aside(*place);
        }
    }

    /// Asks a client of its own for the next command of one partition.
    fn is_next_unreadable(&self, (partition, offset): Place) -> bool {
        let topic = &self.processor.topology.topics.commands.name;
        let Ok(mut reader) = Reader::impatient(&self.processor.settings, topic) else {
            return false;
        };
        if reader.assign_unchecked(&BTreeMap::from([(partition, offset)])).is_err() {
            return false;
        }
        let patience = Deadline::after(SEARCH_WAIT_MAX);
        while !patience.is_over() && self.keep_alive(Duration::ZERO) {
            match reader.poll(1, POLL_WAIT, |_| {}) {
                Ok(polled) if polled.records == 0 && polled.ended.is_empty() => {}
                Ok(_) => return false,
                Err(ReadFailure::Kafka { failure, .. }) => return is_unreadable(failure.code),
                Err(_) => return false,
            }
        }
        false
    }
}
