//! What can be set, and what is refused.

use super::*;

fn parse(text: &str) -> Result<Settings, String> {
    Settings::parse(text).map_err(|error| error.to_string())
}

#[test]
fn two_keys_are_enough() {
    let settings = parse("issuer = \"https://id.example\"\naudience = \"aerolog\"").unwrap();
    assert_eq!(
        (settings.algorithm, settings.roles_claim),
        (Algorithm::RS256, vec!["roles".to_owned()])
    );
}

#[test]
fn a_claim_may_lie_deeper() {
    let text =
        "issuer = \"https://id.example/realms/a\"\naudience = \"aerolog\"\nalgorithm = \"ES256\"\nroles_claim = \"realm_access.roles\"";
    let settings = parse(text).unwrap();
    assert_eq!(settings.roles_claim, ["realm_access", "roles"]);
    assert_eq!(settings.algorithm, Algorithm::ES256);
}

#[test]
fn what_would_believe_too_much_is_refused() {
    for (text, part) in [
        ("", "issuer"),
        ("issuer = \"https://id.example\"", "audience"),
        ("issuer = \"https://id.example\"\naudience = \"\"", "audience is empty"),
        ("issuer = \"http://id.example\"\naudience = \"a\"", "https://"),
        ("issuer = \"http://127.0.0.1.example\"\naudience = \"a\"", "https://"),
        ("issuer = \"http://localhost.id.example\"\naudience = \"a\"", "https://"),
        ("issuer = \"https://\"\naudience = \"a\"", "https://"),
        ("issuer = \"https://ada:secret@id.example\"\naudience = \"a\"", "https://"),
        ("issuer = \"file:///etc\"\naudience = \"a\"", "https://"),
        ("issuer = \"http://localhost@id.example\"\naudience = \"a\"", "https://"),
        (
            "issuer = \"https://id.example\"\naudience = \"a\"\nalgorithm = \"none\"",
            "\"none\"",
        ),
        (
            "issuer = \"https://id.example\"\naudience = \"a\"\nalgorithm = \"HS256\"",
            "\"HS256\"",
        ),
        ("issuer = \"https://id.example\"\naudience = \"a\"\nsecret = \"x\"", "unknown field"),
    ] {
        let refusal = parse(text).unwrap_err();
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
}

#[test]
fn a_provider_on_this_machine_needs_no_certificate() {
    for host in ["127.0.0.1:3000", "localhost", "[::1]:3000"] {
        assert!(is_safe(&format!("http://{host}/oidc")), "{host}");
    }
}
