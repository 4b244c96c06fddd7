//! Is the log still the one that was read?

use super::{End, Session};
use crate::clock::Deadline;
use crate::processor::wiring::Wiring;
use std::collections::BTreeMap;
use std::time::Duration;

/// Without a command for so long, it is looked where the commands end.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked where the outcomes begin.
pub(super) const OUTCOMES_LOOK_EVERY: Duration = Duration::from_secs(10);
const LOOK_WAIT_MAX: Duration = Duration::from_secs(1);

/// What came of a look at the outcomes.
pub(super) enum OutcomesLooked {
    AsBefore,
    /// The group was served meanwhile, and what that brought was dropped.
    Fetch,
    /// Outcomes of commands that are kept may be missing.
    Restore,
}

impl<W: Wiring> Session<'_, W> {
    /// An end where a partition ends before the next command to decide. A log that was put back to an older copy has older epochs of its leaders,
    /// too, and librdkafka 2.12.1 takes no notice of those: it fetches nothing more, and says nothing (`rd_kafka_toppar_leader_update`).
    pub(super) fn look_at_ends(&mut self) -> Result<(), End> {
        if !self.looked.is_over() {
            return Ok(());
        }
        self.looked = Deadline::after(LOOK_EVERY);
        let topic = self.processor.topology.topics.commands.name.as_str();
        // What cannot be read now is read the next time.
        let Ok(ends) = self.inspector.high_watermarks(topic, &self.processed(), LOOK_WAIT_MAX) else {
            return Ok(());
        };
        for (partition, end) in ends {
            let next = self.next_command(partition);
            if end < next {
                return Err(End::Renew(format!(
                    "partition {partition} of {topic} ends at {end}, before the next command at {next}"
                )));
            }
        }
        Ok(())
    }

    /// Looks whether the outcomes of some partition begin later than before, though the commands of these outcomes are kept. Retention takes commands
    /// first.
    pub(super) fn look_at_outcomes(&mut self) -> OutcomesLooked {
        if !self.outcomes_looked.is_over() {
            return OutcomesLooked::AsBefore;
        }
        self.outcomes_looked = Deadline::after(OUTCOMES_LOOK_EVERY);
        let processed = self.processed();
        let partitions = self.takeover().deciding(&processed);
        let topics = &self.processor.topology.topics;
        // What cannot be read now is read the next time.
        let Ok(outcomes) = self.inspector.watermarks(&topics.outcomes.name, &partitions, LOOK_WAIT_MAX) else {
            return OutcomesLooked::AsBefore;
        };
        let Ok(commands) = self.inspector.watermarks(&topics.commands.name, &partitions, LOOK_WAIT_MAX) else {
            return OutcomesLooked::AsBefore;
        };
        let begins: BTreeMap<u32, i64> = outcomes.iter().map(|(partition, marks)| (*partition, marks.low)).collect();
        let has_moved = |(partition, low): &(&u32, &i64)| self.outcomes_begin.get(partition).is_some_and(|before| before < *low);
        let moved: Vec<u32> = begins.iter().filter(has_moved).map(|(partition, _)| *partition).collect();
        if moved.is_empty() {
            self.outcomes_begin.extend(begins);
            return OutcomesLooked::AsBefore;
        }
        let Ok(Some(firsts)) = self.takeover().first_outcomes(&moved) else {
            return OutcomesLooked::Fetch;
        };
        self.outcomes_begin.extend(begins);
        let is_missing = |partition: &u32| {
            let begin = commands.get(partition).map_or(0, |marks| marks.low);
            begin < firsts.missing_up_to(*partition, self.next_command(*partition))
        };
        if moved.iter().any(is_missing) {
            tracing::warn!(partitions = ?moved, "outcomes were deleted; the state is compared with the log again");
            return OutcomesLooked::Restore;
        }
        OutcomesLooked::Fetch
    }
}
