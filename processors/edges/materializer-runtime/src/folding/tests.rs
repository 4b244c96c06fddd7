//! One batch ahead of the writer, as one after the other.

use super::*;
use crate::applying::Stop;
use crate::fixture::{Texts, of};
use crate::parts::Condition;
use service::{Health, clock};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use store::{Sizing, Store};

const AGGREGATES: u64 = 7;

fn run(numbers: impl Iterator<Item = u64>) -> Run<String> {
    let event = |number: u64| of(0, number + 1, &format!("a{}", number % AGGREGATES), &format!("text {number}"));
    let located: Vec<_> = numbers.map(event).collect();
    Run {
        appended_ms: vec![0; located.len()],
        located,
        ..Run::empty()
    }
}

fn kept(path: &Path) -> KeptView {
    let condition = Condition::new(Health::default(), None, true);
    KeptView::new(Store::open(path, Sizing::default()).unwrap(), condition).unwrap()
}

/// Folds runs next to a writer that is sometimes slow. Returns what stopped a partition, if anything did.
fn written(view: &KeptView, runs: Vec<Run<String>>) -> Option<Stop> {
    let shutdown = &Shutdown::default();
    let (given, received) = mpsc::sync_channel(2);
    let (folded, to_write) = mpsc::sync_channel(FOLDED_WAITING_MAX);
    let mut stop = None;
    thread::scope(|scope| {
        scope.spawn(move || fold::<Texts>(view, Progress::start(1), shutdown, received, folded));
        scope.spawn(move || runs.into_iter().all(|run| given.send(run).is_ok()));
        for (number, Folded { step, .. }) in to_write.iter().enumerate() {
            if number % 3 == 0 {
                clock::rest(Duration::from_millis(2));
            }
            if let Some(step) = step {
                view.store().apply(&step.mutations).unwrap();
                stop = stop.take().or_else(|| step.stopped.first().cloned());
            }
        }
    });
    stop
}

#[test]
fn what_is_folded_ahead_of_the_writer_is_what_is_folded_at_once() {
    const EVENTS: u64 = 600;
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (kept(&folder.path().join("one")), kept(&folder.path().join("many")));
    assert_eq!(written(&one, vec![run(0..EVENTS)]), None);
    let mut runs: Vec<Run<String>> = (0..EVENTS / 6).map(|number| run(number * 6..(number + 1) * 6)).collect();
    runs.insert(9, run(0..0));
    assert_eq!(written(&many, runs), None);
    assert_eq!(
        application::content_hash(one.store()).unwrap(),
        application::content_hash(many.store()).unwrap()
    );
    assert_eq!(Progress::load(one.store()).unwrap(), Progress::load(many.store()).unwrap());
}

#[test]
fn nothing_is_folded_behind_an_event_that_cannot_be_applied() {
    let folder = tempfile::tempdir().unwrap();
    let view = kept(folder.path());
    let stop = written(&view, vec![run(0..20), run(21..30), run(20..40)]);
    assert!(
        matches!(
            stop,
            Some(Stop::Gap {
                expected: 21,
                found: 22,
                ..
            })
        ),
        "{stop:?}"
    );
    assert_eq!(Progress::load(view.store()).unwrap().unwrap().position().to_string(), "0:20");
}

#[test]
fn a_shutdown_in_the_midst_of_a_run_leaves_what_was_folded_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let view = kept(folder.path());
    let shutdown = Shutdown::default();
    shutdown.request();
    let (given, received) = mpsc::sync_channel(1);
    let (folded, to_write) = mpsc::sync_channel(1);
    given.send(run(0..20)).unwrap();
    fold::<Texts>(&view, Progress::start(1), &shutdown, received, folded);
    let steps: Vec<_> = to_write.iter().filter_map(|Folded { step, .. }| step).collect();
    assert_eq!(steps.len(), 1);
    assert_eq!((steps[0].taken, steps[0].applied, &steps[0].failure), (0, 0, &None));
}

#[test]
fn a_read_for_one_event_ends_with_the_shutdown() {
    let mut memory = keyvalue::Memory::default();
    for number in 0..10_u8 {
        memory.apply(&[keyvalue::Mutation::Put {
            key: vec![number],
            value: Vec::new(),
        }]);
    }
    let shutdown = Shutdown::default();
    let interruptible = Interruptible {
        below: &memory,
        shutdown: &shutdown,
    };
    let mut visited = 0;
    let scanned = interruptible.scan(&[0], &[u8::MAX], Order::Ascending, &mut |_, _| {
        visited += 1;
        if visited == 4 {
            shutdown.request();
        }
        ControlFlow::Continue(())
    });
    assert!(scanned.is_err());
    assert_eq!(visited, 4);
    assert!(interruptible.get(&[1], |_| ()).is_err());
}
