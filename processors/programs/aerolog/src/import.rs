//! `aerolog import`: lines of a file become commands whose ids follow from their content, so that a repeated import changes nothing.

mod airports;
mod answering;
mod ground_time;
mod legs;
mod lines;
mod sending;

use airline::Airline;
use clap::Subcommand;
use command_line::{Connection, READINESS, Verdict, complain, position, say};
use domain::{AggregateId, Command, State};

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

impl Problem {
    fn text(&self) -> String {
        format!("line {}: {}", self.line, self.reason)
    }
}

/// What a file says: commands in the order in which they are to be decided, and lines that say nothing that can be asked.
#[derive(Debug, Default)]
struct Plan {
    asks: Vec<PlannedCommand>,
    problems: Vec<Problem>,
    lines: u64,
    /// Airports that were named and cannot be asked for; they were printed.
    unknown: usize,
}

/// How commands get their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids {
    /// The same for the same command: sent again it changes nothing.
    FromContent,
    /// Every time another.
    Fresh,
}

/// A command to be sent, with the lines of the file that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PlannedCommand {
    id: AggregateId,
    command: Command,
    ids: Ids,
    /// Of its legs in their order, if it adds legs.
    lines: Vec<u64>,
}

pub(crate) fn run(connection: &Connection<Airline>, what: &What) -> anyhow::Result<Verdict> {
    let plan = match what {
        What::Airports(arguments) => arguments.plan()?,
        What::Legs(arguments) => arguments.plan()?,
        What::GroundTime(arguments) => arguments.plan()?,
    };
    for problem in &plan.problems {
        eprintln!("{}", problem.text());
    }
    let sent = sending::send(connection, plan.asks)?;
    say(format_args!(
        "{} lines, {} left out; {} commands: {} accepted, {} rejected, {} were so already, {} had been imported before",
        plan.lines,
        plan.problems.len() + plan.unknown,
        sent.accepted + sent.rejected + sent.unchanged + sent.repeated,
        sent.accepted,
        sent.rejected,
        sent.unchanged,
        sent.repeated
    ))?;
    if sent.accepted == 0 && sent.missing == 0 && sent.rejected == 0 && plan.problems.is_empty() && plan.unknown == 0 {
        say("nothing has changed: all of it was asked for before")?;
    }
    say(format_args!("position {}", position::text(&sent.position)))?;
    Ok(match (sent.missing, sent.rejected + plan.problems.len() + plan.unknown) {
        (0, 0) => Verdict::Fine,
        (0, _) => Verdict::Rejected,
        (missing, _) => {
            complain(format_args!(
                "{missing} commands have no outcome yet. {READINESS}. Repeat the import to go on"
            ));
            Verdict::TimedOut
        }
    })
}

/// What is wrong with a command whatever else there is; found here it costs one line, not all that share its command.
fn impossible(id: &AggregateId, state: &State, command: &Command) -> Option<String> {
    domain::decide(id, state, command).err().map(|rejection| rejection.message)
}
