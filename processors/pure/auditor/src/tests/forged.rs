//! Headers that a client has written as a processor would: believed only where the record at their coordinates bears them out.

use super::log::{Log, PARTITIONS, of};
use crate::Invariant::I1;
use bank_example::{Codec, Command};
use decider::CommandEnvelope;
use uuid::Uuid;

const ACCOUNT: &[u8] = b"account/3";

fn deposit(id: u64) -> Vec<u8> {
    Codec::command(&CommandEnvelope {
        command_id: Uuid::from_u64_pair(77, id),
        aggregate_id: "account/3".to_owned(),
        expected_version: None,
        issued_by: None,
        command: Command::Deposit { cents: id },
    })
}

fn right() -> u32 {
    topology::partition_of(ACCOUNT, PARTITIONS)
}

fn wrong() -> u32 {
    (right() + 1) % PARTITIONS
}

fn forwarded(log: &Log) -> u64 {
    log.audit().counts.forwarded
}

#[test]
fn a_misrouted_command_that_says_it_was_forwarded_is_forwarded_all_the_same() {
    let mut log = Log::with(|log| {
        for (id, origin) in (1..).zip(["0/0", "1/4", "9/9", "0/99999999999999999999", "", "-1/-1", "here"]) {
            log.append_command(wrong(), ACCOUNT, deposit(id), Some(origin.to_owned()));
        }
    });
    log.drained = true;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.forwarded, forwarded(&Log::new()) + 7);
    // Each of them must arrive, whatever it says of itself.
    for topics in &mut log.partitions {
        topics
            .commands
            .retain(|seen| of(seen).value != Some(deposit(3)) || of(seen).place.partition == wrong());
    }
    log.check(I1, "and never came there");
}

#[test]
fn records_that_say_they_are_copies_of_other_commands_change_nothing() {
    let mut log = Log::with(|log| {
        let origin = log.append_command(wrong(), ACCOUNT, deposit(1), None);
        // Of the same place, several times, with another content; and of places where other commands lie, or none.
        for id in 2..6 {
            log.append_command(right(), ACCOUNT, deposit(id), Some(format!("{}/{origin}", wrong())));
        }
        for (id, place) in (6..).zip(["0/0", "0/2", "1/0", "7/0", "0/1000000"]) {
            log.append_command(right(), ACCOUNT, deposit(id), Some(place.to_owned()));
        }
    });
    log.drained = true;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.forwarded_again, 0);
    // None of them stands for the copy that is missing.
    for topics in &mut log.partitions {
        topics
            .commands
            .retain(|seen| of(seen).value != Some(deposit(1)) || of(seen).header("forwarded-from").is_none());
    }
    log.check(I1, "and never came there");
}

#[test]
fn a_copy_that_a_client_repeats_byte_for_byte_is_counted_and_no_breach() {
    let mut log = Log::with(|log| {
        let origin = log.append_command(wrong(), ACCOUNT, deposit(1), None);
        for _ in 0..3 {
            log.append_command(right(), ACCOUNT, deposit(1), Some(format!("{}/{origin}", wrong())));
        }
    });
    log.drained = true;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.forwarded_again, 3);
}
