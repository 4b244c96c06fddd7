//! Every invariant holds for each of 200 seeds, and enough has gone wrong meanwhile.

use crate::{InMemory, Scenario, run};
use std::collections::BTreeMap;

const SEEDS: u64 = 200;
/// What has to have happened at least so often, all seeds together.
const HAPPENED_AT_LEAST: [(&str, u64); 26] = [
    ("accepted", 10_000),
    ("rejected", 10_000),
    ("repeated", 1_000),
    ("forwarded", 1_000),
    ("dead letter", 1_000),
    ("abort", 100),
    ("stale generation", 50),
    ("lost commit response", 50),
    ("late commit", 50),
    ("late end arrived", 20),
    ("new producer", 100),
    ("fence", 20),
    ("claim", 100),
    ("short batch", 100),
    ("crash", 1_000),
    ("pause", 100),
    ("rejoin", 10),
    ("session expired", 100),
    ("transaction expired", 50),
    ("leave", 20),
    ("power lost", 100),
    ("directory lost", 50),
    ("view rebuilt", 50),
    ("taken over", 1_000),
    ("resent", 1_000),
    ("lost on the way", 100),
];
/// Crashes came before each of these at least so often.
const CRASHED_BEFORE: [&str; 17] = [
    "poll",
    "decide",
    "produce",
    "produce more",
    "send offsets",
    "commit",
    "store",
    "abort",
    "doubt",
    "read stable offset",
    "claim",
    "read end of log",
    "replay events",
    "replay outcomes",
    "resume",
    "projecting",
    "writing the view",
];
const CRASHED_AT_LEAST: u64 = 5;

/// Panics with the seed, and how to look at it, where an invariant breaks or a history is empty of faults.
fn check<S: Scenario>(domain: &str) {
    let mut happened: BTreeMap<&str, u64> = BTreeMap::new();
    let mut crashes: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 1..=SEEDS {
        let (result, trace) = run::<S, InMemory>(seed, None, false);
        let again = format!("cargo run --release -p simulation -- --domain {domain} --seeds 1 --seed {seed}");
        assert_eq!(result, Ok(()), "seed {seed}; see: {again}");
        trace
            .counts
            .iter()
            .for_each(|(what, count)| *happened.entry(what).or_default() += count);
        trace
            .crashes
            .iter()
            .for_each(|(what, count)| *crashes.entry(what).or_default() += count);
    }
    for (what, least) in HAPPENED_AT_LEAST {
        let count = happened.get(what).copied().unwrap_or_default();
        assert!(count >= least, "{what} happened only {count} times");
    }
    for before in CRASHED_BEFORE {
        let count = crashes.get(before).copied().unwrap_or_default();
        assert!(count >= CRASHED_AT_LEAST, "only {count} crashes came before {before}");
    }
}

#[test]
fn the_bank_survives_every_seed() {
    check::<crate::Bank>("bank");
}

#[test]
fn the_schedule_survives_every_seed() {
    check::<crate::Schedule>("schedule");
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in [3, 14] {
        let (first, second) = (
            run::<crate::Bank, InMemory>(seed, None, false).1,
            run::<crate::Bank, InMemory>(seed, None, true).1,
        );
        assert_eq!(first.hash(), second.hash());
        assert!(first.lines().is_empty() && second.lines().len() > 1_000);
    }
    assert_ne!(
        run::<crate::Bank, InMemory>(3, None, false).1.hash(),
        run::<crate::Bank, InMemory>(14, None, false).1.hash()
    );
}
