//! Reading from positions of one's own: what is seen, and what is an error.

use crate::broker::fixture::{
    WAIT, delete_records_before, read, settings, settings_of, settings_with, settings_without_a_broker, topic, transaction, variable, write,
};
use fault_proxy::{ApiKey, Direction, Fault, Proxy, When};
use rdkafka::producer::Producer;
use std::collections::BTreeMap;
use std::time::Duration;
use stream::reader::{ReadFailure, Reader, Watermarks};

fn reader_from(topic: &str, from: &[(u32, i64)]) -> Result<Reader, ReadFailure> {
    let mut reader = Reader::new(&settings(), topic)?;
    reader.assign(&from.iter().copied().collect(), WAIT)?;
    Ok(reader)
}

fn values(found: Vec<(u32, i64, String)>) -> Vec<String> {
    found.into_iter().map(|(_, _, value)| value).collect()
}

#[test]
fn records_come_in_order_from_the_offset_asked_for_and_the_end_is_reported() {
    let topic = topic("order", 2);
    write(&topic, Some(1), &["a", "b", "c"]);
    let mut reader = reader_from(&topic, &[(0, 0), (1, 1)]).unwrap();
    let mut found = Vec::new();
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let polled = reader.poll(10, Duration::from_secs(5), |record| {
            let header = record.header("type").map(<[u8]>::to_vec);
            found.push((record.partition, record.offset, header.unwrap(), record.timestamp_ms > 0));
        });
        ended.extend(polled.unwrap().ended);
    }
    assert_eq!(found, [(1, 1, b"b".to_vec(), true), (1, 2, b"c".to_vec(), true)]);
    assert_eq!((reader.next_offset(0), reader.next_offset(1)), (Some(0), Some(3)));
}

/// It is asked for ends over connections of its own, which are not silent.
#[test]
fn a_reader_that_hears_nothing_of_a_log_that_grows_says_so() {
    let topic = topic("unheard", 1);
    let proxy = Proxy::start(&variable("KAFKA_BOOTSTRAP_SERVERS")).unwrap();
    let mut reader = Reader::new(&settings_of(proxy.bootstrap(), &[]), &topic).unwrap();
    reader.assign(&BTreeMap::from([(0, 0)]), WAIT).unwrap();
    write(&topic, Some(0), &["a"]);
    assert_eq!(read(&mut reader, 1).unwrap().len(), 1);
    reader.checked_ends(WAIT).unwrap();
    let to_client = Fault::Blackhole {
        direction: Direction::ToClient,
    };
    proxy.add(When::api(ApiKey::FETCH), to_client);
    // What was asked for before is still answered.
    reader.poll(1, Duration::from_secs(1), |_| {}).unwrap();
    write(&topic, Some(0), &["b"]);
    let looks = (0..90).map(|_| {
        reader.poll(1, Duration::from_secs(1), |_| {}).unwrap();
        reader.checked_ends(WAIT)
    });
    let failure = looks.filter_map(Result::err).next().expect("it says so");
    assert!(matches!(failure, ReadFailure::Unheard { .. }), "{failure}");
}

/// The marker of its transaction is never handed out, so that the reader's next offset stays below the end of the log.
#[test]
fn a_reader_that_has_read_an_isolated_event_is_not_taken_for_one_that_hears_nothing() {
    const LOOK_EVERY: Duration = Duration::from_secs(5);
    const LONGER_THAN_SILENCE_MAX: Duration = Duration::from_secs(40);
    let topic = topic("isolated", 1);
    let mut reader = reader_from(&topic, &[(0, 0)]).unwrap();
    reader.checked_ends(WAIT).unwrap();
    transaction(&topic, &["a"], |producer| producer.commit_transaction(WAIT).unwrap());
    assert_eq!(read(&mut reader, 1).unwrap().len(), 1);
    for _ in 0..LONGER_THAN_SILENCE_MAX.as_secs() / LOOK_EVERY.as_secs() {
        reader.poll(1, LOOK_EVERY, |_| {}).unwrap();
        assert_eq!(reader.checked_ends(WAIT).unwrap(), BTreeMap::from([(0, 2)]));
    }
}

