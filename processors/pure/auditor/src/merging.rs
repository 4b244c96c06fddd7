//! One partition of commands, events and outcomes walked together: a step for each command, with what came of it.

use crate::decoding::Decoding;
use crate::{Place, Record, Seen, SourceError};
use decider::{Codec, Domain, EventEnvelope, Outcome, SCHEMA_FINGERPRINT, schema_fingerprint};

/// A record with what it was read as.
#[derive(Debug, Clone)]
pub(crate) struct Found<T> {
    pub(crate) record: Record,
    pub(crate) value: T,
}

/// A dead letter: the command that it stands for is set aside.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetter {
    pub(crate) place: Place,
    pub(crate) reason: String,
}

/// Everything that belongs to one offset of the commands.
#[derive(Debug)]
pub(crate) struct Step<E> {
    pub(crate) command_offset: i64,
    /// The offset is one of a commands topic that was deleted: its commands are not in the log.
    pub(crate) former: bool,
    /// `None` where the log has no such command.
    pub(crate) command: Option<Record>,
    pub(crate) events: Vec<Found<EventEnvelope<E>>>,
    pub(crate) outcomes: Vec<Found<Outcome>>,
    pub(crate) letter: Option<DeadLetter>,
    /// Its answer rests on what the log does not hold any more.
    pub(crate) trusted: bool,
}

impl<E> Step<E> {
    pub(crate) fn first_place(&self) -> Option<Place> {
        let events = self.events.iter().map(|found| found.record.place);
        let outcomes = self.outcomes.iter().map(|found| found.record.place);
        let command = self.command.iter().map(|record| record.place);
        command.chain(events).chain(outcomes).next()
    }
}

/// A record that belongs to no step.
pub(crate) enum StrayRecord<E> {
    AbortedCommand,
    AbortedEvent(Found<EventEnvelope<E>>),
    AbortedOutcome(Found<Outcome>),
    /// A committed event or outcome that cannot be read, with the reason.
    Unreadable(Record, String),
}

/// More records of one command than this are no answer any more; they make steps of their own.
const GROUP_MAX: usize = 100_000;

pub(crate) struct Merge<E, A, B, C> {
    /// Id of the commands topic.
    topic_id: Option<String>,
    /// Ids of the ones before it, in the order in which they are met.
    former: Vec<String>,
    commands: A,
    events: B,
    outcomes: C,
    command: Option<Record>,
    event: Option<Found<EventEnvelope<E>>>,
    outcome: Option<Found<Outcome>>,
}

