//! Who may be let in, and what has to be said for it.

use super::*;

const SENTENCE: &str = "anyone may come in";
const SIGN_IN: &str = "issuer = \"https://id.example\"\naudience = \"aerolog\"";

fn check(address: &str, sign_in: &str, open_to_anyone: &str) -> Result<(), AccessError> {
    let access = Access {
        address: address.parse().unwrap(),
        sign_in,
        open_to_anyone,
        sentence: SENTENCE,
    };
    access.check()
}

#[test]
fn on_loopback_nothing_has_to_be_said() {
    for address in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80"] {
        assert_eq!(check(address, "", ""), Ok(()));
    }
}

#[test]
fn beyond_loopback_a_service_needs_tokens_or_the_sentence() {
    for address in ["0.0.0.0:80", "10.0.0.1:80", "[::]:80"] {
        assert!(matches!(check(address, "", ""), Err(AccessError::BeyondLoopback { .. })));
        assert_eq!(check(address, SIGN_IN, ""), Ok(()));
        assert_eq!(check(address, "", SENTENCE), Ok(()));
    }
}

#[test]
fn other_words_than_the_sentence_are_refused_wherever_the_service_listens() {
    for address in ["127.0.0.1:80", "0.0.0.0:80"] {
        for words in ["yes", "true", "Anyone may come in"] {
            assert_eq!(check(address, "", words), Err(AccessError::OtherWords(SENTENCE)));
        }
    }
}

#[test]
fn a_service_cannot_both_ask_for_tokens_and_be_open_to_anyone() {
    assert_eq!(check("127.0.0.1:80", SIGN_IN, SENTENCE), Err(AccessError::Both));
}

#[test]
fn an_empty_text_asks_for_no_tokens_and_a_wrong_one_is_refused() {
    let configured = |text| Tokens::configured(text, || 0);
    assert!(configured("").unwrap().is_none());
    assert!(configured(SIGN_IN).unwrap().is_some());
    assert!(matches!(configured("issuer = 1"), Err(TokensError::Settings(_))));
}
