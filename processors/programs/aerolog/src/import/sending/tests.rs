//! How outcomes are counted.

use super::*;
use decider::{Fingerprint, Rejection, Status};

fn outcome(repeated: bool, sequence: u64, rule: Option<&str>) -> Outcome {
    Outcome {
        command_id: Uuid::nil(),
        aggregate_id: "airport/HNL".to_owned(),
        status: if rule.is_some() { Status::Rejected } else { Status::Accepted },
        version: 1,
        sequence,
        event_count: 1,
        command_offset: 0,
        repeated,
        fingerprint: Fingerprint::default(),
        clock_ms: 0,
        rejection: rule.map(|rule| Rejection {
            rule: rule.to_owned(),
            message: "no".to_owned(),
            facts: vec![],
        }),
    }
}

fn counted(outcomes: &[(u32, Outcome)]) -> Sent {
    let mut sent = Sent::default();
    for (partition, outcome) in outcomes {
        sent.count(*partition, outcome, &ProgressBar::hidden());
    }
    sent
}

#[test]
fn a_rejection_stays_one_however_often_it_is_repeated() {
    let sent = counted(&[
        (0, outcome(false, 1, None)),
        (0, outcome(true, 1, None)),
        (0, outcome(false, 1, Some("leg-exists"))),
        (0, outcome(true, 1, Some("leg-exists"))),
    ]);
    assert_eq!((sent.accepted, sent.repeated, sent.rejected, sent.unchanged), (1, 1, 2, 0));
}

#[test]
fn what_was_so_already_is_told_from_what_is_not_possible() {
    let sent = counted(&[
        (0, outcome(false, 1, Some("nothing-to-change"))),
        (0, outcome(false, 1, Some("leg-exists"))),
    ]);
    assert_eq!((sent.rejected, sent.unchanged), (2, 1));
}

#[test]
fn the_position_holds_the_highest_sequence_of_each_partition() {
    let sent = counted(&[
        (1, outcome(false, 7, None)),
        (0, outcome(false, 3, None)),
        (1, outcome(true, 5, None)),
    ]);
    assert_eq!(sent.position, BTreeMap::from([(0, 3), (1, 7)]));
}
