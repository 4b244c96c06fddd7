//! The facts that a view is built from: events with their place in the log.

use crate::provenance::Provenance;
use decider::EventEnvelope;
use domain::{AggregateId, Instant, InvalidValue};

/// An event and its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub partition: u32,
    pub sequence: u64,
    pub version: u64,
    pub command_id: [u8; 16],
    pub command_offset: i64,
    pub decided_at: Instant,
    pub aggregate_id: AggregateId,
    pub event: domain::Event,
}

impl Fact {
    /// The fact that an event of the log tells.
    ///
    /// # Errors
    /// When the event's aggregate id names nothing of this domain.
    pub fn from_envelope(partition: u32, event: EventEnvelope<domain::Event>) -> Result<Self, InvalidValue> {
        Ok(Self {
            partition,
            sequence: event.sequence,
            version: event.version,
            command_id: event.command_id.into_bytes(),
            command_offset: event.command_offset,
            decided_at: Instant(event.decided_at_ms),
            aggregate_id: AggregateId::parse(&event.aggregate_id)?,
            event: event.event,
        })
    }

    /// The origin of everything that this event says.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            partition: self.partition,
            sequence: self.sequence,
            command_id: self.command_id,
            decided_at: self.decided_at,
        }
    }
}
