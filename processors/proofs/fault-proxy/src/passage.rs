//! What the rules decide about a request: whether it passes, and how.

use crate::rules::{Client, HeldId, Side};
use bytes::Bytes;
use std::time::Duration;

/// What is done with a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    Pass(Passage),
    /// It is not passed on.
    Kept(Client),
}

/// How a request and its answer pass.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    pub(crate) delay: Duration,
    pub(crate) answer_delay: Duration,
    pub(crate) drop_answer: Option<Client>,
    /// What the broker gets instead.
    pub(crate) overturned: Option<Bytes>,
    pub(crate) half_close: Option<Side>,
    /// Released before its answer is passed on.
    pub(crate) releases: Vec<HeldId>,
}
