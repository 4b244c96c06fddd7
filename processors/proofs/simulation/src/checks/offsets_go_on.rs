//! I6: the committed command offset never goes back.

use super::History;
use crate::Violation;
use crate::scenario::Scenario;

/// The group's offset of each partition only grows, ends after the last command that has an outcome, and passes no command over.
pub(crate) fn offsets_go_on<S: Scenario>(history: &History<S>) -> Result<(), Violation> {
    for (partition, records) in &history.partitions {
        let broken = |what: String| Err(Violation::new("I6", format!("partition {partition}: {what}")));
        if let Some(back) = records.offsets.windows(2).find(|pair| pair[1] < pair[0]) {
            return broken(format!("the offset went back from {} to {}", back[0], back[1]));
        }
        let committed = records.offsets.last().copied().unwrap_or_default();
        let answered = records.outcomes.last().map_or(0, |outcome| outcome.value.command_offset + 1);
        if answered > committed {
            return broken(format!(
                "the command at {} is answered, but the offset is {committed}",
                answered - 1
            ));
        }
        if history.stopped.contains_key(partition) {
            continue;
        }
        if let Some(command) = records.commands.iter().find(|command| command.offset >= committed) {
            return broken(format!(
                "the command at {} is not answered for, the offset is {committed}",
                command.offset
            ));
        }
    }
    Ok(())
}
