//! Batches: dense numbers, splitting, abort and commit, and the same bytes every time.

use super::counter::Command;
use super::pipeline::*;
use crate::{Limits, Machine};
use keyvalue::Memory;

/// Commands of five counters; some are rejected, some repeated.
fn mixed(pipeline: &mut Pipeline, count: u128) -> Vec<Sent> {
    (0..count)
        .map(|n| {
            let amount = i64::try_from(n % 7).unwrap() - 3;
            pipeline.command(n - n % 11 % 2, &format!("c/{}", n % 5), add(u8::try_from(n % 3).unwrap(), amount))
        })
        .collect()
}

#[test]
fn sequences_and_versions_are_dense() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = mixed(&mut pipeline, 200);
    for chunk in sent.chunks(7) {
        pipeline.run(chunk);
    }
    let mut versions = std::collections::BTreeMap::new();
    let mut events = 0;
    for log in pipeline.logs.values() {
        for (expected, event) in (1..).zip(&log.events) {
            assert_eq!(event.value.sequence, expected);
            let version = versions.entry(event.value.aggregate_id.clone()).or_insert(0);
            *version += 1;
            assert_eq!(event.value.version, *version);
            events += 1;
        }
    }
    assert!(events > 100, "{events}");
}

#[test]
fn the_same_commands_give_the_same_bytes_whatever_the_batches() {
    let mut reference = Pipeline::new(LIMITS);
    let sent = mixed(&mut reference, 120);
    reference.run(&sent);
    for size in [1, 2, 13, 120] {
        let mut pipeline = Pipeline::new(Limits {
            cache_bytes_max: size * 30,
            ..LIMITS
        });
        for chunk in sent.chunks(size) {
            pipeline.run(chunk);
        }
        for (partition, log) in &reference.logs {
            let values = |log: &Log| log.events.iter().map(|event| event.value.clone()).collect::<Vec<_>>();
            assert_eq!(values(&pipeline.logs[partition]), values(log));
            let values = |log: &Log| log.outcomes.iter().map(|outcome| outcome.value.clone()).collect::<Vec<_>>();
            assert_eq!(values(&pipeline.logs[partition]), values(log));
        }
    }
    let bytes = |sent: &[Sent]| {
        let mut pipeline = Pipeline::new(LIMITS);
        let batch = pipeline.decide(sent).unwrap();
        (batch.bytes.clone(), batch.mutations.clone())
    };
    assert_eq!(bytes(&sent), bytes(&sent));
}

#[test]
fn a_batch_ends_early_when_it_has_enough_to_write() {
    let mut pipeline = Pipeline::new(Limits {
        batch_bytes_max: 400,
        ..LIMITS
    });
    let sent: Vec<_> = (1..=10).map(|id| pipeline.command(id, "c/1", add(1, 1))).collect();
    let mut rest = &sent[..];
    let mut sizes = Vec::new();
    while !rest.is_empty() {
        let batch = pipeline.decide(rest).unwrap();
        let consumed = batch.consumed;
        assert!(consumed > 0, "a batch without commands");
        assert_eq!(
            batch.next_command_offsets().collect::<Vec<_>>(),
            [(rest[0].partition, rest[consumed - 1].offset + 1)]
        );
        let mutations = pipeline.commit(&rest[..consumed], batch);
        pipeline.memory.apply(&mutations);
        rest = &rest[consumed..];
        sizes.push(consumed);
    }
    assert!(sizes.len() > 1 && sizes.iter().sum::<usize>() == 10, "{sizes:?}");
    assert_eq!(pipeline.logs[&partition_of("c/1")].events.len(), 10);
}

#[test]
fn one_command_may_write_more_than_a_batch_is_to() {
    let mut pipeline = Pipeline::new(Limits {
        batch_bytes_max: 10,
        ..LIMITS
    });
    let sent = pipeline.command(1, "c/1", Command::Burst { slot: 1, times: 50 });
    assert_eq!(pipeline.run(&[sent]).len(), 51);
}

#[test]
fn an_aborted_batch_leaves_nothing_behind() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 5));
    pipeline.run(&[first]);
    let before = pipeline.machine.cursor(partition_of("c/1"));
    let sent = [2, 3].map(|id| pipeline.command(id, "c/1", add(2, 1)));
    let batch = pipeline.decide(&sent).unwrap();
    let aborted = pipeline.written(&batch);
    pipeline.machine.aborted(batch);
    assert_eq!(pipeline.machine.cursor(partition_of("c/1")), before);
    assert_eq!(pipeline.run(&sent), aborted, "the second attempt is the first");
}

