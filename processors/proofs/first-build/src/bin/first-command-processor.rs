//! The command processor of the first build.

use first_build::FirstAirline;
use std::process::ExitCode;

fn main() -> ExitCode {
    processor_runtime::main::<FirstAirline>()
}
