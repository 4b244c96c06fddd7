//! What a real client makes of each fault.

use super::clients::{WAIT, Watching, begin, brokers, config, consumer, producer, read, topic, unique};
use fault_proxy::{ApiKey, Client, Direction, Fault, Proxy, When};
use rdkafka::consumer::Consumer;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use std::time::{Duration, Instant};

#[test]
fn an_end_whose_answer_is_lost_is_sent_twice_and_the_client_sees_success() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("twice"), unique("twice"));
    let (producer, _) = producer(proxy.bootstrap(), "twice", &id);
    let when = When::api(ApiKey::END_TXN).transactional_id(&id).commit(true).once();
    proxy.add(when, Fault::DropAnswer { client: Client::Reset });
    begin(&producer, &topic, &["a"]);
    producer.commit_transaction(WAIT).unwrap();
    let counts = proxy.counts();
    assert_eq!((counts.end_txns_of(&id).commits, counts.end_txns_of(&id).aborts), (2, 0));
    assert_eq!((counts.of(ApiKey::END_TXN).dropped, counts.of(ApiKey::END_TXN).resets), (1, 1));
    let (reader, _) = consumer(&brokers(), "reader", &unique("twice"));
    reader.subscribe(&[&topic]).unwrap();
    assert_eq!(read(&reader, 1, WAIT), ["a"]);
}

#[test]
fn an_overturned_commit_is_an_abort_of_which_the_client_hears_success() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("overturned"), unique("overturned"));
    let (producer, _) = producer(proxy.bootstrap(), "overturned", &id);
    proxy.add(When::api(ApiKey::END_TXN).nth(2), Fault::Overturn);
    for value in ["a", "b", "c"] {
        begin(&producer, &topic, &[value]);
        producer.commit_transaction(WAIT).unwrap();
    }
    let counts = proxy.counts();
    assert_eq!((counts.end_txns_of(&id).commits, counts.of(ApiKey::END_TXN).overturned), (3, 1));
    let (reader, _) = consumer(&brokers(), "reader", &unique("overturned"));
    reader.subscribe(&[&topic]).unwrap();
    assert_eq!(read(&reader, 3, Duration::from_secs(2)), ["a", "c"], "the second is undone");
}

#[test]
fn a_reset_before_the_broker_has_the_request_is_ridden_out() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("reset"), unique("reset"));
    let (producer, _) = producer(proxy.bootstrap(), "reset", &id);
    proxy.add(When::api(ApiKey::PRODUCE).nth(2), Fault::Reset);
    for value in ["a", "b", "c"] {
        begin(&producer, &topic, &[value]);
        producer.commit_transaction(WAIT).unwrap();
    }
    let counts = proxy.counts().of(ApiKey::PRODUCE);
    assert_eq!((counts.resets, counts.seen), (1, 4));
    let (reader, _) = consumer(&brokers(), "reader", &unique("reset"));
    reader.subscribe(&[&topic]).unwrap();
    assert_eq!(read(&reader, 4, Duration::from_secs(2)), ["a", "b", "c"], "each of them once");
}

#[test]
fn a_delayed_end_takes_as_long_as_was_asked_for() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let topic = topic("delayed");
    let (producer, _) = producer(proxy.bootstrap(), "delayed", &unique("delayed"));
    begin(&producer, &topic, &["a"]);
    proxy.add(When::api(ApiKey::END_TXN).once(), Fault::Delay { ms: 700 });
    let began = Instant::now();
    producer.commit_transaction(WAIT).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(700));
    begin(&producer, &topic, &["b"]);
    let began = Instant::now();
    producer.commit_transaction(WAIT).unwrap();
    assert!(began.elapsed() < Duration::from_millis(700));
}

#[test]
fn a_blackholed_producer_delivers_when_it_is_healed_and_others_are_not_touched() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let topic = topic("blackhole");
    let writer = |client_id: &str| -> ThreadedProducer<Watching> {
        let config = config(proxy.bootstrap(), client_id);
        config.create_with_context(Watching::default()).unwrap()
    };
    let send = |writer: &ThreadedProducer<Watching>, value: &str, patience| {
        let record = BaseRecord::<(), str>::to(&topic).payload(value);
        writer.send(record).map_err(|(error, _)| error).unwrap();
        writer.flush(patience).is_ok()
    };
    let (victim, other) = (writer("victim"), writer("other"));
    assert!(send(&victim, "a", WAIT));
    let direction = Direction::Both;
    proxy.add(When::any().client_id("victim"), Fault::Blackhole { direction });
    assert!(!send(&victim, "b", Duration::from_millis(700)));
    assert!(send(&other, "c", WAIT));
    proxy.heal();
    assert!(victim.flush(WAIT).is_ok());
    let (reader, _) = consumer(&brokers(), "reader", &unique("blackhole"));
    reader.subscribe(&[&topic]).unwrap();
    assert_eq!(read(&reader, 3, WAIT), ["a", "c", "b"]);
}

const CONCURRENT_TRANSACTIONS: i16 = 51;

#[test]
fn a_held_end_that_is_released_by_hand_gets_the_brokers_answer() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("held"), unique("held"));
    let (producer, _) = producer(proxy.bootstrap(), "held", &id);
    let client = Client::Reset;
    let release_on = None;
    let rule = proxy.add(When::api(ApiKey::END_TXN).once(), Fault::Hold { client, release_on });
    begin(&producer, &topic, &["a"]);
    producer.commit_transaction(WAIT).unwrap();
    let held = proxy.wait_held(rule, WAIT).unwrap();
    assert_eq!(proxy.held()[0].transactional_id.as_deref(), Some(id.as_str()));
    // The transaction that it was meant for has just been committed by the repetition: the broker says so again, or that it is still
    // writing the markers.
    let released = proxy.release(held, WAIT).unwrap();
    assert!(matches!(released.error_code, Some(0 | CONCURRENT_TRANSACTIONS)), "{released:?}");
    assert!(released.alone);
}

#[test]
fn what_a_slow_network_costs_is_seen_by_the_client() {
    let proxy = Proxy::start(&brokers()).unwrap();
    let (topic, id) = (topic("slow"), unique("slow"));
    let (producer, _) = producer(proxy.bootstrap(), "slow", &id);
    begin(&producer, &topic, &["warm"]);
    producer.commit_transaction(WAIT).unwrap();
    proxy.add(When::any().client_id("slow"), Fault::Latency { ms: 100 });
    let began = Instant::now();
    begin(&producer, &topic, &["a"]);
    producer.commit_transaction(WAIT).unwrap();
    // Adding the partition, producing and ending wait for each other; each goes there and back.
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
}
