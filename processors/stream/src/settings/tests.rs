//! What users may set, and what they may not.

use super::*;

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
