//! The quickest rows about data: records, schemas, states. `scripts/faults all` runs them all.

use faults::rows::in_suite;

#[test]
fn odd_records_have_one_answer_or_one_dead_letter_each() {
    in_suite("odd-records");
}

#[test]
fn a_command_that_is_sent_again_is_decided_once_whatever_happens_in_between() {
    in_suite("duplicates");
}

#[test]
fn of_two_clients_that_want_the_same_version_one_gets_it() {
    in_suite("two-clients");
}

#[test]
fn schemas_of_something_else_are_dead_letters() {
    in_suite("other-schemas");
}

#[test]
fn lost_states_and_views_come_back_from_the_log() {
    in_suite("states-deleted");
}

#[test]
fn whatever_a_hostile_client_writes_has_one_answer_and_delays_no_other_client() {
    in_suite("hostile-writer-short");
}

#[test]
fn a_dead_letter_that_is_refused_stops_one_partition_until_the_setting_is_mended() {
    in_suite("refused-size");
}

#[test]
fn records_of_another_program_are_named_and_stop_their_partitions_only() {
    in_suite("foreign-records");
}

#[test]
fn a_commands_topic_that_is_created_again_is_recovered_as_advised_and_nothing_of_it_is_skipped() {
    in_suite("commands-recreated");
}

#[test]
fn a_group_whose_offsets_have_expired_goes_on_where_the_outcomes_end() {
    in_suite("group-lost");
}
