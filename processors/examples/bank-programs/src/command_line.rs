//! The bank's command line: its topics, commands, outcomes and audits.

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::main::<bank_example::Bank>()
}
