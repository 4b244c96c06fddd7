//! An EndTxn that arrives late ends the transaction that is open then, whichever it was meant for (KAFKA-17754).
//!
//! librdkafka repeats an EndTxn whose connection broke or whose answer did not come, says nothing of that, and speaks a version of it
//! that does not tell transactions of one producer apart. The defence: when more than one was sent, a new producer with the same
//! transactional id before the next transaction, so that the late one comes from an epoch that is over.

use super::fixture::{Ended, Transactional, WAIT, brokers, committed_records, ended_with, pause, producer, settings, topic, unique, write};
use fault_proxy::{Client, Proxy};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::Duration;

const INVALID_PRODUCER_EPOCH: i16 = 47;
const PRODUCER_FENCED: i16 = 90;
/// The broker answers an EndTxn before it writes the transaction's marks.
const MARKS_ARE_WRITTEN: Duration = Duration::from_millis(100);
const OFFSET: i64 = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Commit,
    Abort,
    /// Its process dies, and another takes over.
    Crash,
}

/// What the second transaction does after the late EndTxn arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    WritesToTheSamePartition,
    WritesToAnotherPartition,
    SendsOffsets,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defence {
    None,
    /// A new producer with the same transactional id, when more than one EndTxn was sent.
    Renewal,
}

/// What became of two transactions of one transactional id.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// What the client reports of the end of the second; `None` after a crash.
    ended: Option<Ended>,
    /// Whether a reader of committed records sees what was written by the first,
    first: bool,
    /// by the second before the late EndTxn arrived,
    before: bool,
    /// and by it after that: a record, or offsets.
    after: Option<bool>,
}

struct Plan {
    first: End,
    second: End,
    then: Then,
    /// What the client notices when its first EndTxn is kept.
    notices: Client,
}

fn plan(first: End, second: End, then: Then) -> Plan {
    let notices = Client::Reset;
    Plan {
        first,
        second,
        then,
        notices,
    }
}

fn end(producer: &Transactional, end: End) -> Result<(), KafkaError> {
    match end {
        End::Commit => producer.commit_transaction(WAIT),
        End::Abort | End::Crash => producer.abort_transaction(WAIT),
    }
}

impl Plan {
    fn run(&self, defence: Defence) -> Seen {
        let proxy = Proxy::start(&brokers()).unwrap();
        let (topic, id, group) = (topic("late"), unique("late"), unique("late-group"));
        // A client that hears nothing repeats its request when this is over.
        let patience = [("socket.timeout.ms", "1000")];
        let more = if self.notices == Client::Waits { &patience[..] } else { &[] };
        let mut victim = producer(proxy.bootstrap(), &id, more);
        victim.begin_transaction().unwrap();
        write(&victim, &topic, 0, "first");
        let rule = proxy.late_end_txn(&id, self.notices);
        assert_eq!(ended_with(end(&victim, self.first)), Ended::Fine, "the repetition passes");
        assert_eq!(proxy.counts().end_txns_of(&id).total(), 2);
        if defence == Defence::Renewal {
            drop(victim);
            victim = producer(proxy.bootstrap(), &id, more);
        }
        victim.begin_transaction().unwrap();
        write(&victim, &topic, 0, "before");
        let released = proxy.wait_released(rule, WAIT).unwrap();
        let code = released.error_code.unwrap();
        match defence {
            Defence::None => assert_eq!(code, 0, "the broker took it for the second transaction"),
            Defence::Renewal => assert!([INVALID_PRODUCER_EPOCH, PRODUCER_FENCED].contains(&code), "{code}"),
        }
        pause(MARKS_ARE_WRITTEN);
        let ended = self.finish(&victim, &topic, &group);
        drop(victim);
        self.look(&topic, &id, &group, ended)
    }

    fn finish(&self, victim: &Transactional, topic: &str, group: &str) -> Option<Ended> {
        let mut sent = Ok(());
        match self.then {
            Then::Nothing => {}
            Then::WritesToTheSamePartition => write(victim, topic, 0, "after"),
            Then::WritesToAnotherPartition => write(victim, topic, 1, "after"),
            Then::SendsOffsets => {
                let member = observer(group);
                let mut offsets = TopicPartitionList::new();
                offsets.add_partition_offset(topic, 0, Offset::Offset(OFFSET)).unwrap();
                sent = victim.send_offsets_to_transaction(&offsets, &member.group_metadata().unwrap(), WAIT);
            }
        }
        match self.second {
            End::Crash => None,
            second => Some(ended_with(sent.and_then(|()| end(victim, second)))),
        }
    }

    fn look(&self, topic: &str, id: &str, group: &str, ended: Option<Ended>) -> Seen {
        // Settles what is still open, as the one who takes over does.
        drop(producer(&brokers(), id, &[]));
        let records = committed_records(topic);
        let after = match self.then {
            Then::Nothing => None,
            Then::WritesToTheSamePartition | Then::WritesToAnotherPartition => Some(records.contains("after")),
            Then::SendsOffsets => Some(committed_offset(group, topic) == Some(OFFSET)),
        };
        Seen {
            ended,
            first: records.contains("first"),
            before: records.contains("before"),
            after,
        }
    }

