//! Whether the keys of all records of a topic lie where they belong among the topology's partitions.

use super::{ASK_WAIT_MAX, FactsError, POLL_WAIT};
use crate::Settings;
use crate::clock::Deadline;
use crate::reader::{Reader, Record};
use std::collections::BTreeMap;
use std::time::Duration;
use topology::Topology;

const RECORDS_MAX: usize = 10_000;
/// Without a record.
const NO_PROGRESS_MAX: Duration = Duration::from_secs(30);

pub(super) struct Agreement<'t> {
    reader: Reader,
    topology: &'t Topology,
    /// The ends as they were at the beginning, of partitions that are not read up to there yet.
    left: BTreeMap<u32, i64>,
}

impl<'t> Agreement<'t> {
    pub(super) fn new(settings: &Settings, topology: &'t Topology, topic: &str) -> Result<Self, FactsError> {
        let mut reader = Reader::new(settings, topic)?;
        reader.connect(ASK_WAIT_MAX)?;
        let partitions: Vec<u32> = (0..reader.partitions(ASK_WAIT_MAX)?).collect();
        let marks = reader.all_watermarks(&partitions, ASK_WAIT_MAX)?;
        let filled = marks.iter().filter(|(_, marks)| marks.low < marks.high);
        let from: BTreeMap<u32, i64> = filled.clone().map(|(partition, marks)| (*partition, marks.low)).collect();
        let left = filled.map(|(partition, marks)| (*partition, marks.high)).collect();
        if !from.is_empty() {
            reader.assign(&from, ASK_WAIT_MAX)?;
        }
        Ok(Self { reader, topology, left })
    }

    /// How many records there are, all of which agree.
    pub(super) fn check(mut self) -> Result<usize, FactsError> {
        let (mut records, mut differs) = (0, None);
        let topic = self.reader.topic().to_owned();
        let mut patience = Deadline::after(NO_PROGRESS_MAX);
        while !self.left.is_empty() {
            let polled = self.reader.poll(RECORDS_MAX, POLL_WAIT, |record| {
                if differs.is_none() {
                    differs = difference(self.topology, &topic, record);
                }
            })?;
            if let Some(differs) = differs {
                return Err(differs);
            }
            records += polled.records;
            let reader = &self.reader;
            self.left.retain(|partition, end| {
                !polled.ended.contains(partition) && reader.next_offset(*partition).is_some_and(|next| next < *end)
            });
            if polled.records > 0 {
                patience = Deadline::after(NO_PROGRESS_MAX);
            }
            if patience.is_over() {
                return Err(FactsError::NoProgress { topic });
            }
        }
        Ok(records)
    }
}

fn difference(topology: &Topology, topic: &str, record: &Record<'_>) -> Option<FactsError> {
    let (partition, offset, partitions) = (record.partition, record.offset, topology.partitions);
    let topic = topic.to_owned();
    let Some(key) = record.key else {
        return Some(FactsError::NoKey { topic, partition, offset });
    };
    let belongs_in = topology::partition_of(key, partitions);
    (belongs_in != partition).then(|| FactsError::Disagrees {
        metadata: topology.topics.metadata.name.clone(),
        topic,
        partition,
        offset,
        key: String::from_utf8_lossy(key).into_owned(),
        belongs_in,
        partitions,
    })
}
