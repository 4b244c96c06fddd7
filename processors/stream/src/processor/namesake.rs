//! Whether another process bears this one's instance id.
//!
//! The group fences a static member whose instance id joins again. That need not be another process: where a coordinator answers late, the
//! client's own request that it repeats is taken for one. What joined in that way is nobody, sends no heartbeat, and is gone when the session
//! timeout is over; a process stays.

use super::Configuration;
use super::consumer::Scout;
use crate::clock::Deadline;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// One question to the cluster.
const ASK_WAIT_MAX: Duration = Duration::from_secs(2);
/// What the group takes to put a silent member out, beyond the session timeout.
const MARGIN: Duration = Duration::from_secs(3);
/// A static member's id is its instance id, a hyphen, and a UUID.
const UUID_LENGTH: usize = 36;

/// Waits until no member has this instance id any more; `true` when one stays. Where the cluster gives no answer, that is none.
pub(super) fn stays(scout: &Scout, configuration: &Configuration, session_timeout: Duration, stop: &dyn Fn(Duration) -> bool) -> bool {
    let mut patience = Deadline::after(session_timeout + MARGIN);
    while !stop(LOOK_EVERY) {
        let members = scout.member_ids(&configuration.group, ASK_WAIT_MAX);
        match members {
            Ok(members) if !members.iter().any(|member| is_of(member, &configuration.instance_id)) => return false,
            Ok(_) if patience.is_over() => return true,
            Ok(_) => {}
            Err(failure) => {
                tracing::warn!(%failure, "the members of the group cannot be read yet");
                // A coordinator that was away gives every member a whole session again.
                patience = Deadline::after(session_timeout + MARGIN);
            }
        }
    }
    false
}

fn is_of(member_id: &str, instance_id: &str) -> bool {
    member_id
        .strip_prefix(instance_id)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|rest| rest.len() == UUID_LENGTH)
}

#[cfg(test)]
mod tests;