#[test]
fn a_poll_takes_no_more_than_it_may() {
    let topic = topic("bounded", 1);
    write(&topic, Some(0), &["a", "b", "c"]);
    let mut reader = reader_from(&topic, &[(0, 0)]).unwrap();
    let first = reader.poll(2, WAIT, |_| {}).unwrap().records;
    assert!((1..=2).contains(&first), "{first}");
    assert_eq!(read(&mut reader, 3 - first).unwrap().len(), 3 - first);
}

#[test]
fn records_of_an_aborted_transaction_are_never_seen_and_of_an_open_one_not_yet() {
    let topic = topic("transactions", 1);
    transaction(&topic, &["aborted"], |producer| producer.abort_transaction(WAIT).unwrap());
    transaction(&topic, &["committed"], |producer| producer.commit_transaction(WAIT).unwrap());
    let open = transaction(&topic, &["late"], |_| {});
    let mut reader = reader_from(&topic, &[(0, 0)]).unwrap();
    assert_eq!(values(read(&mut reader, 1).unwrap()), ["committed"]);
    assert_eq!(
        reader.poll(10, Duration::from_millis(500), |_| {}).unwrap().records,
        0,
        "it is open"
    );
    // The record, its transaction's mark, twice; then the open transaction begins.
    assert_eq!(reader.watermarks(0, WAIT).unwrap(), Watermarks { low: 0, high: 4 });
    open.commit_transaction(WAIT).unwrap();
    assert_eq!(values(read(&mut reader, 1).unwrap()), ["late"]);
}

#[test]
fn an_offset_beyond_the_log_is_an_error_that_names_both_sides() {
    let topic = topic("beyond", 1);
    write(&topic, Some(0), &["a"]);
    assert!(reader_from(&topic, &[(0, 1)]).is_ok(), "the end is in the log");
    let error = reader_from(&topic, &[(0, 2)]).err().unwrap();
    assert!(!error.is_transient());
    let expected = ReadFailure::OutOfRange {
        topic: topic.clone(),
        partition: 0,
        offset: 2,
        low: 0,
        high: 1,
    };
    assert_eq!(error, expected);
    assert!(error.to_string().contains(&format!("offset 2 of {topic}/0")), "{error}");
}

#[test]
fn records_that_retention_took_are_an_error_and_never_skipped() {
    let topic = topic("truncated", 1);
    write(&topic, Some(0), &["a", "b", "c"]);
    delete_records_before(&topic, 0, 2);
    let error = reader_from(&topic, &[(0, 1)]).err().unwrap();
    assert!(
        matches!(
            error,
            ReadFailure::OutOfRange {
                offset: 1,
                low: 2,
                high: 3,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn records_that_go_while_they_are_read_are_an_error_with_the_offset() {
    const COUNT: i64 = 20;
    const GONE: i64 = 15;
    let topic = topic("truncated-later", 1);
    for _ in 0..COUNT {
        // Each in a batch of its own, so that they are fetched one by one.
        write(&topic, Some(0), &["a"]);
    }
    let slow = settings_with(&[("queued.min.messages", "1"), ("fetch.message.max.bytes", "1")]);
    let mut reader = Reader::new(&slow, &topic).unwrap();
    reader.assign(&BTreeMap::from([(0, 0)]), WAIT).unwrap();
    assert_eq!(reader.poll(1, WAIT, |_| {}).unwrap().records, 1);
    delete_records_before(&topic, 0, GONE);
    let mut read = 1;
    let error = loop {
        match reader.poll(1, WAIT, |_| {}) {
            Ok(polled) => read += polled.records as i64,
            Err(error) => break error,
        }
    };
    assert!(read < GONE, "{read} records were fetched before they were gone");
    let expected = ReadFailure::OutOfRange {
        topic,
        partition: 0,
        offset: read,
        low: GONE,
        high: COUNT,
    };
    assert_eq!(error, expected);
}

#[test]
fn a_cluster_that_cannot_be_reached_may_be_there_again() {
    let reader = Reader::new(&settings_without_a_broker(), "any").unwrap();
    let error = reader.watermarks(0, Duration::from_millis(300)).unwrap_err();
    assert!(error.is_transient(), "{error}");
}
