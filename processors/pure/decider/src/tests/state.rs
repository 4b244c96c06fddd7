//! State rebuilt from the log equals the state that was written commit by commit, for random commands.

use super::counter::Command;
use super::pipeline::*;
use crate::{Cursor, Limits, StepError};
use keyvalue::Mutation;
use proptest::prelude::*;

/// What a client or a fault sends: id, counter, amount, how it is sent, how much later.
type Step = (u8, u8, i64, u8, u32);

fn sent(pipeline: &mut Pipeline, &(id, counter, amount, manner, later): &Step) -> Sent {
    pipeline.now_ms += i64::from(later);
    let aggregate_id = format!("c/{counter}");
    let id = u128::from(id);
    match manner {
        0 => pipeline.record(partition_of(&aggregate_id), Some(aggregate_id.as_bytes()), Some(b"garbage")),
        1 => pipeline.expecting(id, &aggregate_id, Some(1), add(1, amount)),
        2 => pipeline.command(id, &aggregate_id, Command::Burst { slot: 2, times: 3 }),
        3 => {
            let wrong = (partition_of(&aggregate_id) + 1) % PARTITIONS;
            let value = format!("{id} {aggregate_id} - add 1 1");
            pipeline.record(wrong, Some(aggregate_id.as_bytes()), Some(value.as_bytes()))
        }
        _ => pipeline.command(id, &aggregate_id, add(u8::try_from(amount.rem_euclid(3)).unwrap(), amount)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn rebuilding_from_the_log_gives_the_same_content(
        steps in prop::collection::vec((0_u8..40, 0_u8..6, -4_i64..6, 0_u8..9, 0_u32..100_000_000), 1..150),
        batch in 1_usize..20,
        replayed in 1_usize..9,
        cache_bytes_max in 0_usize..2_000,
        aborts in prop::collection::vec(any::<bool>(), 1..9),
    ) {
        let mut pipeline = Pipeline::new(Limits { cache_bytes_max, ..LIMITS });
        let sent: Vec<_> = steps.iter().map(|step| sent(&mut pipeline, step)).collect();
        for (chunk, abort) in sent.chunks(batch).zip(aborts.iter().cycle()) {
            if *abort {
                let batch = pipeline.decide(chunk).unwrap();
                pipeline.machine.aborted(batch);
            }
            pipeline.run(chunk);
        }
        let mut rebuilt = Pipeline::new(LIMITS);
        for partition in 0..PARTITIONS {
            let log = pipeline.logs.get(&partition).cloned().unwrap_or_default();
            for events in log.events.chunks(replayed) {
                let mutations = rebuilt.machine.replay_events(&rebuilt.memory, partition, events).unwrap();
                rebuilt.memory.apply(&mutations);
            }
            for outcomes in log.outcomes.chunks(replayed) {
                let mutations = rebuilt.machine.replay_outcomes(partition, outcomes).unwrap();
                rebuilt.memory.apply(&mutations);
            }
            if let Some(last) = sent.iter().rfind(|sent| sent.partition == partition) {
                let mutations = rebuilt.machine.resume_at(partition, last.offset + 1).unwrap();
                rebuilt.memory.apply(&mutations);
            }
        }
        let content = |pipeline: &Pipeline| pipeline.memory.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect::<Vec<_>>();
        // A partition that was never touched has a cursor only where it was replayed.
        let stored: Vec<_> = content(&pipeline);
        let rebuilt_content: Vec<_> = content(&rebuilt)
            .into_iter()
            .filter(|(key, _)| (0..PARTITIONS).all(|p| *key != crate::keys::cursor(p) || sent.iter().any(|sent| sent.partition == p)))
            .collect();
        prop_assert_eq!(stored, rebuilt_content);
    }
}

#[test]
fn a_number_that_no_log_comes_to_is_damage_of_the_state_and_no_bug_of_the_domain() {
    let id = "c/1";
    let partition = partition_of(id);
    let resent = |pipeline: &mut Pipeline| pipeline.command(1, id, add(1, 1));
    let stored = {
        let mut pipeline = Pipeline::new(LIMITS);
        let first = resent(&mut pipeline);
        pipeline.run(&[first]);
        pipeline.memory
    };
    let (mut damaged, cursor_key) = (0, crate::keys::cursor(partition));
    for (key, value) in stored.iter() {
        let last = value.len().saturating_sub(8);
        // What lies before the version in a part is the domain's.
        let is_part = key.starts_with(&crate::keys::aggregate(partition, id));
        for from in if is_part { last } else { 0 }..=last {
            let mut pipeline = Pipeline::new(LIMITS);
            pipeline.memory = stored.clone();
            let mut value = value.to_vec();
            value[from..from + 8].copy_from_slice(&(u64::MAX >> 1).to_be_bytes());
            pipeline.memory.apply(&[Mutation::Put { key: key.to_vec(), value }]);
            let Ok(cursor) = Cursor::load(&pipeline.memory, partition) else {
                assert_eq!(*key, cursor_key);
                damaged += 1;
                continue;
            };
            pipeline.machine.open(partition, cursor.unwrap());
            let _first = resent(&mut pipeline);
            // The one that is remembered, and another one of the same aggregate.
            for sent in [resent(&mut pipeline), pipeline.command(2, id, add(1, 1))] {
                match pipeline.decide(&[sent]) {
                    Ok(batch) => pipeline.machine.aborted(batch),
                    Err(error @ StepError::Domain(_)) => panic!("bytes {from} to {} at {key:?}: {error}", from + 8),
                    Err(_) => damaged += 1,
                }
            }
        }
    }
    assert!(damaged > 20, "{damaged}");
}
