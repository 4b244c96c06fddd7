//! The topology that is shipped, and those that are refused.

use super::*;
use expect_test::expect;

fn live(topology: &Topology) -> Vec<LiveTopic> {
    let of = |topic: &Topic| LiveTopic {
        name: topic.name.clone(),
        partitions: topology.partitions_of(topic),
        cleanup: Some(topic.cleanup.name().to_owned()),
        retention_ms: Some(topic.retention_ms),
        retention_bytes: Some(-1),
        timestamp: Some(topic.timestamp.name().to_owned()),
        message_bytes_max: Some(topic.message_bytes_max),
        timestamp_before_max_ms: Some(TIMESTAMP_BOUND_MS),
        timestamp_after_max_ms: Some(TIMESTAMP_BOUND_MS),
        replication: Some(Replication {
            brokers: 1,
            replicas: 1,
            in_sync_min: Some(1),
        }),
    };
    topology.topics().map(of).to_vec()
}

fn check_refused(change: impl Fn(String) -> String, reason: &str) {
    let text = change(include_str!("../topology.toml").to_owned());
    let error = Topology::parse(&text, "schedule", None).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

fn check_difference(change: impl Fn(&mut LiveTopic), name: &str, severity: Severity, message: &str) {
    let topology = Topology::with_prefix("schedule", None).unwrap();
    let mut live = live(&topology);
    live.iter_mut().filter(|topic| topic.name == name).for_each(change);
    let found = differences(&topology, &live);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].severity, severity);
    assert!(found[0].to_string().contains(message), "{}", found[0]);
}

#[test]
fn the_shipped_topology_is_valid_and_its_partitions_can_be_overridden() {
    let topology = Topology::with_prefix("schedule", None).unwrap();
    assert_eq!(topology.partitions, 24);
    let small = Topology::with_prefix("schedule", Some(4)).unwrap();
    assert_eq!(small.topics().map(|topic| small.partitions_of(topic)), [4, 4, 4, 3, 1]);
}

#[test]
fn several_logs_in_one_cluster_have_topics_of_their_own() {
    let night = Topology::with_prefix("night", Some(2)).unwrap();
    assert_eq!(
        night.topics().map(|topic| topic.name.as_str()),
        [
            "night.commands",
            "night.events",
            "night.outcomes",
            "night.dead-letters",
            "night.metadata"
        ]
    );
    assert_eq!(
        (night.prefix(), night.processors_group().as_str()),
        ("night", "night-command-processor")
    );
}

#[test]
fn a_prefix_that_no_topic_can_have_is_refused() {
    for prefix in ["", "Night", "night.late", "night late", &"n".repeat(101)] {
        let error = Topology::with_prefix(prefix, None).unwrap_err().to_string();
        assert!(error.contains("the topic prefix") && error.contains("small letters"), "{error}");
    }
}

#[test]
fn a_prefix_is_up_to_100_small_letters_digits_and_hyphens() {
    for prefix in ["n", "night-2", "7", "-", &"n".repeat(100)] {
        assert_eq!(Topology::with_prefix(prefix, None).unwrap().prefix(), prefix);
    }
}

#[test]
fn a_log_keeps_the_number_of_partitions_that_it_was_begun_with() {
    let topology = Topology::with_prefix("schedule", Some(4)).unwrap().with_partitions(9);
    assert_eq!(topology.topics().map(|topic| topology.partitions_of(topic)), [9, 9, 9, 3, 1]);
    assert_eq!(topology.prefix(), "schedule");
}

#[test]
fn outcomes_are_kept_for_a_segment_longer_than_commands() {
    const WEEK_MS: i64 = 604_800_000;
    let kept = |commands_ms: i64, outcomes_ms: i64| {
        let text = include_str!("../topology.toml").replace("= 604_800_000", &format!("= {commands_ms}"));
        let text = text.replace("= 1_209_600_000", &format!("= {outcomes_ms}"));
        Topology::parse(&text, "schedule", None)
    };
    for (commands_ms, outcomes_ms) in [(WEEK_MS, 2 * WEEK_MS), (WEEK_MS, -1), (-1, -1), (0, WEEK_MS), (1, 3 * WEEK_MS)] {
        let topology = kept(commands_ms, outcomes_ms).unwrap();
        let topics = topology.topics;
        assert_eq!(
            (topics.commands.retention_ms, topics.outcomes.retention_ms),
            (commands_ms, outcomes_ms)
        );
    }
    for (commands_ms, outcomes_ms) in [
        (WEEK_MS, 2 * WEEK_MS - 1),
        (-1, 100 * WEEK_MS),
        (0, 0),
        (0, 1),
        (i64::MAX - 1, i64::MAX - 2),
    ] {
        let refused = kept(commands_ms, outcomes_ms).unwrap_err().to_string();
        let reason = "schedule.outcomes must be kept for 604800000 ms longer than schedule.commands";
        assert!(refused.contains(reason), "{commands_ms} {outcomes_ms}: {refused}");
    }
}

