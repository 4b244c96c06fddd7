//! What the log has beyond where it is whole.

use super::*;
use crate::{Fingerprint, Status};

fn event(sequence: u64, command_offset: i64) -> EventEnvelope<()> {
    EventEnvelope {
        sequence,
        aggregate_id: "c/1".to_owned(),
        version: sequence,
        command_id: Uuid::nil(),
        command_offset,
        decided_at_ms: 0,
        event: (),
    }
}

fn outcome(sequence: u64, command_offset: i64) -> Outcome {
    Outcome {
        command_id: Uuid::nil(),
        aggregate_id: "c/1".to_owned(),
        status: Status::Accepted,
        version: sequence,
        sequence,
        event_count: 1,
        command_offset,
        repeated: false,
        fingerprint: Fingerprint(0),
        clock_ms: 0,
        rejection: None,
    }
}

fn record(offset: i64) -> Incoming<'static> {
    Incoming {
        partition: 0,
        offset,
        timestamp_ms: 0,
        key: Some(b"c/1"),
        value: Some(b"value"),
        content_type: None,
        command_type: None,
    }
}

/// Two events, three outcomes, a dead letter, a copy.
fn written() -> [Written; 2] {
    let (mut first, mut second) = (Written::default(), Written::default());
    first.event(&event(1, 10));
    first.outcome(&outcome(1, 10));
    first.letter(11);
    second.event(&event(2, 12));
    second.outcome(&outcome(2, 12));
    second.outcome(&outcome(2, 13));
    second.copy(14, Some(b"c/1"), Some(b"value"));
    [first, second]
}

#[test]
fn every_kind_of_record_is_counted() {
    assert_eq!(written().map(|written| written.len()), [3, 4]);
    assert_eq!(Written::default().len(), 0);
}

#[test]
fn records_that_were_found_in_two_places_are_known_together() {
    let [mut all, more] = written();
    all.add(more);
    assert_eq!(all.len(), 7);
    assert!(all.has_event(0, &event(1, 10)).unwrap() && all.has_event(0, &event(2, 12)).unwrap());
    assert!(!all.has_event(0, &event(3, 12)).unwrap());
    assert!(all.has_letter(11) && !all.has_letter(12));
    assert!(all.has_copy(&record(14)) && !all.has_copy(&record(15)));
}

#[test]
fn an_outcome_that_says_another_sequence_is_an_error_and_no_outcome_that_is_there() {
    let [_, written] = written();
    assert_eq!(written.has_outcome(0, &outcome(2, 13)), Ok(true));
    assert_eq!(written.has_outcome(0, &outcome(2, 14)), Ok(false));
    let error = written.has_outcome(0, &outcome(3, 13)).unwrap_err().to_string();
    assert!(error.contains("its outcome in the log says 2"), "{error}");
}

#[test]
fn lost_outcomes_alone_are_something_that_is_known_and_are_kept_when_more_is_added() {
    let mut written = Written::default();
    assert!(written.is_empty() && written.lost().is_none());
    written.lose(LostOutcomes::new(3, 5, Vec::new()));
    written.add(Written::default());
    assert!(!written.is_empty());
    assert_eq!(written.lost().map(|lost| lost.from()), Some(3));
    let mut later = Written::default();
    later.lose(LostOutcomes::new(4, 5, Vec::new()));
    written.add(later);
    assert_eq!(written.lost().map(|lost| lost.from()), Some(4), "the newer one counts");
    let [some, _] = self::written();
    assert!(!some.is_empty());
}
