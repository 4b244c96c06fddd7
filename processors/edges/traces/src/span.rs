//! One step of a trace.

use crate::context::{SpanId, TraceContext};
use std::borrow::Cow;

/// A step that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The span that this is a child of, and their trace.
    pub parent: TraceContext,
    /// Whether the parent is of another process.
    pub is_parent_remote: bool,
    pub id: SpanId,
    pub name: &'static str,
    pub kind: Kind,
    /// Nanoseconds since the epoch.
    pub start_ns: u64,
    pub end_ns: u64,
    pub attributes: Vec<(&'static str, Value)>,
    /// The step itself has failed; a command that was rejected has not.
    pub has_failed: bool,
}

/// OpenTelemetry's kinds, with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Internal = 1,
    Server = 2,
    Producer = 4,
    Consumer = 5,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(Cow<'static, str>),
    Number(i64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
