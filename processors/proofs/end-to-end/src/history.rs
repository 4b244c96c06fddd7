//! Everything that was committed, read back, and the invariants that must hold of it whatever happened meanwhile.

use crate::{Cluster, Schedule, eventually};
use airline::Airline;
use decider::{Codec, EventEnvelope, Outcome, Status};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use stream::reader::Reader;
use uuid::Uuid;

/// The committed records of a schedule, by partition in offset order.
pub struct History {
    pub events: BTreeMap<u32, Vec<EventEnvelope<domain::Event>>>,
    pub outcomes: BTreeMap<u32, Vec<Outcome>>,
    /// Reasons of dead letters, with their headers' coordinates.
    pub dead_letters: Vec<(String, String)>,
    /// The headers of every outcome and every dead letter.
    pub answers: Vec<BTreeMap<String, String>>,
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(20);

impl History {
    /// Reads all topics up to their ends.
    pub fn read(schedule: &Schedule) -> Self {
        let mut codec = schedule.codec();
        let topics = &schedule.topology().topics;
        let mut history = Self {
            events: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            dead_letters: Vec::new(),
            answers: Vec::new(),
        };
        for (partition, value, _) in all(schedule.cluster(), &topics.events.name, schedule.partitions()) {
            history
                .events
                .entry(partition)
                .or_default()
                .push(Codec::<Airline>::decode_event(&mut codec, &value).unwrap());
        }
        for (partition, value, headers) in all(schedule.cluster(), &topics.outcomes.name, schedule.partitions()) {
            history.answers.push(headers);
            history
                .outcomes
                .entry(partition)
                .or_default()
                .push(Codec::<Airline>::decode_outcome(&mut codec, &value).unwrap());
        }
        let partitions = schedule.topology().partitions_of(&topics.dead_letters);
        for (_, _, headers) in all(schedule.cluster(), &topics.dead_letters.name, partitions) {
            let of = |name: &str| headers.get(name).cloned().unwrap_or_default();
            history
                .dead_letters
                .push((of("reason"), format!("{}/{}/{}", of("topic"), of("partition"), of("offset"))));
            history.answers.push(headers);
        }
        history
    }

    /// Waits until this many commands have their outcome.
    pub fn wait_for(schedule: &Schedule, outcomes: usize) -> Self {
        let mut history = Self::read(schedule);
        eventually(&format!("{outcomes} commands have outcomes"), || {
            history = Self::read(schedule);
            history.decided() >= outcomes
        });
        // The topics were read one after the other: only now that all is decided do they fit together.
        Self::read(schedule)
    }

    /// How many commands have an outcome that is not repeated.
    pub fn decided(&self) -> usize {
        self.outcomes.values().flatten().filter(|outcome| !outcome.repeated).count()
    }

    /// I1 to I3, I5 and I6: each of these commands was decided once, and events and outcomes fit together without a gap.
    pub fn check(&self, sent: impl IntoIterator<Item = Uuid>) {
        let mut first: HashMap<Uuid, &Outcome> = HashMap::new();
        for (partition, outcomes) in &self.outcomes {
            let mut offset = -1;
            for outcome in outcomes {
                assert!(
                    outcome.command_offset > offset,
                    "{partition}: the command offset goes back at {outcome:?}"
                );
                offset = outcome.command_offset;
                if outcome.repeated {
                    let answered = first.get(&outcome.command_id).expect("a repeated outcome follows the first one");
                    assert_eq!(
                        (answered.status, answered.version, answered.sequence),
                        (outcome.status, outcome.version, outcome.sequence)
                    );
                } else {
                    assert!(first.insert(outcome.command_id, outcome).is_none(), "two outcomes: {outcome:?}");
                }
            }
        }
        for id in sent {
            assert!(first.contains_key(&id), "command {id} has no outcome");
        }
        let mut by_command: HashMap<Uuid, u32> = HashMap::new();
        let mut versions: HashMap<&str, u64> = HashMap::new();
        for (partition, events) in &self.events {
            for (event, sequence) in events.iter().zip(1..) {
                assert_eq!(event.sequence, sequence, "{partition}: sequences have a gap");
                let version = versions.entry(&event.aggregate_id).or_default();
                *version += 1;
                assert_eq!(event.version, *version, "{}: versions have a gap", event.aggregate_id);
                *by_command.entry(event.command_id).or_default() += 1;
            }
        }
        for (id, outcome) in first {
            assert_eq!(by_command.remove(&id).unwrap_or(0), outcome.event_count, "{outcome:?}");
            assert_eq!(outcome.status == Status::Accepted, outcome.event_count > 0, "{outcome:?}");
        }
        assert!(by_command.is_empty(), "events without an outcome: {by_command:?}");
    }
}

type Found = (u32, Vec<u8>, BTreeMap<String, String>);

/// Everything that is committed in a topic.
fn all(cluster: &Cluster, topic: &str, partitions: u32) -> Vec<Found> {
    let mut reader = Reader::new(&cluster.settings(), topic).unwrap();
    let all: Vec<u32> = (0..partitions).collect();
    let mut marks = BTreeMap::new();
    eventually("the brokers say where the topic ends", || {
        match reader.all_watermarks(&all, ASK_WAIT_MAX) {
            Ok(found) => {
                marks = found;
                true
            }
            Err(failure) => {
                assert!(failure.is_transient(), "{failure}");
                false
            }
        }
    });
    let mut left: BTreeMap<u32, i64> = marks
        .into_iter()
        .filter_map(|(partition, marks)| (marks.high > marks.low).then_some((partition, marks.low)))
        .collect();
    let mut found = Vec::new();
    if left.is_empty() {
        return found;
    }
    reader.assign(&left, ASK_WAIT_MAX).unwrap();
    eventually("the topic is read to its end", || {
        let polled = reader
            .poll(100_000, Duration::from_millis(200), |record| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let headers = record.headers().map(|(name, value)| (text(name), text(value.unwrap_or_default())));
                let headers = headers.collect();
                found.push((record.partition, record.value.unwrap_or_default().to_vec(), headers));
            })
            .unwrap();
        for partition in polled.ended {
            left.remove(&partition);
        }
        left.is_empty()
    });
    found
}
