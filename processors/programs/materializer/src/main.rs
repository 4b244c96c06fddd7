//! Builds the graph of the flight schedule, and answers questions about it.

use std::process::ExitCode;

fn main() -> ExitCode {
    materializer_runtime::main::<airline::Airline>()
}
