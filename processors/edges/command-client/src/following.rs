//! Follows a topic from its end: each record goes to the requests that wait for it; when reading fails, they get an
//! error, and following starts again.

use crate::WaitError;
use crate::shared::Shared;
use crate::waiting::Waiting;
use service::{Shutdown, clock};
use std::time::Duration;
use stream::reader::ReadFailure;

/// How long the brokers may take to say where a topic ends.
pub(crate) const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a poll waits for a first record. It returns as soon as there is one.
const POLL_WAIT: Duration = Duration::from_millis(50);
/// How often it is checked that the topic does not go on unread.
const CHECK_PERIOD: Duration = Duration::from_secs(5);
const CHECK_WAIT_MAX: Duration = Duration::from_secs(1);
const REOPEN_PAUSE: Duration = Duration::from_secs(1);

/// A topic of which every new record matters to those who wait.
pub(crate) trait Follow {
    fn topic(&self) -> &str;

    /// Reads, waiting up to `wait` for a first record; returns the answers for those who wait.
    fn take(&mut self, wait: Duration) -> Result<impl FnOnce(&mut Waiting), ReadFailure>;

    /// Asks where the topic ends; an error where that lies before what was read, or where records are there and do not come.
    fn check_ends(&mut self, wait: Duration) -> Result<(), ReadFailure>;

    /// Goes on from the topic's end as it is now, with a Kafka client of its own.
    fn reopen(&mut self) -> Result<(), ReadFailure>;
}

/// Follows until the shutdown.
pub(crate) fn follow(mut source: impl Follow, shared: &Shared, stop: &Shutdown) {
    let mut watch = Watch::new();
    while !stop.is_requested() {
        let taken = source.take(POLL_WAIT).map(|tell| tell(&mut shared.state().waiting));
        if let Err(failure) = taken.and_then(|()| watch.check(&mut source)) {
            let topic = source.topic().to_owned();
            interrupt(shared, &topic, &failure);
            while !stop.is_requested() {
                match source.reopen() {
                    Ok(()) => {
                        shared.state().interrupted.remove(&topic);
                        watch = Watch::new();
                        break;
                    }
                    Err(failure) => {
                        interrupt(shared, &topic, &failure);
                        stop.wait_timeout(REOPEN_PAUSE);
                    }
                }
            }
        }
    }
}

/// What was written from here on may go by unread: nothing may wait for it until the topic is followed again.
fn interrupt(shared: &Shared, topic: &str, failure: &ReadFailure) {
    tracing::warn!(%failure, "cannot be followed; trying again from the end");
    let (topic, reason) = (topic.to_owned(), failure.to_string());
    let mut state = shared.state();
    state.interrupted.insert(topic.clone(), reason.clone());
    state.waiting.fail_all(&WaitError::Interrupted { topic, reason });
}

/// Looks at the ends of the topic now and then: the brokers say nothing to a reader whose log was put back to an older one.
struct Watch {
    checked: std::time::Instant,
    /// A leader that has just become one may not know the end yet, so that what is found has to be found again.
    suspected: bool,
}

impl Watch {
    fn new() -> Self {
        Self {
            checked: clock::monotonic(),
            suspected: false,
        }
    }

    fn check(&mut self, source: &mut impl Follow) -> Result<(), ReadFailure> {
        if self.checked.elapsed() < CHECK_PERIOD {
            return Ok(());
        }
        self.checked = clock::monotonic();
        match source.check_ends(CHECK_WAIT_MAX) {
            Ok(()) => self.suspected = false,
            Err(ReadFailure::OutOfRange { .. }) if !self.suspected => self.suspected = true,
            Err(failure @ (ReadFailure::OutOfRange { .. } | ReadFailure::Unheard { .. })) => return Err(failure),
            Err(failure) => tracing::debug!(%failure, "the ends of the topic cannot be read now"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
