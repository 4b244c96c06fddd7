//! What may be missing or come twice.

use super::*;
use domain::rotation::{self, Mode};
use uuid::Uuid;

fn created(sequence: u64, rotation: &str) -> EventEnvelope<domain::Event> {
    EventEnvelope {
        sequence,
        aggregate_id: format!("rotation/{rotation}"),
        version: 1,
        command_id: Uuid::nil(),
        command_offset: 0,
        decided_at_ms: 0,
        event: domain::Event::Rotation(rotation::Event::Created { mode: Mode::Draft }),
    }
}

#[test]
fn partitions_may_come_in_any_order_and_each_by_itself_without_a_gap_and_without_a_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let mut view = LocalView::open(&folder.path().join("view")).unwrap();
    view.take(3, created(1, "A")).unwrap();
    view.take(0, created(1, "B")).unwrap();
    view.take(3, created(2, "C")).unwrap();
    assert_eq!(view.position(), &Position::from([(0, 1), (3, 2)]));
    let counts = views::ask::counts(view.read().unwrap()).unwrap();
    assert_eq!(counts.rotations, 3);

    let missing = view.take(0, created(3, "D")).unwrap_err().to_string();
    assert_eq!(missing, "partition 0 has sequence 3 after 1: events are missing between them");
    let late = view.take(7, created(2, "D")).unwrap_err().to_string();
    assert_eq!(late, "partition 7 has sequence 2 after 0: events are missing between them");
    let again = view.take(3, created(2, "C")).unwrap_err().to_string();
    assert!(again.contains("each event has to come once"), "{again}");
}

#[test]
fn an_event_that_does_not_fit_is_named_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut view = LocalView::open(&folder.path().join("view")).unwrap();
    let mut removed = created(1, "A");
    removed.event = domain::Event::Rotation(rotation::Event::Removed);
    view.take(2, removed).unwrap();
    let Err(error) = view.read() else { panic!("it fits") };
    assert!(error.to_string().contains("sequence 1 of partition 2"), "{error:#}");
}
