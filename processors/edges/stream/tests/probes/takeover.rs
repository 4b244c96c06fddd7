//! How long the open transaction of a dead producer keeps readers waiting, and who can end it.

use super::fixture::{Ended, PARTITIONS, Transactional, WAIT, brokers, ended_with, producer, settings, topic, unique, write};
use fault_proxy::{ApiKey, Direction, Fault, Proxy, When};
use rdkafka::producer::Producer;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use stream::reader::Reader;

const VICTIM: &str = "victim";

/// A producer with an open transaction, which the broker hears of no more: as dead as one that was killed.
fn dead(proxy: &Proxy, topic: &str, id: &str, timeout_ms: &str) -> Transactional {
    let more = [
        ("client.id", VICTIM),
        ("transaction.timeout.ms", timeout_ms),
        ("message.timeout.ms", timeout_ms),
    ];
    let victim = producer(proxy.bootstrap(), id, &more);
    victim.begin_transaction().unwrap();
    write(&victim, topic, 0, "never committed");
    let direction = Direction::Both;
    proxy.add(When::any().client_id(VICTIM), Fault::Blackhole { direction });
    victim
}

/// Commits a record with another transaction, and says when a reader of committed records has read it.
fn next(topic: &str, id: &str) -> Receiver<String> {
    let next = producer(&brokers(), id, &[]);
    next.begin_transaction().unwrap();
    write(&next, topic, 0, "next");
    next.commit_transaction(WAIT).unwrap();
    let mut reader = Reader::new(&settings(&brokers(), &[]), topic).unwrap();
    let from = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    reader.assign(&from, WAIT).unwrap();
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        let mut is_heard = true;
        while is_heard {
            let polled = reader.poll(1, Duration::from_millis(20), |record| {
                let value = String::from_utf8(record.value.unwrap_or_default().to_vec()).unwrap();
                is_heard = tell.send(value).is_ok();
            });
            polled.unwrap();
        }
    });
    heard
}

#[test]
fn another_transactional_id_leaves_readers_waiting_until_the_transaction_times_out() {
    const TIMEOUT: Duration = Duration::from_secs(4);
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("other-id"), unique("other-id"));
    let _dead = dead(&proxy, &topic, &id, "4000");
    let read = next(&topic, &unique("another-id"));
    assert!(
        read.recv_timeout(TIMEOUT / 2).is_err(),
        "committed, and yet after the first record of an open transaction"
    );
    // The coordinator looks for such transactions every ten seconds.
    assert_eq!(read.recv_timeout(TIMEOUT + Duration::from_secs(11)).as_deref(), Ok("next"));
}

#[test]
fn the_same_transactional_id_frees_readers_at_once_and_fences_the_dead_one() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("same-id"), unique("same-id"));
    let dead = dead(&proxy, &topic, &id, "60000");
    let read = next(&topic, &id);
    // A sixth of the time that the transaction would have had.
    assert_eq!(read.recv_timeout(Duration::from_secs(10)).as_deref(), Ok("next"));
    // The dead one comes back to life: whatever it had sent into the void arrives now, and it goes on.
    proxy.heal();
    let end = ended_with(dead.commit_transaction(WAIT));
    assert!(matches!(end, Ended::Fatal(_)), "{end:?}");
    assert!(proxy.counts().of(ApiKey::END_TXN).seen >= 1, "it did try");
    assert!(read.recv_timeout(Duration::from_millis(500)).is_err(), "nothing of it is ever read");
}
