//! Tokens that hold, and each way in which one does not.

use super::*;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use openssl::rsa::Rsa;
use serde_json::json;

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "aerolog";

fn settings(algorithm: &str) -> Settings {
    Settings::parse(&format!(
        "issuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\nalgorithm = \"{algorithm}\"\nroles_claim = \"access.roles\""
    ))
    .unwrap()
}

/// A private key for signatures with elliptic curves: any 32 bytes are one. The prefix is PKCS #8 around it.
fn ed25519(seed: u8) -> EncodingKey {
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    der.extend([seed; 32]);
    EncodingKey::from_ed_der(&der)
}

fn set(keys: &[(&EncodingKey, Algorithm, &str)]) -> Value {
    let jwk = |(key, algorithm, id): &(&EncodingKey, Algorithm, &str)| {
        let mut jwk = Jwk::from_encoding_key(key, *algorithm).unwrap();
        jwk.common.key_id = Some((*id).to_owned());
        serde_json::to_value(jwk).unwrap()
    };
    json!({ "keys": keys.iter().map(jwk).collect::<Vec<_>>() })
}

/// Seconds since the epoch. No test depends on the day.
const NOW: i64 = 1_800_000_000;

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": NOW + 60, "access": { "roles": ["planner", "other"] } })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(key: &EncodingKey, algorithm: Algorithm, id: &str, claims: &Value) -> String {
    let header = Header {
        kid: Some(id.to_owned()),
        ..Header::new(algorithm)
    };
    encode(&header, claims, key).unwrap()
}

fn checked(claims: &Value) -> Result<Caller, TokenRefusal> {
    let key = ed25519(1);
    let keys = Keys::parse(&set(&[(&key, Algorithm::EdDSA, "one")])).unwrap();
    check(&signed(&key, Algorithm::EdDSA, "one", claims), &keys, &settings("EdDSA"), NOW)
}

#[test]
fn a_token_that_holds_says_who_asks_and_in_which_role() {
    let caller = checked(&claims()).unwrap();
    assert_eq!((caller.subject.as_str(), caller.role), ("ada", Some(Role::Planner)));
    assert!(caller.may_act_as(Role::Viewer) && caller.may_act_as(Role::Planner));
    for (roles, role) in [
        (json!("viewer other"), Some(Role::Viewer)),
        (json!(["viewer", "planner"]), Some(Role::Planner)),
        (json!([]), None),
        (json!({ "planner": true }), None),
        (json!("planners"), None),
        (json!(null), None),
    ] {
        let caller = checked(&with("access", json!({ "roles": roles }))).unwrap();
        assert_eq!(caller.role, role, "{roles}");
    }
    let bystander = checked(&with("access", json!(7))).unwrap();
    assert!(!bystander.may_act_as(Role::Viewer));
}

