//! In whatever order reports, outcomes and dead letters come, each command gets its own answer.

use super::*;
use decider::{Fingerprint, Status};
use proptest::prelude::*;
use proptest::sample::select;

const ID: Uuid = Uuid::from_u128(7);
const AGGREGATE: &str = "rotation/R1";
const PLACE: Place = Place { partition: 1, offset: 40 };

fn outcome(command_offset: i64) -> Outcome {
    Outcome {
        command_id: ID,
        aggregate_id: AGGREGATE.to_owned(),
        status: Status::Accepted,
        version: 1,
        sequence: 1,
        event_count: 1,
        command_offset,
        repeated: false,
        fingerprint: Fingerprint::default(),
        clock_ms: 0,
        rejection: None,
    }
}

type Receiver<T> = oneshot::Receiver<Result<T, WaitError>>;

fn sent(waiting: &mut Waiting) -> (usize, Receiver<Answer>) {
    let (sender, receiver) = oneshot::channel();
    let tag = waiting.add(Waiter::answer(ID, Some(AGGREGATE), sender)).unwrap();
    (tag, receiver)
}

fn decided(partition: u32, command_offset: i64) -> Answer {
    let outcome = outcome(command_offset);
    Answer::Outcome { partition, outcome }
}

#[test]
fn the_outcome_at_the_place_of_the_command_answers_it() {
    let mut waiting = Waiting::new(10);
    let (tag, mut receiver) = sent(&mut waiting);
    waiting.written(tag, Ok(PLACE));
    // Of an earlier command under the same id, and of another one.
    waiting.decided(1, outcome(39));
    waiting.decided(
        1,
        Outcome {
            aggregate_id: "rotation/R2".to_owned(),
            ..outcome(40)
        },
    );
    assert!(receiver.try_recv().is_err());
    waiting.decided(1, outcome(40));
    assert_eq!(receiver.try_recv().unwrap(), Ok(decided(1, 40)));
    assert_eq!(waiting.len(), 0);
}

#[test]
fn an_outcome_may_come_before_the_acknowledgement_of_its_command() {
    let mut waiting = Waiting::new(10);
    let (tag, mut receiver) = sent(&mut waiting);
    waiting.decided(1, outcome(39));
    waiting.decided(1, outcome(40));
    assert!(receiver.try_recv().is_err());
    waiting.written(tag, Ok(PLACE));
    assert_eq!(receiver.try_recv().unwrap(), Ok(decided(1, 40)));
}

#[test]
fn a_command_that_was_forwarded_is_answered_from_another_partition() {
    let mut waiting = Waiting::new(10);
    let (tag, mut receiver) = sent(&mut waiting);
    waiting.written(tag, Ok(PLACE));
    waiting.decided(0, outcome(3));
    assert_eq!(receiver.try_recv().unwrap(), Ok(decided(0, 3)));
}

#[test]
fn a_command_that_is_not_written_fails_and_is_forgotten() {
    let mut waiting = Waiting::new(10);
    let (tag, mut receiver) = sent(&mut waiting);
    waiting.written(tag, Err("too large".to_owned()));
    let reason = "too large".to_owned();
    assert_eq!(receiver.try_recv().unwrap(), Err(WaitError::NotWritten { reason }));
    assert_eq!(waiting.len(), 0);
}

#[test]
fn one_more_than_may_wait_is_refused_until_one_is_forgotten() {
    let mut waiting = Waiting::new(2);
    let (first, _kept) = sent(&mut waiting);
    let (_, _also_kept) = sent(&mut waiting);
    let (sender, _receiver) = oneshot::channel();
    assert!(waiting.add(Waiter::write(sender)).is_none());
    waiting.forget(first);
    let (sender, mut receiver) = oneshot::channel();
    let tag = waiting.add(Waiter::write(sender)).unwrap();
    waiting.written(tag, Ok(PLACE));
    assert_eq!(receiver.try_recv().unwrap(), Ok(PLACE));
}

#[test]
fn who_is_attached_gets_the_next_outcome_wherever_it_lies() {
    let mut waiting = Waiting::new(10);
    let (sender, mut any) = oneshot::channel();
    waiting.add(Waiter::attached(ID, None, sender)).unwrap();
    let (sender, mut other) = oneshot::channel();
    waiting.add(Waiter::attached(ID, Some("rotation/R2"), sender)).unwrap();
    waiting.decided(1, outcome(12));
    assert_eq!(any.try_recv().unwrap(), Ok(decided(1, 12)));
    assert!(other.try_recv().is_err());
}

#[test]
fn an_outcome_that_cannot_be_read_ends_the_waiting_for_its_aggregate_only() {
    let mut waiting = Waiting::new(10);
    let (_, mut ours) = sent(&mut waiting);
    let (sender, mut other) = oneshot::channel();
    waiting.add(Waiter::answer(ID, Some("rotation/R2"), sender)).unwrap();
    let record = Unreadable {
        partition: 1,
        offset: 9,
        key: Some(AGGREGATE.as_bytes().to_vec()),
        reason: "of a later version".to_owned(),
    };
    waiting.unreadable("schedule.outcomes", record);
    let error = ours.try_recv().unwrap().unwrap_err().to_string();
    assert_eq!(
        error,
        "the record at schedule.outcomes/1 offset 9 is no outcome: of a later version"
    );
    assert!(other.try_recv().is_err());
}

