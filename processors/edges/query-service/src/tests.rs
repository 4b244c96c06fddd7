//! What clients see: every route, and every way in which a question can be wrong.

mod as_of;
mod checks;
mod connections;
mod documented;
mod errors;
mod explain;
mod graph;
mod impact;
mod nodes;
mod positions;
pub(crate) mod schedule;
mod timeline;
mod worker_pools;
