//! Health as the probes see it.

use super::{Health, State};

#[test]
fn a_process_of_which_nothing_is_known_is_ready_and_alive() {
    let health = Health::default();
    assert!(health.not_ready().is_empty());
    assert!(health.dead().is_empty());
}

#[test]
fn a_part_that_waits_makes_a_process_not_ready_but_leaves_it_alive() {
    let health = Health::default();
    health.set("broker", State::Ready);
    health.set("restore", State::Waiting("7 of 9 events".to_owned()));
    assert_eq!(
        health.not_ready().into_iter().collect::<Vec<_>>(),
        [("restore".to_owned(), "7 of 9 events".to_owned())]
    );
    assert!(health.dead().is_empty());
}

#[test]
fn a_dead_part_makes_a_process_neither_ready_nor_alive() {
    let health = Health::default();
    health.set("loop", State::Dead("panicked".to_owned()));
    assert_eq!(health.not_ready(), health.dead());
    assert_eq!(health.dead()["loop"], "panicked");
}

#[test]
fn clones_share_their_parts_and_a_removed_part_no_longer_counts() {
    let health = Health::default();
    health.clone().set("partition 3", State::Waiting("claimed".to_owned()));
    assert_eq!(health.not_ready().len(), 1);
    health.clone().remove("partition 3");
    assert!(health.not_ready().is_empty());
}
