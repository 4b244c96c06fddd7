//! Every decoder of this project as a target of a fuzzer: whatever the bytes are, it returns, without a panic and within a bound of memory.
//!
//! `scripts/fuzz` builds the program `fuzz` with the coverage that libFuzzer goes by, and gives it the seeds of a target: records as the
//! product writes them. The tests of this crate run each target on its seeds and on every input that has failed once (`inputs/`).

mod fields;
mod seeds;
mod targets;

pub use fields::{joined, split};
pub use seeds::seeds_of;
pub use targets::{PLANTED, TARGETS, Target};

/// What a target may allocate for one input: far more than any decoder needs for the longest one, and far less than what an input of a few
/// bytes that is believed would ask for.
pub const MEMORY_BYTES_MAX: usize = 64 << 20;
/// Longer inputs find nothing that these do not.
pub const INPUT_BYTES_MAX: usize = 64 << 10;

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().chain(PLANTED).find(|target| target.name == name)
}

#[cfg(test)]
mod tests;
