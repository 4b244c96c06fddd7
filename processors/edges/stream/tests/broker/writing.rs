//! Writing as a client: where records go, and what is reported about each.

use crate::broker::fixture::{WAIT, settings, settings_without_a_broker, topic, write};
use std::time::Duration;
use stream::writer::{Outgoing, WriteFailure, Writer};
use topology::partition_of;

fn outgoing<'r>(topic: &'r str, value: &'r [u8]) -> Outgoing<'r> {
    Outgoing {
        topic,
        key: Some(b"airport/HNL"),
        value: Some(value),
        headers: &[],
        tag: 7,
        partition: None,
    }
}

#[test]
fn every_record_goes_to_the_partition_that_the_processor_expects_it_in() {
    let topic = topic("partitioned", 24);
    let keys: Vec<String> = (0..200).map(|number| format!("rotation/HA-2008-01-N{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let reports = write(&topic, None, &keys);
    assert_eq!(reports.len(), keys.len());
    for (key, report) in keys.iter().zip(reports) {
        assert_eq!(report.written.unwrap().0, partition_of(key.as_bytes(), 24), "{key}");
    }
}

#[test]
fn reports_name_the_offsets_in_the_order_written() {
    let topic = topic("reported", 1);
    let written: Vec<(usize, (u32, i64))> = write(&topic, None, &["a", "a", "a"])
        .into_iter()
        .map(|report| (report.tag, report.written.unwrap()))
        .collect();
    assert_eq!(written, [(0, (0, 0)), (1, (0, 1)), (2, (0, 2))]);
}

#[test]
fn a_record_that_is_too_large_for_its_topic_is_refused_alone() {
    let topic = topic("oversized", 1);
    let writer = Writer::new(&settings()).unwrap();
    // Larger than the topic takes, smaller than the client does; no compression helps against this.
    let mut state = 1_u32;
    let large: Vec<u8> = (0..1_500_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    writer.send(&outgoing(&topic, &large)).unwrap();
    writer.flush(WAIT).unwrap();
    let refused = writer.reports(Duration::ZERO).remove(0);
    assert_eq!(refused.tag, 7);
    let reason = refused.written.unwrap_err();
    assert!(reason.contains("MessageSizeTooLarge"), "{reason}");
    writer.send(&outgoing(&topic, b"small")).unwrap();
    writer.flush(WAIT).unwrap();
    assert_eq!(writer.reports(Duration::ZERO).remove(0).written, Ok((0, 0)));
}

#[test]
fn records_that_no_broker_acknowledges_are_counted_within_the_wait() {
    let writer = Writer::new(&settings_without_a_broker()).unwrap();
    writer.send(&outgoing("any", b"value")).unwrap();
    let failure = writer.flush(Duration::from_millis(300)).unwrap_err();
    assert!(matches!(failure, WriteFailure::Unacknowledged { count: 1, .. }), "{failure}");
}
