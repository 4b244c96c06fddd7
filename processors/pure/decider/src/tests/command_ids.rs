//! What a command id means: one command of one aggregate.

use super::counter::Command;
use super::pipeline::*;
use crate::{COMMAND_ID_REUSED, DeadLetter, Outcome, Status, TYPE_DIFFERS};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Another aggregate in the same partition as `c/1`, or in another one.
fn other_aggregate(same_partition: bool) -> String {
    let mut others = (2..).map(|number| format!("c/{number}"));
    others
        .find(|id| (partition_of(id) == partition_of("c/1")) == same_partition)
        .unwrap()
}

fn is_refused_for_its_id(outcome: &Outcome) -> bool {
    outcome.refuses_id() && outcome.status == Status::Rejected && outcome.event_count == 0
}

#[test]
fn one_id_on_two_aggregates_is_two_commands_in_one_partition_or_two() {
    for same_partition in [true, false] {
        let other = other_aggregate(same_partition);
        for together in [true, false] {
            let mut pipeline = Pipeline::new(LIMITS);
            let sent = ["c/1", &other, "c/1", &other].map(|id| pipeline.command(7, id, add(1, 5)));
            let written = if together {
                pipeline.run(&sent)
            } else {
                sent.iter().flat_map(|sent| pipeline.run(std::slice::from_ref(sent))).collect()
            };
            assert_eq!(events(&written).len(), 2);
            let repeated: Vec<_> = outcomes(&written).iter().map(|outcome| outcome.repeated).collect();
            assert_eq!(repeated, [false, false, true, true]);
            assert!(outcomes(&written).iter().all(|outcome| outcome.version == 1));
        }
    }
}

