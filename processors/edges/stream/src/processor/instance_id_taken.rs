//! Whether another process bears this one's instance id.
//!
//! The group fences a static member whose instance id joins again. That need not be another process: where a coordinator answers late, the
//! client's own request that it repeats is taken for one. What joined in that way is no process, sends no heartbeat, and is gone when the session
//! timeout is over; a process stays.

use super::Configuration;
use super::group_inspector::GroupInspector;
use crate::clock::Deadline;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// One question to the cluster.
const ASK_WAIT_MAX: Duration = Duration::from_secs(2);
/// What the group takes to put a silent member out, beyond the session timeout.
const MARGIN: Duration = Duration::from_secs(3);
/// So often a member is seen before it counts as one that stays, whatever interrupts: a minute and a quarter of answered questions, longer
/// than any rebalance waits.
const TIMES_SEEN_MAX: u32 = 300;
/// A static member's id is its instance id, a hyphen, and a UUID.
const UUID_LENGTH: usize = 36;

/// Waits until no member has this instance id any more; `true` when one stays. Where the cluster gives no answer, that is none.
pub(super) fn stays(
    inspector: &GroupInspector,
    configuration: &Configuration,
    session_timeout: Duration,
    stop: &dyn Fn(Duration) -> bool,
) -> bool {
    let mut seen = Seen::new(session_timeout + MARGIN);
    while !stop(LOOK_EVERY) {
        match inspector.members(&configuration.group, ASK_WAIT_MAX) {
            Ok(members) if !members.ids.iter().any(|member| is_of(member, &configuration.instance_id)) => return false,
            Ok(members) if seen.again(members.are_settled) => return true,
            Ok(_) => {}
            Err(failure) => {
                tracing::warn!(%failure, "the members of the group cannot be read yet");
                seen.interrupted();
            }
        }
    }
    false
}

/// Since when a member was seen without an interruption. A coordinator that was away, or that is another one, gives every member of the group
/// a whole session again, and so does the end of a rebalance.
struct Seen {
    wait: Duration,
    patience: Option<Deadline>,
    times: u32,
}

impl Seen {
    fn new(wait: Duration) -> Self {
        let (patience, times) = (None, 0);
        Self { wait, patience, times }
    }

    /// Whether that is longer now than who sends no heartbeat is kept.
    fn again(&mut self, is_settled: bool) -> bool {
        self.times += 1;
        if !is_settled {
            self.interrupted();
        }
        let patience = self.patience.get_or_insert_with(|| Deadline::after(self.wait));
        patience.is_over() || self.times >= TIMES_SEEN_MAX
    }

    fn interrupted(&mut self) {
        self.patience = None;
    }
}

/// Whether a member bears this instance id.
pub(super) fn is_of(member_id: &str, instance_id: &str) -> bool {
    member_id
        .strip_prefix(instance_id)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|rest| rest.len() == UUID_LENGTH)
}

#[cfg(test)]
mod tests;
