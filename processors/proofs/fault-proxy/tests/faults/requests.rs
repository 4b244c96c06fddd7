//! Faults of single requests: delayed, unanswered, reset, half-closed, refused.

use super::fixture::{Broker, Client, Found, Got, HEARTBEAT, LEAVE_GROUP, MOMENT, WAIT};
use fault_proxy::{ApiKey, Client as Notices, Fault, Proxy, Side, When};
use std::time::{Duration, Instant};

const SLOW: Duration = Duration::from_millis(300);
const SLOW_MS: u64 = 300;

fn heartbeats() -> When {
    When::api(ApiKey::HEARTBEAT)
}

#[test]
fn without_rules_bytes_pass_as_they_are_and_are_counted() {
    let broker = Broker::start(b"body");
    let proxy = Proxy::start(&broker.address).unwrap();
    let mut client = Client::connect(proxy.bootstrap(), "a");
    for correlation_id in [7, -1, i32::MAX] {
        let sent = client.send(HEARTBEAT, correlation_id, b"anything");
        assert_eq!(broker.next(), Got::Frame(0, sent));
        assert_eq!(client.read(), Found::Answer(correlation_id, b"body".to_vec()));
    }
    assert!(proxy.wait_until(WAIT, |counts| counts.of(ApiKey::HEARTBEAT).answered == 3));
    let counts = proxy.counts();
    assert_eq!(
        (counts.of(ApiKey::HEARTBEAT).seen, counts.connections, counts.connections_open),
        (3, 1, 1)
    );
    drop(client);
    assert_eq!(broker.next(), Got::End(0));
    assert!(proxy.wait_until(WAIT, |counts| counts.connections_open == 0));
}

#[test]
fn a_delayed_request_and_what_is_behind_it_come_late_and_in_order() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats().once(), Fault::Delay { ms: SLOW_MS });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let began = Instant::now();
    let (first, second) = (client.send(HEARTBEAT, 1, b""), client.send(HEARTBEAT, 2, b""));
    assert_eq!(broker.next(), Got::Frame(0, first));
    assert!(began.elapsed() >= SLOW);
    assert_eq!(broker.next(), Got::Frame(0, second));
    assert!(began.elapsed() < SLOW * 2, "the second had no delay of its own");
    assert_eq!(proxy.counts().of(ApiKey::HEARTBEAT).delayed, 1);
}

#[test]
fn a_delayed_answer_comes_late_to_a_request_that_did_not() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats(), Fault::DelayAnswer { ms: SLOW_MS });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let began = Instant::now();
    client.send(HEARTBEAT, 1, b"");
    broker.next_frame();
    assert!(began.elapsed() < SLOW);
    assert_eq!(client.read(), Found::Answer(1, Vec::new()));
    assert!(began.elapsed() >= SLOW);
}

#[test]
fn a_dropped_answer_is_to_a_request_that_arrived_and_later_ones_are_answered() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats().once(), Fault::DropAnswer { client: Notices::Waits });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let sent = client.send(HEARTBEAT, 1, b"");
    assert_eq!(broker.next(), Got::Frame(0, sent));
    assert_eq!(client.read_within(MOMENT), Found::Nothing);
    client.ask(2);
    let counts = proxy.counts().of(ApiKey::HEARTBEAT);
    assert_eq!((counts.dropped, counts.resets), (1, 0));
}

#[test]
fn a_dropped_answer_can_reset_the_connection_after_the_request_arrived() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats(), Fault::DropAnswer { client: Notices::Reset });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let sent = client.send(HEARTBEAT, 1, b"");
    assert_eq!(client.read(), Found::Reset);
    assert_eq!(broker.next(), Got::Frame(0, sent));
    let counts = proxy.counts().of(ApiKey::HEARTBEAT);
    assert_eq!((counts.dropped, counts.resets), (1, 1));
}

#[test]
fn only_the_request_asked_for_is_met() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats().client_id("victim").nth(2), Fault::Reset);
    let mut other = Client::connect(proxy.bootstrap(), "other");
    (1..=3).for_each(|id| other.ask(id));
    let mut victim = Client::connect(proxy.bootstrap(), "the-victim-1");
    victim.send(LEAVE_GROUP, 1, b"");
    assert_eq!(victim.read(), Found::Answer(1, Vec::new()));
    victim.ask(2);
    (0..5).for_each(|_| drop(broker.next_frame()));
    victim.send(HEARTBEAT, 3, b"");
    assert_eq!(victim.read(), Found::Reset);
    broker.gets_nothing();
    let mut again = Client::connect(proxy.bootstrap(), "the-victim-1");
    (1..=3).for_each(|id| again.ask(id));
    assert_eq!(proxy.counts().of(ApiKey::HEARTBEAT).resets, 1);
}

#[test]
fn a_connection_closed_towards_the_client_still_takes_its_requests() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats().once(), Fault::HalfClose { side: Side::Client });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let first = client.send(HEARTBEAT, 1, b"");
    assert_eq!(broker.next(), Got::Frame(0, first));
    while client.read() != Found::End {}
    let second = client.send(HEARTBEAT, 2, b"");
    assert_eq!(broker.next(), Got::Frame(0, second));
    assert_eq!(proxy.counts().of(ApiKey::HEARTBEAT).half_closed, 1);
}

#[test]
fn a_connection_closed_towards_the_broker_ends_there_after_the_request() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(heartbeats().once(), Fault::HalfClose { side: Side::Broker });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let sent = client.send(HEARTBEAT, 1, b"");
    assert_eq!((broker.next(), broker.next()), (Got::Frame(0, sent), Got::End(0)));
    assert_eq!((client.read(), client.read()), (Found::Answer(1, Vec::new()), Found::End));
}

#[test]
fn a_request_of_an_unknown_version_is_refused_with_a_reason_and_never_reaches_the_broker() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    for key in [ApiKey::SHARE_FETCH, ApiKey(4711)] {
        let mut client = Client::connect(proxy.bootstrap(), "new");
        client.send(key.0, 1, b"");
        assert_eq!(client.read(), Found::Reset);
        assert_eq!(proxy.counts().of(key).refused, 1);
        let reason = proxy.counts().last_refusal.unwrap();
        assert!(reason.contains("new") && reason.contains(&format!("{key} v0")), "{reason}");
    }
    broker.gets_nothing();
    assert_eq!(proxy.counts().refused(), 2);
}

#[test]
fn what_is_no_kafka_is_refused() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let mut client = Client::connect(proxy.bootstrap(), "a");
    std::io::Write::write_all(&mut client.stream, b"\0\0\0\x03abc").unwrap();
    assert_eq!(client.read(), Found::Reset);
    assert!(proxy.wait_until(WAIT, |counts| counts.refused() == 1));
    broker.gets_nothing();
}

#[test]
fn an_answer_that_cannot_be_read_is_not_passed_on() {
    let broker = Broker::start(b"\x7f");
    let proxy = Proxy::start(&broker.address).unwrap();
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.send(ApiKey::METADATA.0, 1, b"");
    assert_eq!(client.read(), Found::Reset);
    assert_eq!(proxy.counts().of(ApiKey::METADATA).refused, 1);
}
