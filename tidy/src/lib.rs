//! Rules of this workspace that neither compiler nor clippy knows: who may depend on whom, and what a source file looks like.
//!
//! Each rule is a function from what is there to a list of violations, one sentence each. `tests/workspace.rs` applies them to
//! the checkout; the unit tests apply them to planted violations.

pub mod code_map;
pub mod modules;
pub mod sources;
pub mod workspace;
