//! What keeps a view from being ready, and what keeps its process.

use super::*;

fn waiting(why: &str) -> State {
    State::Waiting(why.to_owned())
}

#[test]
fn the_only_view_of_a_process_is_its_condition() {
    let process = Health::default();
    let only = Condition::new(process.clone(), None, true);
    only.set(VIEW, waiting("catching up"));
    assert_eq!(process.not_ready()["view"], "catching up");
    assert_eq!(only.not_ready().as_deref(), Some("view: catching up"));
    only.set(VIEW, State::Ready);
    assert_eq!((only.not_ready(), process.not_ready().len()), (None, 0));
}

#[test]
fn a_view_that_is_stopped_leaves_the_others_ready_and_is_named_in_the_process() {
    let process = Health::default();
    let one = Condition::new(process.clone(), Some("accounts-1"), true);
    let other = Condition::new(process.clone(), Some("holders-1"), true);
    other.set(VIEW, State::Ready);
    one.set(&partition(3), waiting("stopped"));
    assert_eq!(process.not_ready()["accounts-1: view partition 3"], "stopped");
    assert_eq!(other.not_ready(), None);
    one.remove(&partition(3));
    assert_eq!(process.not_ready().len(), 0);
}

#[test]
fn a_further_version_that_is_being_built_does_not_keep_its_process_from_being_ready() {
    let process = Health::default();
    let next = Condition::new(process.clone(), Some("accounts-2"), false);
    next.set(VIEW, waiting("catching up"));
    assert_eq!(process.not_ready().len(), 0);
    assert!(next.not_ready().is_some());
    next.set(FILES, State::Dead("damaged".to_owned()));
    assert_eq!(process.dead()["accounts-2: files"], "damaged");
}
