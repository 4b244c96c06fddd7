//! Looking at the topics again and again: what was right at the start may be altered, deleted or recreated in mid-run, and Kafka
//! notifies no client.

use crate::Settings;
use crate::admin::{Admin, Identity};
use crate::clock::Deadline;
use crate::facts::{self, FactsError, FactsReader, Role};
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

/// A thread that looks at the topics until this is dropped. Its end is not waited for: a look that is under way may wait for brokers that
/// are away.
pub struct TopicWatch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    found: OnceLock<String>,
    over: AtomicBool,
}

impl TopicWatch {
    /// `rest` waits for at most as long as it is asked to, and says whether the process is to stop.
    pub fn start(
        settings: Settings,
        topology: Topology,
        built_on: Identity,
        role: Role,
        rest: impl Fn(Duration) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let watch = Self(Arc::clone(&shared));
        let watched = Watched {
            settings,
            topology,
            built_on,
            role,
        };
        let look = move || {
            if let Some(found) = shared.look_on(&watched, &rest) {
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

/// What is looked at, and as whom.
struct Watched {
    settings: Settings,
    topology: Topology,
    built_on: Identity,
    role: Role,
}

/// The clients of one look, kept for the next one.
struct Clients {
    admin: Admin,
    facts: FactsReader,
}

impl Drop for TopicWatch {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// What was found twice; `None` when the watch is over.
    fn look_on(&self, watched: &Watched, rest: &impl Fn(Duration) -> bool) -> Option<String> {
        let mut suspicion: Option<String> = None;
        let mut clients = None;
        loop {
            let pause = if suspicion.is_some() { CONFIRMATION_PAUSE } else { LOOK_PERIOD };
            if self.is_over_after(pause, rest) {
                return None;
            }
            let client = clients.take().map_or_else(|| watched.connect(), Ok);
            let found = match client.and_then(|client| watched.look(clients.insert(client))) {
                Ok(found) => found,
                Err(error) => {
                    tracing::debug!(%error, "the topics could not be looked at");
                    // Nothing polls an admin client for what it reports, not even that it knows of no broker any more.
                    clients = None;
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

impl Watched {
    fn connect(&self) -> Result<Clients, FactsError> {
        Ok(Clients {
            admin: Admin::new(&self.settings)?,
            facts: FactsReader::new(&self.settings, &self.topology)?,
        })
    }

    /// What is wrong now, if anything.
    fn look(&self, clients: &mut Clients) -> Result<Option<String>, FactsError> {
        let Self {
            topology, built_on, role, ..
        } = self;
        let fatal: Vec<String> = clients
            .admin
            .check(topology)?
            .into_iter()
            .filter(|difference| difference.severity == Severity::Fatal)
            .map(|difference| difference.to_string())
            .collect();
        if !fatal.is_empty() {
            return Ok(Some(fatal.join("; ")));
        }
        if let Some(different) = clients.admin.identity(topology)?.difference_from(built_on) {
            return Ok(Some(different));
        }
        let facts = clients.facts.read()?;
        Ok(facts::allowed(topology, facts, *role).err().map(|error| error.to_string()))
    }
}
