//! Expressions that fit and that do not, and crates of other sources.

use super::{fits, violations};

#[test]
fn one_allowed_licence_of_several_is_enough_and_each_of_those_together_is_needed() {
    for expression in [
        "MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 / MIT",
        "MIT OR GPL-3.0-only",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "GPL-3.0-only OR BSD-3-Clause AND ISC",
    ] {
        assert!(fits(expression), "{expression}");
    }
    for expression in [
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "(MIT OR Apache-2.0) AND LGPL-2.1-only",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "",
        "MIT OR",
        "(MIT",
        "MIT Apache-2.0",
    ] {
        assert!(!fits(expression), "{expression}");
    }
}

#[test]
fn a_crate_of_another_source_or_without_a_licence_is_named() {
    let metadata = r#"{"packages": [
        {"name": "ours", "version": "1.0.0", "source": null, "license": null},
        {"name": "fine", "version": "1.0.0", "source": "registry+https://github.com/rust-lang/crates.io-index", "license": "MIT"},
        {"name": "nameless", "version": "2.0.0", "source": "registry+https://github.com/rust-lang/crates.io-index", "license": null},
        {"name": "elsewhere", "version": "3.0.0", "source": "git+https://example.com/elsewhere", "license": "GPL-3.0-only"}
    ]}"#;
    let found = violations(metadata).unwrap();
    assert_eq!(
        found,
        [
            "nameless 2.0.0: names no licence",
            "elsewhere 3.0.0: comes from git+https://example.com/elsewhere, not from crates.io",
            "elsewhere 3.0.0: its licence is GPL-3.0-only",
        ]
    );
    assert_eq!(violations("[]"), None);
}
