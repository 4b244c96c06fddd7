//! Spans as OTLP has them in protobuf: `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`, of which a few fields are used.
//!
//! The numbers are those of opentelemetry-proto 1.x, where they never change. `tests/traces` reads what is written here with the official library.

use crate::settings::Instance;
use crate::span::{Span, Value};

/// The protobuf message for one request.
pub(crate) fn request(instance: &Instance, spans: &[Span]) -> Vec<u8> {
    let mut request = Message::default();
    // ResourceSpans
    request.message(1, |resource_spans| {
        // Resource
        resource_spans.message(1, |resource| {
            resource.attribute(1, "service.name", &instance.name.into());
            resource.attribute(1, "service.namespace", &"aerolog".into());
            resource.attribute(1, "service.version", &instance.version.into());
            resource.attribute(1, "service.instance.id", &instance.id.clone().into());
        });
        // ScopeSpans
        resource_spans.message(2, |scope_spans| {
            scope_spans.message(1, |scope| scope.bytes(1, b"aerolog"));
            for span in spans {
                scope_spans.message(2, |message| message.span(span));
            }
        });
    });
    request.0
}

/// The wire format: a field is its number and type, then a value.
#[derive(Default)]
struct Message(Vec<u8>);

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// `Status.code` of a step that has failed.
const STATUS_ERROR: u64 = 2;
/// In a span's flags: whether the parent is remote is known, and is so.
const FLAG_HAS_IS_REMOTE: u32 = 0x100;
const FLAG_IS_REMOTE: u32 = 0x200;

impl Message {
    fn span(&mut self, span: &Span) {
        self.bytes(1, span.parent.trace_id());
        self.bytes(2, span.id.as_bytes());
        self.bytes(4, span.parent.span_id().as_bytes());
        self.bytes(5, span.name.as_bytes());
        self.number(6, span.kind as u64);
        self.fixed64(7, span.start_ns);
        self.fixed64(8, span.end_ns);
        for (key, value) in &span.attributes {
            self.attribute(9, key, value);
        }
        if span.has_failed {
            self.message(15, |status| status.number(3, STATUS_ERROR));
        }
        let remote = if span.is_parent_remote { FLAG_IS_REMOTE } else { 0 };
        self.fixed32(16, u32::from(span.parent.flags()) | FLAG_HAS_IS_REMOTE | remote);
    }

    /// A KeyValue.
    fn attribute(&mut self, field: u64, key: &str, value: &Value) {
        self.message(field, |attribute| {
            attribute.bytes(1, key.as_bytes());
            attribute.message(2, |any| match value {
                Value::Text(text) => any.bytes(1, text.as_bytes()),
                Value::Number(number) => any.number(3, number.cast_unsigned()),
            });
        });
    }

    fn message(&mut self, field: u64, write: impl FnOnce(&mut Self)) {
        self.key(field, BYTES);
        let start = self.0.len();
        write(self);
        // The length stands before the content, and is known after it.
        let mut length = Self::default();
        length.varint((self.0.len() - start) as u64);
        self.0.splice(start..start, length.0);
    }

    fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, BYTES);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn number(&mut self, field: u64, value: u64) {
        self.key(field, VARINT);
        self.varint(value);
    }

    fn fixed64(&mut self, field: u64, value: u64) {
        self.key(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn fixed32(&mut self, field: u64, value: u32) {
        self.key(field, FIXED32);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests;
