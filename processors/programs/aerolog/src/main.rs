//! The airline's command line: that of every application, and what only the airline has. Imports, commands by flags, tables and checks.

mod check;
mod decode;
mod import;
mod send;

use airline::Airline;
use clap::Subcommand;
use command_line::{Connection, HelpTexts, Subcommands, Verdict};
use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::main_with::<Airline, Command>(HelpTexts {
        about: "Work with an Aerolog flight schedule: its topics, schemas, commands, outcomes and checks",
        first_steps: FIRST_STEPS,
    })
}

const FIRST_STEPS: &str = "\
An import has status 3, too, where it went to its end, but lines were left out or commands rejected; a check has status 1 where the query
service cannot be used.

First steps:
  {program} topics apply && {program} schemas apply
  {program} send register-airport HNL --name Honolulu --zone Pacific/Honolulu --minimum-ground-time 30
  {program} check ground-time";

#[derive(Subcommand)]
enum Command {
    /// Import airports or legs from a CSV file; repeating an import changes nothing
    #[command(subcommand, display_order = 35)]
    Import(import::What),
    /// Send one command and wait for its outcome
    #[command(display_order = 40)]
    Send(send::Arguments),
    /// Turn what kcat wrote (kcat -C … -f '%R%s') into JSON lines
    #[command(display_order = 70)]
    Decode(decode::Arguments),
    /// Ask the query service what is wrong with the schedule
    #[command(display_order = 80)]
    Check(check::Arguments),
}

impl Subcommands<Airline> for Command {
    fn run(&self, connection: &Connection<Airline>) -> anyhow::Result<Verdict> {
        match self {
            Self::Import(what) => import::run(connection, what),
            Self::Send(arguments) => send::run(connection, arguments),
            Self::Decode(arguments) => decode::run(connection, arguments),
            Self::Check(arguments) => check::run(arguments),
        }
    }
}

#[cfg(test)]
mod tests;