    /// Red without the defence, as `hazard` says; green with it: what was committed is there, and nothing else.
    fn check(&self, hazard: &Seen) {
        assert_eq!(&self.run(Defence::None), hazard);
        let committed = self.second == End::Commit;
        let right = Seen {
            ended: (self.second != End::Crash).then_some(Ended::Fine),
            first: self.first == End::Commit,
            before: committed,
            after: (self.then != Then::Nothing).then_some(committed),
        };
        assert_eq!(self.run(Defence::Renewal), right);
    }
}

/// Looks at a group without being in it.
fn observer(group: &str) -> BaseConsumer {
    settings(&brokers(), &[]).group_inspector(group).create().unwrap()
}

fn committed_offset(group: &str, topic: &str) -> Option<i64> {
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, 0);
    let found = observer(group).committed_offsets(asked, WAIT).unwrap();
    found.elements()[0].offset().to_raw()
}

/// The client learns that there is no such transaction: the loss is noticed, and the process can begin again.
const NOTICED: Option<Ended> = Some(Ended::Fatal(RDKafkaErrorCode::InvalidTransactionalState));

#[test]
fn a_late_commit_makes_half_of_an_aborted_transaction_visible() {
    let plan = plan(End::Commit, End::Abort, Then::WritesToAnotherPartition);
    plan.check(&Seen {
        ended: Some(Ended::Fine),
        first: true,
        before: true,
        after: Some(false),
    });
}

#[test]
fn a_late_commit_makes_records_visible_whose_offsets_were_aborted() {
    let plan = plan(End::Commit, End::Abort, Then::SendsOffsets);
    plan.check(&Seen {
        ended: Some(Ended::Fine),
        first: true,
        before: true,
        after: Some(false),
    });
}

#[test]
fn a_late_abort_loses_the_records_of_a_commit_whose_offsets_stay() {
    let plan = plan(End::Abort, End::Commit, Then::SendsOffsets);
    plan.check(&Seen {
        ended: Some(Ended::Fine),
        first: false,
        before: false,
        after: Some(true),
    });
}

#[test]
fn a_late_abort_loses_half_of_a_commit() {
    let plan = plan(End::Abort, End::Commit, Then::WritesToAnotherPartition);
    plan.check(&Seen {
        ended: Some(Ended::Fine),
        first: false,
        before: false,
        after: Some(true),
    });
}

#[test]
fn a_late_commit_of_a_transaction_that_commits_as_well_hides_that_it_was_two() {
    let plan = plan(End::Commit, End::Commit, Then::WritesToAnotherPartition);
    plan.check(&Seen {
        ended: Some(Ended::Fine),
        first: true,
        before: true,
        after: Some(true),
    });
}

#[test]
fn a_late_commit_makes_the_records_of_a_process_visible_that_died_before_its_commit() {
    let plan = plan(End::Commit, End::Crash, Then::Nothing);
    plan.check(&Seen {
        ended: None,
        first: true,
        before: true,
        after: None,
    });
}

#[test]
fn a_late_end_is_noticed_by_a_transaction_that_does_nothing_more() {
    plan(End::Commit, End::Abort, Then::Nothing).check(&Seen {
        ended: NOTICED,
        first: true,
        before: true,
        after: None,
    });
    plan(End::Abort, End::Commit, Then::Nothing).check(&Seen {
        ended: NOTICED,
        first: false,
        before: false,
        after: None,
    });
}

#[test]
fn a_late_end_is_noticed_by_a_transaction_that_goes_on_in_the_same_partition() {
    let then = Then::WritesToTheSamePartition;
    plan(End::Commit, End::Abort, then).check(&Seen {
        ended: NOTICED,
        first: true,
        before: true,
        after: Some(false),
    });
    plan(End::Abort, End::Commit, then).check(&Seen {
        ended: Some(Ended::Abort(RDKafkaErrorCode::InvalidTransactionalState)),
        first: false,
        before: false,
        after: Some(false),
    });
}

#[test]
fn a_client_that_heard_nothing_repeats_its_end_and_loses_as_one_that_was_reset() {
    let plan = Plan {
        notices: Client::Waits,
        ..plan(End::Abort, End::Commit, Then::SendsOffsets)
    };
    plan.check(&Seen {
        ended: Some(Ended::Fine),
        first: false,
        before: false,
        after: Some(true),
    });
}

#[test]
fn without_a_fault_each_transaction_sends_one_end_and_needs_no_defence() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("calm"), unique("calm"));
    let producer = producer(proxy.bootstrap(), &id, &[]);
    for (value, how) in [("a", End::Commit), ("b", End::Abort), ("c", End::Commit)] {
        producer.begin_transaction().unwrap();
        write(&producer, &topic, 0, value);
        end(&producer, how).unwrap();
    }
    let ends = proxy.counts().end_txns_of(&id);
    assert_eq!((ends.commits, ends.aborts), (2, 1));
    assert_eq!(Vec::from_iter(committed_records(&topic)), ["a", "c"]);
}
