//! How outcomes are counted.

use super::*;
use decider::{Fingerprint, Rejection, Status};
use domain::{AggregateId, AirportCode, Command, airport};

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

fn ask() -> PlannedCommand {
    let set = airport::Command::SetMinimumGroundTime {
        aircraft_type: None,
        minutes: 30,
    };
    PlannedCommand {
        id: AggregateId::Airport(AirportCode::parse("HNL").unwrap()),
        command: Command::Airport(set),
        ids: Ids::FromContent,
        lines: vec![7],
    }
}

fn counted(outcomes: &[(u32, Outcome)]) -> (Sent, Vec<String>) {
    let mut sent = Sent::default();
    let mut shown = Vec::new();
    for (partition, outcome) in outcomes {
        let again = sent.count(&ask(), *partition, outcome, |line| shown.push(line.to_owned()));
        assert_eq!(again, []);
    }
    (sent, shown)
}

#[test]
fn a_rejection_stays_one_however_often_it_is_repeated() {
    let (sent, shown) = counted(&[
        (0, outcome(false, 1, None)),
        (0, outcome(true, 1, None)),
        (0, outcome(false, 1, Some("already-registered"))),
        (0, outcome(true, 1, Some("already-registered"))),
    ]);
    assert_eq!((sent.accepted, sent.repeated, sent.rejected, sent.unchanged), (1, 1, 2, 0));
    assert_eq!(shown, ["line 7: airport/HNL: no", "line 7: airport/HNL: no"]);
}

#[test]
fn every_rejection_is_listed_however_many_there_are() {
    let outcomes = vec![(0, outcome(false, 1, Some("already-registered"))); 500];
    assert_eq!(counted(&outcomes).1.len(), 500);
}

#[test]
fn what_was_so_already_is_distinguished_from_what_is_not_possible() {
    let (sent, shown) = counted(&[
        (0, outcome(false, 1, Some("nothing-to-change"))),
        (0, outcome(false, 1, Some("already-registered"))),
    ]);
    assert_eq!((sent.rejected, sent.unchanged, shown.len()), (1, 1, 1));
}

#[test]
fn the_position_holds_the_highest_sequence_of_each_partition() {
    let (sent, _) = counted(&[
        (1, outcome(false, 7, None)),
        (0, outcome(false, 3, None)),
        (1, outcome(true, 5, None)),
    ]);
    assert_eq!(sent.position, Position::from([(0, 3), (1, 7)]));
}
