//! I11: no transaction stays open. One that is open now may be in progress; one that does not end for longer than any transaction may take hangs,
//! and readers of committed records wait at its first record.

use super::Audit;
use application::Application;
use auditor::{Invariant, Violation};
use std::collections::BTreeMap;
use std::time::Duration;
use stream::Settings;
use stream::inspect::{Inspector, OpenTransactions, offsets_partition};
use stream::reader::Watermarks;
use topology::Topology;

/// A processor's transaction is over after 10 s, and its coordinator ends one that is too old within 10 s more.
const HANGING_AFTER: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Hanging transactions by topic and partition: the offset where each begins.
pub(super) struct Hanging(BTreeMap<String, BTreeMap<u32, i64>>);

impl Hanging {
    /// Whether one is in another topic than the log's own: in the offsets of groups.
    pub(super) fn is_outside(&self, topology: &Topology) -> bool {
        let is_own = |topic: &String| topology.topics().iter().any(|known| known.name == *topic);
        !self.0.keys().all(is_own)
    }

    /// The range of a partition that can be read: up to where a transaction hangs.
    pub(super) fn cut(&self, topic: &str, partition: u32, marks: Watermarks) -> Watermarks {
        let begins = self.0.get(topic).and_then(|open| open.get(&partition));
        Watermarks {
            high: begins.map_or(marks.high, |begins| marks.high.min(*begins)),
            ..marks
        }
    }
}

/// Looks for hanging transactions in all topics of the log and in the group's offsets, and reports them. Where none is open, that takes no time.
pub(super) fn look<A: Application>(
    settings: &Settings,
    inspector: &Inspector,
    topology: &Topology,
    group: &str,
    audit: &mut Audit<'_, A>,
) -> anyhow::Result<Hanging> {
    let transactions = OpenTransactions::new(settings)?;
    let mut suspects = BTreeMap::new();
    for topic in topology.topics() {
        let partitions: Vec<u32> = (0..inspector.partitions_of(&topic.name)?).collect();
        suspects.insert(topic.name.clone(), transactions.of(&topic.name, &partitions)?);
    }
    if let Some((topic, partition)) = offsets_partition(inspector, group)? {
        suspects.insert(topic.to_owned(), transactions.of(topic, &[partition])?);
    }
    let began = service::clock::monotonic();
    loop {
        suspects.retain(|_, open: &mut BTreeMap<u32, i64>| !open.is_empty());
        if suspects.is_empty() || began.elapsed() >= HANGING_AFTER {
            break;
        }
        service::clock::rest(LOOK_EVERY);
        for (topic, open) in &mut suspects {
            let partitions: Vec<u32> = open.keys().copied().collect();
            let now = transactions.of(topic, &partitions)?;
            // One that begins elsewhere is another one.
            open.retain(|partition, begins| now.get(partition) == Some(begins));
        }
    }
    for (topic, open) in &suspects {
        for (partition, begins) in open {
            audit.add(violation(topic, *partition, *begins));
        }
    }
    Ok(Hanging(suspects))
}

fn violation(topic: &str, partition: u32, begins: i64) -> Violation {
    Violation {
        invariant: Invariant::I11,
        partition: Some(partition),
        place: None,
        what: format!(
            "a transaction is open in {topic}/{partition} from offset {begins} on, and has not ended for {} s: consumers with read_committed get nothing after it. A processor \
             that takes the partition over ends one of a processor; `kafka-transactions.sh find-hanging` names the producer of any other",
            HANGING_AFTER.as_secs()
        ),
        records: Vec::new(),
    }
}
