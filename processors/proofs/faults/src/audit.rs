//! The auditor's verdict on a schedule, and the comparison of two state directories.

use end_to_end::{Schedule, binary};
use keyvalue::{Order, Read};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use store::{Sizing, Store};

/// Differences between two states that are listed.
const LISTED_MAX: usize = 10;

/// Runs `aerolog audit` over everything, after the load has been drained; returns its summary.
///
/// # Panics
/// When an invariant does not hold. What the auditor says is kept in the folder.
pub(crate) fn audit(schedule: &Schedule, folder: &Path, records: u64, views: &[String]) -> String {
    let mut command = Command::new(binary("aerolog"));
    command
        .args(["audit", "--drained", "--json", "--expect-commands", &records.to_string()])
        .env("KAFKA_BOOTSTRAP_SERVERS", &schedule.cluster().brokers)
        .env("SCHEMA_REGISTRY_URL", &schedule.cluster().registry)
        .env("AEROLOG_TOPIC_PREFIX", schedule.name())
        .env("AEROLOG_PARTITIONS", schedule.partitions().to_string());
    if !views.is_empty() {
        command.arg("--views").args(views);
    }
    let output = command.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    std::fs::write(folder.join("audit.json"), said.as_bytes()).unwrap();
    std::fs::write(folder.join("audit.log"), errors.as_bytes()).unwrap();
    let first = said.lines().next().unwrap_or_default();
    assert!(output.status.success(), "the audit ends with {}: {first}\n{errors}", output.status);
    format!("audit: {}", said.lines().last().unwrap_or_default())
}

/// Two state directories that no process has open hold the same.
///
/// # Panics
/// When they do not: with some of the keys that differ.
pub fn compare_states(kept: &Path, rebuilt: &Path) {
    let (kept, rebuilt) = (open(kept), open(rebuilt));
    let hash = |store: &Store| keyvalue::content_hash(store, FIRST, LAST).unwrap();
    if hash(&kept) == hash(&rebuilt) {
        return;
    }
    let (kept, rebuilt) = (content(&kept), content(&rebuilt));
    let keys = kept.keys().chain(rebuilt.keys().filter(|key| !kept.contains_key(*key)));
    let differences = keys.filter(|key| kept.get(*key) != rebuilt.get(*key));
    let listed: Vec<String> = differences
        .take(LISTED_MAX)
        .map(|key| format!("{}: kept {:?}, rebuilt {:?}", key.escape_ascii(), kept.get(key), rebuilt.get(key)))
        .collect();
    panic!("the state differs from one that is rebuilt from the log:\n{}", listed.join("\n"));
}

const FIRST: &[u8] = &[];
const LAST: &[u8] = &[u8::MAX; 64];

fn open(state: &Path) -> Store {
    let sizing = Sizing {
        block_cache_bytes: 8 << 20,
        write_buffer_bytes: 8 << 20,
    };
    Store::open(state, sizing).unwrap()
}

fn content(store: &Store) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut content = BTreeMap::new();
    store
        .scan(FIRST, LAST, Order::Ascending, &mut |key, value| {
            content.insert(key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    content
}
