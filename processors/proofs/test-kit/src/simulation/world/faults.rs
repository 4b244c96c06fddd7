//! The simulated faults: crashes, pauses, fences, sessions and transactions that expire, ends that come late.

use super::{Action, World};
use crate::simulation::Violation;
use crate::simulation::log::{LateEnd, Refused};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;

/// Before these a transaction is open, or what became of it is not settled: left to chance alone, little would happen there.
const IN_ITS_MIDST: [&str; 8] = [
    "produce",
    "produce more",
    "send offsets",
    "commit",
    "store",
    "abort",
    "doubt",
    "renew",
];
/// So many things wait at a time.
const AMBUSHES_MAX: usize = 8;

impl<S: Scenario, P: Place> World<S, P> {
    /// Something happens to one of those that are up, or waits for one that comes to a certain step of a transaction.
    pub(super) fn strike(&mut self, action: Action) -> Result<(), Violation> {
        if self.chance.hits(500) {
            let before = *self.chance.one_of(&IN_ITS_MIDST);
            if self.ambushes.len() == AMBUSHES_MAX {
                let one = self.chance.index(AMBUSHES_MAX);
                self.ambushes.swap_remove(one);
            }
            self.ambushes.push((action, before));
            return Ok(());
        }
        let up: Vec<usize> = (0..self.processors.len()).filter(|one| !self.is_away(*one)).collect();
        if !up.is_empty() {
            let one = *self.chance.one_of(&up);
            self.befall(one, action)?;
        }
        Ok(())
    }

    /// What has waited for a process happens, if it is there.
    pub(super) fn spring(&mut self) -> Result<(), Violation> {
        for one in 0..self.processors.len() {
            let step = self.processors[one].next_step();
            let waits = |(_, before): &(Action, &str)| !self.is_away(one) && step == Some(*before);
            if let Some(index) = self.ambushes.iter().position(waits) {
                let (action, _) = self.ambushes.swap_remove(index);
                self.befall(one, action)?;
            }
        }
        Ok(())
    }

    fn befall(&mut self, one: usize, action: Action) -> Result<(), Violation> {
        match action {
            Action::Pause => self.pause(one),
            Action::Fence => self.fence(one),
            _ => self.crash(one, action)?,
        }
        Ok(())
    }

    /// Down or paused: it does not tell the group that it is there.
    fn is_away(&self, one: usize) -> bool {
        self.processors[one].paused || !self.processors[one].is_running()
    }

    /// The process is stopped for a while, and does not know it.
    fn pause(&mut self, one: usize) {
        let processor = &mut self.processors[one];
        let step = processor.next_step().unwrap_or_default();
        processor.paused = true;
        self.trace.happened("pause", format_args!("{} before {step}", processor.name));
    }

    /// The group loses patience with one of those that are away.
    pub(super) fn expire_session(&mut self) {
        let away: Vec<usize> = (0..self.processors.len()).filter(|one| self.is_away(*one)).collect();
        if !away.is_empty() {
            let one = *self.chance.one_of(&away);
            self.leave(one, "session expired");
        }
    }

    fn crash(&mut self, one: usize, action: Action) -> Result<(), Violation> {
        let (processor, mut around) = self.around(one);
        let Some(step) = processor.next_step() else { return Ok(()) };
        around.trace.crashed(step, format_args!("{} {action:?}", processor.name));
        if processor.is_in_transaction() {
            around.trace.happened("crash in a transaction", format_args!("{}", processor.name));
        }
        processor.crash(&mut around)?;
        let processor = &mut self.processors[one];
        match action {
            Action::LosePower => {
                self.trace.happened("power lost", format_args!("{}", processor.name));
                processor.place.lose_power();
            }
            Action::LoseDirectory => {
                self.trace.happened("directory lost", format_args!("{}", processor.name));
                processor.place.wipe();
            }
            Action::RestoreCopy if processor.place.restore_copy() => {
                self.trace.happened("old copy restored", format_args!("{}", processor.name));
            }
            _ => {}
        }
        Ok(())
    }

    /// A suspended process may have been removed from the group meanwhile, and may wake during a transaction; at times its client learns of it first.
    pub(super) fn wake(&mut self, one: usize) {
        self.processors[one].paused = false;
        if !self.processors[one].is_busy() {
            return;
        }
        if self.chance.hits(300) {
            self.leave(one, "session expired");
        }
        let is_member = self.group.is_member(&self.processors[one].name);
        let hears = self.chance.hits(500);
        let (processor, mut around) = self.around(one);
        if processor.is_in_transaction() && !is_member {
            around
                .trace
                .happened("zombie woke in a transaction", format_args!("{}", processor.name));
        }
        if hears {
            processor.hear(&mut around);
        }
    }

    /// Another process under the same name begins, and is not heard of again.
    fn fence(&mut self, one: usize) {
        let processor = &self.processors[one];
        let what = if processor.is_in_transaction() {
            "fenced in a transaction"
        } else {
            "fenced"
        };
        self.trace.happened(what, format_args!("{}", processor.name));
        self.log.init_producer(&processor.name);
    }

    pub(super) fn leave(&mut self, one: usize, why: &'static str) {
        let name = &self.processors[one].name;
        if self.group.is_member(name) {
            self.trace.happened(why, format_args!("{name}"));
            self.group.leave(name, self.limits.partitions, &mut self.chance);
        }
    }

    pub(super) fn expire_transaction(&mut self) {
        let open = self.log.open_transactions();
        if !open.is_empty() {
            let transactional_id = self.chance.one_of(&open);
            self.trace.happened("transaction expired", format_args!("{transactional_id}"));
            self.log.expire(transactional_id);
        }
    }

    /// The end of a transaction arrives late, or never.
    pub(crate) fn deliver_late(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let index = self.chance.index(self.late.len());
        let late = self.late.swap_remove(index);
        if self.chance.hits(300) {
            return;
        }
        let what = match self.log.end(&late.producer, late.commit) {
            Ok(ended) if ended.is_some() && ended != late.meant => "late end of another transaction",
            Ok(Some(_)) => "late end in time",
            Ok(None) => "late end repeated",
            Err(Refused::Fenced) => "late end fenced",
            Err(Refused::InvalidState | Refused::StaleGeneration) => "late end refused",
        };
        let LateEnd { producer, commit, .. } = &late;
        let what_of = format_args!("{} {} commit {commit}", producer.transactional_id, producer.epoch);
        self.trace.happened(what, what_of);
    }

    pub(super) fn flush(&mut self, one: usize) {
        let copies = self.chance.hits(100);
        self.processors[one].place.flush();
        if copies {
            self.processors[one].place.keep_copy();
        }
        let one = self.chance.index(self.replicas.len());
        self.replicas[one].place.flush();
        if copies {
            self.replicas[one].place.keep_copy();
        }
    }

    pub(super) fn crash_replica(&mut self, action: Action) {
        let one = self.chance.index(self.replicas.len());
        let replica = &mut self.replicas[one];
        let before = if replica.has_pending() { "writing the view" } else { "projecting" };
        self.trace.crashed(before, format_args!("{} {action:?}", replica.name));
        replica.crash();
        match action {
            Action::RebuildReplica => {
                self.trace.happened("view rebuilt", format_args!("{}", replica.name));
                replica.place.wipe();
            }
            _ if self.chance.hits(100) && replica.place.restore_copy() => {
                self.trace.happened("old view restored", format_args!("{}", replica.name));
            }
            _ if self.chance.hits(200) => {
                self.trace.happened("power lost", format_args!("{}", replica.name));
                replica.place.lose_power();
            }
            _ => {}
        }
    }
}