#[test]
fn a_claim_that_is_not_as_it_has_to_be_is_not_believed() {
    for (name, value) in [
        ("exp", json!(NOW - 30)),
        ("exp", json!(-1)),
        ("exp", json!([NOW + 60])),
        ("exp", json!(-1e300)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("nbf", json!(NOW + 31)),
        ("nbf", json!(1e300)),
        ("nbf", Value::Null),
        ("nbf", json!("never")),
        ("iss", json!("https://other.example")),
        ("iss", json!(format!("{ISSUER}/"))),
        ("iss", json!([ISSUER, "https://other.example"])),
        ("iss", Value::Null),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("aud", Value::Null),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("sub", json!("x".repeat(300))),
    ] {
        let distrust = checked(&with(name, value.clone())).unwrap_err();
        assert!(matches!(distrust, TokenRefusal::Invalid(_)), "{name} {value}: {distrust:?}");
    }
    assert!(checked(&with("aud", json!(["other", AUDIENCE]))).is_ok());
    for (name, time) in [
        ("exp", json!(NOW - 29)),
        ("exp", json!(1_799_999_990.5)),
        ("nbf", json!(NOW + 30)),
        ("nbf", json!(0)),
    ] {
        assert!(checked(&with(name, time.clone())).is_ok(), "{name} {time}: clocks differ a little");
    }
}

#[test]
fn a_token_expires_at_the_second_that_it_names_and_no_time_overflows() {
    let caller = checked(&with("exp", json!(NOW + 5))).unwrap();
    assert!(!caller.has_expired(NOW + 34) && caller.has_expired(NOW + 35));
    let caller = checked(&with("exp", json!(u64::MAX))).unwrap();
    assert!(!caller.has_expired(NOW));
}

#[test]
fn every_claim_has_to_be_there() {
    for name in ["exp", "iss", "aud", "sub"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert!(checked(&claims).is_err(), "{name}");
    }
}

#[test]
fn a_signature_of_another_key_under_the_same_id_is_not_believed() {
    let keys = Keys::parse(&set(&[(&ed25519(1), Algorithm::EdDSA, "one")])).unwrap();
    let check = |seed, id| {
        check(
            &signed(&ed25519(seed), Algorithm::EdDSA, id, &claims()),
            &keys,
            &settings("EdDSA"),
            NOW,
        )
    };
    assert!(matches!(check(2, "one"), Err(TokenRefusal::Invalid(_))));
    assert_eq!(check(2, "two"), Err(TokenRefusal::UnknownKey));
}

#[test]
fn a_token_cannot_choose_its_algorithm() {
    let key = ed25519(1);
    let keys = Keys::parse(&set(&[(&key, Algorithm::EdDSA, "one")])).unwrap();
    let token = signed(&key, Algorithm::EdDSA, "one", &claims());
    let payload = token.split('.').nth(1).unwrap();
    // {"alg":"none","kid":"one"}
    let none = format!("eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{payload}.");
    assert!(matches!(
        check(&none, &keys, &settings("EdDSA"), NOW),
        Err(TokenRefusal::Invalid(_))
    ));
    // A secret that anyone knows: the public key.
    let public = set(&[(&key, Algorithm::EdDSA, "one")])["keys"][0]["x"].as_str().unwrap().to_owned();
    let symmetric = signed(
        &EncodingKey::from_secret(public.as_bytes()).unwrap(),
        Algorithm::HS256,
        "one",
        &claims(),
    );
    assert!(matches!(
        check(&symmetric, &keys, &settings("EdDSA"), NOW),
        Err(TokenRefusal::Invalid(_))
    ));
    // One that the provider may use, and that is not the one that was agreed on.
    assert!(matches!(
        check(&token, &keys, &settings("RS256"), NOW),
        Err(TokenRefusal::Invalid(_))
    ));
}

#[test]
fn rsa_keys_are_read_as_providers_publish_them() {
    let private = Rsa::generate(2048).unwrap();
    let key = EncodingKey::from_rsa_der(&private.private_key_to_der().unwrap());
    let published = set(&[(&ed25519(1), Algorithm::EdDSA, "one"), (&key, Algorithm::RS256, "two")]);
    let keys = Keys::parse(&published).unwrap();
    let token = signed(&key, Algorithm::RS256, "two", &claims());
    assert_eq!(check(&token, &keys, &settings("RS256"), NOW).unwrap().subject, "ada");
    let other = Rsa::generate(2048).unwrap();
    let other = EncodingKey::from_rsa_der(&other.private_key_to_der().unwrap());
    let forged = signed(&other, Algorithm::RS256, "two", &claims());
    assert!(matches!(
        check(&forged, &keys, &settings("RS256"), NOW),
        Err(TokenRefusal::Invalid(_))
    ));
}

#[test]
fn what_is_no_token_is_no_panic() {
    let keys = Keys::parse(&set(&[(&ed25519(1), Algorithm::EdDSA, "one")])).unwrap();
    for text in ["", ".", "..", "a.b.c", "eyJ9.eyJ9.", "\u{e9}.\u{e9}.\u{e9}", &"x".repeat(100_000)] {
        assert!(check(text, &keys, &settings("EdDSA"), NOW).is_err(), "{text}");
    }
}

#[test]
fn keys_of_other_kinds_and_uses_are_passed_over() {
    let mut published = set(&[(&ed25519(1), Algorithm::EdDSA, "one"), (&ed25519(2), Algorithm::EdDSA, "two")]);
    published["keys"][1]["use"] = json!("enc");
    published["keys"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "kty": "of tomorrow", "kid": "three" }));
    let keys = Keys::parse(&published).unwrap();
    assert!(keys.of(Some("one")).is_some() && keys.of(Some("two")).is_none() && keys.of(Some("three")).is_none());
    assert!(keys.of(None).is_none(), "which one it is has to be said");
    for nothing in [json!({}), json!({ "keys": [] }), json!([]), json!({ "keys": [{}] })] {
        assert!(Keys::parse(&nothing).is_none(), "{nothing}");
    }
}