#[test]
fn a_committed_batch_is_the_ground_of_the_next_even_before_it_is_read_from_the_store() {
    let mut pipeline = Pipeline::new(LIMITS);
    for id in 1..=3 {
        let sent = pipeline.command(id, "c/1", add(1, 1));
        assert_eq!(u128::from(pipeline.answer(sent).version), id);
    }
    assert_eq!(pipeline.machine.cache_size().1, 1);
}

#[test]
fn a_tally_counts_each_thing() {
    let mut pipeline = Pipeline::new(LIMITS);
    let mut elsewhere = pipeline.command(4, "c/1", add(1, 1));
    elsewhere.partition = (elsewhere.partition + 1) % PARTITIONS;
    let sent = [
        pipeline.command(1, "c/1", Command::Burst { slot: 1, times: 3 }),
        pipeline.command(2, "c/1", add(1, -9)),
        pipeline.command(1, "c/1", Command::Burst { slot: 1, times: 3 }),
        pipeline.record(0, None, None),
        elsewhere,
    ];
    let tally = pipeline.decide(&sent).unwrap().tally;
    let counts = [
        tally.accepted,
        tally.rejected,
        tally.repeated,
        tally.dead_letters,
        tally.forwarded,
        tally.events,
    ];
    assert_eq!(counts, [1, 1, 1, 1, 1, 3]);
}

#[test]
fn the_cache_stays_within_its_bytes_and_what_it_drops_is_read_back() {
    let limits = Limits {
        cache_bytes_max: 1_000,
        ..LIMITS
    };
    let mut pipeline = Pipeline::new(limits);
    for round in 0..3 {
        for n in 0..20_u32 {
            let sent = pipeline.command(u128::from(round * 100 + n + 1), &format!("c/{n}"), add(1, 1));
            assert_eq!(pipeline.answer(sent).version, u64::from(round + 1));
            let (bytes, len) = pipeline.machine.cache_size();
            assert!(bytes <= 1_000 && len <= 5, "{bytes} bytes, {len} aggregates");
        }
    }
}

#[test]
fn a_closed_partition_leaves_the_cache_and_comes_back_from_the_store() {
    let mut pipeline = Pipeline::new(LIMITS);
    let ids: Vec<_> = (0..20).map(|n| format!("c/{n}")).collect();
    for (n, id) in (1..).zip(&ids) {
        let sent = pipeline.command(n, id, add(1, 1));
        pipeline.run(&[sent]);
    }
    let of_zero = ids.iter().filter(|id| partition_of(id) == 0).count();
    let cursor = pipeline.machine.cursor(0).unwrap();
    pipeline.machine.close(0);
    assert_eq!(pipeline.machine.cursor(0), None);
    assert_eq!(pipeline.machine.cache_size().1, 20 - of_zero);
    pipeline.machine.open(0, cursor);
    let id = ids.iter().find(|id| partition_of(id) == 0).unwrap();
    let sent = pipeline.command(100, id, add(1, 1));
    assert_eq!(pipeline.answer(sent).version, 2);
    assert!(0 < of_zero && of_zero < 20);
}

#[test]
fn closing_everything_empties_the_cache() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent: Vec<_> = (1..=9).map(|n| pipeline.command(n, &format!("c/{n}"), add(1, 1))).collect();
    pipeline.run(&sent);
    (0..PARTITIONS).for_each(|partition| pipeline.machine.close(partition));
    assert_eq!(pipeline.machine.cache_size(), (0, 0));
}

#[test]
fn state_that_cannot_be_read_is_an_error_that_names_the_partition() {
    let mut pipeline = Pipeline::new(LIMITS);
    let first = pipeline.command(1, "c/1", add(1, 1));
    let partition = first.partition;
    pipeline.run(&[first]);
    let mut part = crate::keys::aggregate(partition, "c/1");
    part.push(1);
    let short = keyvalue::Mutation::Put { key: part, value: vec![1] };
    pipeline.memory.apply(&[short]);
    pipeline.machine = Machine::new(LIMITS);
    pipeline
        .machine
        .open(partition, crate::Cursor::load(&pipeline.memory, partition).unwrap().unwrap());
    let next = pipeline.command(2, "c/1", add(1, 1));
    let error = pipeline.decide(std::slice::from_ref(&next)).unwrap_err().to_string();
    assert!(
        error.contains(&format!("partition {partition}")) && error.contains("c/1"),
        "{error}"
    );
    pipeline.memory = Memory::default();
    assert_eq!(pipeline.decide(&[next]).unwrap().consumed, 1, "the same batch can be tried again");
}
