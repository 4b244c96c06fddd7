//! Kafka's own tools, for what people do to a cluster by hand and no program of ours ever does.

use crate::services::script;
use end_to_end::Cluster;
use service::clock;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Runs a tool as `scripts/services tool` does; its answer.
///
/// # Panics
/// When the tool fails.
pub(crate) fn tool(cluster: &Cluster, arguments: &[&str]) -> String {
    let (fine, said) = try_tool(cluster, arguments);
    assert!(fine, "{arguments:?}: {said}");
    said
}

fn try_tool(cluster: &Cluster, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(script())
        .arg("tool")
        .args(arguments)
        .env("KAFKA_BOOTSTRAP_SERVERS", &cluster.brokers)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), said)
}

pub(crate) fn delete_topic(cluster: &Cluster, topic: &str) {
    tool(cluster, &["topics", "--delete", "--topic", topic]);
}

/// The names of all topics.
pub(crate) fn topics(cluster: &Cluster) -> Vec<String> {
    tool(cluster, &["topics", "--list"]).lines().map(str::to_owned).collect()
}

/// Sets one setting of a topic, such as `cleanup.policy=compact`.
pub(crate) fn alter_topic(cluster: &Cluster, topic: &str, setting: &str) {
    let name = ["configs", "--alter", "--entity-type", "topics", "--entity-name", topic];
    tool(cluster, &[&name[..], &["--add-config", setting]].concat());
}

/// Deletes the records of a partition that come before an offset.
pub(crate) fn delete_records(cluster: &Cluster, folder: &Path, topic: &str, partition: u32, before: i64) {
    let file = folder.join("delete-records.json");
    let wish = format!(r#"{{"partitions":[{{"topic":"{topic}","partition":{partition},"offset":{before}}}],"version":1}}"#);
    std::fs::write(&file, wish).unwrap();
    let said = tool(cluster, &["delete-records", "--offset-json-file", file.to_str().unwrap()]);
    assert!(said.contains("low_watermark"), "{said}");
}

const RESETS_MAX: u32 = 15;
const RESET_PAUSE: Duration = Duration::from_secs(1);

/// Deletes all offsets of a group, as their expiry does, once its members are gone. A group that is gone already is fine.
pub(crate) fn delete_group(cluster: &Cluster, group: &str) {
    let mut said = String::new();
    for _ in 0..RESETS_MAX {
        let (fine, answer) = try_tool(cluster, &["groups", "--delete", "--group", group]);
        if fine && !answer.contains("Error") || answer.contains("GroupIdNotFound") {
            return;
        }
        said = answer;
        clock::rest(RESET_PAUSE);
    }
    panic!("the group was not deleted: {said}");
}

/// Moves a group's offset of one partition, once the group's members are gone: `to` is such as `["--to-earliest"]`.
pub(crate) fn reset_offset(cluster: &Cluster, group: &str, topic: &str, partition: u32, to: &[&str]) {
    let partition = format!("{topic}:{partition}");
    let reset = ["groups", "--reset-offsets", "--execute", "--group", group, "--topic", &partition];
    let mut said = String::new();
    for _ in 0..RESETS_MAX {
        // Members that are known by their instance id are given up only when their session ends.
        let (fine, answer) = try_tool(cluster, &[&reset[..], to].concat());
        if fine && answer.contains("NEW-OFFSET") && !answer.contains("Error") {
            return;
        }
        said = answer;
        clock::rest(RESET_PAUSE);
    }
    panic!("the offset was not reset: {said}");
}
