//! The topics as the cluster has them.

use super::Audit;
use super::hanging::{self, Hanging};
use super::report::Progress;
use super::source::{place, seen, source};
use crate::Connection;
use application::Application;
use auditor::{Commit, Partition, Record, Seen, SourceError, Topic};
use std::collections::BTreeMap;
use stream::inspect::{GroupOffset, Inspector, Walk, history};
use stream::reader::Watermarks;
use topology::Topology;

/// Reads everything, and says what could not be looked at.
///
/// The order matters where processors run meanwhile: what the group has committed first is in the topics whose ends are looked up
/// then; and what is found before those ends is in what the group has committed last.
pub(super) fn read<A: Application>(
    connection: &Connection<A>,
    group: &str,
    topology: &Topology,
    audit: &mut Audit<'_, A>,
    topic_id: &str,
    progress: &mut Progress,
) -> anyhow::Result<Vec<String>> {
    let settings = connection.settings()?;
    let inspector = Inspector::new(&settings)?;
    let topics = &topology.topics;
    let count = Count::of(&inspector, topology)?;
    let hanging = hanging::look(&settings, &inspector, topology, group, audit)?;
    if hanging.is_outside(topology) {
        return Ok(vec![format!(
            "the offsets of group {group} cannot be read beyond a hanging transaction: nothing else was checked"
        )]);
    }
    let offsets = inspector.group(group, &topics.commands.name, count.commands)?;
    let (committed, mut notes) = decided_by(group, &offsets.committed()?, topic_id);
    let mut letters = Vec::new();
    for partition in 0..inspector.partitions_of(&topics.dead_letters.name)? {
        let marks = inspector.watermarks(&topics.dead_letters.name, partition)?;
        letters.push((partition, hanging.cut(&topics.dead_letters.name, partition, marks)));
    }
    let ranges = count.ranges(&inspector, topology, &hanging)?;
    let mut walk = Walk::new(&settings, &topics.dead_letters.name)?;
    for (partition, marks) in letters {
        for letter in Walking::begin(&mut walk, Topic::DeadLetters, partition, marks)? {
            audit.dead_letter(letter?)?;
        }
    }
    let read = history(&inspector, group, &topics.commands.name, &mut |entry| {
        audit.commit(&Commit {
            partition: entry.partition,
            offset: entry.offset,
            owner: entry.owner,
            topic_id: entry.topic_id,
            at: entry.at,
        });
    });
    if let Err(error) = read {
        notes.push(format!("the history of committed offsets was not checked: {error}"));
    }
    let mut commands = Walk::new(&settings, &topics.commands.name)?;
    let mut events = Walk::new(&settings, &topics.events.name)?;
    let mut outcomes = Walk::new(&settings, &topics.outcomes.name)?;
    for (number, [of_commands, of_events, of_outcomes]) in ranges {
        progress.partition(number, count.all());
        let after = || {
            let found = offsets.committed().map_err(source)?;
            let found = found.get(&number).filter(|found| found.is_of(topic_id));
            Ok(found.map(|found| found.offset))
        };
        if of_commands.low > 0 {
            notes.push(format!(
                "partition {number}: commands before offset {} are gone, and taken as decided",
                of_commands.low
            ));
        }
        note_rewritten(audit, &mut outcomes, number, of_commands, of_outcomes)?;
        let partition = Partition {
            number,
            begins_at: of_commands.low,
            committed: committed.get(&number).copied(),
            committed_after: &mut { after },
            commands: Walking::begin(&mut commands, Topic::Commands, number, of_commands)?,
            events: Walking::begin(&mut events, Topic::Events, number, of_events)?,
            outcomes: Walking::begin(&mut outcomes, Topic::Outcomes, number, of_outcomes)?,
        };
        audit.partition(partition, &mut |counts| progress.note(counts))?;
    }
    Ok(notes)
}

