//! Given events, the view.

mod changes;
mod connections;
mod corrections;
mod cost;
mod documents;
mod explain;
mod filters;
pub(crate) mod fixture;
mod impact;
mod model;
mod pairs;
mod plan;
mod random;
mod reach;
mod references;
mod rotations;
mod same_day;
mod timeline;
mod tombstones;
mod unfit;