#[test]
fn a_topology_that_could_not_work_is_refused_with_the_reason() {
    check_refused(|text| text.replace("partitions = 24", "partitions = 0"), "0 partitions");
    check_refused(|text| text.replace("\"events\"", "\"commands\""), "five names");
    check_refused(
        |text| text.replacen("retention_ms = -1", "retention_ms = 5", 1),
        "must keep everything",
    );
    check_refused(
        |text| text.replace("writers = [\"command-processor\"]", "writers = [\"a\", \"b\"]"),
        "only it writes",
    );
    check_refused(|text| text.replacen("LogAppendTime", "CreateTime", 1), "time of the decision");
    check_refused(|text| text.replace("2_097_152", "1000"), "larger message");
    check_refused(|text| text.replace("2_097_152", "2_097_153"), "no client sends more than 2097152");
    check_refused(|text| text.replace("purpose", "porpoise"), "porpoise");
}

#[test]
fn live_topics_as_wanted_do_not_differ() {
    let topology = Topology::with_prefix("schedule", Some(8)).unwrap();
    assert_eq!(differences(&topology, &live(&topology)), []);
}

#[test]
fn a_missing_topic_is_fatal_and_says_how_to_create_it() {
    let topology = Topology::with_prefix("schedule", None).unwrap();
    let found = differences(&topology, &live(&topology)[1..]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Fatal);
    assert!(found[0].to_string().contains("schedule.commands") && found[0].to_string().contains("aerolog topics apply"));
}

#[test]
fn what_could_lose_or_reorder_data_is_fatal() {
    for name in ["schedule.commands", "schedule.events", "schedule.outcomes"] {
        check_difference(
            |topic| topic.partitions = 23,
            name,
            Severity::Fatal,
            "is 23, but the topology says 24",
        );
    }
    check_difference(|topic| topic.partitions = 2, "schedule.metadata", Severity::Fatal, "is 2");
    check_difference(
        |topic| topic.cleanup = Some("compact".to_owned()),
        "schedule.events",
        Severity::Fatal,
        "cleanup.policy is compact",
    );
    check_difference(
        |topic| topic.retention_ms = Some(1000),
        "schedule.events",
        Severity::Fatal,
        "retention.ms is 1000",
    );
    check_difference(
        |topic| topic.retention_ms = Some(1000),
        "schedule.outcomes",
        Severity::Fatal,
        "retention.ms is 1000",
    );
    check_difference(
        |topic| topic.retention_bytes = Some(1 << 30),
        "schedule.events",
        Severity::Fatal,
        "retention.bytes is 1073741824, but the topology says -1",
    );
    let create = |topic: &mut LiveTopic| topic.timestamp = Some("CreateTime".to_owned());
    check_difference(create, "schedule.commands", Severity::Fatal, "message.timestamp.type is CreateTime");
}

#[test]
fn what_lets_a_broker_refuse_records_is_a_warning_because_only_their_partitions_stop() {
    check_difference(
        |topic| topic.message_bytes_max = Some(10),
        "schedule.dead-letters",
        Severity::Warning,
        "max.message.bytes is 10",
    );
    check_difference(
        |topic| topic.timestamp_before_max_ms = Some(1_000),
        "schedule.outcomes",
        Severity::Warning,
        "message.timestamp.before.max.ms is 1000",
    );
    check_difference(
        |topic| topic.timestamp_after_max_ms = Some(3_600_000),
        "schedule.dead-letters",
        Severity::Warning,
        "message.timestamp.after.max.ms is 3600000, but the topology says 9223372036854775807",
    );
}

#[test]
fn the_bounds_of_timestamps_that_the_broker_sets_itself_do_not_matter() {
    let topology = Topology::with_prefix("schedule", None).unwrap();
    let mut live = live(&topology);
    for topic in live
        .iter_mut()
        .filter(|topic| ["schedule.commands", "schedule.events"].contains(&topic.name.as_str()))
    {
        topic.timestamp_after_max_ms = Some(3_600_000);
    }
    assert_eq!(differences(&topology, &live), []);
}

