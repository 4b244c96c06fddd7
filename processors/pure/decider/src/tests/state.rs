//! State rebuilt from the log equals the state that was written commit by commit, for random commands.

use super::counter::Command;
use super::pipeline::*;
use crate::Limits;
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
