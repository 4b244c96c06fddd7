//! Every invariant holds for each of 200 seeds, and enough has gone wrong meanwhile.

use crate::{Faulty, Schedule, bank};
use test_kit::simulation::{Coverage, InMemory, SEEDS_MIN, Scenario, Trace, run};

/// Panics with the seed, and how to look at it, where an invariant breaks or a history is empty of faults.
fn check<S: Scenario>(domain: &str, scenario: fn() -> S) {
    let mut coverage = Coverage::default();
    for seed in 1..=SEEDS_MIN {
        let (result, trace) = run::<S, InMemory>(scenario(), seed, None, false);
        let again = format!("cargo run --release -p simulation -- --domain {domain} --seeds 1 --seed {seed}");
        assert_eq!(result, Ok(()), "seed {seed}; see: {again}");
        coverage.add(&trace);
    }
    let wanting = coverage.wanting();
    assert!(wanting.is_empty(), "{domain}: {wanting:#?}");
}

#[test]
fn what_was_hit_too_seldom_or_should_not_have_been_is_named() {
    let mut coverage = Coverage::default();
    (0..SEEDS_MIN).for_each(|_| coverage.add(&Trace::new(false)));
    assert!(
        coverage
            .wanting()
            .contains(&"taken over warm happened only 0 times, not 100".to_owned())
    );
    assert!(coverage.wanting().contains(&"only 0 crashes came before: renew".to_owned()));
    let mut trace = Trace::new(false);
    trace.happened("late end of another transaction", format_args!(""));
    let mut coverage = Coverage::default();
    coverage.add(&trace);
    assert_eq!(coverage.wanting(), ["late end of another transaction happened 1 times"]);
}

#[test]
fn the_bank_survives_every_seed() {
    check("bank", bank);
}

#[test]
fn the_schedule_survives_every_seed() {
    check("schedule", Schedule::new);
}

#[test]
fn a_bank_with_bugs_stops_where_they_are_and_nowhere_else() {
    let mut coverage = Coverage::default();
    for seed in 1..=SEEDS_MIN {
        let (result, trace) = run::<_, InMemory>(Faulty, seed, None, false);
        let again = format!("cargo run --release -p simulation -- --domain faulty --seeds 1 --seed {seed}");
        assert_eq!(result, Ok(()), "seed {seed}; see: {again}");
        coverage.add(&trace);
    }
    assert_eq!(coverage.wanting_bugs(), Vec::<String>::new());
}

#[test]
fn one_seed_gives_one_trace() {
    for seed in [3, 14] {
        let (first, second) = (
            run::<_, InMemory>(bank(), seed, None, false).1,
            run::<_, InMemory>(bank(), seed, None, true).1,
        );
        assert_eq!(first.hash(), second.hash());
        assert!(first.lines().is_empty() && second.lines().len() > 1_000);
    }
    assert_ne!(
        run::<_, InMemory>(bank(), 3, None, false).1.hash(),
        run::<_, InMemory>(bank(), 14, None, false).1.hash()
    );
}
