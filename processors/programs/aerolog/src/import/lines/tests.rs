//! Lines and their numbers, whatever lies between them, and files that cannot be meant.

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    name: String,
    count: u32,
}

#[track_caller]
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

#[track_caller]
fn refused(text: &[u8], reason: &str) {
    let error = parse::<Row>(text, &["name", "count"]).err().unwrap();
    assert!(format!("{error:#}").contains(reason), "{error:#}");
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    check(b"name,count\na,1\nb,2", &[(2, "a=1"), (3, "b=2")]);
    check(b"name,count\r\na,1\r\n\r\nb,2\r\n", &[(2, "a=1"), (4, "b=2")]);
    check(b"name,count\n\n\na,1\n\nb,2\n\n", &[(4, "a=1"), (6, "b=2")]);
    check(b"\n\nname,count\n \t\na,1\n", &[(5, "a=1")]);
}

#[test]
fn a_quote_that_is_not_closed_costs_its_own_line_and_names_it() {
    let rest = "b,2\n".repeat(4000);
    let text = format!("name,count\na,1\n\"x,1\n{rest}");
    let lines: Vec<Line<Row>> = parse(text.as_bytes(), &["name", "count"]).unwrap();
    assert_eq!(lines.len(), 4002);
    let bad: Vec<_> = lines.iter().filter(|line| line.said.is_err()).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].number, 3);
    assert_eq!(
        bad[0].said.as_ref().err().unwrap(),
        "the quote that opens at character 1 is not closed on this line"
    );
}

#[test]
fn quotes_anywhere_else_cost_their_lines() {
    check(
        b"name,count\n\"a\nb\",1\nc,2\n\"d\"x,3\ne\"f,4\n\"g\"\"h, i\",5\n\"\",6\nj,\"7\"\n\"k\"\"\",8\nl,\"9\n",
        &[
            (2, "opens at character 1 is not closed"),
            (3, "within a field"),
            (4, "c=2"),
            (5, "closes before its field ends"),
            (6, "within a field"),
            (7, "g\"h, i=5"),
            (8, "=6"),
            (9, "j=7"),
            (10, "k\"=8"),
            (11, "opens at character 3 is not closed"),
        ],
    );
}

#[test]
fn a_bad_line_says_why_and_the_next_one_is_read() {
    check(
        b"name,count\na\nb,many\nc,\xFF\nd,4\ne,5,6\n",
        &[
            (2, "1 fields where 2"),
            (3, "invalid digit"),
            (4, "not UTF-8 from byte 3"),
            (5, "d=4"),
            (6, "3 fields where 2"),
        ],
    );
}

#[test]
fn columns_stand_in_any_order_and_others_among_them() {
    check(b"count,more,name\n1,x,a\n", &[(2, "a=1")]);
    check(b"\"count\",\"name\"\n1,a\n", &[(2, "a=1")]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column() {
    check(b"\xEF\xBB\xBFname,count\r\na,1\r\n", &[(2, "a=1")]);
    refused(b"\xFF\xFEn\0a\0m\0e\0", "UTF-16");
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_as_a_whole() {
    refused(b"", "the file is empty");
    refused(b"\n \n", "the file is empty");
    refused(b"name,count\n", "no line after the first");
    refused(b"name,count\r\n\r\n", "no line after the first");
    refused(b"name,number\na,1\n", "does not name the column count; it names name, number");
    refused(b"Name,Count\na,1\n", "does not name the column name");
    refused(b"name;count\na;1\n", "separated by ';'");
    refused(b"name\tcount\na\t1\n", "separated by '\\t'");
    refused(b"name,count,name\na,1,b\n", "names the column name twice");
    refused(b"a,1\nb,2\n", "does not name the column name");
    refused(b"name,\"count\na,1\n", "not closed on this line");
    refused(b"name,c\xFFount\na,1\n", "not UTF-8");
}

#[test]
fn a_compressed_file_and_one_without_an_end_are_refused() {
    refused(b"\x1F\x8B\x08\0\0\0\0\0", "gzip; unpack it");
    let endless = bytes_of(std::io::repeat(b'a'), 10_000).unwrap_err();
    assert!(endless.to_string().contains("more than 10000 bytes"), "{endless}");
    assert_eq!(bytes_of(&b"abc"[..], 3).unwrap(), b"abc");
}
