//! The committed records of one log, partition by partition, as the commands that they follow from.

use super::step::{Answer, COMMAND, Event, Headers, Step};
use crate::Connection;
use crate::reading::{decoded_record, next_committed};
use anyhow::{anyhow, bail};
use application::Application;
use decider::{DecodeError, EventEnvelope, read_event, read_outcome};
use stream::inspect::{Found, Inspector, Walk};
use stream::registry::Registry;
use topology::Topology;

/// Reads a log.
pub(super) struct Reading<A: Application> {
    topology: Topology,
    inspector: Inspector,
    events: Walk,
    outcomes: Walk,
    codec: A::Codec,
    registry: Registry,
    partition: u32,
    sequence: u64,
    event: Option<Event<A::Event>>,
    outcome: Option<Answer>,
    /// Ids of the commands topics that this partition's records name, in the order in which outcomes name them.
    commands_topics: Vec<String>,
}

impl<A: Application> Reading<A> {
    pub(super) fn new(connection: &Connection<A>, topology: &Topology) -> anyhow::Result<Self> {
        let settings = connection.settings()?;
        Ok(Self {
            topology: topology.clone(),
            inspector: Inspector::new(&settings)?,
            events: Walk::new(&settings, &topology.topics.events.name)?,
            outcomes: Walk::new(&settings, &topology.topics.outcomes.name)?,
            codec: connection.codec()?,
            registry: connection.registry()?,
            partition: 0,
            sequence: 0,
            event: None,
            outcome: None,
            commands_topics: Vec::new(),
        })
    }

    /// Calls `visit` on every step of the log; each partition's in the order of its commands.
    pub(super) fn walk(&mut self, visit: &mut dyn FnMut(Step<A::Event>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        for partition in 0..self.topology.partitions {
            self.begin(partition)?;
            while let Some(step) = self.next()? {
                visit(step)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, partition: u32) -> anyhow::Result<()> {
        let topics = &self.topology.topics;
        let range = |topic: &str| self.inspector.watermarks(topic, partition);
        let (events, outcomes) = (range(&topics.events.name)?, range(&topics.outcomes.name)?);
        self.events.begin(partition, events.low, events.high)?;
        self.outcomes.begin(partition, outcomes.low, outcomes.high)?;
        (self.partition, self.sequence) = (partition, 0);
        self.commands_topics.clear();
        self.fill()
    }

    fn next(&mut self) -> anyhow::Result<Option<Step<A::Event>>> {
        let Some(at) = self.waiting().into_iter().flatten().min() else {
            return Ok(None);
        };
        let mut step = Step::default();
        loop {
            let [outcome_at, event_at] = self.waiting();
            let event = self.event.take_if(|_| event_at == Some(at));
            let outcome = self.outcome.take_if(|_| outcome_at == Some(at));
            if event.is_none() && outcome.is_none() {
                return Ok(Some(step));
            }
            step.events.extend(event);
            step.outcomes.extend(outcome);
            self.fill()?;
        }
    }

    /// The commands that the next outcome and the next event follow from: the age of their topic, and their offsets. A commands topic that was
    /// deleted and created again has the same offsets once more.
    fn waiting(&mut self) -> [Option<(usize, i64)>; 2] {
        let topics = &mut self.commands_topics;
        let outcome = self.outcome.as_ref();
        let outcome = outcome.map(|answer| (age(topics, &answer.headers), answer.outcome.command_offset));
        let event = self.event.as_ref();
        let event = event.map(|event| (age(topics, &event.headers), event.envelope.command_offset));
        [outcome, event]
    }

    /// Reads the next record of each topic, where none waits.
    fn fill(&mut self) -> anyhow::Result<()> {
        if self.event.is_none()
            && let Some(found) = next_committed(&mut self.events)?
        {
            let envelope = self.decoded(&found, read_event::<A, A::Codec>)?;
            self.check_event(&found, &envelope)?;
            self.event = Some(Event {
                envelope,
                headers: found.headers,
            });
        }
        if self.outcome.is_none()
            && let Some(found) = next_committed(&mut self.outcomes)?
        {
            let outcome = self.decoded(&found, read_outcome::<A, A::Codec>)?;
            self.check_place("outcome", &found, &outcome.aggregate_id)?;
            self.outcome = Some(Answer {
                outcome,
                timestamp_ms: found.timestamp_ms,
                headers: found.headers,
            });
        }
        Ok(())
    }

    fn decoded<T>(
        &mut self,
        found: &Found,
        decode: impl Fn(&mut A::Codec, Option<u64>, &[u8]) -> Result<T, DecodeError>,
    ) -> anyhow::Result<T> {
        let decoded = decoded_record::<A, T>(&mut self.codec, &self.registry, found, decode);
        decoded.map_err(|error| anyhow!("partition {} at offset {}: {error:#}", self.partition, found.offset))
    }

    /// A log that is not whole is not carried anywhere.
    fn check_event(&mut self, found: &Found, event: &EventEnvelope<A::Event>) -> anyhow::Result<()> {
        self.check_place("event", found, &event.aggregate_id)?;
        self.sequence += 1;
        if event.sequence != self.sequence {
            bail!(
                "the event of partition {} at offset {} has sequence {} where {} should follow",
                self.partition,
                found.offset,
                event.sequence,
                self.sequence
            );
        }
        Ok(())
    }

    fn check_place(&self, what: &str, found: &Found, aggregate_id: &str) -> anyhow::Result<()> {
        let partitions = self.topology.partitions;
        let belongs_in = topology::partition_of(aggregate_id.as_bytes(), partitions);
        if belongs_in != self.partition {
            bail!(
                "the {what} of partition {} at offset {} is of {aggregate_id}, which belongs in partition {belongs_in} of {partitions}",
                self.partition,
                found.offset
            );
        }
        Ok(())
    }
}

/// Which of the topics a record's header names.
fn age(topics: &mut Vec<String>, headers: &Headers) -> usize {
    let header = headers
        .iter()
        .find(|(name, _)| name == COMMAND)
        .and_then(|(_, value)| value.as_deref());
    let text = header.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    let topic = text.rsplitn(3, '/').nth(2).unwrap_or_default();
    topics.iter().position(|known| known == topic).unwrap_or_else(|| {
        topics.push(topic.to_owned());
        topics.len() - 1
    })
}
