//! Headers as they come, and as they go on.

use super::*;

const TRACE: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn context() -> TraceContext {
    TraceContext::sampled(TRACE).unwrap()
}

#[test]
fn a_sampled_header_is_read_and_written_again() {
    assert_eq!(context().traceparent(), TRACE);
    let random = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
    assert_eq!(
        TraceContext::sampled(random).unwrap().traceparent(),
        *random,
        "other flags are passed on"
    );
}

#[test]
fn what_is_not_sampled_or_no_header_of_version_00_is_no_context() {
    for other in [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "",
    ] {
        assert_eq!(TraceContext::sampled(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn a_span_below_another_one_keeps_trace_and_flags() {
    let below = context().below(SpanId::of(0xab)).traceparent();
    assert_eq!(below, *b"00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-01");
}

#[test]
fn a_derived_id_is_the_same_each_time_and_another_one_for_anything_else() {
    let id = SpanId::derived(&context(), "commit", 3, 42);
    assert_eq!(id, SpanId::derived(&context(), "commit", 3, 42));
    for other in [
        SpanId::derived(&context(), "decide", 3, 42),
        SpanId::derived(&context(), "commit", 4, 42),
        SpanId::derived(&context(), "commit", 3, 43),
        SpanId::derived(&context().below(id), "commit", 3, 42),
    ] {
        assert_ne!(id, other);
    }
}

#[test]
fn random_ids_differ_and_none_is_zero() {
    assert_ne!(SpanId::random(), SpanId::random());
    assert_eq!(SpanId::of(0).as_bytes(), 1_u64.to_be_bytes());
}
