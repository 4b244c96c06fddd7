//! Builds the library's view, and answers questions about it.

use std::process::ExitCode;

fn main() -> ExitCode {
    materializer_runtime::main::<library::Library>()
}
