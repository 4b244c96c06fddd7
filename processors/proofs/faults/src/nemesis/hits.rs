//! Counts what a nemesis really hit. A history in which nothing happened shows nothing.

use crate::Fleet;
use crate::watch::Seen;
use fault_proxy::{ApiKey, Counts};
use std::time::Duration;

#[derive(Debug, Default, Clone)]
pub(super) struct Hits {
    pub(super) kills: u32,
    pub(super) killed_at_failpoints: u32,
    pub(super) stops: u32,
    pub(super) suspensions: u32,
    pub(super) views: u32,
    pub(super) lines: u32,
    pub(super) broker: u32,
    /// Times that a hostile client wrote some records.
    pub(super) hostile: u32,
    /// EndTxn requests that were sent more often than there were transactions to end, or whose answer was lost.
    retried_ends: u64,
    held_ends: u64,
    restores: f64,
    troubles: Vec<(&'static str, f64)>,
}

/// In the words of the processor's metric.
const TROUBLES: [&str; 15] = [
    "transaction_aborted",
    "transaction_in_doubt",
    "partition_stopped",
    "partition_set_aside",
    "producer_renewed",
    "consumer_renewed",
    "fenced",
    "slow_end",
    "unfenced",
    "not_owned",
    "poll_gap",
    "stale_generation",
    "epoch_fenced",
    "registry_away",
    "commit_lost",
];

impl Hits {
    /// Takes what the processes and the proxy have counted.
    pub(super) fn look(&mut self, fleet: &mut Fleet, counts: &Counts) {
        let ends = counts.of(ApiKey::END_TXN);
        self.retried_ends = ends.dropped;
        self.held_ends = ends.held;
        self.restores = fleet.counted("aerolog_restores_total");
        self.troubles = TROUBLES
            .iter()
            .map(|kind| (*kind, fleet.counted(&format!("aerolog_troubles_total{{kind=\"{kind}\"}}"))))
            .collect();
    }

    fn trouble(&self, kinds: &[&str]) -> f64 {
        let of_kinds = self.troubles.iter().filter(|(kind, _)| kinds.contains(kind));
        of_kinds.map(|(_, count)| count).sum()
    }

    pub(super) fn lines(&self, seen: &Seen) -> Vec<String> {
        let troubles = self.troubles.iter().filter(|(_, count)| *count > 0.0);
        let troubles: Vec<_> = troubles.map(|(kind, count)| format!("{kind} {count}")).collect();
        vec![
            format!(
                "processors: {} killed at random, {} at a failpoint, {} stopped, {} suspended; views: {} killed or suspended",
                self.kills, self.killed_at_failpoints, self.stops, self.suspensions, self.views
            ),
            format!(
                "lines: {} faults, {} EndTxn held and sent late, {} answers to EndTxn lost; broker: {} faults; hostile records: {} times",
                self.lines, self.held_ends, self.retried_ends, self.broker, self.hostile
            ),
            format!(
                "at least (counts of killed processes are as old as their last look): {} take-overs, {}",
                self.restores,
                troubles.join(", ")
            ),
            format!(
                "commands: {} accepted, {} rejected, {} repeated",
                seen.accepted, seen.rejected, seen.repeated
            ),
        ]
    }

    /// What a run of this length should have hit and did not.
    pub(super) fn missing(&self, seen: &Seen, time: Duration) -> Vec<String> {
        let seconds = time.as_secs_f64();
        let wanted: [(&str, f64, f64); 9] = [
            ("kills", f64::from(self.kills + self.killed_at_failpoints), seconds / 30.0),
            (
                "kills at a failpoint",
                f64::from(self.killed_at_failpoints),
                (seconds / 150.0).floor(),
            ),
            ("suspensions", f64::from(self.suspensions), seconds / 60.0),
            (
                "EndTxn held or without an answer",
                (self.held_ends + self.retried_ends) as f64,
                seconds / 60.0,
            ),
            ("take-overs", self.restores, seconds / 20.0),
            (
                "aborted or doubtful transactions, fences",
                self.trouble(&[
                    "transaction_aborted",
                    "transaction_in_doubt",
                    "producer_renewed",
                    "slow_end",
                    "fenced",
                ]),
                seconds / 60.0,
            ),
            ("accepted commands", seen.accepted as f64, seconds * 10.0),
            ("rejected commands", seen.rejected as f64, seconds),
            ("repeated commands", seen.repeated as f64, seconds / 2.0),
        ];
        let too_few = wanted.into_iter().filter(|(_, found, least)| found < least);
        too_few
            .map(|(what, found, least)| format!("{what}: {found}, at least {least:.0}"))
            .collect()
    }
}
