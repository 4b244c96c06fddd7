//! Values as a person compares them.

use similar::{ChangeTag, TextDiff};
use std::fmt::{Debug, Write};

/// Each value on lines of its own, below a title.
pub(crate) fn list<T: Debug>(title: &str, values: &[T]) -> String {
    let mut text = title.to_owned();
    for value in values {
        text += &indented(&format!("{value:?}"));
    }
    if values.is_empty() {
        text += &indented("nothing");
    }
    text
}

/// What differs, line by line: `-` is expected and missing, `+` is there and not expected.
pub(crate) fn difference(expected: &str, found: &str) -> String {
    let mut text = "difference (- expected, + found)".to_owned();
    for change in TextDiff::from_lines(expected, found).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let line = change.value().trim_end_matches('\n');
        write!(text, "\n    {sign} {line}").expect("text can be appended to");
    }
    text
}

/// The same of two values.
pub(crate) fn difference_of<T: Debug>(expected: &T, found: &T) -> String {
    difference(&format!("{expected:#?}"), &format!("{found:#?}"))
}

pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("\n    {line}")).collect()
}
