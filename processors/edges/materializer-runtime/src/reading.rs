//! Events from the log, decoded, in runs of bounded size.

use crate::applying::{LocatedEvent, Stop, panic_text};
use crate::failure::Failure;
use crate::freezing::Freezing;
use crate::parts::{Condition, REGISTRY};
use crate::session::Session;
use crate::spans::TracedEvent;
use application::{Application, SchemaIds};
use decider::{Codec, WriterSchema, decode_learning, read_event};
use service::{State, clock};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use stream::reader::{ReadFailure, Reader, Record};
use stream::registry::Registry;
use traces::{TRACEPARENT, TraceContext, Tracer};

/// How long a poll waits for a first record. It returns as soon as there is one.
const POLL_WAIT: Duration = Duration::from_millis(100);
const RETRY_PAUSE: Duration = Duration::from_secs(1);
const LAG_PERIOD: Duration = Duration::from_secs(5);
const LAG_WAIT_MAX: Duration = Duration::from_secs(1);

/// What one poll has brought.
pub(crate) struct Run<E> {
    pub(crate) located: Vec<LocatedEvent<E>>,
    /// When each was appended, milliseconds since the epoch.
    pub(crate) appended_ms: Vec<i64>,
    /// Those that are traced, in their order.
    pub(crate) traced: Vec<TracedEvent>,
    /// Records that are no events: the view does not go on in their partitions.
    pub(crate) undecodable: Vec<Stop>,
    /// Partitions whose end was reached after these events.
    pub(crate) ended: Vec<u32>,
    /// The ends of partitions that are not reached, when they were looked up.
    pub(crate) ends: BTreeMap<u32, i64>,
}

