//! The log as questions read it: single events and their commands by offset, over connections of its own, within a budget.

use crate::shared::Shared;
use application::{Application, EventPlace, IssuedCommand, LoggedEvent, SchemaIds, Unavailable};
use decider::{Codec, EventEnvelope, Representation, decode_learning, read_event};
use query_service::{EventLog, Followed};
use service::clock;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use stream::reader::{ReadFailure, Record};
use stream::registry::Registry;
use stream::{Fetched, RecordFetcher};

/// How long the events of one answer may take.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Of the values of the events and commands of one answer.
const BYTES_MAX: usize = 4 << 20;
/// Events that are read at once for one who follows.
const FOLLOWED_MAX: usize = 500;
/// Events at most so many offsets apart are read in ascending order, in one go.
const RUN_GAP_MAX: i64 = 64;
const CONTENT_TYPE: &str = "content-type";

/// The log of an application.
pub(crate) struct KafkaLog<A: Application> {
    shared: Shared,
    /// Made when it is first needed, and made again after a failure.
    readers: Mutex<Option<Readers<A>>>,
    /// The same for those who follow: they do not wait for questions, nor those for them.
    following: Mutex<Option<FollowingReader<A>>>,
}

struct FollowingReader<A: Application> {
    events: RecordFetcher,
    codec: A::Codec,
}

struct Readers<A: Application> {
    events: RecordFetcher,
    commands: RecordFetcher,
    codec: A::Codec,
}

/// What is left for an answer.
struct Budget<'b> {
    is_over: &'b dyn Fn() -> bool,
    bytes_left: usize,
}

impl<A: Application> KafkaLog<A> {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared,
            readers: Mutex::new(None),
            following: Mutex::new(None),
        }
    }

    fn connect(&self) -> Result<Readers<A>, ReadFailure> {
        let Shared { settings, topology, .. } = &self.shared;
        Ok(Readers {
            events: RecordFetcher::new(settings, &topology.topics.events.name)?,
            commands: RecordFetcher::new(settings, &topology.topics.commands.name)?,
            codec: A::codec(SchemaIds::UNKNOWN),
        })
    }
}

impl<A: Application> EventLog<A::Event> for KafkaLog<A>
where
    A::Event: Clone,
{
    fn events(&self, places: &[EventPlace], is_over: &dyn Fn() -> bool) -> Result<Vec<LoggedEvent<A::Event>>, String> {
        // Half-used readers are never put back: a panic leaves none.
        let mut kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut readers = match kept.take() {
            Some(readers) => readers,
            None => self.connect().map_err(|failure| failure.to_string())?,
        };
        let began = clock::monotonic();
        let is_over = || is_over() || began.elapsed() > TIME_MAX;
        let mut budget = Budget {
            is_over: &is_over,
            bytes_left: BYTES_MAX,
        };
        let events = readers.read(&self.shared.registry, places, &mut budget);
        let events = events.map_err(|failure| failure.to_string())?;
        *kept = Some(readers);
        Ok(events)
    }

    fn follow(&self, partition: u32, from: i64, range: (u64, u64), is_over: &dyn Fn() -> bool) -> Result<Followed<A::Event>, String> {
        let mut kept = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = match kept.take() {
            Some(reader) => reader,
            None => {
                let Shared { settings, topology, .. } = &self.shared;
                let events = RecordFetcher::new(settings, &topology.topics.events.name);
                FollowingReader {
                    events: events.map_err(|failure| failure.to_string())?,
                    codec: A::codec(SchemaIds::UNKNOWN),
                }
            }
        };
        let began = clock::monotonic();
        let is_over = || is_over() || began.elapsed() > TIME_MAX;
        let followed = reader.read(&self.shared.registry, (partition, from), range, &is_over)?;
        *kept = Some(reader);
        Ok(followed)
    }
}

impl<A: Application> FollowingReader<A> {
    fn read(
        &mut self,
        registry: &Registry,
        (partition, from): (u32, i64),
        (after, to): (u64, u64),
        is_over: &dyn Fn() -> bool,
    ) -> Result<Followed<A::Event>, String> {
        let (mut events, mut next_offset, mut bytes) = (Vec::new(), from, 0);
        let mut failed = None;
        let (mut expected, mut is_deleted) = (after + 1, false);
        let codec = &mut self.codec;
        let fetched = self.events.follow(partition, from, is_over, |record| {
            match decoded::<A>(registry, codec, record) {
                Ok(event) if event.sequence < expected => {}
                // Sequences have no gaps: what is missing was there.
                Ok(event) if event.sequence > expected => is_deleted = true,
                Ok(event) => {
                    expected += 1;
                    next_offset = record.offset + 1;
                    bytes += record.value.map_or(0, <[u8]>::len);
                    events.push(event);
                }
                Err(reason) => {
                    let offset = record.offset;
                    failed = Some(format!(
                        "the record of partition {partition} at offset {offset} cannot be read as an event: {reason}"
                    ));
                }
            }
            let is_enough = events.len() >= FOLLOWED_MAX || bytes >= BYTES_MAX || expected > to;
            !(is_enough || is_deleted || failed.is_some())
        });
        let rested = fetched.and_then(|_fetched| self.events.rest());
        rested.map_err(|failure| failure.to_string())?;
        match (events.is_empty(), failed) {
            (true, Some(reason)) => Err(reason),
            (true, None) if is_deleted => Ok(Followed::Deleted),
            // What is wrong with the next one is found again when it is asked for.
            _ => Ok(Followed::Events { events, next_offset }),
        }
    }
}

