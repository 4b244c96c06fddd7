//! Spans of commands whose sender asked for a trace, exported by OTLP over HTTP. Off until an endpoint is configured.
//!
//! A process makes spans at its edges and hands them to a [`Tracer`], which never waits: they go through a bounded queue to one thread, and
//! what does not fit is dropped and counted (docs/decisions/0044).

mod context;
mod encoding;
mod exporter;
mod settings;
mod span;
mod tracer;

pub use context::{SpanId, TRACEPARENT, TRACEPARENT_BYTES, TraceContext};
pub use exporter::{Exporter, TracesError};
pub use settings::{Instance, Settings};
pub use span::{Kind, Span, Value};
pub use tracer::{Kept, Tracer};
