//! I5: a transaction is whole. That the numbers of an outcome and of its events fit is for the auditor to say.

use super::History;
use crate::simulation::Violation;
use crate::simulation::scenario::Scenario;
use std::collections::BTreeMap;

/// An outcome and its events were written by one transaction, which no reader of the topics can tell.
pub(crate) fn transactions_are_whole<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let outcomes = records.outcomes.iter().filter(|outcome| !outcome.value.repeated);
        let transactions: BTreeMap<i64, Option<u64>> = outcomes
            .map(|outcome| (outcome.value.command_offset, outcome.transaction))
            .collect();
        for event in &records.events {
            let outcome = transactions.get(&event.value.command_offset).copied().flatten();
            if event.transaction.is_none() || event.transaction != outcome {
                return Err(Violation::new(
                    "I5",
                    format!(
                        "the event at {partition}/{} is of transaction {:?}, and the outcome of its command of {outcome:?}",
                        event.offset, event.transaction
                    ),
                ));
            }
        }
    }
    Ok(())
}