/// What a client says with the header `type`, and whether its command is decided then.
#[test]
fn a_command_whose_header_type_names_another_one_is_refused_and_changes_nothing() {
    let headers: [(Option<&'static [u8]>, bool); 9] = [
        (None, true),
        (Some(b""), true),
        (Some(b"Add"), true),
        (Some(b"their.own.Add"), true),
        (Some(b"add"), false),
        (Some(b"Burst"), false),
        (Some(b"Add.Burst"), false),
        (Some(b"\xff"), false),
        (Some(&[b'x'; 2_000]), false),
    ];
    for (command_type, is_decided) in headers {
        let mut pipeline = Pipeline::new(LIMITS);
        let sent = pipeline.command(7, "c/1", add(1, 5));
        let written = pipeline.run(&[Sent { command_type, ..sent }]);
        let outcome = outcomes(&written)[0];
        let rule = outcome.rejection.as_ref().map(|rejection| rejection.rule.as_str());
        assert_eq!(rule, (!is_decided).then_some(TYPE_DIFFERS), "{command_type:?}");
        assert_eq!(events(&written).len(), usize::from(is_decided));
        assert!(outcome.rejection.as_ref().is_none_or(|rejection| rejection.message.len() < 300));
    }
}

#[test]
fn a_refusal_of_the_domain_stands_whatever_the_header_type_says() {
    let mut pipeline = Pipeline::new(LIMITS);
    let sent = pipeline.expecting(7, "c/1", Some(3), add(1, 5));
    let written = pipeline.run(&[Sent {
        command_type: Some(b"Burst"),
        ..sent
    }]);
    let rejection = outcomes(&written)[0].rejection.as_ref().unwrap();
    assert_eq!(rejection.rule, "expected-version");
}

#[test]
fn another_command_under_the_same_id_is_refused_and_the_first_one_stays_remembered() {
    for together in [true, false] {
        let mut pipeline = Pipeline::new(LIMITS);
        let commands = [add(1, 5), add(1, 6), add(2, 5), Command::Burst { slot: 1, times: 5 }, add(1, 5)];
        let sent = commands.map(|command| pipeline.command(7, "c/1", command));
        let written = if together {
            pipeline.run(&sent)
        } else {
            let mut written = Vec::new();
            for sent in &sent {
                written.extend(pipeline.run(std::slice::from_ref(sent)));
                pipeline.restart();
            }
            written
        };
        let outcomes = outcomes(&written);
        assert_eq!(events(&written).len(), 1);
        assert!(outcomes[1..4].iter().all(|outcome| is_refused_for_its_id(outcome)), "{outcomes:#?}");
        assert!(outcomes[4].repeated && outcomes[4].version == outcomes[0].version);
        let rejection = outcomes[1].rejection.as_ref().unwrap();
        let fact = BTreeMap::from([
            ("first_command_offset".to_owned(), "0".to_owned()),
            ("first_fingerprint".to_owned(), outcomes[0].fingerprint.to_string()),
            ("first_sequence".to_owned(), "1".to_owned()),
            ("first_status".to_owned(), "accepted".to_owned()),
            ("fingerprint".to_owned(), outcomes[1].fingerprint.to_string()),
        ]);
        assert_eq!((rejection.rule.as_str(), &rejection.facts), (COMMAND_ID_REUSED, &vec![fact]));
    }
}

#[test]
fn a_command_that_expects_another_version_is_another_command() {
    let mut pipeline = Pipeline::new(LIMITS);
    let versions = [None, Some(0), Some(1), None];
    let sent = versions.map(|expected| pipeline.expecting(7, "c/1", expected, add(1, 5)));
    let written = pipeline.run(&sent);
    let outcomes = outcomes(&written);
    assert!(is_refused_for_its_id(outcomes[1]) && is_refused_for_its_id(outcomes[2]));
    assert!(outcomes[3].repeated);
}

#[test]
fn a_refused_id_is_refused_again_at_the_version_of_then() {
    let mut pipeline = Pipeline::new(LIMITS);
    for (id, amount) in [(7, 5), (7, 6), (8, 1), (7, 6)] {
        let sent = pipeline.command(id, "c/1", add(1, amount));
        let outcome = pipeline.answer(sent);
        if amount == 6 {
            assert!(is_refused_for_its_id(&outcome));
            let state = pipeline.machine.cursor(partition_of("c/1")).unwrap();
            assert_eq!((outcome.sequence, outcome.version), (state.sequence, state.sequence));
        }
    }
}

#[test]
fn the_nil_and_the_max_id_are_dead_letters() {
    for id in [0, u128::MAX] {
        let mut pipeline = Pipeline::new(LIMITS);
        let sent = pipeline.command(id, "c/1", add(1, 5));
        let command_id = Uuid::from_u128(id);
        let reason = DeadLetter::NoCommandId { command_id };
        assert_eq!(reason.kind(), "no_command_id");
        assert!(reason.to_string().contains(&command_id.to_string()), "{reason}");
        assert_eq!(pipeline.run(&[sent]), [Written::DeadLetter(0, reason)]);
    }
}

proptest! {
    /// Few ids, aggregates and commands, in batches of any size, with restarts: the first command of an aggregate under an id is decided,
    /// equal ones are repeated, others are refused; and the outcomes make the same state again.
    #[test]
    fn an_id_keeps_its_first_command(
        sent in proptest::collection::vec((1_u128..4, 1_u8..4, 1_i64..3, 1_usize..5, any::<bool>()), 1..60),
    ) {
        let mut pipeline = Pipeline::new(LIMITS);
        let mut firsts: BTreeMap<(u128, String), (i64, Outcome)> = BTreeMap::new();
        let mut rest = &sent[..];
        while let Some((_, _, _, size, restarts)) = rest.first() {
            let (batch, behind) = rest.split_at((*size).min(rest.len()));
            rest = behind;
            let records: Vec<_> = batch
                .iter()
                .map(|(id, aggregate, amount, ..)| pipeline.command(*id, &format!("c/{aggregate}"), add(1, *amount)))
                .collect();
            let written = pipeline.run(&records);
            for ((id, aggregate, amount, ..), outcome) in batch.iter().zip(outcomes(&written)) {
                match firsts.get(&(*id, format!("c/{aggregate}"))) {
                    None => {
                        prop_assert!(!outcome.repeated && outcome.status == Status::Accepted);
                        firsts.insert((*id, format!("c/{aggregate}")), (*amount, outcome.clone()));
                    }
                    Some((first, answered)) if first == amount => {
                        prop_assert!(outcome.repeated);
                        prop_assert_eq!((outcome.version, outcome.sequence), (answered.version, answered.sequence));
                    }
                    Some(_) => prop_assert!(is_refused_for_its_id(outcome)),
                }
            }
            if *restarts {
                pipeline.restart();
            }
        }
        let mut rebuilt = Pipeline::new(LIMITS);
        for (partition, log) in pipeline.logs.clone() {
            let mutations = rebuilt.machine.replay_events(&rebuilt.memory, partition, &log.events).unwrap();
            rebuilt.memory.apply(&mutations);
            let mutations = rebuilt.machine.replay_outcomes(partition, &log.outcomes).unwrap();
            rebuilt.memory.apply(&mutations);
        }
        prop_assert_eq!(&rebuilt.memory, &pipeline.memory);
    }
}
