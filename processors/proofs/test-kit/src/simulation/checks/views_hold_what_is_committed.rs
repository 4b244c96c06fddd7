//! I4: nothing that was not committed is materialized.

use crate::simulation::Violation;
use crate::simulation::log::{Log, Topic};
use crate::simulation::replica::Position;

/// At no time is a replica ahead of what is committed by then.
pub(crate) fn views_hold_what_is_committed(log: &Log, name: &str, position: &Position) -> Result<(), Violation> {
    for (partition, sequence) in position {
        // Sequences are dense: there are as many committed events as the last one says.
        let committed = log.committed_records(Topic::Events, *partition).len() as u64;
        if *sequence > committed {
            let what = format!("{name} holds event {sequence} of {partition}, of which {committed} are committed");
            return Err(Violation::new("I4", what));
        }
    }
    Ok(())
}
