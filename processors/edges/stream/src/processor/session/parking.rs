//! Partitions that wait for the schema of a command, while the others go on.

use super::{End, Session};
use crate::clock;
use crate::processor::transaction::fetched;
use crate::processor::wiring::Wiring;
use crate::processor::{COMMAND_BYTES_MAX, Processor};
use decider::Codec;
use rdkafka::message::{BorrowedMessage, Message};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A registry that answers more slowly than this holds the process up, though it does not fail.
const SLOW_AFTER: Duration = Duration::from_secs(2);
/// Schemas that are looked up at a time. The codec keeps as many, however long they are; else those learned last would displace those needed first.
const SCHEMAS_AT_ONCE_MAX: usize = 64;

/// Waits for these schemas. It is fetched again from its next command when all of them are known, or known to be absent.
pub(super) struct Parked {
    missing: BTreeSet<u32>,
    /// All that it has waited for.
    wanted: BTreeSet<u32>,
    since: Instant,
}

impl<'s, W: Wiring> Session<'s, W> {
    /// Leaves out what cannot be decided now. A partition with a command of an unknown schema waits from that command on.
    pub(super) fn park(&mut self, messages: Vec<BorrowedMessage<'s>>) -> Result<Vec<BorrowedMessage<'s>>, End> {
        let mut missing: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut kept = Vec::with_capacity(messages.len());
        let mut wanted = self.parked.values().map(|parked| parked.wanted.len()).sum::<usize>();
        for message in messages {
            let partition = message.partition().cast_unsigned();
            match (self.missing_schema(&message), missing.get_mut(&partition)) {
                (Some(id), Some(ids)) if wanted < SCHEMAS_AT_ONCE_MAX => wanted += usize::from(ids.insert(id)),
                (Some(id), None) => {
                    missing.insert(partition, BTreeSet::from([id]));
                    wanted += 1;
                }
                (None, None) => kept.push(message),
                (_, Some(_)) => {}
            }
        }
        if missing.is_empty() {
            return Ok(kept);
        }
        self.schemas.want(missing.values().flatten().copied());
        self.consumer
            .pause(&missing.keys().copied().collect())
            .map_err(|failure| End::Renew(failure.to_string()))?;
        for (partition, ids) in missing {
            tracing::info!(
                partition,
                schemas = ids.len(),
                "the partition waits for schemas that are not known yet"
            );
            let parked = Parked {
                wanted: ids.clone(),
                missing: ids,
                since: clock::now(),
            };
            self.parked.insert(partition, parked);
        }
        Ok(kept)
    }

    fn missing_schema(&self, message: &BorrowedMessage<'_>) -> Option<u32> {
        let value = message.payload().filter(|value| value.len() <= COMMAND_BYTES_MAX)?;
        let codec = &self.processor.codec;
        // Headers are looked at only where it matters what they say.
        codec.missing_schema(None, value)?;
        let (incoming, _) = fetched(message);
        let id = codec.missing_schema(incoming.content_type, value)?;
        (!self.schemas.absent().contains_key(&id)).then_some(id)
    }

    pub(super) fn is_parked(&self, message: &BorrowedMessage<'_>) -> bool {
        self.parked.contains_key(&message.partition().cast_unsigned())
    }

    /// Takes what the registry has answered, and fetches the partitions again that have waited for it.
    pub(super) fn unpark(&mut self) -> Result<(), End> {
        self.take_schemas();
        let ready: Vec<u32> = (self.parked.iter().filter(|(_, parked)| parked.missing.is_empty()))
            .map(|(partition, _)| *partition)
            .collect();
        let mut offsets = BTreeMap::new();
        for partition in ready {
            self.parked.remove(&partition);
            offsets.insert(partition, self.next_command(partition));
        }
        if !offsets.is_empty() {
            tracing::info!(partitions = ?offsets.keys(), "the schemas are known; the partitions go on");
            self.consumer
                .fetch_also(&offsets)
                .map_err(|failure| self.consumer.fatal_end().unwrap_or_else(|| End::Renew(failure.to_string())))?;
        }
        self.tell_parked();
        Ok(())
    }

    /// Passes what the registry has answered to the codec.
    fn take_schemas(&mut self) {
        let Processor { codec, observe, .. } = &mut *self.processor;
        for id in self.schemas.learn::<W::Domain, W::Codec>(codec, observe) {
            for parked in self.parked.values_mut() {
                parked.missing.remove(&id);
            }
        }
        let in_use = self.parked.values().flat_map(|parked| parked.wanted.iter().copied()).collect();
        self.schemas.forget(&in_use);
    }

    fn tell_parked(&mut self) {
        let waiting = self.parked.iter().next().and_then(|(partition, parked)| {
            let id = parked.missing.first()?;
            let why = match self.schemas.trouble() {
                Some(trouble) => trouble,
                None if clock::now() - parked.since > SLOW_AFTER => "the schema registry is slow to answer".to_owned(),
                None => return None,
            };
            Some(format!("partition {partition} waits for schema id {id}: {why}"))
        });
        if waiting != self.told_parked {
            self.told_parked = waiting;
            self.tell_what_holds_up();
        }
    }
}
