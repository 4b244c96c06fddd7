//! The graph view: events become nodes, edges and violations, as mutations of ordered keys; questions are scans of them. Pure.
//!
//! Reading order: `keys` (every key there is), `nodes`, `edges` and `tombstones` (their values), `checks` (the rules between facts),
//! `project` (an event to mutations), `recompute` (the same violations from nothing), `graph` and `ask` (what can be read), `questions`
//! (routes and documents), `schedule_graph` (all of it as one view of an application).
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
mod project;
mod provenance;
mod questions;
mod recent_gets;
mod recompute;
mod schedule_graph;
mod stored;
mod tombstones;
mod violation;
mod violation_id;

pub use application::{ProjectError, content_hash};
pub use check::Check;
pub use day::DesignatorDay;
pub use edges::{LegSummary, RotationSpan};
pub use fact::Fact;
pub use keys::Prefix;
pub use nodes::{Airplane, Airport, Assignment, FormerAirplane, Leg, MinimumGroundTime, Rotation};
pub use project::{Memory, Projector, project};
pub use provenance::Provenance;
pub use recompute::{BudgetExceeded, Recomputed, recompute};
pub use schedule_graph::ScheduleGraph;
pub use stored::{FlownRotation, LegEdge};
pub use tombstones::{FormerAssignment, RemovedLeg, RemovedRotation};
pub use violation::{Detail, LEGS_MAX, Violation};
pub use violation_id::ViolationId;

/// This view and its version, as its directory is called.
pub fn edition() -> String {
    application::edition::<ScheduleGraph>()
}

#[cfg(test)]
mod tests;
