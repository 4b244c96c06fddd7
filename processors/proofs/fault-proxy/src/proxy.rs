//! The proxy as a test holds it: started and driven from any thread, and gone when dropped.

use crate::api::ApiKey;
use crate::connection;
use crate::counts::Counts;
use crate::held::{HeldRequest, ReleaseError, Released};
use crate::hub::Hub;
use crate::rewrite::Address;
use crate::rules::{Client, Fault, HeldId, Rule, RuleId, When};
use crate::state::{Shared, State};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A running proxy. Dropping it closes all its connections and waits for its thread.
#[derive(Debug)]
pub struct Proxy {
    hub: Arc<Hub>,
    bootstrap: String,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why there is no proxy.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    #[error("\"{0}\" is no list of brokers such as localhost:9092,localhost:9093")]
    Upstream(String),
    #[error("the proxy cannot listen: {0}")]
    Listen(#[from] io::Error),
}

impl Proxy {
    /// In front of these brokers (`host:port`, several with commas), on ports that are free.
    pub fn start(upstream: &str) -> Result<Self, ProxyError> {
        Self::start_on(upstream, 0)
    }

    /// The same, with a chosen port in front of the first broker.
    pub fn start_on(upstream: &str, port: u16) -> Result<Self, ProxyError> {
        let brokers: Option<Vec<Address>> = upstream.split(',').map(|broker| address(broker.trim())).collect();
        let brokers = brokers.ok_or_else(|| ProxyError::Upstream(upstream.to_owned()))?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("fault-proxy".to_owned()).spawn(move || {
            // It also ends when the handle is gone without a word.
            let _gone = runtime.block_on(stopped);
        })?;
        let hub = Arc::new(Hub {
            shared: Shared::new(),
            places: Mutex::default(),
            runtime: handle.clone(),
            serve: |client, broker, hub| Box::pin(connection::serve(client, broker, hub)),
        });
        let mut proxy = Self {
            hub,
            bootstrap: String::new(),
            runtime: handle,
            stop: Some(stop),
            thread: Some(thread),
        };
        let mut bootstrap = Vec::new();
        for (index, broker) in brokers.iter().enumerate() {
            let place = proxy.hub.place_at(broker, if index == 0 { port } else { 0 })?;
            bootstrap.push(place.to_string());
        }
        proxy.bootstrap = bootstrap.join(",");
        Ok(proxy)
    }

    /// What a client takes for its `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// By broker, as it calls itself: where the proxy listens in front of it.
    pub fn brokers(&self) -> BTreeMap<String, String> {
        let places = self.hub.places.lock().unwrap_or_else(PoisonError::into_inner);
        places
            .iter()
            .map(|(broker, place)| (broker.to_string(), place.to_string()))
            .collect()
    }

    /// From now on, requests that meet the condition meet the fault. Of several such rules the first added decides.
    pub fn add(&self, when: When, fault: Fault) -> RuleId {
        self.add_rule(Rule { when, fault })
    }

    pub fn add_rule(&self, rule: Rule) -> RuleId {
        self.hub.shared.update_rules(|state| state.add(rule))
    }

    /// Takes a rule away; `false` if there was none of this number.
    pub fn remove(&self, rule: RuleId) -> bool {
        self.hub.shared.update_rules(|state| state.remove(rule))
    }

    /// Takes all rules away: what a blackhole kept goes on its way. Held requests stay held, until they are released or discarded.
    pub fn heal(&self) {
        self.hub.shared.update_rules(State::heal);
    }

    pub fn rules(&self) -> BTreeMap<RuleId, Rule> {
        self.hub.shared.look(State::rules)
    }

    /// Keeps the first EndTxn of a transactional id, whose client finds its connection reset (or hears nothing), and lets it go within
    /// the transaction after: when the broker has acknowledged that one's first records, and before the client hears of that.
    ///
    /// So the client repeats its EndTxn, goes on, and then the first one arrives after all: what a delayed packet does.
    pub fn late_end_txn(&self, transactional_id: &str, client: Client) -> RuleId {
        let when = When::api(ApiKey::END_TXN).transactional_id(transactional_id).once();
        let release_on = Some(Box::new(When::api(ApiKey::PRODUCE).transactional_id(transactional_id)));
        self.add(when, Fault::Hold { client, release_on })
    }

    pub fn held(&self) -> Vec<HeldRequest> {
        self.hub.shared.look(State::held)
    }

    /// Waits until a rule has kept a request: its first one.
    pub fn wait_held(&self, rule: RuleId, patience: Duration) -> Result<HeldId, ReleaseError> {
        let found = self.hub.shared.wait(patience, |state| state.nth_kept(rule, 1));
        found.ok_or(ReleaseError::TimedOut)
    }

    /// Sends a held request on, and waits for the broker's answer.
    pub fn release(&self, id: HeldId, patience: Duration) -> Result<Released, ReleaseError> {
        let (reply, replied) = mpsc::channel();
        let hub = Arc::clone(&self.hub);
        self.runtime.spawn(async move {
            // The caller may not wait any more.
            let _gone = reply.send(hub.shared.release(id, None).await);
        });
        replied.recv_timeout(patience).unwrap_or(Err(ReleaseError::TimedOut))
    }

    /// Waits until a request that a rule kept was released and answered, by whatever released it.
    pub fn wait_released(&self, rule: RuleId, patience: Duration) -> Result<Released, ReleaseError> {
        let found = self.hub.shared.wait(patience, |state| state.released(state.nth_kept(rule, 1)?));
        found.ok_or(ReleaseError::TimedOut)?.ok_or(ReleaseError::NoAnswer)
    }

    /// Forgets all held requests, as if they were lost on their way; says how many.
    pub fn discard_held(&self) -> usize {
        self.hub.shared.update(State::discard_held)
    }

    /// Resets the open connections of clients whose id has this part (all that have an id, for an empty one); says how many.
    pub fn reset_connections(&self, client_id: &str) -> usize {
        let links = self.hub.shared.look(|state| state.links_of(client_id));
        links.iter().for_each(|link| link.reset());
        links.len()
    }

    pub fn counts(&self) -> Counts {
        self.hub.shared.look(|state| state.counts.clone())
    }

    /// Waits until the counts are as wanted; `false` when they are not in time.
    pub fn wait_until(&self, patience: Duration, mut are_as_wanted: impl FnMut(&Counts) -> bool) -> bool {
        let found = self.hub.shared.wait(patience, |state| are_as_wanted(&state.counts).then_some(()));
        found.is_some()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The thread ends all tasks with its runtime; it has no result, and if it panicked that was said.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn address(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok().filter(|port| *port != 0)?;
    (!host.is_empty()).then(|| Address {
        host: host.to_owned(),
        port,
    })
}
