//! Looks schemas up in threads of their own, many at once, so that the group is served meanwhile however long the registry takes.
//!
//! An answer is kept until it is taken. That the registry does not have an id for us is remembered for a while: longer than a partition stays here, so
//! that a rebalance does not ask all of it again.

use super::{Observe, TransientFault};
use crate::clock::{self, Deadline};
use crate::registry::{Lookup, RegistryError, SchemaSource};
use decider::{Codec, Domain};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Questions to the registry at the same time.
const LOOKUPS_AT_ONCE_MAX: usize = 16;
/// Ids that wait for their turn. More of them are asked for when these are done.
const WAITING_MAX: usize = 10_000;
/// An id that could not be looked up is asked for again after this, doubled each time, up to the second.
const BACK_OFF_MIN: Duration = Duration::from_millis(250);
const BACK_OFF_MAX: Duration = Duration::from_secs(4);
/// While the registry fails, one question is asked at a time, and not more often than this.
const PROBE_EVERY: Duration = Duration::from_millis(250);
/// The same trouble is logged again after this.
const LOG_EVERY: Duration = Duration::from_secs(10);
/// How long, and of how many ids, it is remembered that they cannot be read. A schema may be registered late.
const ABSENT_KEPT: Duration = Duration::from_secs(60);
const ABSENT_MAX: usize = 20_000;

/// The side of the loop.
pub(super) struct Resolver {
    shared: Arc<Shared>,
    /// Ids whose records cannot be read, and why.
    absent: BTreeMap<u32, String>,
    /// When they are to be forgotten, the next one first.
    forgotten: VecDeque<(Deadline, u32)>,
    spawn: Spawn,
}

/// Starts a thread that asks.
type Spawn = Box<dyn Fn(&Arc<Shared>) -> std::io::Result<()> + Send>;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// With the tries that each has had.
    waiting: VecDeque<(u32, u32)>,
    /// Not to be asked for before their time.
    later: BTreeMap<Instant, Vec<(u32, u32)>>,
    /// All that is waiting, to be asked later, or being asked.
    pending: BTreeSet<u32>,
    answers: Vec<(u32, Lookup)>,
    /// Why the registry has not answered since its last answer.
    trouble: Option<RegistryError>,
    troubles: Vec<TransientFault>,
    logged: Option<Deadline>,
    next_probe: Option<Instant>,
    asking: usize,
    threads: usize,
    is_over: bool,
}

