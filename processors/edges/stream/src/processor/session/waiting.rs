//! While the group gives nothing: why, and whether it is this client that cannot find the group any more.

use super::{End, Session};
use crate::clock::Deadline;
use crate::processor::Observe;
use crate::processor::group_inspector::GroupInspector;
use crate::processor::wiring::Wiring;
use std::time::Duration;

/// Between two looks at what a process waits for.
const EXPLAIN_EVERY: Duration = Duration::from_secs(1);
/// An error that is older does not explain a wait. librdkafka 2.12.1 repeats an error of the same connection after 30 s at the earliest
/// (`rd_kafka_broker_set_error`).
const ERROR_KEPT: Duration = Duration::from_secs(45);
/// A first look, and the time between two, at whether the group's coordinator answers another client.
const COORDINATOR_LOOK_EVERY: Duration = Duration::from_secs(5);
const COORDINATOR_WAIT_MAX: Duration = Duration::from_secs(2);

const WAITING: &str = "waiting for the group to assign partitions";

/// When to look again at what is waited for.
pub(super) struct Waiting {
    explained: Deadline,
    looked: Deadline,
}

impl Waiting {
    pub(super) fn begin() -> Self {
        Self {
            explained: Deadline::after(EXPLAIN_EVERY),
            looked: Deadline::after(COORDINATOR_LOOK_EVERY),
        }
    }
}

impl<W: Wiring> Session<'_, W> {
    /// The reason of a process that owns nothing yet.
    pub(super) fn tell_waiting(&self) {
        let reason = self.consumer.last_error(ERROR_KEPT).map(|error| format!("{WAITING}: {error}"));
        self.processor.observe.held_up(Some(reason.as_deref().unwrap_or(WAITING)));
    }

    /// Serves the group until it assigns partitions. An end where a new client would find the group and this one does not.
    pub(super) fn wait_for_group(&mut self) -> Result<(), End> {
        if self.waiting.explained.is_over() {
            self.waiting.explained = Deadline::after(EXPLAIN_EVERY);
            self.tell_waiting();
        }
        if self.waiting.looked.is_over() {
            let is_lost = self.has_lost_the_coordinator();
            self.waiting.looked = Deadline::after(COORDINATOR_LOOK_EVERY);
            if is_lost {
                return Err(End::Renew(
                    "the group's coordinator answers, but not where this client looks for it: a broker has another address now".to_owned(),
                ));
            }
        }
        self.idle()
    }

    /// A broker that came back under another address keeps its id, and librdkafka 2.12.1 goes on dialling the old address of a coordinator: the
    /// coordinator's id, which is all that it compares (`rd_kafka_cgrp_coord_update`), has not changed. A new client dials the new one.
    fn has_lost_the_coordinator(&self) -> bool {
        if !self.consumer.was_unreachable(ERROR_KEPT) {
            return false;
        }
        let processor = &self.processor;
        let topic = &processor.topology.topics.commands.name;
        let Ok(inspector) = GroupInspector::new(&processor.settings, &processor.configuration.group) else {
            return false;
        };
        inspector.unstable_offsets(topic, &[0], COORDINATOR_WAIT_MAX).is_ok()
    }
}
