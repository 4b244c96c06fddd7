//! Whatever lies in the commands topic, its partition goes on, and nothing is lost without a word.

use end_to_end::{History, Metrics, Program, Schedule, eventually, load};
use schemas::command_to_avro;

/// Where a key does not belong.
fn elsewhere(schedule: &Schedule, key: &str) -> u32 {
    (topology::partition_of(key.as_bytes(), schedule.partitions()) + 1) % schedule.partitions()
}

#[test]
fn records_that_are_no_command_become_dead_letters_and_the_rest_goes_on() {
    let schedule = Schedule::new("bad", 2);
    let folder = tempfile::tempdir().unwrap();
    let mut processor = Program::processor(&schedule, &folder.path().join("state"), "one");
    processor.wait_until_ready();
    let good = load(0, 4, 5);
    let avro = command_to_avro(&good[0], schedule.ids().command);
    let unknown_id = [&[0, 0, 0x7F, 0xFF, 0xFF], &avro[5..]].concat();
    let unknown_field = br#"{"command_id": "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e3", "aggregate_id": "airport/HNL", "surprise": 1,
        "payload": {"SetMinimumGroundTime": {"minutes": 5}}}"#;
    let impossible_date = br#"{"command_id": "6f1d3a52-94c8-4e0b-9a57-0c4b8f62d1e4", "aggregate_id": "rotation/R1",
        "payload": {"RescheduleLeg": {"leg_id": "L1", "departure": "2008-02-31T10:00:00Z", "arrival": "2008-03-01T10:00:00Z"}}}"#;
    let json: &[(&str, &[u8])] = &[("content-type", b"application/json")];
    let large = vec![b'x'; 600 << 10];
    let key: &[u8] = b"rotation/R0";
    schedule.write(&schedule.record(Some(key), Some(b"no such bytes"), &[], None));
    schedule.write(&schedule.record(Some(key), Some(&avro[..avro.len() - 1]), &[], None));
    schedule.write(&schedule.record(Some(key), Some(&unknown_id), &[], None));
    schedule.write(&schedule.record(Some(b"rotation/other"), Some(&avro), &[], None));
    schedule.write(&schedule.record(None, Some(&avro), &[], None));
    schedule.write(&schedule.record(Some(key), None, &[], None));
    schedule.write(&schedule.record(Some(key), Some(&large), &[], None));
    schedule.write(&schedule.record(Some(b"airport/HNL"), Some(unknown_field), json, None));
    schedule.write(&schedule.record(Some(b"rotation/R1"), Some(impossible_date), json, None));
    schedule.send(&good);
    let history = History::wait_for(&schedule, good.len());
    history.check(good.iter().map(|command| command.command_id));

    eventually("nine dead letters", || History::read(&schedule).dead_letters.len() >= 9);
    let history = History::read(&schedule);
    let reasons: Vec<&str> = history.dead_letters.iter().map(|(reason, _)| reason.as_str()).collect();
    assert_eq!(reasons.len(), 9, "{reasons:?}");
    for part in [
        "begins with byte 110",
        "ends before it should",
        "2008-02-31T10:00:00Z",
        "schema id 8388607",
        "is not the command's aggregate id",
        "the record has no key",
        "has no value",
        "614400 bytes",
        "surprise",
    ] {
        assert_eq!(
            reasons.iter().filter(|reason| reason.contains(part)).count(),
            1,
            "{part}: {reasons:?}"
        );
    }
    let commands = &schedule.topology().topics.commands.name;
    assert!(
        history
            .dead_letters
            .iter()
            .all(|(_, found_at)| found_at.starts_with(commands.as_str())),
        "{:?}",
        history.dead_letters
    );
    assert!(processor.is_running());
}

#[test]
fn a_command_in_the_wrong_partition_is_forwarded_and_decided_where_it_belongs_whatever_it_says_of_itself() {
    let schedule = Schedule::new("misrouted", 3);
    let folder = tempfile::tempdir().unwrap();
    let mut processor = Program::processor(&schedule, &folder.path().join("state"), "one");
    processor.wait_until_ready();
    let commands = load(0, 3, 4);
    // In order within each rotation, as one client sends them: all of them to wrong partitions.
    for envelope in &commands {
        let value = command_to_avro(envelope, schedule.ids().command);
        let wrong = elsewhere(&schedule, &envelope.aggregate_id);
        schedule.write(&schedule.record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], Some(wrong)));
    }
    schedule.flush();
    let history = History::wait_for(&schedule, commands.len());
    history.check(commands.iter().map(|command| command.command_id));
    assert!(processor.metric("aerolog_commands_total{outcome=\"forwarded\"}") >= commands.len() as f64);

    let value = command_to_avro(&commands[0], schedule.ids().command);
    let wrong = elsewhere(&schedule, &commands[0].aggregate_id);
    let forwarded: &[(&str, &[u8])] = &[("forwarded-from", b"0/0")];
    schedule.write(&schedule.record(Some(commands[0].aggregate_id.as_bytes()), Some(&value), forwarded, Some(wrong)));
    schedule.flush();
    eventually(
        "a header that a client has written is not believed: it is forwarded, and answered again",
        || {
            let history = History::read(&schedule);
            assert_eq!(history.dead_letters, []);
            history
                .outcomes
                .values()
                .flatten()
                .any(|outcome| outcome.command_id == commands[0].command_id && outcome.repeated)
        },
    );
    // The markers of the transactions that forwarded come after the last command of each partition, and are no lag.
    eventually("no command is left to decide in any partition", || {
        let metrics = processor.metrics().unwrap_or_default();
        let lags: Vec<f64> = lags(&metrics);
        lags.len() == 3 && lags.iter().all(|lag| *lag == 0.0)
    });
}

/// The lag of each partition that the processor owns.
fn lags(metrics: &Metrics) -> Vec<f64> {
    let of_partitions = metrics.iter().filter(|(name, _)| name.starts_with("aerolog_lag_offsets{"));
    of_partitions.map(|(_, value)| *value).collect()
}
