//! A topic that cannot be read ends the waiting, and commands are taken again once it is read from its end.

use super::*;
use crate::waiting::{Waiter, Waiting};
use std::collections::VecDeque;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Answers to calls, in their order; the shutdown is requested when there are no more.
struct Script {
    takes: VecDeque<Result<(), ReadFailure>>,
    reopened: VecDeque<Result<(), ReadFailure>>,
    /// What was refused, and why, at each reopening.
    seen: Vec<Option<String>>,
    shared: std::sync::Arc<Shared>,
    stop: Shutdown,
}

const TOPIC: &str = "schedule.outcomes";

fn gone() -> ReadFailure {
    ReadFailure::OutOfRange {
        topic: TOPIC.to_owned(),
        partition: 1,
        offset: 9,
        low: 0,
        high: 4,
    }
}

impl Follow for &mut Script {
    fn topic(&self) -> &str {
        TOPIC
    }

    fn take(&mut self, _: Duration) -> Result<impl FnOnce(&mut Waiting), ReadFailure> {
        let taken = self.takes.pop_front();
        if self.takes.is_empty() {
            self.stop.request();
        }
        taken.unwrap_or(Ok(())).map(|()| |_: &mut Waiting| {})
    }

    fn check_ends(&mut self, _: Duration) -> Result<(), ReadFailure> {
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), ReadFailure> {
        let reason = self.shared.state().interrupted.get(TOPIC).cloned();
        self.seen.push(reason);
        self.reopened.pop_front().unwrap_or(Ok(()))
    }
}

#[test]
fn an_interruption_lasts_until_the_topic_is_followed_again() {
    let shared = std::sync::Arc::new(Shared::default());
    shared.state().waiting = Waiting::new(10);
    let (sender, mut receiver) = oneshot::channel();
    shared
        .state()
        .waiting
        .add(Waiter::answer(Uuid::from_u128(7), None, sender))
        .unwrap();
    let stop = Shutdown::default();
    let mut script = Script {
        takes: VecDeque::from([Ok(()), Err(gone()), Ok(())]),
        reopened: VecDeque::from([Err(gone()), Ok(())]),
        seen: Vec::new(),
        shared: std::sync::Arc::clone(&shared),
        stop: stop.clone(),
    };
    follow(&mut script, &shared, &stop);
    let (topic, reason) = (TOPIC.to_owned(), gone().to_string());
    assert_eq!(script.seen, [Some(reason.clone()), Some(reason.clone())]);
    assert_eq!(receiver.try_recv().unwrap(), Err(WaitError::Interrupted { topic, reason }));
    assert!(shared.state().interrupted.is_empty());
}

/// Finds the end before what was read as often as it says.
struct Shortened(Vec<bool>);

impl Follow for Shortened {
    fn topic(&self) -> &str {
        TOPIC
    }

    fn take(&mut self, _: Duration) -> Result<impl FnOnce(&mut Waiting), ReadFailure> {
        Ok(|_: &mut Waiting| {})
    }

    fn check_ends(&mut self, _: Duration) -> Result<(), ReadFailure> {
        if self.0.remove(0) { Err(gone()) } else { Ok(()) }
    }

    fn reopen(&mut self) -> Result<(), ReadFailure> {
        Ok(())
    }
}

#[test]
fn an_end_before_what_was_read_has_to_be_found_twice_in_a_row() {
    let mut source = Shortened(vec![true, false, true, true]);
    let mut watch = Watch::new();
    let mut check = || {
        watch.checked -= CHECK_PERIOD;
        watch.check(&mut source)
    };
    assert_eq!([check(), check(), check()], [Ok(()), Ok(()), Ok(())]);
    assert_eq!(check(), Err(gone()));
}