impl<E> Run<E> {
    pub(crate) fn empty() -> Self {
        Self {
            located: Vec::new(),
            appended_ms: Vec::new(),
            traced: Vec::new(),
            undecodable: Vec::new(),
            ended: Vec::new(),
            ends: BTreeMap::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.located.is_empty() && self.undecodable.is_empty() && self.ended.is_empty() && self.ends.is_empty()
    }

    /// What comes after the first `count` events, if there is any, with all that is known of the ends.
    pub(crate) fn split_off(&mut self, count: usize) -> Option<Self> {
        if count >= self.located.len() {
            return None;
        }
        let mut traced = self.traced.split_off(self.traced.partition_point(|event| event.index < count));
        traced.iter_mut().for_each(|event| event.index -= count);
        let rest = Self {
            located: self.located.split_off(count),
            traced,
            appended_ms: self.appended_ms.split_off(count),
            undecodable: std::mem::take(&mut self.undecodable),
            ended: std::mem::take(&mut self.ended),
            ends: std::mem::take(&mut self.ends),
        };
        Some(rest)
    }
}

/// Reads until the shutdown, or until the receiver of the runs is gone.
pub(crate) fn read<A: Application>(
    mut reader: Reader,
    mut decoder: Decoder<A>,
    wanted: Reading,
    session: &Session<'_>,
    runs: SyncSender<Run<A::Event>>,
) -> Result<(), Failure> {
    let (events_max, mut until) = (wanted.events_max, wanted.until);
    if let Some(until) = &until
        && !freeze(until.frozen().collect(), &mut reader, &runs)?
    {
        return Ok(());
    }
    let mut lag_asked = clock::monotonic();
    let mut behind: Vec<u32> = Vec::new();
    let mut stopped: BTreeSet<u32> = BTreeSet::new();
    let mut cut: Option<ReadFailure> = None;
    while !session.is_over() && !until.as_ref().is_some_and(Freezing::is_complete) {
        let mut run = Run::empty();
        let mut frozen: Vec<u32> = Vec::new();
        let polled = reader.poll(events_max, POLL_WAIT, |record| {
            if stopped.contains(&record.partition) {
                return;
            }
            match decoder.decode_caught(record, session) {
                Ok(Some(located)) => {
                    let is_taken = until.as_mut().is_none_or(|until| until.takes(&located));
                    if until.as_ref().is_some_and(|until| until.is_frozen(record.partition)) {
                        stopped.insert(record.partition);
                        frozen.push(record.partition);
                    }
                    if is_taken {
                        run.traced.extend(traced(&wanted.tracer, record, run.located.len()));
                        run.located.push(located);
                        run.appended_ms.push(record.timestamp_ms);
                    }
                }
                // The shutdown came while the registry was waited for: what was read is read again at the next start.
                Ok(None) => {}
                Err(stop) => {
                    stopped.insert(record.partition);
                    run.undecodable.push(stop);
                }
            }
            if !behind.contains(&record.partition) {
                behind.push(record.partition);
            }
        })?;
        behind.retain(|partition| !polled.ended.contains(partition));
        run.ended = polled.ended;
        for partition in frozen {
            reader.pause(partition)?;
            behind.retain(|behind| *behind != partition);
            run.ended.push(partition);
        }
        if lag_asked.elapsed() >= LAG_PERIOD {
            lag_asked = clock::monotonic();
            // The brokers say nothing to a reader whose log was put back to an older one: it has to look. A leader that has just become one
            // may not know the end yet, so that what is found has to be found again.
            match (reader.checked_ends(LAG_WAIT_MAX), cut.take()) {
                (Ok(ends), _) => {
                    run.ends = behind
                        .iter()
                        .filter_map(|partition| Some((*partition, *ends.get(partition)?)))
                        .collect()
                }
                (Err(failure @ ReadFailure::OutOfRange { .. }), Some(_)) => return Err(failure.into()),
                (Err(failure @ ReadFailure::OutOfRange { .. }), None) => cut = Some(failure),
                (Err(failure @ ReadFailure::Unheard { .. }), _) => return Err(failure.into()),
                (Err(failure), _) => tracing::debug!(%failure, "the ends of the log cannot be read now"),
            }
        }
        if !session.is_over() && !run.is_empty() && runs.send(run).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// How much is read at once, and up to where.
pub(crate) struct Reading {
    pub(crate) events_max: usize,
    pub(crate) until: Option<Freezing>,
    pub(crate) tracer: Tracer,
}

/// The trace of the event in a record, where there is one and it goes anywhere. Headers are looked at only then.
fn traced(tracer: &Tracer, record: &Record<'_>, index: usize) -> Option<TracedEvent> {
    if !tracer.is_on() {
        return None;
    }
    Some(TracedEvent {
        index,
        partition: record.partition,
        offset: record.offset,
        commit: TraceContext::sampled(record.header(TRACEPARENT)?)?,
    })
}

/// Reads no more of partitions of which the view has everything. `false` when no more is taken.
fn freeze<E>(partitions: Vec<u32>, reader: &mut Reader, runs: &SyncSender<Run<E>>) -> Result<bool, Failure> {
    for partition in &partitions {
        reader.pause(*partition)?;
    }
    let mut run = Run::empty();
    run.ended = partitions;
    Ok(run.is_empty() || runs.send(run).is_ok())
}

/// Turns records into events.
pub(crate) struct Decoder<A: Application> {
    codec: A::Codec,
    registry: Registry,
    condition: Condition,
}

impl<A: Application> Decoder<A> {
    pub(crate) fn new(registry: Registry, condition: Condition) -> Self {
        Self {
            codec: A::codec(SchemaIds::UNKNOWN),
            registry,
            condition,
        }
    }

    /// The event in a record; `None` when the shutdown came while the registry was waited for. A panic is a record that cannot be read:
    /// it would come again at every start.
    fn decode_caught(&mut self, record: &Record<'_>, session: &Session<'_>) -> Result<Option<LocatedEvent<A::Event>>, Stop> {
        let Record { partition, offset, .. } = *record;
        let reason = match panic::catch_unwind(AssertUnwindSafe(|| self.decode(record, session))) {
            Ok(Ok(located)) => return Ok(located),
            Ok(Err(reason)) => reason,
            Err(panic) => format!("the code that reads it panicked: {}", panic_text(&*panic)),
        };
        Err(Stop::Undecodable { partition, offset, reason })
    }

    fn decode(&mut self, record: &Record<'_>, session: &Session<'_>) -> Result<Option<LocatedEvent<A::Event>>, String> {
        let Record { partition, offset, .. } = *record;
        let value = record.value.ok_or("it has no value")?;
        let Self {
            codec,
            registry,
            condition,
        } = self;
        let decoded = decode_learning(
            codec,
            |codec| read_event::<A, _>(codec, record.schema_fingerprint(), value),
            |codec, id| {
                let schema = schema(registry, condition, id, session)?;
                Ok(schema.and_then(|schema| Codec::<A>::learn(codec, id, &schema)))
            },
        );
        match decoded {
            Err(ShuttingDown) => Ok(None),
            Ok(event) => Ok(Some(LocatedEvent {
                partition,
                offset,
                event: event?,
            })),
        }
    }
}

/// The shutdown came while the registry was waited for.
struct ShuttingDown;

/// Asks the registry until it answers: the schema, or why there is none.
fn schema(
    registry: &Registry,
    condition: &Condition,
    id: u32,
    session: &Session<'_>,
) -> Result<Result<WriterSchema, String>, ShuttingDown> {
    while !session.is_over() {
        match registry.schema(id) {
            Ok(schema) => {
                condition.set(REGISTRY, State::Ready);
                return Ok(schema.into_result());
            }
            Err(error) => {
                tracing::warn!(%error, schema_id = id, "a schema is needed to go on; waiting for the registry");
                condition.set(REGISTRY, State::Waiting(error.to_string()));
                session.shutdown.wait_timeout(RETRY_PAUSE);
            }
        }
    }
    Err(ShuttingDown)
}
