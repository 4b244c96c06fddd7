//! Before it joins the group, a processor brings its state up to the log, where others decide meanwhile: what it does after it was given
//! partitions is a pause for them.

use super::Configuration;
use super::Observe;
use super::follower::{self, Following};
use super::group_inspector::GroupInspector;
use super::instance_id_taken::is_of;
use crate::clock::{self, Deadline};
use std::time::Duration;
use topology::Topology;

/// Without an answer of the brokers in this time, the group is joined at once.
const ASK_WAIT_MAX: Duration = Duration::from_secs(1);
/// Whether the group still has other members.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const WAIT: Duration = Duration::from_millis(100);
/// Without a record in this time, the rest is left to the take-over.
const STALL_MAX: Duration = Duration::from_secs(10);
const REASON: &str = "bringing the state up to the log before the group is joined";

/// Has all that may be followed followed, and returns whether there is something to wait for.
pub(super) fn begin(following: &Following, inspector: &GroupInspector, configuration: &Configuration, topology: &Topology) -> bool {
    let (instance_id, count_max) = (&configuration.instance_id, configuration.warm_partitions_max);
    if count_max == 0 {
        return false;
    }
    // A client that is not connected to any broker yet looks for the group's by a timer.
    if let Err(failure) = inspector.connect(&topology.topics.commands.name, ASK_WAIT_MAX) {
        tracing::warn!(%failure, "the brokers cannot be reached yet");
        return false;
    }
    let is_worth_it = others_decide(inspector, configuration);
    if is_worth_it {
        tracing::info!("others own the partitions: the state is brought up to the log before the group is joined");
        following.follow(follower::chosen(instance_id, topology.partitions, &[], count_max));
    }
    is_worth_it
}

/// Waits until the state is up to the log as it was at [`begin`], for as long as others decide and records come.
pub(super) fn wait(
    following: &Following,
    inspector: &GroupInspector,
    configuration: &Configuration,
    observe: &impl Observe,
    stop: &dyn Fn(Duration) -> bool,
) {
    let (began, mut records) = (clock::now(), 0);
    let (mut look, mut stall) = (Deadline::after(LOOK_EVERY), Deadline::after(STALL_MAX));
    let mut count = || {
        let folded = following.take_records();
        observe.followed(folded);
        records += folded;
        folded
    };
    observe.held_up(Some(REASON));
    while !stop(Duration::ZERO) && !following.is_caught_up(WAIT) {
        observe.restoring(following.offsets_left());
        if count() > 0 {
            stall = Deadline::after(STALL_MAX);
        }
        if stall.is_over() {
            tracing::warn!(
                offsets_left = following.offsets_left(),
                "nothing has come of the log for {} s: the group is joined all the same, and the rest is read then",
                STALL_MAX.as_secs()
            );
            break;
        }
        if look.is_over() {
            look = Deadline::after(LOOK_EVERY);
            if !others_decide(inspector, configuration) {
                tracing::info!("the group has no other members any more: it is joined at once");
                break;
            }
        }
    }
    count();
    observe.restoring(0);
    tracing::info!(records, took_ms = (clock::now() - began).as_millis(), "joining the group");
}

/// Whether the group has members, and none that this instance was: its partitions would wait for it to come back. `false`, too, where the
/// members cannot be read.
fn others_decide(inspector: &GroupInspector, configuration: &Configuration) -> bool {
    match inspector.members(&configuration.group, ASK_WAIT_MAX) {
        Ok(members) => are_others(&members.ids, &configuration.instance_id),
        Err(failure) => {
            tracing::warn!(%failure, "the members of the group cannot be read: it is joined at once");
            false
        }
    }
}

fn are_others(member_ids: &[String], instance_id: &str) -> bool {
    !member_ids.is_empty() && !member_ids.iter().any(|member| is_of(member, instance_id))
}

#[cfg(test)]
mod tests;
