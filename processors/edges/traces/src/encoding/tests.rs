//! The bytes that the official library writes for the same spans (Python's opentelemetry-proto 1.45).

use super::*;
use crate::{Kind, SpanId, TraceContext};

/// Before and after the 200 letters of an attribute.
const WRITTEN: [&str; 2] = [
    "\
     0a88040a7b0a190a0c736572766963652e6e616d6512090a076578616d706c650a1e0a11736572766963652e6e616d65737061636512090a07616572\
     6f6c6f670a1a0a0f736572766963652e76657273696f6e12070a05312e322e330a220a13736572766963652e696e7374616e63652e6964120b0a0965\
     78616d706c652d301288030a090a076165726f6c6f6712fa020a104bf92f3577b34da6a3ce929d0e0e4736120800000000000000ab220800f067aa0b\
     a902b72a0664656369646530053900002a36fe9c97174140423936fe9c97174a1d0a0f6165726f6c6f672e6f7574636f6d65120a0a08616363657074\
     65644a1d0a166d6573736167696e672e6b61666b612e6f6666736574120318ac024a170a086e65676174697665120b18ffffffffffffffffff014ad4\
     010a046c6f6e6712cb010ac801\
     ",
    "7a021802850101030000",
];

#[test]
fn a_request_is_what_the_official_library_writes() {
    let parent = TraceContext::sampled(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let id = TraceContext::sampled(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-01").unwrap();
    let id: SpanId = id.span_id();
    let span = Span {
        parent,
        is_parent_remote: true,
        id,
        name: "decide",
        kind: Kind::Consumer,
        start_ns: 1_700_000_000_000_000_000,
        end_ns: 1_700_000_000_001_000_000,
        attributes: vec![
            ("aerolog.outcome", "accepted".into()),
            ("messaging.kafka.offset", 300.into()),
            ("negative", (-1).into()),
            ("long", "x".repeat(200).into()),
        ],
        has_failed: true,
    };
    let instance = Instance {
        name: "example",
        version: "1.2.3",
        id: "example-0".to_owned(),
    };
    let written: String = request(&instance, &[span]).iter().map(|byte| format!("{byte:02x}")).collect();
    let [before, after] = WRITTEN;
    assert_eq!(written, format!("{before}{}{after}", "78".repeat(200)));
}
