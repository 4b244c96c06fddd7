//! Which headers of a command are passed on.

use super::*;

#[test]
fn only_what_is_a_traceparent_is_passed_on() {
    assert!(is_traceparent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    for other in [
        &b""[..],
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-02",
        b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e47360-00f067aa0ba902b7-01",
        &[b'0'; 1_000_000],
    ] {
        assert!(!is_traceparent(other));
    }
}