impl Resolver {
    pub(super) fn new<R: SchemaSource + Clone + Send + 'static>(source: &R) -> Self {
        let source = source.clone();
        let source = Mutex::new(source);
        Self {
            shared: Arc::default(),
            absent: BTreeMap::new(),
            forgotten: VecDeque::new(),
            spawn: Box::new(move |shared| {
                let (shared, mut source) = (Arc::clone(shared), lock(&source).clone());
                let asking = move || shared.ask_on(&mut source);
                thread::Builder::new().name("schemas".to_owned()).spawn(asking).map(drop)
            }),
        }
    }

    /// Has these ids looked up, where that is not on its way.
    pub(super) fn want(&self, ids: impl IntoIterator<Item = u32>) {
        let mut state = lock(&self.shared.state);
        for id in ids {
            if state.pending.len() < WAITING_MAX && state.pending.insert(id) {
                state.waiting.push_back((id, 0));
            }
        }
        let wanted = state.pending.len().min(LOOKUPS_AT_ONCE_MAX);
        while state.threads < wanted {
            if let Err(error) = (self.spawn)(&self.shared) {
                tracing::warn!(%error, "a thread that asks the schema registry could not be started");
                break;
            }
            state.threads += 1;
        }
        self.shared.changed.notify_all();
    }

    /// Passes to the codec what the registry has answered since the last call; returns the ids of it. That the registry has nothing under an
    /// id, or something that the codec cannot read, is remembered.
    pub(super) fn learn<D: Domain, C: Codec<D>>(&mut self, codec: &mut C, observe: &impl Observe) -> Vec<u32> {
        for trouble in self.take_troubles() {
            observe.trouble(trouble);
        }
        let mut ids = Vec::new();
        for (id, lookup) in self.take() {
            let unreadable = match lookup {
                Lookup::Found(schema) => codec.learn(id, &schema).err(),
                Lookup::Absent(reason) => Some(reason),
            };
            if let Some(reason) = unreadable {
                self.remember_absent(id, reason);
            }
            ids.push(id);
        }
        ids
    }

    /// The answers since the last call.
    fn take(&self) -> Vec<(u32, Lookup)> {
        std::mem::take(&mut lock(&self.shared.state).answers)
    }

    /// Whether its answer is still to come.
    pub(super) fn is_pending(&self, id: u32) -> bool {
        lock(&self.shared.state).pending.contains(&id)
    }

    fn take_troubles(&self) -> Vec<TransientFault> {
        std::mem::take(&mut lock(&self.shared.state).troubles)
    }

    /// Why the registry does not answer at the moment, where that is what is waited for.
    pub(super) fn trouble(&self) -> Option<String> {
        lock(&self.shared.state).trouble.as_ref().map(ToString::to_string)
    }

    /// Ids whose records cannot be read, and why.
    pub(super) fn absent(&self) -> &BTreeMap<u32, String> {
        &self.absent
    }

    fn remember_absent(&mut self, id: u32, reason: String) {
        if self.absent.len() >= ABSENT_MAX
            && let Some((_, oldest)) = self.forgotten.pop_front()
        {
            self.absent.remove(&oldest);
        }
        self.absent.insert(id, reason);
        self.forgotten.push_back((Deadline::after(ABSENT_KEPT), id));
    }

    /// Forgets what has been remembered for long enough, but for what is waited for.
    pub(super) fn forget(&mut self, in_use: &BTreeSet<u32>) {
        while let Some((until, id)) = self.forgotten.front().copied()
            && until.is_over()
        {
            self.forgotten.pop_front();
            if in_use.contains(&id) {
                self.forgotten.push_back((Deadline::after(ABSENT_KEPT), id));
            } else {
                self.absent.remove(&id);
            }
        }
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        lock(&self.shared.state).is_over = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Asks for one id after the other until the resolver is dropped.
    fn ask_on(&self, source: &mut impl SchemaSource) {
        while let Some((id, tries)) = self.next() {
            let answer = source.schema(id);
            let mut state = lock(&self.state);
            state.asking -= 1;
            match answer {
                Ok(lookup) => {
                    state.pending.remove(&id);
                    state.trouble = None;
                    if let Lookup::Absent(reason) = &lookup {
                        tracing::warn!(
                            schema_id = id,
                            reason,
                            "a schema cannot be used; what was written with it is no command"
                        );
                        state.trouble(TransientFault::SchemaAbsent);
                    }
                    state.answers.push((id, lookup));
                }
                Err(error) if error.is_transient() => state.failed(id, tries, error),
                Err(error) => {
                    state.pending.remove(&id);
                    state.answers.push((id, Lookup::Absent(error.to_string())));
                }
            }
            self.changed.notify_all();
        }
    }

    /// Waits for an id to ask for; `None` when there is to be no more.
    fn next(&self) -> Option<(u32, u32)> {
        let mut state = lock(&self.state);
        loop {
            if state.is_over {
                return None;
            }
            let now = clock::now();
            state.bring_up(now);
            let held = state.held(now);
            if held.is_none()
                && let Some(next) = state.waiting.pop_front()
            {
                state.asking += 1;
                state.next_probe = Some(now + PROBE_EVERY);
                return Some(next);
            }
            let due = state.later.keys().next().map(|at| at.saturating_duration_since(now));
            let wait = held.or(due).unwrap_or(BACK_OFF_MAX).max(Duration::from_millis(1));
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn bring_up(&mut self, now: Instant) {
        while let Some(entry) = self.later.first_entry()
            && *entry.key() <= now
        {
            self.waiting.extend(entry.remove());
        }
    }

    /// How long nothing is to be asked, because the registry fails and another question is on its way or was asked a moment ago.
    fn held(&self, now: Instant) -> Option<Duration> {
        self.trouble.as_ref()?;
        if self.asking > 0 {
            return Some(PROBE_EVERY);
        }
        self.next_probe.filter(|next| *next > now).map(|next| next - now)
    }

    fn failed(&mut self, id: u32, tries: u32, error: RegistryError) {
        let back_off = BACK_OFF_MIN.saturating_mul(1 << tries.min(8)).min(BACK_OFF_MAX);
        self.later.entry(clock::now() + back_off).or_default().push((id, tries + 1));
        self.trouble(TransientFault::of_registry(&error));
        let is_news = self.trouble.as_ref() != Some(&error);
        if is_news || self.logged.is_none_or(Deadline::is_over) {
            tracing::warn!(%error, schema_id = id, waiting = self.pending.len(), "waiting for the schema registry");
            self.logged = Some(Deadline::after(LOG_EVERY));
        }
        self.trouble = Some(error);
    }

    fn trouble(&mut self, trouble: TransientFault) {
        // They are taken many times a second; while the loop stands still, more of them say nothing more.
        if self.troubles.len() < WAITING_MAX {
            self.troubles.push(trouble);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
