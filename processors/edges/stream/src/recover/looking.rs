//! Looking where everything stands, without taking part in anything.

use super::{Facts, InspectError, RecoverError, Watermarks, position_of};
use crate::Settings;
use crate::clock::Deadline;
use crate::decided::{COMMAND, Decided, REWRITTEN, fingerprint};
use crate::inspect::Inspector;
use crate::reader::Reader;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use topology::Topology;

/// What the topics and the group held when they were looked at.
pub struct LogStatus {
    pub topic_id: String,
    pub partitions: Vec<Facts>,
}

/// The last record is looked for among so many, then among more, then everywhere: what was aborted is no record, and neither is a marker.
const WINDOWS: [i64; 3] = [64, 10_000, i64::MAX];
const NO_PROGRESS_MAX: Duration = Duration::from_secs(60);
const POLL_WAIT: Duration = Duration::from_millis(100);
const RECORDS_MAX: usize = 10_000;

/// Looks at all partitions.
pub fn look(settings: &Settings, topology: &Topology, group: &str) -> Result<LogStatus, RecoverError> {
    let inspector = Inspector::new(settings)?;
    let topics = &topology.topics;
    let commands = &topics.commands.name;
    let topic_id = inspector
        .topic_id(commands)?
        .ok_or_else(|| RecoverError::Missing(commands.clone()))?;
    let committed = inspector.group(group, commands, topology.partitions)?.committed()?;
    let marks = |topic: &str| -> Result<BTreeMap<u32, Watermarks>, InspectError> {
        let of = |partition| Ok((partition, inspector.watermarks(topic, partition)?));
        (0..topology.partitions).map(of).collect()
    };
    let (of_commands, of_events, of_outcomes) = (marks(commands)?, marks(&topics.events.name)?, marks(&topics.outcomes.name)?);
    let mut last_outcomes = last_commands(settings, &topics.outcomes.name, &of_outcomes)?;
    let mut last_events = last_commands(settings, &topics.events.name, &of_events)?;
    let mut partitions = Vec::new();
    for (partition, commands) in &of_commands {
        let none = Watermarks { low: 0, high: 0 };
        partitions.push(Facts {
            partition: *partition,
            group: committed.get(partition).cloned(),
            commands: *commands,
            events: of_events.get(partition).copied().unwrap_or(none),
            outcomes: of_outcomes.get(partition).copied().unwrap_or(none),
            last_outcome: last_outcomes.remove(partition),
            last_event: last_events.remove(partition),
            found: None,
        });
    }
    let mut before = BTreeMap::new();
    for facts in &partitions {
        if let Ok(position) = position_of(&topic_id, facts)
            && position.next > facts.commands.low
            && position.next <= facts.commands.high
        {
            before.insert(facts.partition, position.next - 1);
        }
    }
    let found = fingerprints(settings, commands, before)?;
    for facts in &mut partitions {
        facts.found = found.get(&facts.partition).copied();
    }
    Ok(LogStatus { topic_id, partitions })
}

/// What the last committed record of each partition says of its command.
fn last_commands(settings: &Settings, topic: &str, marks: &BTreeMap<u32, Watermarks>) -> Result<BTreeMap<u32, Decided>, RecoverError> {
    let mut found = BTreeMap::new();
    let mut wanted: BTreeSet<u32> = marks
        .iter()
        .filter(|(_, marks)| marks.low < marks.high)
        .map(|(partition, _)| *partition)
        .collect();
    for window in WINDOWS {
        let from: BTreeMap<u32, i64> = wanted
            .iter()
            .filter_map(|partition| Some((*partition, marks.get(partition)?)))
            .map(|(partition, marks)| (partition, marks.low.max(marks.high.saturating_sub(window))))
            .collect();
        read_to_ends(settings, topic, &from, &mut |partition, record| {
            // One that was lost and written again comes after those of later commands.
            if record.header(REWRITTEN).is_some() {
                return;
            }
            wanted.remove(&partition);
            if let Some(decided) = record.header(COMMAND).and_then(Decided::from_bytes) {
                found.insert(partition, decided);
            }
        })?;
    }
    Ok(found)
}

/// The fingerprints of the records at these offsets, where the log has them.
fn fingerprints(settings: &Settings, topic: &str, at: BTreeMap<u32, i64>) -> Result<BTreeMap<u32, u64>, RecoverError> {
    let mut found = BTreeMap::new();
    let mut wanted = at.clone();
    read_while(settings, topic, &at, &mut |partition, record| {
        if let Some(offset) = wanted.remove(&partition)
            && record.offset == offset
        {
            found.insert(partition, fingerprint(record.timestamp_ms, record.key, record.value));
        }
        !wanted.is_empty()
    })?;
    Ok(found)
}

fn read_to_ends(
    settings: &Settings,
    topic: &str,
    from: &BTreeMap<u32, i64>,
    visit: &mut dyn FnMut(u32, &crate::reader::Record<'_>),
) -> Result<(), RecoverError> {
    read_while(settings, topic, from, &mut |partition, record| {
        visit(partition, record);
        true
    })
}

/// Reads partitions up to their ends, or until `visit` has seen enough.
fn read_while(
    settings: &Settings,
    topic: &str,
    from: &BTreeMap<u32, i64>,
    visit: &mut dyn FnMut(u32, &crate::reader::Record<'_>) -> bool,
) -> Result<(), RecoverError> {
    if from.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(settings, topic)?;
    reader.connect(NO_PROGRESS_MAX)?;
    reader.assign_unchecked(from)?;
    let (mut open, mut goes_on): (BTreeSet<u32>, bool) = (from.keys().copied().collect(), true);
    let mut patience = Deadline::after(NO_PROGRESS_MAX);
    while goes_on && !open.is_empty() {
        let polled = reader.poll(RECORDS_MAX, POLL_WAIT, |record| goes_on = visit(record.partition, record))?;
        if polled.records > 0 || !polled.ended.is_empty() {
            patience = Deadline::after(NO_PROGRESS_MAX);
        }
        polled.ended.iter().for_each(|partition| {
            open.remove(partition);
        });
        if patience.is_over() {
            return Err(RecoverError::NoProgress(topic.to_owned()));
        }
    }
    Ok(())
}