impl<E, A, B, C> Merge<E, A, B, C>
where
    A: Iterator<Item = Result<Seen, SourceError>>,
    B: Iterator<Item = Result<Seen, SourceError>>,
    C: Iterator<Item = Result<Seen, SourceError>>,
{
    pub(crate) fn new(topic_id: Option<&str>, commands: A, events: B, outcomes: C) -> Self {
        Self {
            topic_id: topic_id.map(str::to_owned),
            former: Vec::new(),
            commands,
            events,
            outcomes,
            command: None,
            event: None,
            outcome: None,
        }
    }

    /// The offset of the next command that is in the log.
    pub(crate) fn next_command(&self) -> Option<i64> {
        self.command.as_ref().map(|record| record.place.offset)
    }

    /// The least command offset that a record which waits is of.
    pub(crate) fn next_offset(&self) -> Option<i64> {
        let waiting = [
            self.next_command(),
            self.event.as_ref().map(|found| found.value.command_offset),
            self.outcome.as_ref().map(|found| found.value.command_offset),
        ];
        waiting.into_iter().flatten().min()
    }

    /// More outcomes follow.
    pub(crate) fn has_outcomes(&self) -> bool {
        self.outcome.is_some()
    }

    /// Reads the next record of each topic, where none waits.
    pub(crate) fn fill<D, K>(&mut self, decoding: &mut Decoding<'_, K>, aside: &mut dyn FnMut(StrayRecord<E>)) -> Result<(), SourceError>
    where
        D: Domain<Event = E>,
        K: Codec<D>,
    {
        while self.command.is_none() {
            match self.commands.next().transpose()? {
                None => break,
                Some(Seen::Aborted(_)) => aside(StrayRecord::AbortedCommand),
                Some(Seen::Committed(record)) => self.command = Some(record),
            }
        }
        while self.event.is_none()
            && let Some(seen) = self.events.next().transpose()?
        {
            match read(seen, |fingerprint, value| decoding.event::<D>(fingerprint, value))? {
                Decoded::Committed(found) => self.event = Some(found),
                Decoded::Aborted(found) => aside(StrayRecord::AbortedEvent(found)),
                Decoded::Unreadable(record, reason) => aside(StrayRecord::Unreadable(record, reason)),
                Decoded::Nothing => {}
            }
        }
        while self.outcome.is_none()
            && let Some(seen) = self.outcomes.next().transpose()?
        {
            match read(seen, |fingerprint, value| decoding.outcome::<D>(fingerprint, value))? {
                // It was noted before, and is where its command is.
                Decoded::Committed(found) if found.record.is_rewritten() => {}
                Decoded::Committed(found) => self.outcome = Some(found),
                Decoded::Aborted(found) => aside(StrayRecord::AbortedOutcome(found)),
                Decoded::Unreadable(record, reason) => aside(StrayRecord::Unreadable(record, reason)),
                Decoded::Nothing => {}
            }
        }
        Ok(())
    }

    /// What belongs to the least offset that waits. `None` at the end of all three.
    pub(crate) fn next<D, K>(
        &mut self,
        decoding: &mut Decoding<'_, K>,
        aside: &mut dyn FnMut(StrayRecord<E>),
    ) -> Result<Option<Step<E>>, SourceError>
    where
        D: Domain<Event = E>,
        K: Codec<D>,
    {
        self.fill::<D, K>(decoding, aside)?;
        let event = self
            .event
            .as_ref()
            .map(|found| (found.record.commands_topic(), found.value.command_offset));
        let event = event.map(|(topic, offset)| (age(self.topic_id.as_deref(), &mut self.former, topic), offset));
        let outcome = self
            .outcome
            .as_ref()
            .map(|found| (found.record.commands_topic(), found.value.command_offset));
        let outcome = outcome.map(|(topic, offset)| (age(self.topic_id.as_deref(), &mut self.former, topic), offset));
        let command = self.next_command().map(|offset| (PRESENT, offset));
        let Some(at) = [command, event, outcome].into_iter().flatten().min() else {
            return Ok(None);
        };
        let (age_here, command_offset) = at;
        let mut step = Step {
            command_offset,
            former: age_here != PRESENT,
            command: self.command.take_if(|record| (PRESENT, record.place.offset) == at),
            events: Vec::new(),
            outcomes: Vec::new(),
            letter: None,
            trusted: false,
        };
        loop {
            let Self { topic_id, former, .. } = self;
            let mut is_here = |record: &Record, offset: i64| (age(topic_id.as_deref(), former, record.commands_topic()), offset) == at;
            let events = self.event.take_if(|found| is_here(&found.record, found.value.command_offset));
            let outcomes = self.outcome.take_if(|found| is_here(&found.record, found.value.command_offset));
            if events.is_none() && outcomes.is_none() || step.events.len() + step.outcomes.len() > GROUP_MAX {
                self.event = self.event.take().or(events);
                self.outcome = self.outcome.take().or(outcomes);
                return Ok(Some(step));
            }
            step.events.extend(events);
            step.outcomes.extend(outcomes);
            self.fill::<D, K>(decoding, aside)?;
        }
    }
}

/// Commands topics of one name, from the oldest to the one that is there now.
const PRESENT: usize = usize::MAX;

/// Which of the topics a record's command is in. Events and outcomes go on from one to the next together. A record that does not say is of
/// the present one.
fn age(present: Option<&str>, former: &mut Vec<String>, topic: Option<&str>) -> usize {
    let Some(topic) = topic.filter(|topic| present.is_some_and(|present| present != *topic)) else {
        return PRESENT;
    };
    former.iter().position(|known| known == topic).unwrap_or_else(|| {
        former.push(topic.to_owned());
        former.len() - 1
    })
}

enum Decoded<T> {
    Committed(Found<T>),
    Aborted(Found<T>),
    Unreadable(Record, String),
    /// An aborted record that cannot be read: no reader will ever try.
    Nothing,
}

fn read<T>(
    seen: Seen,
    decode: impl FnOnce(Option<u64>, &[u8]) -> Result<Result<T, String>, SourceError>,
) -> Result<Decoded<T>, SourceError> {
    let (record, committed) = match seen {
        Seen::Committed(record) => (record, true),
        Seen::Aborted(record) => (record, false),
    };
    let fingerprint = record.header(SCHEMA_FINGERPRINT).and_then(schema_fingerprint);
    Ok(
        match (decode(fingerprint, record.value.as_deref().unwrap_or_default())?, committed) {
            (Ok(value), true) => Decoded::Committed(Found { record, value }),
            (Ok(value), false) => Decoded::Aborted(Found { record, value }),
            (Err(reason), true) => Decoded::Unreadable(record, reason),
            (Err(_), false) => Decoded::Nothing,
        },
    )
}

#[cfg(test)]
mod tests;
