//! I9: the content of a view follows from its position.

use crate::simulation::Violation;
use crate::simulation::log::Log;
use crate::simulation::replica::{Position, oracle};
use crate::simulation::scenario::Scenario;

/// Whatever was seen of a replica at some position, the events up to there make the same when they are read one partition after
/// the other.
pub(crate) fn views_follow_positions<S: Scenario>(log: &Log, name: &str, witnesses: &[(Position, u128)]) -> Result<(), Violation> {
    for (position, hash) in witnesses {
        if oracle::<S>(log, position)? != *hash {
            return Err(Violation::new("I9", format!("{name} differs from the log at {position:?}")));
        }
    }
    Ok(())
}
