//! The quickest rows of the fault matrix, on the broker that the suite shares; `scripts/faults all` runs them all.

use faults::rows::in_suite;

#[test]
fn what_a_killed_processor_had_produced_and_not_committed_is_never_seen() {
    in_suite("kill-with-open-transaction");
}

#[test]
fn a_processor_killed_between_commit_and_state_replays_the_gap() {
    in_suite("kill-after-commit");
}

#[test]
fn a_processor_killed_between_offsets_and_commit_has_done_neither() {
    in_suite("kill-before-commit");
}

#[test]
fn a_processor_that_is_asked_to_stop_ends_cleanly_under_load() {
    in_suite("stop-under-load");
}