/// Tells of the outcomes that were lost and written again. They are there only where the first outcome is one, or answers a later command than the
/// first that is kept.
fn note_rewritten<A: Application>(
    audit: &mut Audit<'_, A>,
    walk: &mut Walk,
    partition: u32,
    commands: Watermarks,
    outcomes: Watermarks,
) -> anyhow::Result<()> {
    let mut is_looked_at = false;
    for seen in Walking::begin(walk, Topic::Outcomes, partition, outcomes)? {
        let seen = seen?;
        if let Seen::Committed(record) = &seen
            && !is_looked_at
        {
            is_looked_at = true;
            if !record.is_rewritten() && record.command_offset().is_none_or(|offset| offset <= commands.low) {
                return Ok(());
            }
        }
        audit.rewritten(&seen)?;
    }
    Ok(())
}

/// How far each partition is decided, by the offsets that a processor or a recovery has signed; and what is to be said of the others. Where
/// there is none, what the last outcome answers is decided.
fn decided_by(group: &str, found: &BTreeMap<u32, GroupOffset>, topic_id: &str) -> (BTreeMap<u32, i64>, Vec<String>) {
    let mut notes = Vec::new();
    if found.is_empty() {
        notes.push(format!(
            "group {group} has committed no offsets: what the outcomes answer counts as decided"
        ));
    }
    let mut decided = BTreeMap::new();
    for (partition, committed) in found {
        let GroupOffset { offset, owner, last } = committed;
        if committed.is_of(topic_id) {
            decided.insert(*partition, *offset);
        } else if owner.is_empty() {
            notes.push(format!(
                "partition {partition}: offset {offset} of group {group} was set by a tool, and says nothing of what was decided"
            ));
        } else if let Some(last) = last {
            notes.push(format!(
                "partition {partition}: offset {offset} of group {group} is of a commands topic that was deleted (id {}); nothing of the one that \
                 is there now (id {topic_id}) counts as decided but what outcomes answer",
                last.topic_id
            ));
        }
    }
    (decided, notes)
}

/// A partition that a topic does not have, or that is empty.
const NOTHING: Watermarks = Watermarks { low: 0, high: 0 };

/// How many partitions the topics have now. Beyond the log's number there may be commands that were forwarded, and must be nothing else.
struct Count {
    commands: u32,
    events: u32,
    outcomes: u32,
}

impl Count {
    fn of(inspector: &Inspector, topology: &Topology) -> anyhow::Result<Self> {
        let topics = &topology.topics;
        Ok(Self {
            commands: inspector.partitions_of(&topics.commands.name)?,
            events: inspector.partitions_of(&topics.events.name)?,
            outcomes: inspector.partitions_of(&topics.outcomes.name)?,
        })
    }

    /// Where commands, events and outcomes of each partition begin and end.
    fn ranges(&self, inspector: &Inspector, topology: &Topology, hanging: &Hanging) -> anyhow::Result<Vec<(u32, [Watermarks; 3])>> {
        let topics = &topology.topics;
        let range = |topic: &str, partition: u32, partitions: u32| match partition < partitions {
            true => inspector
                .watermarks(topic, partition)
                .map(|marks| hanging.cut(topic, partition, marks)),
            false => Ok(NOTHING),
        };
        let of = |partition: u32| -> anyhow::Result<(u32, [Watermarks; 3])> {
            let commands = range(&topics.commands.name, partition, self.commands)?;
            let events = range(&topics.events.name, partition, self.events)?;
            let outcomes = range(&topics.outcomes.name, partition, self.outcomes)?;
            Ok((partition, [commands, events, outcomes]))
        };
        (0..self.all()).map(of).collect()
    }

    fn all(&self) -> u32 {
        self.commands.max(self.events).max(self.outcomes)
    }
}

/// The records of one partition.
struct Walking<'w> {
    walk: &'w mut Walk,
    topic: Topic,
    partition: u32,
}

impl<'w> Walking<'w> {
    fn begin(walk: &'w mut Walk, topic: Topic, partition: u32, marks: Watermarks) -> anyhow::Result<Self> {
        walk.begin(partition, marks.low, marks.high)?;
        Ok(Self { walk, topic, partition })
    }
}

impl Iterator for Walking<'_> {
    type Item = Result<Seen, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.walk.next_record().map_err(source).transpose()?;
        Some(found.map(|found| {
            let record = Record {
                place: place(self.topic, self.partition, found.offset),
                timestamp_ms: found.timestamp_ms,
                key: found.key,
                value: found.value,
                headers: found.headers,
            };
            seen(found.committed, record)
        }))
    }
}