#[test]
fn several_brokers_keep_three_copies_of_which_two_are_in_sync_and_one_broker_keeps_one() {
    let copies = |brokers, replicas, in_sync_min| {
        move |topic: &mut LiveTopic| {
            topic.replication = Some(Replication {
                brokers,
                replicas,
                in_sync_min: Some(in_sync_min),
            });
        }
    };
    let check = |copies, message| check_difference(copies, "schedule.events", Severity::Warning, message);
    check(copies(3, 1, 1), "the replication factor is 1, but the topology says 3");
    check(copies(2, 1, 1), "the replication factor is 1, but the topology says 2");
    check(copies(5, 3, 1), "min.insync.replicas is 1, but the topology says 2");
    check(copies(1, 1, 2), "min.insync.replicas is 2, but the topology says 1");
    let topology = Topology::with_prefix("schedule", None).unwrap();
    for fine in [copies(1, 1, 1), copies(2, 2, 1), copies(3, 3, 2), copies(1, 3, 2), copies(9, 3, 2)] {
        let mut live = live(&topology);
        live.iter_mut().for_each(fine);
        assert_eq!(differences(&topology, &live), []);
    }
}

#[test]
fn more_partitions_are_only_a_warning_and_no_setting_is_advised() {
    for (name, advice) in [
        ("schedule.commands", "processors forward what clients put"),
        ("schedule.events", "nothing is written to the others"),
        ("schedule.outcomes", "nothing is written to the others"),
        ("schedule.dead-letters", "nothing is written to the others"),
    ] {
        check_difference(|topic| topic.partitions += 2, name, Severity::Warning, advice);
        check_difference(
            |topic| topic.partitions += 2,
            name,
            Severity::Warning,
            "no setting changes the log's number",
        );
    }
}

#[test]
fn outcomes_that_are_kept_as_long_as_commands_only_are_a_warning() {
    check_difference(
        |topic| topic.retention_ms = Some(604_800_000),
        "schedule.outcomes",
        Severity::Warning,
        "retention.ms is 604800000",
    );
    check_difference(
        |topic| topic.retention_ms = Some(604_799_999),
        "schedule.outcomes",
        Severity::Fatal,
        "retention.ms is 604799999",
    );
}

#[test]
fn a_longer_retention_is_only_a_warning() {
    check_difference(
        |topic| topic.retention_ms = Some(-1),
        "schedule.outcomes",
        Severity::Warning,
        "retention.ms is -1",
    );
}

#[test]
fn the_topology_is_described_as_a_table_and_as_pictures() {
    let topology = Topology::with_prefix("schedule", None).unwrap();
    expect![[r"
        client, command-gateway, command-processor ──▶ schedule.commands     ──▶ command-processor, materializer
                                 command-processor ──▶ schedule.events       ──▶ command-processor, materializer
                                 command-processor ──▶ schedule.outcomes     ──▶ client, command-gateway, command-processor
                                 command-processor ──▶ schedule.dead-letters ──▶ client, command-gateway, operator
                        aerolog, command-processor ──▶ schedule.metadata     ──▶ aerolog, command-gateway, command-processor, materializer
    "]]
    .assert_eq(&describe::picture(&topology));
    let table = describe::table(&topology);
    assert_eq!(table.lines().count(), 6);
    assert!(
        table.contains("schedule.events        aggregate id  24          delete, kept forever  LogAppendTime  command-processor"),
        "{table}"
    );
    let mermaid = describe::mermaid(&topology);
    assert!(mermaid.contains("command-processor --> schedule.events") && mermaid.contains("schedule.events --> materializer"));
}

#[test]
fn a_retention_is_described_in_days_where_it_is_some_days_and_else_in_milliseconds() {
    let mut topology = Topology::with_prefix("schedule", None).unwrap();
    for (retention_ms, described) in [
        (-1, "delete, kept forever  "),
        (0, "delete, 0 days  "),
        (86_400_000, "delete, 1 days  "),
        (604_800_000, "delete, 7 days  "),
        (86_400_001, "delete, 86400001 ms  "),
        (1_500, "delete, 1500 ms  "),
    ] {
        topology.topics.commands.retention_ms = retention_ms;
        let table = describe::table(&topology);
        let row = table.lines().find(|row| row.starts_with("schedule.commands")).unwrap();
        assert!(row.contains(described), "{row}");
    }
}

#[test]
fn commands_that_are_kept_for_longer_than_not_at_all_are_only_a_warning() {
    let mut topology = Topology::with_prefix("schedule", None).unwrap();
    topology.topics.commands.retention_ms = 0;
    let mut live = live(&topology);
    live[0].retention_ms = Some(5);
    let found = differences(&topology, &live);
    assert_eq!(
        (found.len(), found[0].what, found[0].severity),
        (1, "retention.ms", Severity::Warning)
    );
}
