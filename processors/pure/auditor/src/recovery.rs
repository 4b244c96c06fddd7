//! The losses that `aerolog recover` has recorded among the dead letters.

use crate::{Place, Record};

/// The header of a record of the dead letters that is none, but a record of a loss.
pub const RECOVERY: &str = "recovery";
/// Its value where commands were lost before they were decided.
pub const LOST_COMMANDS: &str = "lost-commands";
/// Who signs the offsets that `aerolog recover` sets.
pub const RECOVERY_OWNER: &str = "aerolog-recover";

/// Commands that were never decided, and never will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it is on record.
    pub place: Place,
    /// Milliseconds since the epoch.
    pub recorded_at_ms: i64,
    pub partition: u32,
    /// Id of the commands topic that held them.
    pub topic_id: String,
    /// The first that was not decided.
    pub from: i64,
    /// The offset after the last one; `None` where the topic was deleted, so that it is not known any more.
    pub to: Option<i64>,
    /// Who has run the recovery.
    pub by: String,
}

impl Loss {
    /// From a record of the dead letters; `None` where it is not one of a loss, or not a whole one.
    pub fn of(record: &Record) -> Option<Self> {
        // A dead letter repeats the headers of its record, whatever a client has put there, and says its reason after them.
        let is_letter = record.header("reason").is_some();
        (record.text(RECOVERY)? == LOST_COMMANDS && !is_letter).then_some(())?;
        Some(Self {
            place: record.place,
            recorded_at_ms: record.timestamp_ms,
            partition: record.text("partition")?.parse().ok()?,
            topic_id: record.text("topic-id")?.to_owned(),
            from: record.text("from")?.parse().ok()?,
            to: match record.text("to")? {
                "unknown" => None,
                text => Some(text.parse().ok()?),
            },
            by: record.text("by").unwrap_or("unknown").to_owned(),
        })
    }

    /// How many offsets it spans, where that is known.
    pub fn offsets(&self) -> Option<u64> {
        u64::try_from(self.to? - self.from).ok()
    }

    /// The same loss, put on record again.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let range = |loss: &Self| (loss.partition, loss.topic_id.clone(), loss.from, loss.to);
        range(self) == range(other)
    }

    /// Whether all offsets of `from..to` of this partition of a topic are in it.
    pub(crate) fn covers(&self, partition: u32, topic_id: Option<&str>, from: i64, to: i64) -> bool {
        let is_of_topic = topic_id.is_none_or(|topic_id| topic_id == self.topic_id);
        self.partition == partition && is_of_topic && self.from <= from && self.to.is_none_or(|end| end >= to)
    }
}
