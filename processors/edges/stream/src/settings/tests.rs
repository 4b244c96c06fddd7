//! What users may set, and what they may not.

use super::*;
use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;

fn table(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_table_without_brokers_says_how_to_name_them() {
    let error = Settings::new(&table(&[("client.id", "x")])).unwrap_err();
    assert_eq!(error, SettingsError::NoBrokers);
    assert!(error.to_string().contains("bootstrap.servers"));
}

#[test]
fn what_would_break_the_guarantees_is_refused_with_the_reason() {
    for (name, _, reason) in FIXED {
        let error = Settings::new(&table(&[("bootstrap.servers", "b:1"), (name, "other")]))
            .unwrap_err()
            .to_string();
        assert!(error.contains(name) && error.contains(reason), "{error}");
    }
}

#[test]
fn what_users_set_reaches_every_role_and_beats_the_defaults() {
    let settings = Settings::new(&table(&[
        ("bootstrap.servers", "b:1"),
        ("reconnect.backoff.ms", "77"),
        ("sasl.username", "me"),
    ]))
    .unwrap();
    for config in [
        settings.group_consumer("g", "i"),
        settings.reader(),
        settings.transactional_producer("t"),
        settings.writer(),
        settings.admin(),
    ] {
        assert_eq!(config.get("sasl.username"), Some("me"));
        assert_eq!(config.get("reconnect.backoff.ms"), Some("77"));
    }
    assert_eq!(settings.group_consumer("g", "i").get("isolation.level"), Some("read_committed"));
    assert_eq!(settings.transactional_producer("t").get("transaction.timeout.ms"), Some("10000"));
}

#[test]
fn secrets_are_not_shown() {
    let settings = Settings::new(&table(&[("bootstrap.servers", "b:1"), ("sasl.password", "hunter2")])).unwrap();
    let shown = format!("{settings:?}");
    assert!(
        shown.contains("sasl.password") && shown.contains("b:1") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn a_setting_that_librdkafka_does_not_take_is_named() {
    for (name, value) in [("no.such.setting", "1"), ("reconnect.backoff.ms", "soon")] {
        let error = Settings::new(&table(&[("bootstrap.servers", "b:1"), (name, value)])).unwrap_err();
        assert!(
            matches!(&error, SettingsError::Refused { name: named, .. } if named == name),
            "{error}"
        );
    }
}

#[test]
fn librdkafka_makes_a_client_for_every_role() {
    let settings = Settings::new(&table(&[("bootstrap.servers", "127.0.0.1:1"), ("log_level", "0")])).unwrap();
    for config in [settings.group_consumer("g", "i"), settings.reader(), settings.scout("g")] {
        config.create::<BaseConsumer>().unwrap();
    }
    for config in [settings.transactional_producer("t"), settings.writer(), settings.admin()] {
        config.create::<BaseProducer>().unwrap();
    }
}

#[test]
fn no_role_that_folds_records_sees_an_open_transaction_or_goes_on_from_elsewhere() {
    let settings = Settings::new(&table(&[("bootstrap.servers", "b:1")])).unwrap();
    for config in [settings.group_consumer("g", "i"), settings.reader()] {
        for (name, value) in [
            ("isolation.level", "read_committed"),
            ("auto.offset.reset", "error"),
            ("enable.auto.commit", "false"),
            ("check.crcs", "true"),
            ("allow.auto.create.topics", "false"),
        ] {
            assert_eq!(config.get(name), Some(value), "{name}");
        }
    }
    for config in [settings.transactional_producer("t"), settings.writer()] {
        for (name, value) in [("partitioner", "murmur2_random"), ("acks", "all"), ("enable.idempotence", "true")] {
            assert_eq!(config.get(name), Some(value), "{name}");
        }
    }
}
