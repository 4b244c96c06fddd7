//! What goes wrong, and for which requests.

use crate::api::ApiKey;
use crate::frame::Request;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A fault and the requests that meet it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    #[serde(default)]
    pub when: When,
    pub fault: Fault,
}

/// Names a request that is or was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeldId(pub u64);

/// Names a rule that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub u64);

/// Which requests a rule is about: those that meet everything that is set here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct When {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiKey>,
    /// A part of the client's `client.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The whole `transactional.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<String>,
    /// Of an EndTxn: whether it commits or aborts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<bool>,
    /// A text that is somewhere in the request, for example the name of a topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The broker as it calls itself, `host:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<String>,
    /// How many of these requests pass before the first that is met.
    #[serde(skip_serializing_if = "is_zero")]
    pub after: u64,
    /// How many are met; all when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    #[serde(skip)]
    pub predicate: Option<Predicate>,
}

/// A condition of a test's own.
#[derive(Clone)]
pub struct Predicate(Arc<dyn Fn(&Request) -> bool + Send + Sync>);

/// What happens to a request, or to the connections on which such a request came.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The request reaches the broker later, and so does everything that follows on its connection.
    Delay { ms: u64 },
    /// The answer reaches the client later, and so does everything that follows.
    DelayAnswer { ms: u64 },
    /// The request is kept until it is released, even when its client is long gone.
    Hold {
        #[serde(default)]
        client: Client,
        /// It is released when an answer to such a request, seen after it, comes back: before that answer is passed on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release_on: Option<Box<When>>,
    },
    /// The broker gets the request, and the client gets no answer.
    DropAnswer {
        #[serde(default)]
        client: Client,
    },
    /// An EndTxn that commits reaches the broker as one that aborts: the client hears that what is undone was committed.
    Overturn,
    /// The request is lost, and the client's connection is reset.
    Reset,
    /// The request is passed on, and then one direction of the connection is closed.
    HalfClose { side: Side },
    /// Nothing passes any more on connections with such a request, until the rule is taken away: then what waited goes on its way, as
    /// after a real partition. A rule that names at most clients and brokers is about all of their connections, from the first byte.
    Blackhole { direction: Direction },
    /// Connections, chosen as for a blackhole, are slow, in each direction.
    Throttle { bytes_per_s: u64 },
    /// On connections, chosen as for a blackhole, every request and every answer takes longer.
    Latency { ms: u64 },
}

/// What a client notices of a request that gets no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Its connection is reset.
    #[default]
    Reset,
    /// Nothing: it waits until its own timeout.
    Waits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The client reads the end of the connection; what it sends still reaches the broker.
    Client,
    /// The broker reads the end of the connection.
    Broker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    ToBroker,
    ToClient,
    Both,
}

impl When {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    pub fn api(api: ApiKey) -> Self {
        Self {
            api: Some(api),
            ..Self::default()
        }
    }

    pub fn client_id(mut self, part: &str) -> Self {
        self.client_id = Some(part.to_owned());
        self
    }

    pub fn transactional_id(mut self, id: &str) -> Self {
        self.transactional_id = Some(id.to_owned());
        self
    }

    pub fn commit(mut self, commit: bool) -> Self {
        self.commit = Some(commit);
        self
    }

    pub fn contains(mut self, text: &str) -> Self {
        self.contains = Some(text.to_owned());
        self
    }

    pub fn broker(mut self, address: &str) -> Self {
        self.broker = Some(address.to_owned());
        self
    }

    /// Only the n-th such request, from 1.
    pub fn nth(mut self, n: u64) -> Self {
        self.after = n.saturating_sub(1);
        self.times(1)
    }

    pub fn once(self) -> Self {
        self.times(1)
    }

    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub fn predicate(mut self, predicate: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Predicate(Arc::new(predicate)));
        self
    }

    /// Whether a request is one of these; counting is not its business.
    pub(crate) fn is_met(&self, request: &Request, broker: &str) -> bool {
        self.api.is_none_or(|api| api == request.key())
            && self.is_met_by_connection(request.client_id(), broker)
            && self
                .transactional_id
                .as_deref()
                .is_none_or(|id| request.transactional_id() == Some(id))
            && self.commit.is_none_or(|commit| request.commit() == Some(commit))
            && self.contains.as_deref().is_none_or(|text| holds(request.bytes(), text.as_bytes()))
            && self.predicate.as_ref().is_none_or(|predicate| (predicate.0)(request))
    }

    /// Whether a connection alone meets what is asked of connections.
    pub(crate) fn is_met_by_connection(&self, client_id: Option<&str>, broker: &str) -> bool {
        self.client_id
            .as_deref()
            .is_none_or(|part| client_id.is_some_and(|id| id.contains(part)))
            && self.broker.as_deref().is_none_or(|wanted| wanted == broker)
    }

    /// Whether it asks for nothing but clients and brokers.
    pub(crate) fn is_about_connections(&self) -> bool {
        self.api.is_none()
            && self.transactional_id.is_none()
            && self.commit.is_none()
            && self.contains.is_none()
            && self.after == 0
            && self.times.is_none()
            && self.predicate.is_none()
    }
}

impl Fault {
    /// Whether it is about all that passes on a connection.
    pub(crate) fn is_of_connections(&self) -> bool {
        match self {
            Self::Blackhole { .. } | Self::Throttle { .. } | Self::Latency { .. } => true,
            Self::Delay { .. }
            | Self::DelayAnswer { .. }
            | Self::Hold { .. }
            | Self::DropAnswer { .. }
            | Self::Overturn
            | Self::Reset
            | Self::HalfClose { .. } => false,
        }
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Predicate")
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
