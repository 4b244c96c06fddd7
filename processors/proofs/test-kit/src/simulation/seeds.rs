//! Many seeds, on several threads.

use crate::simulation::{Coverage, Trace, Violation};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::available_parallelism;

/// Which seeds are run, and how many at a time.
#[derive(Debug, Clone, Copy)]
pub struct Seeds {
    pub first: u64,
    pub count: u64,
    /// As many as there are cores, where it is not said.
    pub jobs: Option<u64>,
}

type Finished = (u64, Result<(), Violation>, Trace);

impl Seeds {
    /// Runs every seed, or returns the first that breaks an invariant; `finished` is called after each, in any order.
    ///
    /// # Errors
    /// The smallest seed that breaks an invariant, and what it breaks: always the same one.
    pub fn run_all(
        self,
        run: impl Fn(u64) -> (Result<(), Violation>, Trace) + Sync,
        mut finished: impl FnMut(&Coverage, &Trace),
    ) -> Result<Coverage, (u64, Violation)> {
        let jobs = self
            .jobs
            .unwrap_or_else(|| available_parallelism().map_or(1, |cores| cores.get() as u64));
        let (next, run) = (AtomicU64::new(self.first), &run);
        let (sender, receiver) = channel();
        let (mut coverage, mut violations) = (Coverage::default(), BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || self.work(run, next, &sender));
            }
            drop(sender);
            for (seed, result, trace) in receiver {
                coverage.add(&trace);
                if let Err(violation) = result {
                    violations.insert(seed, violation);
                }
                finished(&coverage, &trace);
            }
        });
        match violations.pop_first() {
            None => Ok(coverage),
            Some(first) => Err(first),
        }
    }

    /// Takes one seed after the other, until one is broken or there are no more. Whatever is smaller than a broken one has been taken
    /// before it, so that the first of them is always the same.
    fn work(self, run: &impl Fn(u64) -> (Result<(), Violation>, Trace), next: &AtomicU64, sender: &Sender<Finished>) {
        let end = self.first.saturating_add(self.count);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let (result, trace) = run(seed);
            if result.is_err() {
                next.fetch_max(end, Ordering::Relaxed);
            }
            if sender.send((seed, result, trace)).is_err() {
                return;
            }
        }
    }
}