#[test]
fn an_interruption_fails_everything_that_waits() {
    let mut waiting = Waiting::new(10);
    let mut receivers = [sent(&mut waiting).1, sent(&mut waiting).1];
    waiting.fail_all(&WaitError::Stopped);
    for receiver in &mut receivers {
        assert_eq!(receiver.try_recv().unwrap(), Err(WaitError::Stopped));
    }
    assert_eq!(waiting.len(), 0);
}

/// What may happen to one command: its acknowledgement, and its one answer, among what is about others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happening {
    Written(usize),
    Answered(usize),
    Noise(i64),
}

/// `count` commands of one id and aggregate, each acknowledged and answered once, in any order.
fn happenings(count: usize) -> impl Strategy<Value = Vec<Happening>> {
    let all = (0..count).flat_map(|command| [Happening::Written(command), Happening::Answered(command)]);
    let noise = (1000..1000 + count as i64).map(Happening::Noise);
    Just(all.chain(noise).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #[test]
    fn every_command_gets_its_own_answer_in_any_order(
        (happenings, is_letter) in (1..8_usize).prop_flat_map(|count| (happenings(count), prop::collection::vec(any::<bool>(), count))),
        partition in select(vec![0_u32, 1]),
    ) {
        let mut waiting = Waiting::new(100);
        let (tags, mut receivers): (Vec<_>, Vec<_>) = is_letter.iter().map(|_| sent(&mut waiting)).unzip();
        let place = |command: usize| Place { partition, offset: command as i64 };
        for happening in happenings {
            match happening {
                Happening::Written(command) => waiting.written(tags[command], Ok(place(command))),
                Happening::Answered(command) if is_letter[command] => waiting.refused(place(command), format!("reason {command}")),
                Happening::Answered(command) => waiting.decided(partition, outcome(command as i64)),
                Happening::Noise(offset) => {
                    waiting.decided(partition, outcome(offset));
                    waiting.refused(Place { partition, offset }, "of another".to_owned());
                }
            }
        }
        for (command, receiver) in receivers.iter_mut().enumerate() {
            let expected = if is_letter[command] {
                Answer::DeadLetter { place: place(command), reason: format!("reason {command}") }
            } else {
                decided(partition, command as i64)
            };
            prop_assert_eq!(receiver.try_recv().unwrap(), Ok(expected));
        }
        prop_assert_eq!(waiting.len(), 0);
        prop_assert!(waiting.by_command.is_empty() && waiting.by_place.is_empty() && waiting.letters.is_empty());
        prop_assert_eq!(waiting.unplaced, 0);
    }
}

#[test]
fn an_outcome_of_before_is_found_while_it_is_kept() {
    let attach = |waiting: &mut Waiting, aggregate_id| {
        let (sender, receiver) = oneshot::channel();
        waiting.add(Waiter::attached(ID, aggregate_id, sender)).unwrap();
        receiver
    };
    let mut waiting = Waiting::keeping(1, 2);
    waiting.decided(1, outcome(40));
    for aggregate_id in [Some(AGGREGATE), None] {
        assert_eq!(attach(&mut waiting, aggregate_id).try_recv().unwrap(), Ok(decided(1, 40)));
    }
    assert_eq!(waiting.len(), 0, "an answer takes no place among those that wait");
    for number in 0..2 {
        let command_id = Uuid::from_u128(100 + number);
        waiting.decided(1, Outcome { command_id, ..outcome(41) });
    }
    assert!(attach(&mut waiting, None).try_recv().is_err());
    assert_eq!(waiting.len(), 1);
}

#[test]
fn the_refusal_of_an_id_answers_its_sender_and_not_those_who_ask_for_the_id() {
    let refused = Outcome {
        status: Status::Rejected,
        rejection: Some(decider::Rejection {
            rule: decider::COMMAND_ID_REUSED.to_owned(),
            message: String::new(),
            facts: Vec::new(),
        }),
        ..outcome(40)
    };
    let mut waiting = Waiting::keeping(10, 10);
    let (tag, mut sender) = sent(&mut waiting);
    let (answer, mut asking) = oneshot::channel();
    waiting.add(Waiter::attached(ID, Some(AGGREGATE), answer)).unwrap();
    waiting.written(tag, Ok(PLACE));
    waiting.decided(1, refused.clone());
    let to_sender = sender.try_recv().unwrap();
    assert_eq!(
        to_sender,
        Ok(Answer::Outcome {
            partition: 1,
            outcome: refused
        })
    );
    assert!(asking.try_recv().is_err());
    waiting.decided(1, outcome(39));
    assert_eq!(asking.try_recv().unwrap(), Ok(decided(1, 39)));
}
