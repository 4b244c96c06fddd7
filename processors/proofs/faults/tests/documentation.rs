//! The matrix of docs/faults.md lists the rows that there are. UPDATE_EXPECT=1 writes it.

use expect_test::expect_file;
use faults::rows;

const DOCUMENT: &str = include_str!("../../../../docs/faults.md");
/// The tests of the suite that run a row.
const SUITE: [&str; 2] = [include_str!("rows.rs"), include_str!("data.rs")];
const HEAD: &str = "| # | row | what is done, and what must come of it | suite |\n|---|---|---|---|\n";

fn matrix() -> String {
    let row = |row: &&rows::Row| {
        let call = format!("in_suite(\"{}\")", row.name);
        let suite = if SUITE.iter().any(|tests| tests.contains(&call)) {
            "yes"
        } else {
            ""
        };
        format!("| {} | {} | {} | {suite} |\n", row.number, row.name, row.what)
    };
    rows::all().iter().map(row).collect()
}

#[test]
fn the_matrix_of_the_document_is_that_of_the_code() {
    let (before, table) = DOCUMENT.split_once(HEAD).expect("docs/faults.md has the head of the matrix");
    let after = table.find("\n\n").map_or("", |end| &table[end + 1..]);
    let rows = matrix();
    assert!(rows.lines().count() > 50, "only {} rows", rows.lines().count());
    expect_file!["../../../../docs/faults.md"].assert_eq(&format!("{before}{HEAD}{rows}{after}"));
}
