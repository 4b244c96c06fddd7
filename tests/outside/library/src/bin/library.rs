//! The command line of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::main::<library::Library>()
}
