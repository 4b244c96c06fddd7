//! The simulation of an application, as a test of its domain.

use crate::simulation::{Chance, Generated, InMemory, Seeds, Trace, Violation, run};
use application::Application;
use serde::Serialize;

/// Names one seed to be run, with everything that happens in it.
const SEED: &str = "SIMULATION_SEED";
/// Of what happened before a violation.
const LINES_SHOWN: usize = 40;
/// Not counted as hit too seldom: which commands there are is the domain's to say.
const OF_THE_DOMAIN: [&str; 3] = ["accepted ", "rejected ", "version as expected "];
/// Commands of each kind in 200 seeds, at least.
const DECISIONS_MIN: u64 = 1_000;

/// Runs clients, command processors and replicas of an application in one process, and everything that goes wrong with them, once from each of so many
/// seeds. `commands` makes the next command, with the id of its aggregate; of few aggregates, so that commands meet, and some to be
/// rejected. All views of the application are built by two replicas; one without views counts events.
///
/// # Panics
/// At the smallest seed that breaks an invariant or meets a bug in the domain, with the end of what happened; and when 200 seeds or more have hit
/// some fault too seldom to prove anything. `SIMULATION_SEED=17` runs that seed alone and prints all of it.
#[track_caller]
pub fn simulate<A>(seeds: u64, commands: impl Fn(&mut Chance) -> (String, A::Command) + Sync)
where
    A: Application<Command: Serialize>,
{
    let commands = &commands;
    let run = |seed, keep_lines| {
        let (result, trace) = run::<_, InMemory>(Generated::<A, _>::new(commands), seed, None, keep_lines);
        (result.and_then(|()| without_bugs(&trace)), trace)
    };
    let chosen = std::env::var(SEED)
        .ok()
        .map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("{SEED}={text} is no number")));
    let (first, count) = chosen.map_or((1, seeds), |seed| (seed, 1));
    let ran = Seeds { first, count, jobs: None }.run_all(|seed| run(seed, false), |_, _| {});
    let name = std::any::type_name::<A>();
    if let Some(seed) = chosen {
        let (result, trace) = run(seed, true);
        let lines = trace.lines().join("\n");
        assert!(result.is_ok(), "{lines}\nseed {seed} of {name} breaks {}", broken(&result));
        panic!("{lines}\nseed {seed} of {name} breaks nothing; unset {SEED} to run the others");
    }
    match ran {
        Err((seed, violation)) => {
            let (_, trace) = run(seed, true);
            panic!(
                "{}\nseed {seed} of {name} breaks {}\nEverything that happened: {SEED}={seed}, and this test alone",
                last_lines(&trace),
                described(&violation, &trace)
            );
        }
        Ok(coverage) => {
            let mut wanting = coverage.wanting();
            wanting.retain(|line| !OF_THE_DOMAIN.iter().any(|known| line.starts_with(known)));
            for kind in ["accepted", "rejected"] {
                let count = coverage.count(kind);
                if coverage.seeds >= crate::simulation::SEEDS_MIN && count < DECISIONS_MIN {
                    wanting.push(format!("only {count} commands were {kind}, not {DECISIONS_MIN}: make others"));
                }
            }
            assert!(wanting.is_empty(), "{count} seeds of {name} prove too little: {wanting:#?}");
        }
    }
}

/// A domain that fails stops one partition, which the simulation contains; here it is a violation.
fn without_bugs(trace: &Trace) -> Result<(), Violation> {
    match trace.counts.keys().find(|what| what.starts_with("bug in ")) {
        None => Ok(()),
        Some(what) => Err(Violation::new("the domain", format!("a {what}"))),
    }
}

fn broken(result: &Result<(), Violation>) -> String {
    result.as_ref().err().map(ToString::to_string).unwrap_or_default()
}

/// With the line of the trace that says more of it.
fn described(violation: &Violation, trace: &Trace) -> String {
    let bug = trace.lines().iter().find(|line| line.starts_with("bug in "));
    match bug {
        Some(line) if violation.invariant == "the domain" => format!("{violation}\n{line}"),
        _ => violation.to_string(),
    }
}

fn last_lines(trace: &Trace) -> String {
    let lines = trace.lines();
    let shown = &lines[lines.len().saturating_sub(LINES_SHOWN)..];
    format!("the last {} of {} lines:\n{}", shown.len(), lines.len(), shown.join("\n"))
}

#[cfg(test)]
mod tests;
