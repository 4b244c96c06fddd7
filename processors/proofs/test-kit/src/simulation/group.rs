//! The consumer group: who owns which partition, and since which generation.
//!
//! It is harsher than Kafka's: a new owner begins without waiting for the old one to let go. And it is as lenient as Kafka's: it
//! grants offsets to a client that names no generation at all, and to each live member for every partition.

use crate::simulation::chance::Chance;
use std::collections::{BTreeMap, BTreeSet};

/// What a client knows of the group, and sends along with offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) generation: u32,
    /// By partition: the generation since which it was never anybody else's.
    pub(crate) owned: BTreeMap<u32, u32>,
}

#[derive(Default)]
pub(crate) struct Group {
    pub(crate) generation: u32,
    members: BTreeSet<String>,
    /// Who owns a partition, and since which generation.
    owners: BTreeMap<u32, (String, u32)>,
}

impl Group {
    /// A member comes, or comes back after a restart under its old name.
    pub(crate) fn join(&mut self, member: &str, partitions: u32, chance: &mut Chance) {
        self.members.insert(member.to_owned());
        self.rebalance(partitions, chance);
    }

    pub(crate) fn leave(&mut self, member: &str, partitions: u32, chance: &mut Chance) {
        self.members.remove(member);
        self.rebalance(partitions, chance);
    }

    pub(crate) fn is_member(&self, member: &str) -> bool {
        self.members.contains(member)
    }

    /// What a client knows of the group: `None` when it is no member any more, or not yet.
    pub(crate) fn membership(&self, member: &str) -> Option<Membership> {
        let own = self.owners.iter().filter(|(_, (owner, _))| owner == member);
        self.is_member(member).then(|| Membership {
            generation: self.generation,
            owned: own.map(|(partition, (_, since))| (*partition, *since)).collect(),
        })
    }

    /// Does the broker take offsets from a client that knows this of the group?
    pub(crate) fn grants(&self, member: &str, membership: Option<&Membership>) -> bool {
        membership.is_none_or(|known| self.is_member(member) && known.generation == self.generation)
    }

    fn rebalance(&mut self, partitions: u32, chance: &mut Chance) {
        self.generation += 1;
        let before = std::mem::take(&mut self.owners);
        let members: Vec<_> = self.members.iter().cloned().collect();
        if members.is_empty() {
            return;
        }
        for partition in 0..partitions {
            let owner = chance.one_of(&members).clone();
            let since = match before.get(&partition) {
                Some((former, since)) if *former == owner => *since,
                _ => self.generation,
            };
            self.owners.insert(partition, (owner, since));
        }
    }
}
