//! Builds the bank's view, and answers questions about it.

use std::process::ExitCode;

fn main() -> ExitCode {
    materializer_runtime::main::<bank_example::Bank>()
}
