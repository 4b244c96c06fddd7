//! What has passed, and what has been done to it.

use crate::api::ApiKey;
use crate::frame::Request;
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything since the proxy was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub apis: BTreeMap<ApiKey, ApiCounts>,
    /// By transactional id: what its clients have sent, kept requests included.
    pub end_txns: BTreeMap<String, EndTxnCounts>,
    /// Client connections that were accepted.
    pub connections: u64,
    /// Of them, those that are open.
    pub connections_open: u64,
    /// Client connections that were reset because no broker answered there.
    pub unreachable: u64,
    /// Client connections on which a blackhole kept something back.
    pub stalled: u64,
    /// Why the last connection was refused: a request or an answer that the proxy does not know.
    pub last_refusal: Option<String>,
}

/// Of one kind of request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ApiCounts {
    /// Requests that clients have sent.
    pub seen: u64,
    /// Answers that clients were sent.
    pub answered: u64,
    /// Requests or answers that were delayed on purpose.
    pub delayed: u64,
    /// Requests that were kept.
    pub held: u64,
    /// Of them, those that were sent on.
    pub released: u64,
    /// Answers that were kept from the client for good.
    pub dropped: u64,
    /// Commits that became aborts on their way.
    pub overturned: u64,
    /// Client connections that were reset because of such a request.
    pub resets: u64,
    /// Connections of which one direction was closed because of such a request.
    pub half_closed: u64,
    /// Client connections that were ended because the proxy does not know this version, or cannot read its answer.
    pub refused: u64,
}

/// Of one transactional id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EndTxnCounts {
    pub commits: u64,
    pub aborts: u64,
}

impl EndTxnCounts {
    pub fn total(self) -> u64 {
        self.commits + self.aborts
    }
}

impl Counts {
    /// Of one kind of request; all zero for one that was never seen.
    pub fn of(&self, api: ApiKey) -> ApiCounts {
        self.apis.get(&api).cloned().unwrap_or_default()
    }

    /// The EndTxn requests that clients have sent for a transactional id.
    pub fn end_txns_of(&self, transactional_id: &str) -> EndTxnCounts {
        self.end_txns.get(transactional_id).copied().unwrap_or_default()
    }

    /// Client connections that were ended because the proxy did not know what was sent on them.
    pub fn refused(&self) -> u64 {
        self.apis.values().map(|counts| counts.refused).sum()
    }

    pub(crate) fn of_mut(&mut self, api: ApiKey) -> &mut ApiCounts {
        self.apis.entry(api).or_default()
    }

    pub(crate) fn saw(&mut self, request: &Request) {
        self.of_mut(request.key()).seen += 1;
        if let (Some(id), Some(commit)) = (request.transactional_id(), request.commit()) {
            let counts = self.end_txns.entry(id.to_owned()).or_default();
            *(if commit { &mut counts.commits } else { &mut counts.aborts }) += 1;
        }
    }
}
