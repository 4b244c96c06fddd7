//! What is read of commands that are none, so that their senders find the answer.

use super::*;
use crate::{identity_of_text, name_of};

const ID: &str = "00000000-0000-0000-0000-000000000001";

#[track_caller]
fn check(text: &str, id: bool, command_type: Option<&str>, issued_by: Option<&str>) {
    let expected = Identity {
        command_id: id.then(|| Uuid::from_u128(1)),
        command_type: command_type.map(str::to_owned),
        issued_by: issued_by.map(str::to_owned),
    };
    assert_eq!(identity_of_text(text.as_bytes()), expected);
    assert_eq!(Codec::<Counter>::identify(&mut codec(), None, text.as_bytes()), expected);
}

#[test]
fn a_command_that_cannot_be_read_still_says_whose_it_is() {
    let payload = r#"{"com.example.Add": {"number": "three"}}"#;
    let whole = format!(r#"{{"command_id": "{ID}", "issued_by": "me", "payload": {payload}}}"#);
    check(&whole, true, Some("Add"), Some("me"));
    check(&format!("\u{FEFF}{whole}"), true, Some("Add"), Some("me"));
    check(&format!(r#"{{"command_id": "{ID}", "command_id": "{ID}"}}"#), true, None, None);
    check(r#"{"command_id": "1", "issued_by": 7, "payload": "Add"}"#, false, Some("Add"), None);
}

#[test]
fn what_is_no_json_object_says_nothing() {
    for text in ["", "{", "[]", "null", "\u{FEFF}\u{FEFF}{}"] {
        check(text, false, None, None);
    }
}

#[test]
fn a_payload_is_named_by_its_only_key_or_by_its_text_without_a_namespace() {
    for (payload, name) in [
        (json!({"Add": {}}), Some("Add")),
        (json!({"com.example.Add": 1}), Some("Add")),
        (json!("Add"), Some("Add")),
        (json!("example.Add"), Some("Add")),
        (json!({}), None),
        (json!({"Add": {}, "Subtract": {}}), None),
        (json!(["Add"]), None),
        (json!(null), None),
        (json!(true), None),
        (json!(1), None),
    ] {
        assert_eq!(name_of(&payload), name, "{payload}");
    }
}

#[test]
fn long_names_are_cut_between_characters_and_names_that_just_fit_are_not() {
    let name = |letters: usize| "\u{E4}".repeat(letters);
    let issued_by = |text: &str| format!(r#"{{"issued_by": "{text}"}}"#);
    check(&issued_by(&name(80)), false, None, Some(&name(80)));
    check(&issued_by(&name(81)), false, None, Some(&format!("{}\u{2026}", name(80))));
}
