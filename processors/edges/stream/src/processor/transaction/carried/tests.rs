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

const TRACE: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn carried<'m>(headers: &[(&'m str, &'m [u8])]) -> Vec<(&'m str, &'m [u8])> {
    let mut carried = Carried::default();
    headers.iter().for_each(|(name, value)| carried.note(name.as_bytes(), Some(value)));
    carried
        .iter()
        .map(|(name, value)| (std::str::from_utf8(name).unwrap(), value))
        .collect()
}

#[test]
fn headers_of_traces_and_correlations_are_carried_as_they_were_sent_and_no_others() {
    let sent: [(&str, &[u8]); 9] = [
        ("kafka_correlationId", b"\0\x01"),
        ("Traceparent", TRACE),
        ("tracestate", b"a=b"),
        ("X-Correlation-ID", b"x"),
        ("correlationId", b"y"),
        ("correlation-id", b""),
        ("status", b"accepted"),
        ("owner", b"me"),
        ("correlation", b"z"),
    ];
    let mut expected = sent[..6].to_vec();
    let mut found = carried(&sent);
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn the_last_header_of_a_name_counts_and_one_that_is_too_long_is_none() {
    let long = [b'x'; VALUE_BYTES_MAX + 1];
    assert_eq!(
        carried(&[("correlation-id", b"1"), ("Correlation-Id", b"2")]),
        [("Correlation-Id", &b"2"[..])]
    );
    assert_eq!(carried(&[("correlation-id", b"1"), ("correlation-id", &long)]), []);
    assert_eq!(carried(&[("tracestate", &long[1..])]).len(), 1);
    assert_eq!(carried(&[("traceparent", b"no trace")]), []);
}

#[test]
fn however_many_headers_a_command_has_a_bounded_number_of_bytes_is_carried() {
    let value = [b'x'; VALUE_BYTES_MAX];
    let sent: Vec<_> = (0..10_000).map(|at| (NAMES[at % NAMES.len()], &value[..])).collect();
    let bytes: usize = carried(&sent).iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(bytes <= NAMES.len() * (VALUE_BYTES_MAX + 20), "{bytes}");
}
