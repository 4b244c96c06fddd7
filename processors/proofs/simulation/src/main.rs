//! Runs the simulation for any number of seeds, on several threads.

use clap::{Parser, ValueEnum};
use simulation::{Faulty, Schedule, bank};
use std::io::IsTerminal;
use std::process::ExitCode;
use test_kit::simulation::{Coverage, InMemory, Seeds, Trace, Violation, run};

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
            Self::Schedule => run::<_, InMemory>(Schedule::new(), seed, None, keep_lines),
            Self::Bank => run::<_, InMemory>(bank(), seed, None, keep_lines),
            Self::Faulty => run::<_, InMemory>(Faulty, seed, None, keep_lines),
        }
    }
}

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

/// Runs every seed, or returns the first that breaks an invariant, and says how far it has come.
fn run_all(arguments: &Arguments) -> Result<Coverage, (u64, Violation)> {
    let seeds = Seeds {
        first: arguments.seed,
        count: arguments.seeds,
        jobs: if arguments.trace { Some(1) } else { arguments.jobs },
    };
    let step = if std::io::stderr().is_terminal() { 10 } else { 1_000 };
    let run = |seed| arguments.domain.run(seed, arguments.trace);
    seeds.run_all(run, |coverage, trace| {
        print(trace);
        if coverage.seeds.is_multiple_of(step) {
            let end = if step == 10 { "\r" } else { "\n" };
            eprint!("{} of {} seeds{end}", coverage.seeds, arguments.seeds);
        }
    })
}

#[allow(clippy::print_stdout)]
fn print(trace: &Trace) {
    for line in trace.lines() {
        println!("{line}");
    }
}
