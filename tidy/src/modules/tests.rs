//! Planted circles.

use super::Modules;

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[(&str, &str)]) {
    let mut modules = Modules::default();
    for (path, text) in files {
        modules.add(path, text);
    }
    let expected: Vec<String> = expected
        .iter()
        .map(|(first, second)| format!("a: `{first}` and `{second}` import each other: move what both need into a module of its own"))
        .collect();
    assert_eq!(modules.violations("a"), expected);
}

#[test]
fn modules_that_import_in_one_direction_only_are_no_violation() {
    check(
        &[
            ("lib.rs", "mod b; mod c; mod d;\npub use b::B;"),
            ("b.rs", "use crate::c::C;\nuse crate::d::{self, D};"),
            ("c.rs", "use super::d::D;"),
            ("d.rs", "pub(crate) struct D;"),
        ],
        &[],
    );
}

#[test]
fn siblings_that_import_each_other_are_a_violation_however_they_write_it() {
    for back in [
        "use crate::b::B;",
        "use super::b::B;",
        "use crate::{d::D, b};",
        "use crate::{d::{D, E}, b::{B as _}};",
        "pub(in crate::b) struct C;",
        "fn f() { crate::b::f(); }",
        "fn f(b: &super::b::B) {}",
        "const SIGN: char = '\"';\nuse crate::b::B;",
        "const TEXT: &str = \"a \\\" \\\\\";\nuse crate::b::B;",
    ] {
        check(&[("b.rs", "use crate::c::C;"), ("c.rs", back)], &[("b", "c")]);
    }
}

#[test]
fn comments_and_texts_import_nothing() {
    for back in [
        "// use crate::b::B;",
        "/// As [`crate::b`] has it.",
        "const TEXT: &str = \"crate::b::B\";",
    ] {
        check(&[("b.rs", "use crate::c::C;"), ("c.rs", back)], &[]);
    }
}

#[test]
fn what_lies_in_a_module_counts_for_it() {
    check(
        &[
            ("b.rs", ""),
            ("b/inner.rs", "use crate::c::C;"),
            ("c.rs", ""),
            ("c/inner.rs", "use super::super::b::inner::B;"),
        ],
        &[("b", "c")],
    );
}

#[test]
fn siblings_within_a_module_are_checked_alike() {
    check(
        &[
            ("b.rs", "pub(crate) use c::C;"),
            ("b/c.rs", "use super::d::D;"),
            ("b/d.rs", "use crate::b::c::C;"),
        ],
        &[("b::c", "b::d")],
    );
}

#[test]
fn a_module_and_its_parent_may_name_each_other() {
    check(
        &[("b.rs", "use crate::b::c::C;"), ("b/c.rs", "use super::B;\nuse crate::b::E;")],
        &[],
    );
}

#[test]
fn tests_may_import_what_they_test() {
    check(
        &[("b.rs", ""), ("c.rs", "use crate::b::B;"), ("b/tests.rs", "use crate::c::C;")],
        &[],
    );
}
