//! Faults at named points, for tests: a process whose environment names a point ends, stops or sleeps there.
//!
//! `AEROLOG_FAILPOINT=POINT:ACTION[:NTH]`, several with commas between them. The action is `kill` (SIGKILL), `stop` (SIGSTOP) or `sleep-MS`;
//! it happens once, when the point is reached for the n-th time. Without the variable a point costs one look at an empty list.

use crate::clock;
use prometheus::{IntCounterVec, Opts, Registry};
use rustix::process::{Signal, getpid, kill_process};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub const VARIABLE: &str = "AEROLOG_FAILPOINT";

/// What happens at which points.
#[derive(Debug)]
pub struct Failpoints {
    points: Vec<Failpoint>,
    hits: IntCounterVec,
}

#[derive(Debug)]
struct Failpoint {
    point: String,
    action: Action,
    nth: u64,
    reached: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Kill,
    Stop,
    Sleep(Duration),
}

/// Why a process does not start with what its environment asks for.
#[derive(Debug, thiserror::Error)]
pub enum FailpointError {
    #[error("{VARIABLE}={text}: {reason}; it is POINT:ACTION[:NTH], with a point of {points:?} and an action of kill, stop, sleep-MS")]
    Malformed { text: String, reason: String, points: Vec<String> },
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl Failpoints {
    /// What the environment asks for; `points` are the names that this process reaches.
    pub fn from_environment(points: &[&str], registry: &Registry) -> Result<Self, FailpointError> {
        Self::parse(&std::env::var(VARIABLE).unwrap_or_default(), points, registry)
    }

    fn parse(text: &str, points: &[&str], registry: &Registry) -> Result<Self, FailpointError> {
        let hits = IntCounterVec::new(Opts::new("aerolog_failpoints_total", "Faults that a test asked for."), &["point"])?;
        registry.register(Box::new(hits.clone()))?;
        let parsed = text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
            Failpoint::parse(part, points).map_err(|reason| FailpointError::Malformed {
                text: part.to_owned(),
                reason,
                points: points.iter().map(|point| (*point).to_owned()).collect(),
            })
        });
        let points = parsed.collect::<Result<Vec<_>, _>>()?;
        if !points.is_empty() {
            tracing::warn!(
                text,
                "faults at points of this process are asked for by {VARIABLE}: this is for tests only"
            );
        }
        Ok(Self { points, hits })
    }

    /// The process is at this point.
    pub fn reached(&self, point: &str) {
        for failpoint in self.points.iter().filter(|failpoint| failpoint.point == point) {
            if failpoint.reached.fetch_add(1, Ordering::Relaxed) + 1 == failpoint.nth {
                self.hits.with_label_values(&[point]).inc();
                tracing::warn!(point, action = ?failpoint.action, "a fault that was asked for");
                failpoint.action.perform();
            }
        }
    }
}

impl Failpoint {
    fn parse(text: &str, points: &[&str]) -> Result<Self, String> {
        let mut parts = text.split(':');
        let point = parts.next().unwrap_or_default();
        if !points.contains(&point) {
            return Err(format!("{point:?} is no point"));
        }
        let action = match parts.next() {
            Some("kill") => Action::Kill,
            Some("stop") => Action::Stop,
            Some(other) => match other.strip_prefix("sleep-").map(str::parse) {
                Some(Ok(ms)) => Action::Sleep(Duration::from_millis(ms)),
                _ => return Err(format!("{other:?} is no action")),
            },
            None => return Err("the action is missing".to_owned()),
        };
        let nth = match parts.next().map(str::parse) {
            None => 1,
            Some(Ok(nth)) if nth > 0 => nth,
            Some(_) => return Err("the number of times is none".to_owned()),
        };
        match parts.next() {
            Some(more) => Err(format!("{more:?} is too much")),
            None => Ok(Self {
                point: point.to_owned(),
                action,
                nth,
                reached: AtomicU64::new(0),
            }),
        }
    }
}

impl Action {
    fn perform(self) {
        let signal = match self {
            Self::Sleep(duration) => return clock::rest(duration),
            Self::Kill => Signal::KILL,
            Self::Stop => Signal::STOP,
        };
        if let Err(error) = kill_process(getpid(), signal) {
            tracing::error!(%error, "the process could not signal itself");
        }
    }
}

#[cfg(test)]
mod tests;
