//! Runs the simulation for any number of seeds, on several threads.

use clap::{Parser, ValueEnum};
use simulation::{Bank, Coverage, Faulty, InMemory, Schedule, Trace, Violation, run};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::available_parallelism;

/// Runs the pipeline with faults from many seeds, and stops at the first that breaks an invariant.
///
/// What a seed does depends on nothing else: not on the other seeds, and not on the number of jobs. From 200 seeds on it is a failure,
/// too, if some kind of fault was not hit often enough.
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
    /// How many seeds are run at a time; as many as there are cores, where it is not given.
    #[arg(long)]
    jobs: Option<u64>,
    /// Print everything that happens in each seed, in order; one job does it.
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Domain {
    Schedule,
    Bank,
    /// The bank with bugs.
    Faulty,
}

impl Domain {
    fn run(self, seed: u64, keep_lines: bool) -> (Result<(), Violation>, Trace) {
        match self {
            Self::Schedule => run::<Schedule, InMemory>(seed, None, keep_lines),
            Self::Bank => run::<Bank, InMemory>(seed, None, keep_lines),
            Self::Faulty => run::<Faulty, InMemory>(seed, None, keep_lines),
        }
    }
}

type Finished = (u64, Result<(), Violation>, Trace);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seeds = format!("{} seeds from {} on", arguments.seeds, arguments.seed);
    match run_all(&arguments) {
        Ok(coverage) => {
            let wanting = match arguments.domain {
                Domain::Schedule | Domain::Bank => coverage.wanting(),
                Domain::Faulty => coverage.wanting_bugs(),
            };
            coverage.lines().iter().for_each(|line| eprintln!("{line}"));
            if wanting.is_empty() {
                eprintln!("{seeds}: every invariant holds");
                return ExitCode::SUCCESS;
            }
            eprintln!("{seeds} prove too little: {}", wanting.join("; "));
        }
        Err((seed, violation)) => {
            if !arguments.trace {
                print(&arguments.domain.run(seed, true).1);
            }
            eprintln!("seed {seed} breaks {violation}");
        }
    }
    ExitCode::FAILURE
}

/// Runs every seed, or returns the first that breaks an invariant.
fn run_all(arguments: &Arguments) -> Result<Coverage, (u64, Violation)> {
    let jobs = match arguments.jobs {
        _ if arguments.trace => 1,
        Some(jobs) => jobs.max(1),
        None => available_parallelism().map_or(1, |cores| cores.get() as u64),
    };
    let next = AtomicU64::new(arguments.seed);
    let (sender, receiver) = channel();
    let (coverage, mut violations) = std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || work(arguments, next, &sender));
        }
        drop(sender);
        gather(arguments, &receiver)
    });
    match violations.pop_first() {
        None => Ok(coverage),
        Some(first) => Err(first),
    }
}

/// Takes one seed after the other, until one is broken or there are no more. Whatever is smaller than a broken one has been taken
/// before it, so that the first of them is always the same.
fn work(arguments: &Arguments, next: &AtomicU64, sender: &Sender<Finished>) {
    let end = arguments.seed.saturating_add(arguments.seeds);
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let (result, trace) = arguments.domain.run(seed, arguments.trace);
        if result.is_err() {
            next.fetch_max(end, Ordering::Relaxed);
        }
        if sender.send((seed, result, trace)).is_err() {
            return;
        }
    }
}

/// Counts what is finished, and says how far it has come.
fn gather(arguments: &Arguments, receiver: &Receiver<Finished>) -> (Coverage, BTreeMap<u64, Violation>) {
    let (mut coverage, mut violations) = (Coverage::default(), BTreeMap::new());
    let step = if std::io::stderr().is_terminal() { 10 } else { 1_000 };
    for (seed, result, trace) in receiver {
        print(&trace);
        coverage.add(&trace);
        if let Err(violation) = result {
            violations.insert(seed, violation);
        }
        if coverage.seeds % step == 0 {
            let end = if step == 10 { "\r" } else { "\n" };
            eprint!("{} of {} seeds{end}", coverage.seeds, arguments.seeds);
        }
    }
    (coverage, violations)
}

#[allow(clippy::print_stdout)]
fn print(trace: &Trace) {
    for line in trace.lines() {
        println!("{line}");
    }
}
