//! Runs the simulation for any number of seeds.

use clap::{Parser, ValueEnum};
use simulation::{Bank, InMemory, Schedule, Trace, Violation, run};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Runs the pipeline with faults from one seed after the other, and stops at the first that breaks an invariant.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to try.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first of them; with `--seeds 1`, the one to be looked at.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Domain::Schedule)]
    domain: Domain,
    /// Print everything that happens in each seed.
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Domain {
    Schedule,
    Bank,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let one = |seed, keep_lines| match arguments.domain {
        Domain::Schedule => run::<Schedule, InMemory>(seed, None, keep_lines),
        Domain::Bank => run::<Bank, InMemory>(seed, None, keep_lines),
    };
    let mut counts = BTreeMap::new();
    for seed in arguments.seed..arguments.seed + arguments.seeds {
        let (result, trace) = one(seed, arguments.trace);
        print(&trace);
        add(&mut counts, &trace);
        if let Err(violation) = result {
            if !arguments.trace {
                print(&one(seed, true).1);
            }
            return failed(seed, &violation);
        }
    }
    for (what, count) in counts {
        eprintln!("{count:>10} {what}");
    }
    eprintln!("{} seeds from {} on: every invariant holds", arguments.seeds, arguments.seed);
    ExitCode::SUCCESS
}

fn add(counts: &mut BTreeMap<String, u64>, trace: &Trace) {
    for (what, count) in &trace.counts {
        *counts.entry((*what).to_owned()).or_default() += count;
    }
    for (before, count) in &trace.crashes {
        *counts.entry(format!("crash before: {before}")).or_default() += count;
    }
}

#[allow(clippy::print_stdout)]
fn print(trace: &Trace) {
    for line in trace.lines() {
        println!("{line}");
    }
}

fn failed(seed: u64, violation: &Violation) -> ExitCode {
    eprintln!("seed {seed} breaks {violation}");
    ExitCode::FAILURE
}
