//! How long the whole bank is: what README says of it.

use std::path::Path;

const LINES_MAX: usize = 400;
/// Domain, application and view with their tests and simulation, all programs, and the test on a broker.
const FILES: [&str; 7] = [
    "bank-example/src/lib.rs",
    "bank-example/src/accounts.rs",
    "bank-example/src/tests.rs",
    "bank-programs/src/command_line.rs",
    "bank-programs/src/processor.rs",
    "bank-programs/src/materializer.rs",
    "bank-programs/tests/bank.rs",
];

/// Lines that are neither blank nor comment.
fn lines(text: &str) -> usize {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn the_whole_bank_has_at_most_400_lines() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let counted = FILES.map(|file| (file, lines(&std::fs::read_to_string(examples.join(file)).unwrap())));
    let total: usize = counted.iter().map(|(_, lines)| lines).sum();
    assert!(total > LINES_MAX / 2 && total <= LINES_MAX, "{total} lines: {counted:?}");
}
