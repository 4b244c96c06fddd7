//! Payloads of each form, read by a build whose present form is the third.

use super::*;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, PartialEq, Deserialize)]
enum Event {
    Added {
        number: u64,
        #[serde(default)]
        note: String,
    },
}

/// `Added` was a bare number first, then had a `count`.
#[derive(Debug)]
struct Three;

impl EventForms for Three {
    const VERSION: u32 = 3;

    fn upcast(from: u32, payload: Value) -> Result<Value, String> {
        let added = &payload["Added"];
        match from {
            1 if added.is_u64() => Ok(json!({ "Added": { "count": added } })),
            1 => Err(format!("{added} is no number")),
            _ => Ok(json!({ "Added": { "number": added["count"] } })),
        }
    }
}

#[track_caller]
fn check(version: u32, payload: Value, expected: Result<u64, &str>) {
    let expected = expected.map_err(str::to_owned).map(|number| Event::Added {
        number,
        note: String::new(),
    });
    assert_eq!(read::<Event, Three>(version, payload), expected);
}

#[test]
fn every_former_form_is_read_step_by_step() {
    check(1, json!({ "Added": 7 }), Ok(7));
    check(2, json!({ "Added": { "count": 7 } }), Ok(7));
    check(3, json!({ "Added": { "number": 7 } }), Ok(7));
}

#[test]
fn a_field_that_this_build_does_not_know_is_ignored_and_one_with_a_default_may_be_missing() {
    check(3, json!({ "Added": { "number": 7, "of_a_later_build": true } }), Ok(7));
}

#[test]
fn a_form_of_a_later_build_is_not_guessed_at() {
    let reason = "payload_version is 4, and this build reads versions 1 to 3; a build that knows it is needed";
    check(4, json!({ "Added": { "number": 7 } }), Err(reason));
    let reason = "payload_version is 0, and this build reads versions 1 to 3; a build that knows it is needed";
    check(0, json!({}), Err(reason));
}

#[test]
fn what_cannot_be_turned_into_the_present_form_says_at_which_step() {
    check(
        1,
        json!({ "Added": "x" }),
        Err("payload cannot be turned from version 1 into 2: \"x\" is no number"),
    );
    check(
        2,
        json!({ "Removed": 1 }),
        Err("payload, turned from version 2 into 3, cannot be read: invalid type: null, expected u64"),
    );
    check(
        3,
        json!({ "Removed": 1 }),
        Err("payload cannot be read: unknown variant `Removed`, expected `Added`"),
    );
}

#[test]
fn a_domain_that_has_never_changed_its_forms_turns_none_into_another() {
    let refused = OneForm::upcast(1, json!({ "Added": 7 }));
    assert_eq!(refused, Err("form 1 is the only one".to_owned()));
}
