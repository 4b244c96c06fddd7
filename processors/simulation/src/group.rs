//! The consumer group: who owns which partition, and since which generation.
//!
//! It is harsher than Kafka's: a new owner begins without waiting for the old one to let go.

use crate::chance::Chance;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(crate) struct Group {
    pub(crate) generation: u32,
    members: BTreeSet<String>,
    owners: BTreeMap<u32, String>,
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

    pub(crate) fn assigned(&self, member: &str) -> BTreeSet<u32> {
        let own = self.owners.iter().filter(|(_, owner)| *owner == member);
        own.map(|(partition, _)| *partition).collect()
    }

    fn rebalance(&mut self, partitions: u32, chance: &mut Chance) {
        self.generation += 1;
        self.owners.clear();
        let members: Vec<_> = self.members.iter().cloned().collect();
        if members.is_empty() {
            return;
        }
        for partition in 0..partitions {
            self.owners.insert(partition, chance.one_of(&members).clone());
        }
    }
}
