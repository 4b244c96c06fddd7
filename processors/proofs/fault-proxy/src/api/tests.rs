//! Names and numbers of APIs.

use super::*;

#[test]
fn an_api_is_named_as_in_the_protocol_or_by_its_number() {
    assert_eq!("EndTxn".parse(), Ok(ApiKey::END_TXN));
    assert_eq!("endtxn".parse(), Ok(ApiKey::END_TXN));
    assert_eq!("26".parse(), Ok(ApiKey::END_TXN));
    assert_eq!(ApiKey(4711).to_string(), "4711");
    assert!(
        "EndTransaction"
            .parse::<ApiKey>()
            .unwrap_err()
            .to_string()
            .contains("EndTransaction")
    );
}

#[test]
fn the_names_are_those_that_another_implementation_has() {
    // It is between brokers only, and gone from Kafka 4; the other implementation never had it.
    for (key, name) in NAMES.iter().filter(|(key, _)| ApiKey(*key) != ApiKey::CONTROLLED_SHUTDOWN) {
        let other = kafka_protocol::messages::ApiKey::try_from(*key).map(|key| format!("{key:?}"));
        assert_eq!(other.as_deref(), Ok(*name));
    }
}

#[test]
fn what_is_flexible_is_flexible_in_another_implementation() {
    for key in NAMES.iter().map(|(key, _)| ApiKey(*key)) {
        let Some(since) = key.flexible_since() else { continue };
        let other = kafka_protocol::messages::ApiKey::try_from(key.0).unwrap();
        for version in other.valid_versions().min..=other.valid_versions().max {
            let flexible = other.request_header_version(version) >= 2;
            assert_eq!(flexible, version >= since, "{key} v{version}");
        }
    }
}
