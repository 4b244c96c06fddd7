//! Everything that is random in a run comes from one seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::time::Duration;

/// A stream of choices; the same seed makes the same ones.
pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn from_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        let drawn = self.0.next_u64() % (bound as u64);
        usize::try_from(drawn).expect("it is less than a usize")
    }

    /// One of several.
    pub fn of<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// From `least` up to, but not including, `most`, in milliseconds.
    pub fn millis(&mut self, least: usize, most: usize) -> Duration {
        Duration::from_millis((least + self.below(most - least)) as u64)
    }
}
