//! Decides the library's commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    processor_runtime::main::<library::Library>()
}
