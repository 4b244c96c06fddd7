//! What is known of a partition's clock where the outcomes of its first commands are gone.
//!
//! Outcomes are written in the order of their commands, and a topic loses them from its beginning. So the clock is known from the first outcome that is
//! left on, if that was not written again, and otherwise from the first whose command is there. Events tell nothing of it: a state that is built from
//! the log takes it from outcomes, and a command without an event has moved it as well.

use decider::{CLOCK_STEP_MS_MAX, Cursor};

/// How much the machine's cursor says of the partition's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// The clock is the cursor's.
    Known,
    /// The clock shows the cursor's time or a later one.
    AtLeast,
}

impl Clock {
    /// After a command that is gone, of which so many outcomes are left.
    pub(super) fn after(outcomes: usize) -> Self {
        if outcomes > 0 { Self::Known } else { Self::AtLeast }
    }
}

/// A clock shows the timestamp of the first command at first, and Kafka gives none that is earlier.
const LEAST_MS: i64 = 1;

/// The earliest time that a partition's clock can show at a command of this time, however many commands came between the cursor and that one: it goes
/// on with each by the time between them, and never back.
pub(super) fn least_ms(cursor: Cursor, decided_at_ms: i64) -> i64 {
    if cursor.decided_at_ms == 0 {
        return LEAST_MS;
    }
    let passed_ms = decided_at_ms.saturating_sub(cursor.decided_at_ms);
    cursor.clock_ms.saturating_add(passed_ms.clamp(0, CLOCK_STEP_MS_MAX))
}
