//! The quickest rows of the fault matrix, on the broker that the suite shares; `scripts/faults all` runs them all.

use faults::rows::in_suite;

#[test]
fn what_a_killed_processor_had_produced_and_not_committed_is_never_seen() {
    in_suite("kill-with-open-transaction");
}

#[test]
fn a_processor_killed_in_an_empty_transaction_loses_nothing() {
    in_suite("kill-at-begin");
}

#[test]
fn a_processor_killed_between_offsets_and_commit_has_done_neither() {
    in_suite("kill-before-commit");
}

#[test]
fn a_processor_killed_between_commit_and_state_replays_the_gap() {
    in_suite("kill-after-commit");
}

#[test]
fn a_processor_killed_right_after_its_state_is_written_decides_nothing_twice() {
    in_suite("kill-after-store");
}

#[test]
fn a_processor_that_is_asked_to_stop_ends_cleanly_under_load() {
    in_suite("stop-under-load");
}

#[test]
fn a_second_process_with_the_same_instance_id_takes_the_place_of_the_first() {
    in_suite("instance-id-twice");
}

#[test]
fn an_end_of_a_transaction_that_arrives_in_the_next_one_is_refused() {
    in_suite("late-end-of-transaction");
}

#[test]
fn offsets_that_arrive_late_do_not_go_back() {
    in_suite("late-offset-commit");
}

#[test]
fn a_late_request_to_add_offsets_leaves_no_transaction_hanging() {
    in_suite("late-add-offsets");
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_done_twice() {
    in_suite("commit-answer-lost");
}

#[test]
fn a_zombie_with_an_open_transaction_commits_nothing_more() {
    in_suite("zombie-with-open-transaction");
}
