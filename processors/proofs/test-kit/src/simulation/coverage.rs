//! The faults that many seeds must have hit, so that no invariant holds for want of faults.

use crate::simulation::Trace;
use std::collections::BTreeMap;

/// So many seeds hit everything often enough.
pub const SEEDS_MIN: u64 = 200;
/// What has to have happened at least so often in that many seeds together.
const HAPPENED_AT_LEAST: [(&str, u64); 67] = [
    ("accepted", 10_000),
    ("rejected", 10_000),
    ("repeated", 1_000),
    ("repeated in its batch", 100),
    ("repeated later", 100),
    ("repeated in a later epoch", 100),
    ("repeated by another owner", 100),
    ("forgotten", 20),
    ("another command under an old id", 500),
    ("an old id for another aggregate", 500),
    ("refused for its id", 500),
    ("clock a year ahead", 100),
    ("clock right again", 100),
    ("forwarded", 1_000),
    ("dead letter", 1_000),
    ("version conflict", 100),
    ("version as expected", 50),
    ("resent", 1_000),
    ("resent by another client", 100),
    ("sent twice at once", 500),
    ("held up", 500),
    ("overtaken", 500),
    ("lost on the way", 100),
    ("misrouted", 500),
    ("short batch", 100),
    ("abort", 100),
    ("lost commit response", 50),
    ("lost abort response", 20),
    ("lost offsets response", 50),
    ("late commit", 50),
    ("late abort", 20),
    ("commit sent twice", 100),
    ("abort sent twice", 20),
    ("producer renewed", 100),
    ("late end fenced", 100),
    ("late end in time", 5),
    ("late end repeated", 20),
    ("end fenced", 20),
    ("new producer", 100),
    ("fence", 20),
    ("fenced", 50),
    ("fenced in a transaction", 20),
    ("zombie woke in a transaction", 20),
    ("removed from the group", 20),
    ("generation heard of", 500),
    ("unfenced", 5),
    ("not owned", 20),
    ("stale generation", 50),
    ("claim", 100),
    ("crash", 1_000),
    ("crash in a transaction", 200),
    ("crash after the write", 10),
    ("crash left the write out", 10),
    ("pause", 100),
    ("rejoin", 10),
    ("session expired", 100),
    ("transaction expired", 50),
    ("leave", 20),
    ("power lost", 100),
    ("directory lost", 50),
    ("old copy restored", 20),
    ("old view restored", 20),
    ("view rebuilt", 50),
    ("followed", 1_000),
    ("taken over", 1_000),
    ("taken over warm", 100),
    ("replay", 1_000),
];
/// The same, where the domain has bugs.
const BUGS_AT_LEAST: [(&str, u64); 10] = [
    ("accepted", 5_000),
    ("accepted without an event", 100),
    ("bug in decide", 20),
    ("bug in evolve", 20),
    ("bug in store", 20),
    ("bug in size_bytes", 20),
    ("bug in load", 20),
    ("bug in encode_event", 20),
    ("stopped at the end", 100),
    ("not stopped at the end", 100),
];
/// Crashes came before each of these at least so often.
const CRASHED_BEFORE: [&str; 18] = [
    "poll",
    "decide",
    "produce",
    "produce more",
    "send offsets",
    "commit",
    "store",
    "abort",
    "doubt",
    "renew",
    "read stable offset",
    "claim",
    "read end of log",
    "replay events",
    "replay outcomes",
    "resume",
    "projecting",
    "writing the view",
];
const CRASHED_AT_LEAST: u64 = 5;
/// What the protocol must not let happen, though no reader might notice.
const NEVER: [&str; 1] = ["late end of another transaction"];

/// Counts over many seeds.
#[derive(Debug, Default)]
pub struct Coverage {
    pub seeds: u64,
    happened: BTreeMap<&'static str, u64>,
    crashes: BTreeMap<&'static str, u64>,
}

impl Coverage {
    pub fn add(&mut self, trace: &Trace) {
        self.seeds += 1;
        for (what, count) in &trace.counts {
            *self.happened.entry(what).or_default() += count;
        }
        for (before, count) in &trace.crashes {
            *self.crashes.entry(before).or_default() += count;
        }
    }

    /// How often something happened.
    pub fn count(&self, what: &str) -> u64 {
        self.happened.get(what).copied().unwrap_or_default()
    }

    /// Everything that was counted, a line for each.
    pub fn lines(&self) -> Vec<String> {
        let happened = self.happened.iter().map(|(what, count)| format!("{count:>12} {what}"));
        let crashes = self
            .crashes
            .iter()
            .map(|(before, count)| format!("{count:>12} crash before: {before}"));
        happened.chain(crashes).collect()
    }

    /// What bugs of the domain should have brought about in so many seeds, and did not.
    pub fn wanting_bugs(&self) -> Vec<String> {
        let of = |what: &str| self.happened.get(what).copied().unwrap_or_default();
        let is_wanting = |(what, least): &&(&str, u64)| self.seeds >= SEEDS_MIN && of(what) < *least;
        let wanting = BUGS_AT_LEAST.iter().filter(is_wanting);
        wanting
            .map(|(what, least)| format!("{what} happened only {} times, not {least}", of(what)))
            .collect()
    }

    /// What happened too seldom for so many seeds, or should never have happened. Fewer seeds than [`SEEDS_MIN`] prove too little to
    /// be found wanting.
    pub fn wanting(&self) -> Vec<String> {
        let of = |counts: &BTreeMap<&str, u64>, what: &str| counts.get(what).copied().unwrap_or_default();
        let mut wanting = Vec::new();
        if self.seeds >= SEEDS_MIN {
            for (what, least) in HAPPENED_AT_LEAST {
                let count = of(&self.happened, what);
                if count < least {
                    wanting.push(format!("{what} happened only {count} times, not {least}"));
                }
            }
            for before in CRASHED_BEFORE {
                let count = of(&self.crashes, before);
                if count < CRASHED_AT_LEAST {
                    wanting.push(format!("only {count} crashes came before: {before}"));
                }
            }
        }
        for what in NEVER {
            let count = of(&self.happened, what);
            if count > 0 {
                wanting.push(format!("{what} happened {count} times"));
            }
        }
        wanting
    }
}
