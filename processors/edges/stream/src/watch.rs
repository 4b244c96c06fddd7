//! Looking at the topics again and again: what was right at the start may be altered, deleted or created anew in mid-run, and Kafka
//! tells nobody.

use crate::Settings;
use crate::admin::{Admin, AdminError, Identity};
use crate::clock::Deadline;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{io, thread};
use topology::{Severity, Topology};

/// Between two looks.
const LOOK_PERIOD: Duration = Duration::from_secs(10);
/// A broker that has just started may not know every topic yet: what is found has to be found again after this.
const CONFIRMATION_PAUSE: Duration = Duration::from_secs(2);

/// How soon a watch ends once it is over.
const STEP: Duration = Duration::from_millis(100);

/// A thread that looks at the topics until this is dropped. Nobody waits for its end: a look that is under way may wait for brokers that
/// are away.
pub struct TopicWatch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    found: OnceLock<String>,
    over: AtomicBool,
}

impl TopicWatch {
    /// `rest` waits for at most as long as it is told to, and says whether the process is to stop.
    pub fn start(
        settings: Settings,
        topology: Topology,
        built_on: Identity,
        rest: impl Fn(Duration) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let watch = Self(Arc::clone(&shared));
        let look = move || {
            if let Some(found) = shared.look_on(&settings, &topology, &built_on, &rest) {
                shared.found.get_or_init(|| found);
            }
        };
        thread::Builder::new().name("topics".to_owned()).spawn(look)?;
        Ok(watch)
    }

    /// What is wrong with the topics, as soon as something is that could lose or reorder data, or when they are no longer those that the state
    /// was built on. A cluster that cannot be reached is not an answer.
    pub fn found(&self) -> Option<&str> {
        self.0.found.get().map(String::as_str)
    }
}

impl Drop for TopicWatch {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// What was found twice; `None` when nobody wants to know any more.
    fn look_on(&self, settings: &Settings, topology: &Topology, built_on: &Identity, rest: &impl Fn(Duration) -> bool) -> Option<String> {
        let mut suspicion: Option<String> = None;
        let mut admin = None;
        loop {
            let pause = if suspicion.is_some() { CONFIRMATION_PAUSE } else { LOOK_PERIOD };
            if self.is_over_after(pause, rest) {
                return None;
            }
            let client = admin.take().map_or_else(|| Admin::new(settings), Ok);
            let found = match client.and_then(|client| look(admin.insert(client), topology, built_on)) {
                Ok(found) => found,
                Err(error) => {
                    tracing::debug!(%error, "the topics could not be looked at");
                    // Nobody hears what an admin client has to say, not even that it knows of no broker any more.
                    admin = None;
                    continue;
                }
            };
            match (found, suspicion.take()) {
                (Some(found), Some(_)) => return Some(found),
                (found, _) => suspicion = found,
            }
        }
    }

    fn is_over_after(&self, pause: Duration, rest: &impl Fn(Duration) -> bool) -> bool {
        let pause = Deadline::after(pause);
        while !pause.is_over() {
            if self.over.load(Ordering::Relaxed) || rest(STEP.min(pause.left())) {
                return true;
            }
        }
        self.over.load(Ordering::Relaxed)
    }
}

/// What is wrong now, if anything.
fn look(admin: &Admin, topology: &Topology, built_on: &Identity) -> Result<Option<String>, AdminError> {
    let fatal: Vec<String> = admin
        .check(topology)?
        .into_iter()
        .filter(|difference| difference.severity == Severity::Fatal)
        .map(|difference| difference.to_string())
        .collect();
    if !fatal.is_empty() {
        return Ok(Some(fatal.join("; ")));
    }
    Ok(admin.identity(topology)?.difference_from(built_on))
}
