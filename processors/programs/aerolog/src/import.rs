//! `aerolog import`: lines of a file become commands whose ids follow from their content, so that a repeated import changes nothing.

mod airports;
mod ground_time;
mod legs;
mod lines;
mod sending;

use crate::{Connection, Verdict, say};
use clap::Subcommand;
use domain::{AggregateId, Command, State};
use sending::Ids;

#[derive(Subcommand)]
pub(crate) enum What {
    /// Airports from a CSV file with the columns iata, name, tz
    Airports(airports::Arguments),
    /// Legs from a CSV file with the columns tail, designator, origin, dest, std_utc, sta_utc: one draft rotation for each tail
    Legs(legs::Arguments),
    /// One minimum ground time for every airport that files of legs name; may be repeated with other minutes
    GroundTime(ground_time::Arguments),
}

/// A line that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    line: u64,
    reason: String,
}

/// What a file says: commands in the order in which they are to be decided, and lines that say nothing that can be asked.
#[derive(Debug, Default)]
struct Plan {
    commands: Vec<(AggregateId, Command)>,
    problems: Vec<Problem>,
    lines: u64,
}

/// More of them are counted, not printed.
const PROBLEMS_SHOWN_MAX: usize = 20;

pub(crate) fn run(connection: &Connection, what: &What) -> anyhow::Result<Verdict> {
    let (plan, ids) = match what {
        What::Airports(arguments) => (arguments.plan()?, Ids::FromContent),
        What::Legs(arguments) => (arguments.plan()?, Ids::FromContent),
        What::GroundTime(arguments) => (arguments.plan()?, Ids::Fresh),
    };
    for Problem { line, reason } in plan.problems.iter().take(PROBLEMS_SHOWN_MAX) {
        eprintln!("line {line}: {reason}");
    }
    if plan.problems.len() > PROBLEMS_SHOWN_MAX {
        eprintln!("… and {} lines more", plan.problems.len() - PROBLEMS_SHOWN_MAX);
    }
    let sent = sending::send(connection, &plan.commands, ids)?;
    say(format_args!(
        "{} lines, {} left out; {} commands: {} accepted, {} rejected, {} had been imported before",
        plan.lines,
        plan.problems.len(),
        plan.commands.len(),
        sent.accepted,
        sent.rejected,
        sent.repeated
    ))?;
    if sent.accepted == 0 && sent.missing == 0 {
        say("nothing has changed")?;
    }
    let position: Vec<String> = sent
        .position
        .iter()
        .map(|(partition, sequence)| format!("{partition}:{sequence}"))
        .collect();
    say(format_args!("position {}", position.join(",")))?;
    Ok(match (sent.missing, sent.rejected - sent.unchanged + plan.problems.len()) {
        (0, 0) => Verdict::Fine,
        (0, _) => Verdict::Rejected,
        (missing, _) => {
            eprintln!("aerolog: {missing} commands have no outcome yet. Is a command processor running? Repeat the import to go on");
            Verdict::TimedOut
        }
    })
}

/// What is wrong with a command whatever else there is; found here it costs one line, not all that share its command.
fn impossible(id: &AggregateId, state: &State, command: &Command) -> Option<String> {
    domain::decide(id, state, command).err().map(|rejection| rejection.message)
}
