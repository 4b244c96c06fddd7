//! Positions of snapshots.

use super::*;
use crate::bookkeeping::Reached;
use service::Health;
use std::path::Path;
use store::Sizing;

/// A position of the one partition.
fn reached(sequence: u64) -> Progress {
    let mut progress = Progress::start(1);
    progress.set(0, Reached { sequence, next_offset: 0 });
    progress
}

fn view(folder: &Path) -> KeptView {
    let condition = Condition::new(Health::default(), None, true);
    KeptView::new(Store::open(folder, Sizing::default()).unwrap(), condition).unwrap()
}

#[test]
fn each_snapshot_has_the_position_that_it_was_taken_at_whichever_is_asked_first() {
    let folder = tempfile::tempdir().unwrap();
    let view = view(folder.path());
    let snapshots: Vec<_> = (0..3)
        .map(|sequence| {
            let snapshot = view.snapshot();
            view.store().apply(&[reached(sequence + 1).mutation()]).unwrap();
            (sequence, snapshot)
        })
        .collect();
    for number in [0, 2, 1, 1, 2, 0] {
        let (sequence, snapshot) = &snapshots[number];
        let stamp = view.position(snapshot).unwrap();
        assert_eq!(stamp.position().sequence(0).unwrap_or(0), *sequence);
    }
    // What is written without a new position is another snapshot at the same one.
    view.become_complete().unwrap();
    assert_eq!(view.position(&view.snapshot()).unwrap().position().sequence(0), Some(3));
}

#[test]
fn the_position_is_known_without_a_snapshot_until_something_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let view = view(folder.path());
    let known = || view.known_position().map(|stamp| stamp.position().sequence(0));
    assert_eq!(known(), None, "no snapshot was asked for its position yet");
    view.store().apply(&[reached(1).mutation()]).unwrap();
    let old = view.snapshot();
    view.position(&old).unwrap();
    assert_eq!(known(), Some(Some(1)));
    view.store().apply(&[reached(2).mutation()]).unwrap();
    assert_eq!(known(), None);
    view.position(&old).unwrap();
    assert_eq!(known(), None, "that one is of the past");
    view.position(&view.snapshot()).unwrap();
    assert_eq!(known(), Some(Some(2)));
}
