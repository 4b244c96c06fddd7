//! What a command means does not depend on how it was sent, nor on the version of this program.

use super::*;
use decider::Fingerprint;

fn fingerprint(content_type: Option<&[u8]>, value: &[u8]) -> Fingerprint {
    let mut codec = codec();
    codec.learn(4, &CLIENTS.into()).unwrap();
    let envelope = codec.decode_command(content_type, value).unwrap();
    let put = |out: &mut Vec<u8>| codec.encode_meaning(&envelope.command, out);
    Fingerprint::of_meaning(envelope.expected_version, put, &mut Vec::new())
}

fn of_json(json: &Value) -> Fingerprint {
    fingerprint(JSON, json.to_string().as_bytes())
}

/// The same JSON with the members of each object the other way around, and blanks.
fn turned_around(json: &Value) -> String {
    match json {
        Value::Object(members) => {
            let members = members.iter().rev();
            let members: Vec<_> = members
                .map(|(key, value)| format!(" {key:?}  : {}\n", turned_around(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[ {}]", items.iter().map(turned_around).collect::<Vec<_>>().join(" ,")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => json.to_string(),
    }
}

#[test]
fn fingerprints_never_change_from_release_to_release() {
    let fingerprints = one_command_of_each()
        .into_iter()
        .map(|(id, command)| fingerprint(None, &command_to_avro(&envelope(id, command), 1)).to_string());
    expect![[r#"
        56100c2c6f6d90c5
        7f7d871d41753128
        64e3321dfe37283d
        fca420026a85db8d
        2b956fc18c4d6cff
        eb48b4aa5ab55e94
        40bae1458fb4810f
        97bcc836a00c5deb
        cf1fd96c4e063853
        9740b03bd1ac5b9d
        626541b3c238dd77
        33c573542605636d
        b1c0d1b4ca53e04f
        de317a1c15857692
        ae12c2ad30cf001c"#]]
    .assert_eq(&fingerprints.collect::<Vec<_>>().join("\n"));
    let invalid = with("/payload/AddLegs/legs/0/origin", Some(json!("hnl")));
    expect!["2cf45fec7ca0226a"].assert_eq(&of_json(&invalid).to_string());
}

#[test]
fn a_command_of_another_writers_schema_has_the_fingerprint_of_ours() {
    let times = vec![
        ("arrival".to_owned(), Avro::Long(2)),
        ("departure".to_owned(), Avro::Long(1)),
        ("leg_id".to_owned(), Avro::String("a".to_owned())),
    ];
    let mut theirs = from_client(1, times);
    theirs[4] = 4;
    let reschedule = rotation::Command::RescheduleLeg {
        leg_id: leg("a").id,
        departure: domain::Instant(1),
        arrival: domain::Instant(2),
    };
    let ours = envelope("rotation/r1", Command::Rotation(reschedule));
    assert_eq!(fingerprint(None, &theirs), fingerprint(None, &command_to_avro(&ours, 1)));
}

#[test]
fn who_sends_a_command_and_under_which_id_does_not_matter_but_the_version_that_it_expects() {
    let sent = of_json(&add_legs());
    assert_eq!(of_json(&with("/issued_by", None)), sent);
    assert_eq!(of_json(&with("/issued_by", Some(json!("somebody else")))), sent);
    assert_eq!(
        of_json(&with("/command_id", Some(json!("00000000-0000-0000-0000-000000000002")))),
        sent
    );
    assert_eq!(of_json(&with("/aggregate_id", Some(json!("rotation/r2")))), sent);
    let versions = [None, Some(json!(0)), Some(json!(4)), Some(json!(5))].map(|version| of_json(&with("/expected_version", version)));
    assert_eq!(versions[2], sent);
    for (index, version) in versions.iter().enumerate() {
        assert!(!versions[..index].contains(version), "{index}");
    }
    assert_eq!(of_json(&with("/expected_version", Some(Value::Null))), versions[0]);
}

#[test]
fn a_command_that_cannot_be_decided_has_a_meaning_too() {
    let origin = |origin: &str| with("/payload/AddLegs/legs/0/origin", Some(json!(origin)));
    let legs = Command::Rotation(rotation::Command::AddLegs { legs: vec![leg("a")] });
    let mut avro = command_to_avro(&envelope("rotation/r1", legs), 1);
    let at = avro.windows(3).position(|window| window == b"HNL").unwrap();
    avro[at] = b'h';
    let sent = of_json(&origin("hNL"));
    assert_eq!(fingerprint(None, &avro), sent);
    assert_eq!(fingerprint(JSON, turned_around(&origin("hNL")).as_bytes()), sent);
    assert_ne!(of_json(&origin("hnl")), sent);
    assert_ne!(of_json(&origin("HNL")), sent);
    let wrong = of_json(&with("/expected_version", Some(json!(-1))));
    assert_ne!(of_json(&with("/expected_version", Some(json!(-2)))), wrong);
    // What follows the invalid value counts, too.
    let later = |arrival: &str| {
        let mut json = origin("hNL");
        json["payload"]["AddLegs"]["legs"][0]["arrival"] = json!(arrival);
        of_json(&json)
    };
    assert_ne!(later("2008-01-31T23:06:00Z"), sent);
    assert_eq!(later("2008-01-31T23:05:00.000Z"), sent);
}

proptest! {
    #[test]
    fn one_command_has_one_fingerprint_in_every_form(command in any_command(), other in any_command()) {
        let sent = envelope("rotation/r1", command.clone());
        let avro = fingerprint(None, &command_to_avro(&sent, 1));
        let json = command_to_json(&sent);
        prop_assert_eq!(of_json(&json), avro);
        prop_assert_eq!(fingerprint(JSON, turned_around(&json).as_bytes()), avro);
        let other_is_equal = fingerprint(None, &command_to_avro(&envelope("rotation/r1", other.clone()), 1)) == avro;
        prop_assert_eq!(other_is_equal, other == command);
    }
}
