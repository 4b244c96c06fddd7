//! The materializer of the first build.

use first_build::FirstAirline;
use std::process::ExitCode;

fn main() -> ExitCode {
    materializer_runtime::main::<FirstAirline>()
}
