//! What auditors look at: records that were aborted, headers, ends, and what a group has committed over time.

use crate::broker::fixture::{WAIT, settings, topic, transaction, write};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use stream::inspect::{Entry, Inspector, OpenTransactions, Walk, history};
use stream::reader::Watermarks;

const LOOKS_MAX: usize = 300;

fn walked(topic: &str, marks: Watermarks) -> Vec<(i64, bool, String)> {
    let mut walk = Walk::new(&settings(), topic).unwrap();
    walk.begin(0, marks.low, marks.high).unwrap();
    let mut found = Vec::new();
    while let Some(record) = walk.next_record().unwrap() {
        found.push((record.offset, record.committed, String::from_utf8(record.value.unwrap()).unwrap()));
    }
    found
}

#[test]
fn what_was_aborted_is_distinguished_from_what_was_committed_up_to_the_end_that_was_asked_for() {
    let topic = topic("inspect-aborted", 1);
    let inspector = Inspector::new(&settings()).unwrap();
    assert_eq!(walked(&topic, inspector.watermarks(&topic, 0).unwrap()), []);
    write(&topic, Some(0), &["plain"]);
    transaction(&topic, &["a", "b"], |producer| producer.abort_transaction(WAIT).unwrap());
    transaction(&topic, &["c"], |producer| producer.commit_transaction(WAIT).unwrap());
    transaction(&topic, &["d"], |producer| producer.abort_transaction(WAIT).unwrap());
    // The broker writes the last marker a moment after it has said so.
    let marks = std::iter::repeat_with(|| inspector.watermarks(&topic, 0).unwrap())
        .take(LOOKS_MAX)
        .find(|marks| (marks.low, marks.high) == (0, 8));
    let marks = marks.expect("four records and a marker for each transaction");
    write(&topic, Some(0), &["behind the end"]);
    let expected = [
        (0, true, "plain"),
        (1, false, "a"),
        (2, false, "b"),
        (4, true, "c"),
        (6, false, "d"),
    ];
    let expected = expected.map(|(offset, committed, value)| (offset, committed, value.to_owned()));
    assert_eq!(walked(&topic, marks), expected);
}

#[test]
fn an_open_transaction_is_seen_where_it_begins_until_it_ends() {
    let topic = topic("inspect-open-from", 2);
    let transactions = OpenTransactions::new(&settings()).unwrap();
    write(&topic, Some(0), &["plain"]);
    assert_eq!(transactions.of(&topic, &[0, 1]).unwrap(), BTreeMap::new());
    let producer = transaction(&topic, &["a", "b"], |_| {});
    assert_eq!(transactions.of(&topic, &[0, 1]).unwrap(), BTreeMap::from([(0, 1)]));
    producer.abort_transaction(WAIT).unwrap();
    let mut looks = std::iter::repeat_with(|| transactions.of(&topic, &[0, 1]).unwrap()).take(LOOKS_MAX);
    assert!(looks.any(|open| open.is_empty()), "it is over");
}

#[test]
fn keys_headers_and_nothing_at_all_come_through() {
    let topic = topic("inspect-headers", 1);
    write(&topic, Some(0), &["k"]);
    let mut walk = Walk::new(&settings(), &topic).unwrap();
    walk.begin(0, 0, 1).unwrap();
    let record = walk.next_record().unwrap().unwrap();
    assert_eq!(
        (record.key.as_deref(), record.headers),
        (Some(&b"k"[..]), vec![("type".to_owned(), Some(b"k".to_vec()))])
    );
    assert!(record.committed && record.timestamp_ms > 0 && walk.next_record().unwrap().is_none());
}

#[test]
fn an_open_transaction_is_waited_for_and_then_reported_as_it_ended() {
    let topic = topic("inspect-open", 1);
    let open = transaction(&topic, &["late"], |_| {});
    let marks = Inspector::new(&settings()).unwrap().watermarks(&topic, 0).unwrap();
    let walking = std::thread::spawn(move || walked(&topic, marks));
    open.commit_transaction(WAIT).unwrap();
    assert_eq!(walking.join().unwrap(), [(0, true, "late".to_owned())]);
}

#[test]
fn what_a_group_has_committed_is_there_in_order_with_its_signatures() {
    let topic = topic("inspect-offsets", 2);
    write(&topic, Some(1), &["a", "b", "c"]);
    let group = format!("{topic}-group");
    let commit = |offset: i64, metadata: &str| {
        let consumer: BaseConsumer = settings().group_inspector(&group).create().unwrap();
        let mut list = TopicPartitionList::new();
        let mut element = list.add_partition(&topic, 1);
        element.set_offset(Offset::Offset(offset)).unwrap();
        element.set_metadata(metadata);
        consumer.commit(&list, CommitMode::Sync).unwrap();
    };
    commit(1, "one");
    commit(1, "two");
    commit(3, "two");
    commit(2, "one");
    let inspector = Inspector::new(&settings()).unwrap();
    let committed = inspector.group(&group, &topic, 2).unwrap().committed().unwrap();
    let committed: Vec<_> = committed
        .into_iter()
        .map(|(partition, found)| (partition, found.offset, found.owner))
        .collect();
    assert_eq!(committed, [(1, 2, "one".to_owned())]);
    let mut entries: Vec<Entry> = Vec::new();
    history(&inspector, &group, &topic, &mut |entry| entries.push(entry)).unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| (entry.partition, entry.offset, entry.owner.as_str()))
        .collect();
    assert_eq!(
        found,
        [(1, Some(1), "one"), (1, Some(1), "two"), (1, Some(3), "two"), (1, Some(2), "one")]
    );
    assert!(entries.is_sorted_by_key(|entry| entry.at.1));
    history(&inspector, "another-group", &topic, &mut |entry| panic!("{entry:?}")).unwrap();
}
