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
fn a_time_that_a_guard_counts_on_is_taken_only_as_a_whole_number_of_milliseconds_within_its_bounds() {
    for (name, least_ms, most_ms) in MILLISECONDS {
        let with = |value: &str| Settings::new(&table(&[("bootstrap.servers", "b:1"), (name, value)]));
        // librdkafka takes most of these, each for another number than the one that stands there first.
        for value in [
            "x",
            "",
            "0x64",
            "100x",
            "1e3",
            " 100",
            "+100",
            "-1",
            "100.5",
            "9999999999999999999999",
        ] {
            let error = with(value).unwrap_err();
            assert!(
                matches!(error, SettingsError::NotMilliseconds { name: named, .. } if named == *name),
                "{name}={value}: {error}"
            );
        }
        assert!(
            with(&(least_ms - 1).to_string()).is_err() && with(&(most_ms + 1).to_string()).is_err(),
            "{name}"
        );
        with(&most_ms.to_string()).unwrap();
    }
}

#[test]
fn the_shortest_pause_before_a_retry_is_known_whatever_users_set() {
    let least_ms = |entries: &[(&str, &str)]| {
        let entries: Vec<_> = [("bootstrap.servers", "b:1")].iter().chain(entries).copied().collect();
        Settings::new(&table(&entries)).unwrap().retry_backoff_min().as_millis()
    };
    assert_eq!(least_ms(&[]), 200);
    assert_eq!(least_ms(&[("retry.backoff.ms", "500")]), 400);
    // librdkafka never waits longer than this before a retry, the first one included.
    assert_eq!(least_ms(&[("retry.backoff.ms", "500"), ("retry.backoff.max.ms", "50")]), 40);
    assert_eq!(least_ms(&[("retry.backoff.max.ms", "50")]), 40);
}

#[test]
fn librdkafka_makes_a_client_for_every_role() {
    let settings = Settings::new(&table(&[("bootstrap.servers", "127.0.0.1:1"), ("log_level", "0")])).unwrap();
    for config in [settings.group_consumer("g", "i"), settings.reader(), settings.group_inspector("g")] {
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

#[test]
fn a_producer_that_could_not_write_every_dead_letter_or_would_write_batches_too_large_is_refused() {
    let with = |name, value| Settings::new(&table(&[("bootstrap.servers", "b:1"), (name, value)]));
    let refused = |name, value| with(name, value).unwrap_err().to_string();
    let small = refused("message.max.bytes", "1000000");
    assert!(
        small.contains("sets message.max.bytes to 1000000, but 2097152 is the least"),
        "{small}"
    );
    let large = refused("batch.size", "5000000");
    assert!(large.contains("sets batch.size to 5000000, but 1000000 is the most"), "{large}");
    assert_eq!(
        with("message.max.bytes", "10000000").unwrap().writer().get("message.max.bytes"),
        Some("10000000")
    );
    assert!(with("batch.size", "1000").is_ok());
}

/// Clients have to have the codec: docs/clients.md says which, and how gzip is chosen for those that have no other.
#[test]
fn records_are_written_in_lz4_unless_the_configuration_names_another_codec() {
    let brokers = ("bootstrap.servers", "b:1");
    for (more, expected) in [(vec![], "lz4"), (vec![("compression.type", "gzip")], "gzip")] {
        let settings = Settings::new(&table(&[vec![brokers], more].concat())).unwrap();
        for config in [settings.transactional_producer("t"), settings.writer()] {
            assert_eq!(config.get("compression.type"), Some(expected));
        }
    }
}

#[test]
fn a_client_that_is_created_after_brokers_have_moved_begins_from_their_new_addresses_too() {
    let settings = Settings::new(&table(&[("bootstrap.servers", "old:9092")])).unwrap();
    let of_another_part = settings.clone();
    settings.note_brokers([("new", 9093)].into_iter());
    for config in [
        of_another_part.admin(),
        of_another_part.reader(),
        of_another_part.group_inspector("group"),
        of_another_part.transactional_producer("id"),
        of_another_part.group_consumer("group", "one"),
    ] {
        assert_eq!(config.get("bootstrap.servers"), Some("old:9092,new:9093"));
    }
}
