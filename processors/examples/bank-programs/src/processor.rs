//! Decides the bank's commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    processor_runtime::main::<bank_example::Bank>()
}
