//! A processor or a replica that makes a mistake is found out.

use crate::bank;
use std::collections::BTreeSet;
use test_kit::simulation::{InMemory, Sabotage, run};

/// The rarest of these mistakes needs a few hundred seeds before the faults meet that it takes.
const SEEDS_MAX: u64 = 1_000;

/// Some seed has to break one of the invariants by the mistake; what others break in addition proves nothing.
#[track_caller]
fn check(sabotage: Sabotage, invariants: &[&str]) {
    let mut broken = BTreeSet::new();
    for seed in 1..=SEEDS_MAX {
        if let (Err(violation), _) = run::<_, InMemory>(bank(), seed, Some(sabotage), false) {
            if invariants.contains(&violation.invariant) {
                return;
            }
            broken.insert(violation.invariant);
        }
    }
    panic!("{sabotage:?} breaks only {broken:?} in {SEEDS_MAX} seeds");
}

#[test]
fn offsets_that_are_committed_outside_the_transaction_lose_commands() {
    check(Sabotage::CommitsOffsetsAlone, &["I1"]);
}

#[test]
fn a_doubtful_commit_that_is_trusted_leaves_the_state_ahead_of_the_log() {
    check(Sabotage::TrustsDoubtfulCommits, &["I1", "I3", "I6"]);
}

#[test]
fn a_processor_that_does_not_notice_its_successor_decides_twice() {
    check(Sabotage::IgnoresGeneration, &["I2", "I3", "I6", "I14"]);
}

#[test]
fn a_new_owner_that_does_not_learn_what_was_answered_answers_again() {
    check(Sabotage::ReplaysNoOutcomes, &["I2"]);
}

#[test]
fn a_replica_that_reads_what_is_open_is_ahead_of_the_log() {
    check(Sabotage::ReadsUncommitted, &["I4"]);
}

#[test]
fn a_position_that_is_written_before_its_view_loses_events() {
    check(Sabotage::WritesPositionFirst, &["I9"]);
}

#[test]
fn a_producer_that_is_kept_after_its_end_was_sent_twice_has_its_next_transaction_ended() {
    check(Sabotage::KeepsProducer, &["I1", "I2", "I3", "I5", "I6"]);
}

#[test]
fn a_doubtful_abort_that_is_trusted_commits_what_was_aborted() {
    check(Sabotage::TrustsDoubtfulAborts, &["I2", "I3", "I5"]);
}

#[test]
fn offsets_that_name_no_member_are_granted_to_a_zombie() {
    check(Sabotage::CommitsUnfenced, &["I2", "I3", "I5", "I6", "I14"]);
}

#[test]
fn offsets_of_a_partition_that_a_member_has_lost_are_granted() {
    check(Sabotage::CommitsUnowned, &["I2", "I3", "I5", "I6", "I14"]);
}

#[test]
fn a_state_that_is_written_in_pieces_does_not_fit_the_log() {
    check(Sabotage::TearsWrites, &["I3", "I7", "I8"]);
}

#[test]
fn a_follower_that_goes_on_while_its_partition_is_owned_spoils_the_state() {
    check(Sabotage::FollowsOn, &["I2", "I3", "I8"]);
}
