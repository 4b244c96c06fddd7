//! Planted violations in files.

use super::{CLOCKS, violations};

const GOOD: &str = "//! Says what it is.\n\nfn f() {}\n";

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let found = violations(path, text);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(path) && found.contains(expected), "\"{expected}\" in: {found}");
    }
}

#[test]
fn a_good_file_has_no_violations() {
    check("processors/edges/stream/src/consumer.rs", GOOD, &[]);
}

#[test]
fn a_module_without_its_sentence_is_a_violation() {
    check("a/src/b.rs", "fn f() {}\n", &["`//!` sentence"]);
    check("a/src/b.rs", "//!\n", &["`//!` sentence"]);
    check("a/src/b.rs", "", &["`//!` sentence"]);
}

#[test]
fn a_long_file_is_a_violation_unless_it_holds_tests() {
    let longest = GOOD.to_owned() + &"\n".repeat(397);
    let too_long = longest.clone() + "\n";
    check("a/src/b.rs", &longest, &[]);
    check("a/src/b.rs", &too_long, &["401 lines, more than 400"]);
    for path in [
        "a/src/b/tests.rs",
        "a/src/tests.rs",
        "a/src/tests/c.rs",
        "a/tests/b.rs",
        "processors/proofs/simulation/src/lib.rs",
    ] {
        check(path, &too_long, &[]);
    }
}

#[test]
fn tests_under_the_code_that_they_test_are_a_violation() {
    check(
        "a/src/b.rs",
        "//! B.\n#[cfg(test)]\nmod tests {\n}\n",
        &[":3: tests belong into a file of their own"],
    );
    check("a/src/b.rs", "//! B.\n#[cfg(test)]\nmod tests;\n", &[]);
}

#[test]
fn only_files_called_clock_may_lift_the_ban_on_clocks() {
    let text = "//! B.\n#![allow(clippy::disallowed_methods)]\n";
    check("a/src/b.rs", text, &[":2: only"]);
    for clock in CLOCKS {
        check(clock, text, &[]);
    }
    check("a/src/b/tests.rs", text, &[]);
}

#[test]
fn a_pure_crate_that_allows_wildcards_is_a_violation() {
    check("processors/pure/domain/src/lib.rs", GOOD, &["wildcard_enum_match_arm"]);
    check("schemas/src/lib.rs", GOOD, &["wildcard_enum_match_arm"]);
    check(
        "processors/pure/views/src/lib.rs",
        "//! V.\n#![deny(clippy::wildcard_enum_match_arm)]\n",
        &[],
    );
    check(
        "processors/pure/views/src/lib.rs",
        "//! V.\n// #![deny(clippy::wildcard_enum_match_arm)]\n",
        &["is missing"],
    );
    check("processors/edges/stream/src/lib.rs", GOOD, &[]);
}

#[test]
fn a_crate_that_does_not_inherit_the_lints_is_a_violation() {
    check(
        "a/Cargo.toml",
        "[package]\nname = \"a\"\n",
        &["`[lints] workspace = true` is missing"],
    );
    check("a/Cargo.toml", "[lints]\nworkspace = false\n", &["is missing"]);
    check("a/Cargo.toml", "[lints]\nworkspace = true\n", &[]);
    check("a/Cargo.toml", "[", &["not TOML"]);
}

#[test]
fn a_configuration_with_15_keys_or_more_is_a_violation() {
    let keys = |count: usize| (0..count).map(|key| format!("k{key} = 1\n")).collect::<String>();
    check("a/default.toml", &(keys(13) + "[t]\nk = 1\n"), &[]);
    check("a/default.toml", &(keys(15) + "[t]\nk = 1\n"), &["16 keys, more than 15"]);
}

#[test]
fn a_crate_outside_of_the_workspace_has_lints_of_its_own() {
    let manifest = "[package]\nname = \"library\"\n";
    check("a/Cargo.toml", manifest, &["`[lints] workspace = true` is missing"]);
    check("tests/outside/library/Cargo.toml", manifest, &[]);
}