fn decoded<A: Application>(registry: &Registry, codec: &mut A::Codec, record: &Record<'_>) -> Result<EventEnvelope<A::Event>, String> {
    let value = record.value.ok_or("it has no value")?;
    decode_learning(
        codec,
        |codec| read_event::<A, _>(codec, record.schema_fingerprint(), value),
        |codec, id| learn::<A>(registry, codec, id).map(Ok),
    )?
}

impl<A: Application> Readers<A>
where
    A::Event: Clone,
{
    fn read(
        &mut self,
        registry: &Registry,
        places: &[EventPlace],
        budget: &mut Budget<'_>,
    ) -> Result<Vec<LoggedEvent<A::Event>>, ReadFailure> {
        let mut found: BTreeMap<EventPlace, Result<EventEnvelope<A::Event>, Unavailable>> = BTreeMap::new();
        for run in runs(places) {
            for place in run {
                found.insert(place, self.event(registry, place, budget)?);
            }
        }
        let mut commands: BTreeMap<(u32, i64), Result<IssuedCommand, Unavailable>> = BTreeMap::new();
        for (place, event) in &found {
            let Ok(event) = event else { continue };
            let at = (place.partition, event.command_offset);
            commands.entry(at).or_insert_with(|| self.command(registry, at, event, budget));
        }
        // Whatever goes wrong with it concerns the next question, which connects again.
        if self.events.rest().and(self.commands.rest()).is_err() {
            tracing::debug!("the reader of single events could not be put to rest");
        }
        let logged = places.iter().map(|place| {
            let event = found.get(place).cloned().unwrap_or(Err(Unavailable::NotRead));
            let command = match &event {
                Ok(event) => commands.get(&(place.partition, event.command_offset)).cloned(),
                Err(_) => None,
            };
            LoggedEvent {
                place: *place,
                event,
                command: command.unwrap_or(Err(Unavailable::NotRead)),
            }
        });
        Ok(logged.collect())
    }

    fn event(
        &mut self,
        registry: &Registry,
        place: EventPlace,
        budget: &mut Budget<'_>,
    ) -> Result<Result<EventEnvelope<A::Event>, Unavailable>, ReadFailure> {
        let codec = &mut self.codec;
        let read = |record: &Record<'_>| {
            let event = decoded::<A>(registry, codec, record)?;
            if event.sequence != place.sequence {
                return Err(format!("it has sequence {}, and not {}", event.sequence, place.sequence));
            }
            Ok(event)
        };
        fetch(&mut self.events, (place.partition, place.offset), budget, read)
    }

    /// The command of an event. The topic of commands may be refused to this process; the events are still answered.
    fn command(
        &mut self,
        registry: &Registry,
        at: (u32, i64),
        event: &EventEnvelope<A::Event>,
        budget: &mut Budget<'_>,
    ) -> Result<IssuedCommand, Unavailable> {
        let codec = &mut self.codec;
        let read = |record: &Record<'_>| {
            let (content_type, value) = (record.header(CONTENT_TYPE), record.value.ok_or("it has no value")?);
            if let Some(id) = Codec::<A>::missing_schema(codec, content_type, value) {
                learn::<A>(registry, codec, id)?;
            }
            let command = Codec::<A>::decode_command(codec, content_type, value).map_err(|error| error.to_string())?;
            if command.command_id != event.command_id {
                return Err("it is another command than the event was decided for".to_owned());
            }
            Ok(IssuedCommand {
                command_type: A::Representation::command_type(&command.command),
                issued_by: command.issued_by,
            })
        };
        match fetch(&mut self.commands, at, budget, read) {
            Ok(command) => command,
            Err(failure) => Err(Unavailable::Unreadable(failure.to_string())),
        }
    }
}

/// Reads the record at a partition's offset, if there is enough left of the budget.
fn fetch<T>(
    fetcher: &mut RecordFetcher,
    (partition, offset): (u32, i64),
    budget: &mut Budget<'_>,
    read: impl FnOnce(&Record<'_>) -> Result<T, String>,
) -> Result<Result<T, Unavailable>, ReadFailure> {
    if (budget.is_over)() || budget.bytes_left == 0 {
        return Ok(Err(Unavailable::NotRead));
    }
    let mut found = None;
    let fetched = fetcher.fetch(partition, offset, budget.is_over, |record| {
        budget.bytes_left = budget.bytes_left.saturating_sub(record.value.map_or(0, <[u8]>::len));
        found = Some(read(record));
    })?;
    Ok(match (fetched, found) {
        (_, Some(read)) => read.map_err(Unavailable::Unreadable),
        (Fetched::Deleted, None) => Err(Unavailable::Deleted),
        (Fetched::GivenUp, None) => Err(Unavailable::NotRead),
        (Fetched::Found | Fetched::Absent, None) => Err(Unavailable::Unreadable(format!("the log has no record at offset {offset}"))),
    })
}

/// Asks the registry for a schema once: a question does not wait for it.
fn learn<A: Application>(registry: &Registry, codec: &mut A::Codec, id: u32) -> Result<(), String> {
    let schema = registry.schema(id).map_err(|error| error.to_string())?;
    Codec::<A>::learn(codec, id, &schema.into_result()?)
}

/// The places in runs that are read in one go: later runs first, ascending within a run.
fn runs(places: &[EventPlace]) -> Vec<Vec<EventPlace>> {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut runs: Vec<Vec<EventPlace>> = Vec::new();
    for place in sorted {
        let is_next = |last: &EventPlace| last.partition == place.partition && place.offset - last.offset <= RUN_GAP_MAX;
        match runs.last_mut().filter(|run| run.last().is_some_and(is_next)) {
            Some(run) => run.push(place),
            None => runs.push(vec![place]),
        }
    }
    runs.sort_by_key(|run| Reverse(run.last().map(|place| place.sequence)));
    runs
}

#[cfg(test)]
mod tests;
