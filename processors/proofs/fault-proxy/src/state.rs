//! What all connections share: rules, held requests, counts, and the listeners in front of brokers.

use crate::counts::Counts;
use crate::frame::Request;
use crate::held::{ANSWER_WAIT_MAX, Held, HeldRequest, ReleaseError, Released, send_alone};
use crate::link::Link;
use crate::passage::{Passage, Verdict};
use crate::rules::{Client, Direction, Fault, HeldId, Rule, RuleId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How many answers of released requests are remembered.
const RELEASED_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct State {
    rules: BTreeMap<RuleId, Active>,
    held: BTreeMap<HeldId, Held>,
    released: BTreeMap<HeldId, Option<Released>>,
    kept: BTreeMap<RuleId, Vec<HeldId>>,
    links: BTreeMap<u64, Arc<Link>>,
    pub(crate) counts: Counts,
    numbers: u64,
}

#[derive(Debug)]
struct Active {
    rule: Rule,
    /// How many requests it has met, those that passed included.
    met: u64,
    /// The connections on which one was met.
    caught: BTreeSet<u64>,
}

/// What connections are like at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) to_broker_stalled: bool,
    pub(crate) to_client_stalled: bool,
    pub(crate) latency: Duration,
    pub(crate) bytes_per_s: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// For threads that wait for something to be counted.
    changed: Condvar,
    /// For connections that wait for a rule to go.
    rules_changed: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            rules_changed: watch::channel(()).0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes who waits for a change.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.notify_all();
        changed
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        at(&self.lock())
    }

    pub(crate) fn update_rules<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = self.update(change);
        self.rules_changed.send_replace(());
        changed
    }

    pub(crate) fn rules_changed(&self) -> watch::Receiver<()> {
        self.rules_changed.subscribe()
    }

    /// Waits until the state has what is looked for; `None` when it has not in time.
    pub(crate) fn wait<T>(&self, patience: Duration, mut look_for: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let mut found = None;
        let _unlocked = self.changed.wait_timeout_while(self.lock(), patience, |state| {
            found = look_for(state);
            found.is_none()
        });
        found
    }

    /// Sends a held request to its broker and waits for the answer: on the connection on which it came if its client still has that,
    /// and if it is not `busy`, a connection that waits for this very answer.
    pub(crate) async fn release(&self, id: HeldId, busy: Option<u64>) -> Result<Released, ReleaseError> {
        let held = self.update(|state| {
            let held = state.held.remove(&id).ok_or(ReleaseError::NotHeld(id))?;
            state.counts.of_mut(held.request.key()).released += 1;
            Ok::<_, ReleaseError>(held)
        })?;
        let sent = match busy {
            Some(number) if number == held.link.number => None,
            _ => held.link.send_held(&held.request).await,
        };
        let released = match sent {
            Some(answer) => match tokio::time::timeout(ANSWER_WAIT_MAX, answer).await {
                Ok(Ok(answer)) => Ok(held.released(id, false, answer)),
                Ok(Err(_)) | Err(_) => Err(ReleaseError::NoAnswer),
            },
            None => {
                let answer = send_alone(&held.link.broker, &held.request).await;
                answer.map(|answer| held.released(id, true, answer)).map_err(ReleaseError::from)
            }
        };
        self.update(|state| {
            if state.released.len() >= RELEASED_MAX {
                state.released.pop_first();
            }
            state.released.insert(id, released.as_ref().ok().cloned());
        });
        released
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn add(&mut self, rule: Rule) -> RuleId {
        let id = RuleId(self.number());
        let (met, caught) = (0, BTreeSet::new());
        self.rules.insert(id, Active { rule, met, caught });
        id
    }

    pub(crate) fn remove(&mut self, id: RuleId) -> bool {
        self.rules.remove(&id).is_some()
    }

    pub(crate) fn heal(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn rules(&self) -> BTreeMap<RuleId, Rule> {
        self.rules.iter().map(|(id, active)| (*id, active.rule.clone())).collect()
    }

    pub(crate) fn held(&self) -> Vec<HeldRequest> {
        self.held.iter().map(|(id, held)| held.described(*id)).collect()
    }

    /// What came of a release; `None` while it is not known, `Some(None)` for one that failed.
    pub(crate) fn released(&self, id: HeldId) -> Option<Option<Released>> {
        self.released.get(&id).cloned()
    }

    /// The n-th request that a rule kept, from 1, whatever became of it.
    pub(crate) fn nth_kept(&self, rule: RuleId, n: usize) -> Option<HeldId> {
        self.kept.get(&rule)?.get(n.checked_sub(1)?).copied()
    }

    pub(crate) fn discard_held(&mut self) -> usize {
        std::mem::take(&mut self.held).len()
    }

    pub(crate) fn opened(&mut self, link: &Arc<Link>) {
        self.counts.connections_open += 1;
        self.links.insert(link.number, Arc::clone(link));
    }

    pub(crate) fn closed(&mut self, link: &Link) {
        self.counts.connections_open -= 1;
        self.links.remove(&link.number);
        for active in self.rules.values_mut() {
            active.caught.remove(&link.number);
        }
    }

    pub(crate) fn accepted(&mut self) -> u64 {
        self.counts.connections += 1;
        self.number()
    }

    /// The open connections of clients whose id has this part.
    pub(crate) fn links_of(&self, client_id: &str) -> Vec<Arc<Link>> {
        let of_client = |link: &&Arc<Link>| link.client_id().is_some_and(|id| id.contains(client_id));
        self.links.values().filter(of_client).cloned().collect()
    }

    /// Counts a request, and says what becomes of it. The first rule for requests that meets it decides.
    pub(crate) fn judge(&mut self, request: &Request, link: &Arc<Link>) -> Verdict {
        self.counts.saw(request);
        let broker = link.broker_name.clone();
        let mut decided = None;
        for (id, active) in &mut self.rules {
            let of_connections = active.rule.fault.is_of_connections();
            if (!of_connections && decided.is_some()) || !active.rule.when.is_met(request, &broker) {
                continue;
            }
            active.met += 1;
            let when = &active.rule.when;
            let in_time = when.times.is_none_or(|times| active.met - when.after.min(active.met) <= times);
            if active.met <= when.after || !in_time {
                continue;
            }
            if of_connections {
                active.caught.insert(link.number);
            } else {
                decided = Some((*id, active.rule.fault.clone()));
            }
        }
        let verdict = match decided {
            Some((rule, fault)) => self.apply(rule, fault, request, link),
            None => Verdict::Pass(Passage::default()),
        };
        match verdict {
            Verdict::Pass(passage) => {
                let releases = self.waiting_for(request, &broker);
                Verdict::Pass(Passage { releases, ..passage })
            }
            kept @ Verdict::Kept(_) => kept,
        }
    }

    fn apply(&mut self, rule: RuleId, fault: Fault, request: &Request, link: &Arc<Link>) -> Verdict {
        let counts = self.counts.of_mut(request.key());
        let mut passage = Passage::default();
        match fault {
            Fault::Delay { ms } => {
                counts.delayed += 1;
                passage.delay = Duration::from_millis(ms);
            }
            Fault::DelayAnswer { ms } => {
                counts.delayed += 1;
                passage.answer_delay = Duration::from_millis(ms);
            }
            Fault::DropAnswer { client } => passage.drop_answer = Some(client),
            Fault::Overturn => {
                passage.overturned = request.overturned();
                counts.overturned += u64::from(passage.overturned.is_some());
            }
            Fault::HalfClose { side } => {
                counts.half_closed += 1;
                passage.half_close = Some(side);
            }
            Fault::Reset => {
                counts.resets += 1;
                return Verdict::Kept(Client::Reset);
            }
            Fault::Hold { client, release_on } => {
                counts.held += 1;
                counts.resets += u64::from(client == Client::Reset);
                let held = Held {
                    rule,
                    request: request.clone(),
                    link: Arc::clone(link),
                    release_on: release_on.map(|when| *when),
                };
                let id = HeldId(self.number());
                self.held.insert(id, held);
                self.kept.entry(rule).or_default().push(id);
                return Verdict::Kept(client);
            }
            Fault::Blackhole { .. } | Fault::Throttle { .. } | Fault::Latency { .. } => {}
        }
        Verdict::Pass(passage)
    }

    /// The held requests that go when this one is answered.
    fn waiting_for(&self, request: &Request, broker: &str) -> Vec<HeldId> {
        let waits = |held: &Held| held.release_on.as_ref().is_some_and(|when| when.is_met(request, broker));
        self.held.iter().filter(|(_, held)| waits(held)).map(|(id, _)| *id).collect()
    }

    pub(crate) fn conditions(&self, link: &Link) -> Conditions {
        let mut conditions = Conditions::default();
        for active in self.rules.values().filter(|active| active.rule.fault.is_of_connections()) {
            let when = &active.rule.when;
            let about = when.is_about_connections() && when.is_met_by_connection(link.client_id(), &link.broker_name);
            if !about && !active.caught.contains(&link.number) {
                continue;
            }
            match active.rule.fault {
                Fault::Blackhole { direction } => {
                    conditions.to_broker_stalled |= direction != Direction::ToClient;
                    conditions.to_client_stalled |= direction != Direction::ToBroker;
                }
                Fault::Throttle { bytes_per_s } => {
                    conditions.bytes_per_s = Some(conditions.bytes_per_s.map_or(bytes_per_s, |least| least.min(bytes_per_s)));
                }
                Fault::Latency { ms } => conditions.latency += Duration::from_millis(ms),
                _ => {}
            }
        }
        conditions
    }
}
