//! Where nothing comes: is the log still the one that was read?

use super::{End, Lane};
use crate::clock::Deadline;
use crate::processor::{Observe, SchemaSource};
use decider::{Codec, Domain};
use keyvalue::{Read, Write};
use std::time::Duration;

/// Without a command for so long, it is looked where the commands end.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_WAIT_MAX: Duration = Duration::from_secs(1);

impl<D, C, S, R, O> Lane<'_, D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    /// An end where a partition ends before the next command to decide. A log that was put back to an older copy has older epochs of its leaders,
    /// too, and librdkafka 2.12.1 takes no notice of those: it fetches nothing more, and says nothing (`rd_kafka_toppar_leader_update`).
    pub(super) fn look_at_ends(&mut self) -> Result<(), End> {
        if !self.looked.is_over() {
            return Ok(());
        }
        self.looked = Deadline::after(LOOK_EVERY);
        let topic = self.processor.topology.topics.commands.name.as_str();
        // What cannot be told now may be told the next time.
        let Ok(ends) = self.scout.high_watermarks(topic, &self.processed(), LOOK_WAIT_MAX) else {
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
}
