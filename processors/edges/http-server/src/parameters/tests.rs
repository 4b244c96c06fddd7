//! Which query strings are understood, and what is said about the others.

use super::*;

const KNOWN: &[&str] = &["rotation", "from"];

fn detail(query: &str) -> String {
    let problem = Parameters::parse(query, KNOWN).unwrap_err();
    let document: serde_json::Value = serde_json::from_slice(&problem.body()).unwrap();
    document["detail"].as_str().unwrap().to_owned()
}

#[test]
fn values_are_percent_decoded_and_a_plus_sign_stands_for_itself() {
    let parameters = Parameters::parse("rotation=a%3Ab&&from=2008-01-01T00:00:00+01:00", KNOWN).unwrap();
    assert_eq!(parameters.get("rotation"), Some("a:b"));
    assert_eq!(parameters.get("from"), Some("2008-01-01T00:00:00+01:00"));
    assert_eq!(Parameters::parse("", KNOWN).unwrap().get("from"), None);
    assert_eq!(Parameters::parse("from", KNOWN).unwrap().get("from"), Some(""));
}

#[test]
fn an_unknown_name_is_refused_with_the_known_ones() {
    assert_eq!(
        detail("rotatoin=a"),
        "unknown query parameter \"rotatoin\"; this route accepts rotation, from"
    );
    assert_eq!(detail("%72=a"), "unknown query parameter \"r\"; this route accepts rotation, from");
}

#[test]
fn a_repeated_name_and_a_broken_escape_are_refused() {
    assert_eq!(detail("from=a&from=b"), "from is given more than once");
    for broken in ["%", "%4", "%zz", "%ff"] {
        assert_eq!(
            detail(&format!("rotation={broken}")),
            format!("rotation is {broken:?}: expected percent-encoded UTF-8")
        );
    }
}

#[test]
fn a_value_that_cannot_be_read_is_refused_with_what_was_expected() {
    let parameters = Parameters::parse("from=x", KNOWN).unwrap();
    let read = |value: &str| value.parse::<u32>().map_err(|_| "a number");
    let problem = parameters.read("from", read).unwrap_err();
    let document: serde_json::Value = serde_json::from_slice(&problem.body()).unwrap();
    assert_eq!(document["parameter"], "from");
    assert_eq!(document["expected"], "a number");
    assert_eq!(document["detail"], "from is \"x\": expected a number");
    assert_eq!(parameters.read("rotation", read), Ok(None));
}

#[test]
fn what_is_encoded_is_decoded_to_the_same_text() {
    for text in ["", "rotation/R1", "a b&c=d%20", "é€", "A-Za-z0-9._~"] {
        let encoded = percent_encode(text);
        assert!(
            encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)),
            "{encoded}"
        );
        assert_eq!(percent_decode(&encoded).unwrap(), text);
    }
}
