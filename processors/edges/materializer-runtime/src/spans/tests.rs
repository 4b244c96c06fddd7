//! The spans of the events that a view has.

use super::*;
use crate::bookkeeping::Reached;

fn event(partition: u32, offset: i64) -> TracedEvent {
    TracedEvent {
        index: 0,
        partition,
        offset,
        commit: TraceContext::sampled(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap(),
    }
}

fn progress(next_offset: i64) -> Progress {
    let mut progress = Progress::start(1);
    progress.set(0, Reached { sequence: 1, next_offset });
    progress
}

const FOLDING: Interval = Interval { start_ns: 1, end_ns: 2 };
const WRITING: Interval = Interval { start_ns: 3, end_ns: 4 };

#[test]
fn an_event_has_an_apply_below_its_commit_and_a_visible_below_that() {
    let (tracer, kept) = Tracer::kept(10).unwrap();
    let view = "graph-3".to_owned();
    Spans { tracer, view }.record(&[event(0, 7)], &progress(8), FOLDING, WRITING);
    let spans = kept.take();
    let [apply, visible] = &spans[..] else { panic!("{spans:?}") };
    let commit = event(0, 7).commit;
    assert_eq!((apply.name, apply.parent, apply.is_parent_remote), ("apply", commit, true));
    assert_eq!((apply.start_ns, apply.end_ns), (1, 2));
    assert_eq!(
        (visible.name, visible.parent, visible.is_parent_remote),
        ("visible", commit.below(apply.id), false)
    );
    assert_eq!((visible.start_ns, visible.end_ns), (3, 4));
    assert!(apply.attributes.contains(&("aerolog.view", "graph-3".to_owned().into())));
    assert!(apply.attributes.contains(&("messaging.kafka.offset", 7.into())));
}

#[test]
fn an_event_that_the_view_does_not_have_is_not_said_to_be_visible() {
    let (tracer, kept) = Tracer::kept(10).unwrap();
    let view = "graph-3".to_owned();
    Spans { tracer, view }.record(&[event(0, 8), event(1, 2)], &progress(8), FOLDING, WRITING);
    assert_eq!(kept.take(), []);
}
