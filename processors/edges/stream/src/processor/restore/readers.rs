//! The readers of take-overs, which stay connected from one to the next: making one, and closing it, takes longer than reading a short gap.

use super::ASK_WAIT_MAX;
use crate::Settings;
use crate::facts::FactsReader;
use crate::reader::{ReadFailure, Reader};
use std::collections::BTreeMap;
use topology::Topology;

/// How much of each partition a reader is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Amount {
    /// A range.
    Many,
    /// A record, which is to come soon.
    One,
}

/// At most one reader for each topic and amount.
pub(in crate::processor) struct Readers {
    settings: Settings,
    idle: BTreeMap<(String, Amount), Reader>,
    /// Of what the log says about itself.
    pub(super) facts: Option<FactsReader>,
    /// Ranges of commands, by partition, of which each one has its outcome, or gets none.
    looked: BTreeMap<u32, (i64, i64)>,
}

impl Readers {
    /// Readers of the events and of the outcomes, and of the first outcomes and the last decided commands, which connect while the group is being joined.
    pub(in crate::processor) fn new(settings: &Settings, topology: &Topology) -> Result<Self, ReadFailure> {
        let mut idle = BTreeMap::new();
        let topics = &topology.topics;
        for (topic, amount) in [
            (&topics.events.name, Amount::Many),
            (&topics.outcomes.name, Amount::Many),
            (&topics.outcomes.name, Amount::One),
            (&topics.commands.name, Amount::One),
        ] {
            idle.insert((topic.clone(), amount), reader(settings, topic, amount)?);
        }
        Ok(Self {
            settings: settings.clone(),
            idle,
            facts: None,
            looked: BTreeMap::new(),
        })
    }

    /// Connects those that are idle to all brokers that they need. A reader that is assigned partitions before it knows where they are may
    /// begin to fetch as late as a second after.
    pub(in crate::processor) fn connect(&mut self, topology: &Topology) {
        let partitions: Vec<u32> = (0..topology.partitions).collect();
        for reader in self.idle.values() {
            let connected = reader.connect(ASK_WAIT_MAX).and_then(|()| reader.ends(&partitions, ASK_WAIT_MAX));
            if let Err(failure) = connected {
                tracing::warn!(%failure, "the log cannot be read yet");
                return;
            }
        }
        if self.facts.is_none() {
            // What it cannot read yet is read when it is needed.
            let reader = FactsReader::new(&self.settings, topology);
            self.facts = reader.and_then(|mut reader| reader.read().map(|_| ()).map(|()| reader)).ok();
        }
    }

    /// The range of commands that was last looked through for lost outcomes, where none was found.
    pub(super) fn looked(&self, partition: u32) -> Option<(i64, i64)> {
        self.looked.get(&partition).copied()
    }

    pub(super) fn note_looked(&mut self, partition: u32, range: (i64, i64)) {
        self.looked.insert(partition, range);
    }

    /// One that is not kept afterwards, unless it is given back.
    pub(super) fn take(&mut self, topic: &str, amount: Amount) -> Result<Reader, ReadFailure> {
        let idle = self.idle.remove(&(topic.to_owned(), amount));
        idle.map_or_else(|| reader(&self.settings, topic, amount), Ok)
    }

    /// Only one of which every partition has brought something may be used again.
    pub(super) fn give_back(&mut self, mut reader: Reader, amount: Amount) {
        if reader.release().is_ok() {
            self.idle.insert((reader.topic().to_owned(), amount), reader);
        }
    }
}

/// A broker answers with as much of each partition as it may. Where one record is wanted, most of that would be thrown away: of 24 partitions of a long log it took
/// longer than all the rest of a take-over.
fn reader(settings: &Settings, topic: &str, amount: Amount) -> Result<Reader, ReadFailure> {
    match amount {
        Amount::Many => Reader::impatient(settings, topic),
        Amount::One => Reader::configured(&settings.glancing_reader(), topic),
    }
}
