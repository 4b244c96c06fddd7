//! The parts of the process that a transaction uses.

use crate::processor::consumer::GroupConsumer;
use std::time::Duration;

/// What a transaction has around it.
pub(in crate::processor) struct Around<'a, O> {
    pub(in crate::processor) consumer: &'a GroupConsumer,
    pub(in crate::processor) observe: &'a O,
    /// Waits for the wish to stop, and returns whether there is one.
    pub(in crate::processor) stop: &'a dyn Fn(Duration) -> bool,
}
