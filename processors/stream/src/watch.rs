//! Looking at the topics again and again: what was right at the start may be altered, deleted or created anew in mid-run, and Kafka
//! tells nobody.

use crate::admin::{Admin, AdminError, Identity};
use std::time::Duration;
use topology::{Severity, Topology};

/// Between two looks.
const LOOK_PERIOD: Duration = Duration::from_secs(10);
/// A broker that has just started may not know every topic yet: what is found has to be found again after this.
const CONFIRMATION_PAUSE: Duration = Duration::from_secs(2);

/// Returns what is wrong with the topics as soon as something is that could lose or reorder data, or when they are no longer those
/// that the state was built on; `None` when `rest`, which waits for as long as it is told to, says that nobody wants to know any more.
/// A cluster that cannot be reached is not an answer.
pub fn watch_topics(admin: &Admin, topology: &Topology, built_on: &Identity, rest: &dyn Fn(Duration) -> bool) -> Option<String> {
    let mut suspicion: Option<String> = None;
    loop {
        let pause = if suspicion.is_some() { CONFIRMATION_PAUSE } else { LOOK_PERIOD };
        if rest(pause) {
            return None;
        }
        let found = match look(admin, topology, built_on) {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "the topics could not be looked at");
                continue;
            }
        };
        match (found, suspicion.take()) {
            (Some(found), Some(_)) => return Some(found),
            (found, _) => suspicion = found,
        }
    }
}

/// What is wrong now, if anything.
fn look(admin: &Admin, topology: &Topology, built_on: &Identity) -> Result<Option<String>, AdminError> {
    let fatal: Vec<String> = admin
        .check(topology)?
        .into_iter()
        .filter(|difference| difference.severity == Severity::Fatal)
        .map(|difference| difference.to_string())
        .collect();
    if !fatal.is_empty() {
        return Ok(Some(fatal.join("; ")));
    }
    Ok(admin.identity(topology)?.difference_from(built_on))
}
