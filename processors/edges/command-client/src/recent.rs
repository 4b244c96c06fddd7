//! The newest outcomes, so that one that has come already can be asked for. No I/O.

use decider::Outcome;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// Outcomes by the ids of their commands, the oldest forgotten first.
#[derive(Default)]
pub(crate) struct Recent {
    outcomes_max: usize,
    bytes: usize,
    kept: VecDeque<Arc<Kept>>,
    by_command: HashMap<Uuid, Vec<Arc<Kept>>>,
}

struct Kept {
    partition: u32,
    outcome: Outcome,
    bytes: usize,
}

/// Most outcomes take some hundred bytes; a rejection may take 32 KiB.
const BYTES_MAX: usize = 64 << 20;
/// What an outcome takes without its texts: itself, two references, and its share of the tables.
const OUTCOME_BYTES: usize = 320;

impl Recent {
    pub(crate) fn new(outcomes_max: usize) -> Self {
        Self {
            outcomes_max,
            ..Self::default()
        }
    }

    pub(crate) fn insert(&mut self, partition: u32, outcome: &Outcome) {
        // What is read again after an interruption is known already. A refusal of an id says nothing about the id's own command.
        if self.outcomes_max == 0 || outcome.refuses_id() || self.has(partition, outcome) {
            return;
        }
        let kept = Arc::new(Kept {
            partition,
            outcome: outcome.clone(),
            bytes: bytes_of(outcome),
        });
        self.bytes += kept.bytes;
        self.by_command.entry(outcome.command_id).or_default().push(Arc::clone(&kept));
        self.kept.push_back(kept);
        while self.kept.len() > self.outcomes_max || self.bytes > BYTES_MAX {
            self.forget_oldest();
        }
    }

    /// The first of those that are kept; of any aggregate, where none is named.
    pub(crate) fn find(&self, command_id: Uuid, aggregate_id: Option<&str>) -> Option<(u32, &Outcome)> {
        let found = self.by_command.get(&command_id)?;
        let is_of_aggregate = |kept: &&Arc<Kept>| aggregate_id.is_none_or(|id| id == kept.outcome.aggregate_id);
        found.iter().find(is_of_aggregate).map(|kept| (kept.partition, &kept.outcome))
    }

    fn has(&self, partition: u32, outcome: &Outcome) -> bool {
        let is_same = |kept: &Arc<Kept>| kept.partition == partition && kept.outcome.command_offset == outcome.command_offset;
        self.by_command
            .get(&outcome.command_id)
            .is_some_and(|kept| kept.iter().any(is_same))
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else { return };
        self.bytes -= oldest.bytes;
        let id = oldest.outcome.command_id;
        if let Some(same) = self.by_command.get_mut(&id) {
            same.retain(|kept| !Arc::ptr_eq(kept, &oldest));
            if same.is_empty() {
                self.by_command.remove(&id);
            }
        }
    }
}

fn bytes_of(outcome: &Outcome) -> usize {
    let of_fact = |fact: &std::collections::BTreeMap<String, String>| -> usize {
        fact.iter().map(|(name, value)| name.len() + value.len() + OUTCOME_BYTES / 4).sum()
    };
    let rejection = outcome.rejection.as_ref().map_or(0, |rejection| {
        rejection.rule.len() + rejection.message.len() + rejection.facts.iter().map(of_fact).sum::<usize>()
    });
    OUTCOME_BYTES + outcome.aggregate_id.len() + rejection
}

#[cfg(test)]
mod tests;
