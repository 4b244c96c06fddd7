//! Logs that begin with what another commands topic held: carried from another log, or of a topic that was deleted.

use super::log::{Log, Topics, of, of_mut, outcome};
use crate::Record;

/// Removes the former outcomes that later ones repeat or refer to, as retention may have.
fn forget_first_answers(log: &mut Log, is_former: impl Fn(&Record) -> bool) {
    for Topics { outcomes, .. } in &mut log.partitions {
        let later: Vec<_> = outcomes.iter().filter(|seen| !is_former(of(seen))).map(outcome).collect();
        let is_referred_to = |first: &decider::Outcome| {
            later
                .iter()
                .any(|later| (later.command_id, &later.aggregate_id) == (first.command_id, &first.aggregate_id))
        };
        outcomes.retain(|seen| !is_former(of(seen)) || !is_referred_to(&outcome(seen)));
    }
}

#[test]
fn a_log_that_was_carried_from_another_one_is_clean() {
    let mut log = Log::new();
    log.carry();
    log.drained = true;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    let counts = verdict.counts;
    assert!(counts.redecided > 50 && counts.folded > 20 && counts.trusted == 0, "{counts:?}");
}

#[test]
fn repeats_of_answers_that_were_not_carried_are_trusted() {
    let mut log = Log::new();
    log.carry();
    let is_carried = |record: &Record| outcome(&crate::Seen::Committed(record.clone())).command_offset < 0;
    forget_first_answers(&mut log, is_carried);
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert!(verdict.counts.trusted > 0, "{:?}", verdict.counts);
}

#[test]
fn repeats_of_answers_of_a_deleted_topic_that_are_gone_are_trusted() {
    let mut log = Log::new();
    log.recreate_commands();
    forget_first_answers(&mut log, |record| record.commands_topic() == Some("before"));
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert!(verdict.counts.trusted > 0, "{:?}", verdict.counts);
}

#[test]
fn an_outcome_that_was_written_again_is_not_put_where_a_deleted_topic_had_a_command() {
    let mut log = Log::new();
    log.recreate_commands();
    log.drained = true;
    let topics = &mut log.partitions[0];
    let former: Vec<i64> = topics
        .outcomes
        .iter()
        .filter(|seen| of(seen).commands_topic() == Some("before"))
        .map(|seen| outcome(seen).command_offset)
        .collect();
    let is_at_a_former_one =
        |seen: &crate::Seen| of(seen).commands_topic() == Some("now") && former.contains(&outcome(seen).command_offset);
    let lost = topics.outcomes.iter().position(is_at_a_former_one).unwrap();
    let end = of(topics.outcomes.last().unwrap()).place.offset + 1;
    let mut again = topics.outcomes.remove(lost);
    let record = of_mut(&mut again);
    record.place.offset = end;
    record.headers.push(("rewritten".to_owned(), Some(b"outcome-lost".to_vec())));
    topics.outcomes.push(again);
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!(verdict.counts.rewritten, 1);
}
