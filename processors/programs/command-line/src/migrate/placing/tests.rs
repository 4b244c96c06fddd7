//! Logs of any number of partitions, placed in another number.

use super::super::step::{Answer, Event};
use super::*;
use uuid::Uuid;

/// An event that says nothing more.
#[derive(Debug, Clone, PartialEq)]
struct Noted;

/// The steps of a log as a processor writes it: each command is accepted with some events, rejected, or repeats the one before.
fn log(partitions: u32, commands: u32) -> Vec<Vec<Step<Noted>>> {
    let mut log = vec![Vec::new(); partitions as usize];
    let (mut sequences, mut versions) = (vec![0_u64; partitions as usize], BTreeMap::new());
    for number in 0..commands {
        let aggregate_id = format!("account/{}", number % 17);
        let partition = topology::partition_of(aggregate_id.as_bytes(), partitions) as usize;
        let command_offset = i64::try_from(log[partition].len()).unwrap();
        let version = versions.entry(aggregate_id.clone()).or_insert(0_u64);
        let count = if number % 5 == 3 { 0 } else { u64::from(number % 3 + 1) };
        let mut step = Step::default();
        for _ in 0..count {
            *version += 1;
            sequences[partition] += 1;
            step.events.push(Event {
                envelope: EventEnvelope {
                    sequence: sequences[partition],
                    aggregate_id: aggregate_id.clone(),
                    version: *version,
                    command_id: Uuid::from_u128(number.into()),
                    command_offset,
                    decided_at_ms: i64::from(number),
                    event: Noted,
                },
                headers: Vec::new(),
            });
        }
        step.outcomes.push(Answer {
            outcome: Outcome {
                command_id: Uuid::from_u128(number.into()),
                aggregate_id,
                status: if count > 0 { Status::Accepted } else { Status::Rejected },
                version: *version,
                sequence: sequences[partition],
                event_count: u32::try_from(count).unwrap(),
                command_offset,
                repeated: number % 7 == 6,
                fingerprint: Fingerprint(number.into()),
                clock_ms: i64::from(number % 90),
                rejection: None,
            },
            timestamp_ms: i64::from(number),
            headers: Vec::new(),
        });
        if number % 7 == 6 {
            step.events.clear();
            sequences[partition] -= count;
            *version -= count;
        }
        log[partition].push(step);
    }
    log
}

fn placed(log: &[Vec<Step<Noted>>], partitions: u32) -> Vec<Placed<Noted>> {
    let steps = || log.iter().flatten().cloned();
    let mut placing = Placing::counting(partitions);
    steps().for_each(|step| drop(placing.place(step)));
    placing.finish();
    let mut placing = placing.again();
    let mut placed: Vec<Placed<Noted>> = steps().flat_map(|step| placing.place(step)).collect();
    placed.extend(placing.finish());
    placed
}

/// Events and outcomes by partition.
fn check(placed: &[Placed<Noted>], partitions: u32) {
    let mut sequences: BTreeMap<u32, u64> = BTreeMap::new();
    let mut versions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut commands: BTreeMap<u32, i64> = BTreeMap::new();
    let mut answered: BTreeMap<u32, u64> = BTreeMap::new();
    for placed in placed {
        let (partition, aggregate_id, command_offset) = match placed {
            Placed::Event { partition, event, .. } => {
                *sequences.entry(*partition).or_default() += 1;
                *versions.entry(&event.aggregate_id).or_default() += 1;
                assert_eq!(event.sequence, sequences[partition], "sequences are dense");
                assert_eq!(event.version, versions[event.aggregate_id.as_str()], "versions are dense, in order");
                (*partition, &event.aggregate_id, event.command_offset)
            }
            Placed::Outcome { partition, outcome, .. } => {
                let sequence = sequences.get(partition).copied().unwrap_or(0);
                assert_eq!(outcome.sequence, sequence, "an outcome tells the partition's last event");
                assert!([0, 89].contains(&outcome.clock_ms), "the latest clock of all, or none: {outcome:?}");
                answered.insert(*partition, sequence);
                (*partition, &outcome.aggregate_id, outcome.command_offset)
            }
        };
        assert_eq!(
            partition,
            topology::partition_of(aggregate_id.as_bytes(), partitions),
            "{aggregate_id}"
        );
        let last = commands.entry(partition).or_insert(i64::MIN);
        assert!(
            *last <= command_offset && command_offset < 0,
            "commands go on, and are no commands of the new log"
        );
        *last = command_offset;
    }
    assert!(commands.values().all(|last| *last == -1), "{commands:?}");
    for (partition, sequence) in sequences {
        assert_eq!(
            answered.get(&partition),
            Some(&sequence),
            "the last event of partition {partition} is answered"
        );
    }
}

#[test]
fn every_number_of_partitions_gives_a_log_that_a_processor_takes() {
    for (before, after) in [(8, 12), (8, 8), (12, 5), (1, 24), (24, 1), (3, 7)] {
        let log = log(before, 400);
        let placed = placed(&log, after);
        check(&placed, after);
        let events: usize = log.iter().flatten().map(|step| step.events.len()).sum();
        let outcomes = log
            .iter()
            .flatten()
            .flat_map(|step| &step.outcomes)
            .filter(|answer| !answer.outcome.repeated)
            .count();
        assert_eq!(placed.len(), events + outcomes, "nothing is lost, nothing is doubled");
    }
}

#[test]
fn the_last_events_of_a_partition_are_answered_even_where_no_outcome_is_kept_any_more() {
    let mut log = log(8, 400);
    log.iter_mut().flatten().for_each(|step| step.outcomes.clear());
    let placed = placed(&log, 12);
    check(&placed, 12);
    let mut partitions: Vec<u32> = placed
        .iter()
        .filter_map(|placed| match placed {
            Placed::Outcome { partition, outcome, .. } => {
                assert!(outcome.repeated && outcome.status == Status::Accepted, "it is not remembered");
                Some(*partition)
            }
            Placed::Event { .. } => None,
        })
        .collect();
    let count = partitions.len();
    partitions.dedup();
    assert_eq!(partitions.len(), count, "one for each partition");
}

#[test]
fn a_log_that_was_migrated_can_be_migrated_again() {
    let once = placed(&log(8, 400), 12);
    let mut steps: BTreeMap<(u32, i64), Step<Noted>> = BTreeMap::new();
    for placed in once {
        match placed {
            Placed::Event { partition, event, headers } => {
                let step = steps.entry((partition, event.command_offset)).or_default();
                step.events.push(Event { envelope: event, headers });
            }
            Placed::Outcome {
                partition,
                outcome,
                timestamp_ms,
                headers,
            } => steps.entry((partition, outcome.command_offset)).or_default().outcomes.push(Answer {
                outcome,
                timestamp_ms,
                headers,
            }),
        }
    }
    check(&placed(&[steps.into_values().collect()], 5), 5);
}
