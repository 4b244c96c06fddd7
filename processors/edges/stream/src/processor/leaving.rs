//! Leaving the group at the end, so that others own the partitions at once and not only when the session is over.
//!
//! librdkafka sends no LeaveGroup for a static member that closes (KIP-345), and sends one where it unsubscribes (2.12.1,
//! `rd_kafka_cgrp_leave_maybe`).

use super::Configuration;
use super::consumer::GroupConsumer;
use super::group_inspector::GroupInspector;
use super::instance_id_taken::is_of;
use crate::clock::{self, Deadline};
use crate::failure::Failure;
use std::time::Duration;

/// With what is open and the closing of the clients, this ends before the process is ended (`stopping.rs`).
const LEAVE_WAIT_MAX: Duration = Duration::from_secs(1);
const ASK_WAIT_MAX: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits until the coordinator no longer has this member, because a client that closes before does not send what it has queued. Where that takes
/// too long, the partitions wait for the end of the session.
pub(super) fn leave(consumer: &GroupConsumer, inspector: &GroupInspector, configuration: &Configuration) {
    let (began, deadline) = (clock::now(), Deadline::after(LEAVE_WAIT_MAX));
    consumer.unsubscribe();
    let mut failure = None;
    while !deadline.is_over() {
        // The revocation is a callback of the poll, and the request follows it.
        let _served = consumer.poll(LOOK_EVERY);
        failure = match has_left(inspector, configuration, deadline) {
            Ok(true) => {
                tracing::info!(took_ms = (clock::now() - began).as_millis(), "left the group");
                return;
            }
            Ok(false) => None,
            Err(failure) => Some(failure.to_string()),
        };
    }
    tracing::warn!(
        failure,
        "the group has not confirmed that this member left: its partitions wait for the end of its session"
    );
}

fn has_left(inspector: &GroupInspector, configuration: &Configuration, deadline: Deadline) -> Result<bool, Failure> {
    let members = inspector.members(&configuration.group, deadline.left().min(ASK_WAIT_MAX))?;
    Ok(!members.ids.iter().any(|member| is_of(member, &configuration.instance_id)))
}
