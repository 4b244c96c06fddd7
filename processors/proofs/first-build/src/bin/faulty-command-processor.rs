//! The command processor of a build with a bug.

use first_build::FaultyAirline;
use std::process::ExitCode;

fn main() -> ExitCode {
    processor_runtime::main::<FaultyAirline>()
}
