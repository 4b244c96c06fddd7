//! Decides the flight schedule's commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    processor_runtime::main::<airline::Airline>()
}
