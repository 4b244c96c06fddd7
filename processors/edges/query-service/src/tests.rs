//! What clients see: every route, and every way in which a question can be wrong.

mod checks;
mod connections;
mod documented;
mod errors;
mod impact;
mod lanes;
mod nodes;
mod positions;
mod schedule;
mod timeline;
