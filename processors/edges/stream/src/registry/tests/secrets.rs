//! No error shows what may be a secret, whatever is wrong with the address.

use super::*;
use proptest::prelude::*;

/// The messages of everything that can go wrong with a registry at this address, where nothing listens.
fn messages(url: &str) -> Vec<String> {
    match Registry::waiting(url, Duration::from_millis(200)) {
        Err(error) => vec![error.to_string(), format!("{error:?}")],
        Ok(registry) => {
            let errors = [
                registry.id_of(&subject()).unwrap_err(),
                registry.schema(7).unwrap_err(),
                registry.apply(&subject()).unwrap_err(),
                registry.check(&subject()).unwrap_err(),
                registry.compatibility_of("s").unwrap_err(),
                registry.wait_until_there(Duration::ZERO, &|_| {}).unwrap_err(),
                registry.foreign(200, b"<html>"),
                registry.denied("x", 403, String::new()),
                registry.refused("x", 422, String::new()),
            ];
            let texts = errors.iter().flat_map(|error| [error.to_string(), format!("{error:?}")]);
            texts.chain([format!("{registry:?}")]).collect()
        }
    }
}

#[test]
fn a_password_that_is_written_as_it_should_be_is_not_shown_and_the_host_is() {
    for text in messages("http://me:hunter2@127.0.0.1:1/api/") {
        assert!(!text.contains("hunter2") && !text.contains("me:"), "{text}");
        assert!(text.contains("127.0.0.1:1/api"), "{text}");
    }
}

#[test]
fn what_cannot_be_an_address_is_refused_with_what_to_do() {
    for url in [
        "",
        " ",
        "localhost:8081",
        "127.0.0.1:8081",
        "//127.0.0.1:8081",
        "ftp://127.0.0.1:8081",
        "file:///etc/passwd",
        "http://",
        "http://:8081",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:8081/?token=zz",
        "http://127.0.0.1:8081/#zz",
        "http://me:12/zz@127.0.0.1:8081",
    ] {
        let error = Registry::new(url).err().unwrap_or_else(|| panic!("{url} was taken"));
        assert!(matches!(error, RegistryError::Address(_)) && !error.is_transient());
        let text = error.to_string();
        assert!(text.contains("http://localhost:8081") && !text.contains("zz"), "{text}");
    }
    assert!(Registry::new("https://registry.example.com/apis/ccompat/v7").is_ok());
    assert!(Registry::new("http://me:p%2Fw%40@registry:8081").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_message_shows_any_part_of_a_secret(
        user in "[a-z]{0,3}[/@#?:%\\\\\\[\\] ]{0,1}[a-z]{0,3}",
        parts in proptest::collection::vec("[A-Z0-9]{4,8}", 1..4),
        between in proptest::collection::vec("[/@#?:%&=+ \\\\\\[\\]<>\"']{1,2}", 3),
        numeric: bool,
        scheme in "(http://|https://|HTTP://|http:/|http:|)",
    ) {
        let mut secret = String::new();
        for (part, separator) in parts.iter().zip(&between) {
            secret.push_str(part);
            secret.push_str(separator);
        }
        secret.push_str("QZQZQZ");
        // A number before the first separator makes a port of it.
        let secret = if numeric { format!("12{secret}") } else { secret };
        let url = format!("{scheme}{user}:{secret}@127.0.0.1:1/api");
        for text in messages(&url) {
            for part in parts.iter().map(String::as_str).chain(["QZQZQZ"]) {
                prop_assert!(!text.to_uppercase().contains(part), "{} shows {} in {}", url, part, text);
            }
        }
    }
}
