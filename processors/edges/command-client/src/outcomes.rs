//! Reading outcomes, of all commands, from the end of the topic or from its beginning.

use crate::following::{ASK_WAIT_MAX, Follow};
use crate::unreadable::Unreadable;
use crate::waiting::Waiting;
use decider::{Codec, Domain, Outcome, decode_learning, read_outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use stream::Settings;
use stream::reader::{ReadFailure, Reader};
use stream::registry::SchemaSource;
use topology::Topology;

/// Turns values into outcomes, with whatever codec the domain has.
pub struct OutcomeDecoder(Decode);

type Decode = Box<dyn FnMut(Option<u64>, &[u8]) -> Result<Outcome, String> + Send>;

impl OutcomeDecoder {
    /// Schemas that the codec does not know are asked of `schemas`.
    pub fn new<D: Domain, C: Codec<D> + 'static>(mut codec: C, mut schemas: impl SchemaSource + Send + 'static) -> Self {
        Self(Box::new(move |fingerprint, value| {
            decode_learning(
                &mut codec,
                |codec| read_outcome::<D, C>(codec, fingerprint, value),
                |codec, id| {
                    let schema = schemas.schema(id).map_err(|error| error.to_string())?.into_result();
                    let learned = schema.and_then(|schema| codec.learn(id, &schema).map_err(|reason| format!("schema {id}: {reason}")));
                    Ok(learned)
                },
            )
            .flatten()
        }))
    }

    fn decode(&mut self, fingerprint: Option<u64>, value: &[u8]) -> Result<Outcome, String> {
        (self.0)(fingerprint, value)
    }
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    Beginning,
    /// The end of the topic as it is now.
    End,
    /// So far before the end that about so many outcomes of all partitions are read, fewer where there are markers of transactions between.
    Newest {
        outcomes_max: usize,
    },
}

/// What one poll has brought.
#[derive(Debug, Default)]
pub struct Polled {
    /// Each with its partition.
    pub outcomes: Vec<(u32, Outcome)>,
    pub unreadable: Vec<Unreadable>,
    /// Partitions whose end was reached.
    pub ended: Vec<u32>,
}

/// Reads outcomes.
pub struct OutcomeReader {
    settings: Settings,
    reader: Reader,
    decoder: OutcomeDecoder,
    partitions: u32,
    from: StartAt,
    /// Partitions of which the end was not reached yet.
    unended: BTreeSet<u32>,
}

const RECORDS_MAX: usize = 10_000;

impl OutcomeReader {
    pub fn open(settings: &Settings, topology: &Topology, decoder: OutcomeDecoder, from: StartAt) -> Result<Self, ReadFailure> {
        let topic = &topology.topics.outcomes.name;
        Ok(Self {
            settings: settings.clone(),
            reader: opened(settings, topic, topology.partitions, from)?,
            decoder,
            partitions: topology.partitions,
            from,
            unended: (0..topology.partitions).collect(),
        })
    }

    /// Waits up to `wait` for a first outcome, then takes what is there.
    pub fn poll(&mut self, wait: Duration) -> Result<Polled, ReadFailure> {
        let mut brought = Polled::default();
        let decoder = &mut self.decoder;
        let polled = self.reader.poll(RECORDS_MAX, wait, |record| {
            match decoder.decode(record.schema_fingerprint(), record.value.unwrap_or_default()) {
                Ok(outcome) => brought.outcomes.push((record.partition, outcome)),
                Err(reason) => brought.unreadable.push(Unreadable {
                    partition: record.partition,
                    offset: record.offset,
                    key: record.key.map(<[u8]>::to_vec),
                    reason,
                }),
            }
        })?;
        brought.ended = polled.ended;
        self.unended.retain(|partition| !brought.ended.contains(partition));
        Ok(brought)
    }

    pub fn topic(&self) -> &str {
        self.reader.topic()
    }

    pub fn partitions(&self) -> u32 {
        self.partitions
    }
}

impl Follow for OutcomeReader {
    fn topic(&self) -> &str {
        self.reader.topic()
    }

    fn check_ends(&mut self, wait: Duration) -> Result<(), ReadFailure> {
        self.reader.checked_ends(wait).map(drop)
    }

    fn take(&mut self, wait: Duration) -> Result<impl FnOnce(&mut Waiting), ReadFailure> {
        let brought = self.poll(wait)?;
        let topic = self.topic().to_owned();
        let is_caught_up = self.unended.is_empty();
        Ok(move |waiting: &mut Waiting| {
            for (partition, outcome) in brought.outcomes {
                waiting.decided(partition, outcome);
            }
            for record in brought.unreadable {
                tracing::warn!(
                    topic,
                    partition = record.partition,
                    offset = record.offset,
                    reason = record.reason,
                    "no outcome"
                );
                waiting.unreadable(&topic, record);
            }
            if is_caught_up {
                waiting.caught_up();
            }
        })
    }

    fn reopen(&mut self) -> Result<(), ReadFailure> {
        self.reader = opened(&self.settings, self.reader.topic(), self.partitions, self.from)?;
        Ok(())
    }
}

fn opened(settings: &Settings, topic: &str, partitions: u32, from: StartAt) -> Result<Reader, ReadFailure> {
    let mut reader = Reader::new(settings, topic)?;
    match from {
        StartAt::End => reader.assign_ends(partitions, ASK_WAIT_MAX)?,
        StartAt::Newest { outcomes_max } => {
            let of_partition = i64::try_from(outcomes_max).unwrap_or(i64::MAX) / i64::from(partitions.max(1));
            reader.assign_newest(partitions, of_partition, ASK_WAIT_MAX)?;
        }
        StartAt::Beginning => {
            let partitions: Vec<u32> = (0..partitions).collect();
            let marks = reader.all_watermarks(&partitions, ASK_WAIT_MAX)?;
            let beginnings: BTreeMap<u32, i64> = marks.into_iter().map(|(partition, marks)| (partition, marks.low)).collect();
            reader.assign(&beginnings, ASK_WAIT_MAX)?;
        }
    }
    Ok(reader)
}
