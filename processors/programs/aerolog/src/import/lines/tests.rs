//! Lines and their numbers, whatever lies between them.

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    name: String,
    count: u32,
}

fn check(text: &[u8], expected: &[(u64, &str)]) {
    let lines: Vec<Line<Row>> = parse(text, &["name", "count"]).unwrap();
    let found: Vec<(u64, String)> = lines
        .into_iter()
        .map(|line| {
            (
                line.number,
                line.said.map_or_else(|reason| reason, |row| format!("{}={}", row.name, row.count)),
            )
        })
        .collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((number, said), (expected_number, part)) in found.iter().zip(expected) {
        assert!(number == expected_number && said.contains(part), "{number}: {said}");
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    check(b"name,count\na,1\nb,2", &[(2, "a=1"), (3, "b=2")]);
    check(b"name,count\r\na,1\r\n\r\nb,2\r\n", &[(2, "a=1"), (4, "b=2")]);
    check(b"name,count\n\n\na,1\n\nb,2\n\n", &[(4, "a=1"), (6, "b=2")]);
}

#[test]
fn a_field_over_several_lines_does_not_disturb_the_count() {
    check(b"name,count\n\"a\nb\",1\nc,2\n", &[(2, "a\nb=1"), (4, "c=2")]);
}

#[test]
fn a_bad_line_says_why_and_the_next_one_is_read() {
    check(
        b"name,count\na\nb,many\nc,\xFF\nd,4\n",
        &[(2, "1 fields where 2"), (3, "invalid digit"), (4, "not UTF-8"), (5, "d=4")],
    );
}

#[test]
fn a_file_without_a_column_is_refused_as_a_whole() {
    let error = parse::<Row>(b"name,number\na,1\n", &["name", "count"]).err().unwrap();
    assert!(error.to_string().contains("the column count"), "{error}");
}
