//! Faults of whole connections: blackholes, slowness, resets, and the end of the proxy.

use super::fixture::{Broker, Client, Found, Got, HEARTBEAT, LEAVE_GROUP, MOMENT, WAIT};
use fault_proxy::{ApiKey, Direction, Fault, Proxy, When};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn blackhole(direction: Direction) -> Fault {
    Fault::Blackhole { direction }
}

#[test]
fn nothing_passes_a_blackhole_until_it_is_healed_and_then_all_that_waited_does() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let (mut client, mut other) = (
        Client::connect(proxy.bootstrap(), "victim"),
        Client::connect(proxy.bootstrap(), "other"),
    );
    client.ask(1);
    broker.next_frame();
    proxy.add(When::any().client_id("victim"), blackhole(Direction::Both));
    let sent = [client.send(HEARTBEAT, 2, b""), client.send(HEARTBEAT, 3, b"")];
    other.ask(1);
    broker.next_frame();
    broker.gets_nothing();
    assert!(proxy.wait_until(WAIT, |counts| counts.stalled == 1));
    proxy.heal();
    assert_eq!([broker.next_frame().1, broker.next_frame().1], sent);
    assert_eq!(client.read(), Found::Answer(2, Vec::new()));
    assert_eq!(client.read(), Found::Answer(3, Vec::new()));
}

#[test]
fn what_a_client_sent_into_a_blackhole_arrives_when_it_is_healed_though_the_client_is_gone() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(When::any(), blackhole(Direction::ToBroker));
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let sent = client.send(HEARTBEAT, 1, b"");
    assert!(proxy.wait_until(WAIT, |counts| counts.stalled == 1));
    drop(client);
    broker.gets_nothing();
    proxy.heal();
    assert_eq!((broker.next(), broker.next()), (Got::Frame(0, sent), Got::End(0)));
}

#[test]
fn a_blackhole_towards_clients_takes_requests_and_keeps_the_answers() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let rule = proxy.add(When::any(), blackhole(Direction::ToClient));
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.send(HEARTBEAT, 1, b"");
    broker.next_frame();
    assert_eq!(client.read_within(MOMENT), Found::Nothing);
    assert!(proxy.remove(rule));
    assert_eq!(client.read(), Found::Answer(1, Vec::new()));
}

#[test]
fn a_blackhole_that_begins_with_a_request_takes_its_connection_only() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(When::api(ApiKey::LEAVE_GROUP).once(), blackhole(Direction::ToBroker));
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.ask(1);
    broker.next_frame();
    client.send(LEAVE_GROUP, 2, b"");
    client.send(HEARTBEAT, 3, b"");
    broker.gets_nothing();
    let mut again = Client::connect(proxy.bootstrap(), "a");
    again.send(LEAVE_GROUP, 1, b"");
    assert_eq!(again.read(), Found::Answer(1, Vec::new()));
}

#[test]
fn a_blackhole_can_be_about_one_broker() {
    let (near, far) = (Broker::start(b""), Broker::start(b""));
    let proxy = Proxy::start(&format!("{},{}", near.address, far.address)).unwrap();
    proxy.add(When::any().broker(&far.address), blackhole(Direction::Both));
    let brokers = proxy.brokers();
    let mut to_near = Client::connect(&brokers[&near.address], "a");
    let mut to_far = Client::connect(&brokers[&far.address], "a");
    to_far.send(HEARTBEAT, 1, b"");
    to_near.ask(1);
    far.gets_nothing();
    proxy.heal();
    assert_eq!(to_far.read(), Found::Answer(1, Vec::new()));
}

#[test]
fn a_throttled_connection_takes_the_time_that_its_bytes_need() {
    const BYTES_PER_S: u64 = 20_000;
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(When::any().client_id("slow"), Fault::Throttle { bytes_per_s: BYTES_PER_S });
    let time = |client_id| {
        let mut client = Client::connect(proxy.bootstrap(), client_id);
        let began = Instant::now();
        client.send(HEARTBEAT, 1, &[0; 10_000]);
        client.send(HEARTBEAT, 2, b"");
        assert_eq!(client.read(), Found::Answer(1, Vec::new()));
        assert_eq!(client.read(), Found::Answer(2, Vec::new()));
        began.elapsed()
    };
    assert!(time("slow") >= Duration::from_millis(500));
    assert!(time("quick") < Duration::from_millis(400));
}

#[test]
fn latency_is_added_to_every_request_and_answer_and_not_to_each_other() {
    const LATENCY: Duration = Duration::from_millis(200);
    const REQUESTS: i32 = 20;
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    proxy.add(When::any(), Fault::Latency { ms: 200 });
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let began = Instant::now();
    (0..REQUESTS).for_each(|id| drop(client.send(HEARTBEAT, id, b"")));
    for id in 0..REQUESTS {
        assert_eq!(client.read(), Found::Answer(id, Vec::new()));
    }
    assert!(began.elapsed() >= LATENCY * 2, "there and back");
    assert!(began.elapsed() < LATENCY * 5, "{REQUESTS} requests wait at the same time");
}

#[test]
fn open_connections_of_a_client_can_be_reset() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let (mut client, mut other) = (
        Client::connect(proxy.bootstrap(), "victim"),
        Client::connect(proxy.bootstrap(), "other"),
    );
    client.ask(1);
    other.ask(1);
    assert_eq!(proxy.reset_connections("victim"), 1);
    assert_eq!(client.read(), Found::Reset);
    other.ask(2);
}

#[test]
fn a_broker_that_is_not_there_is_a_reset_and_is_counted() {
    let proxy = Proxy::start("127.0.0.1:1").unwrap();
    let mut client = Client::connect(proxy.bootstrap(), "a");
    assert_eq!(client.read(), Found::Reset);
    assert!(proxy.wait_until(WAIT, |counts| counts.unreachable == 1));
}

#[test]
fn everything_ends_with_the_proxy() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let place = proxy.bootstrap().to_owned();
    proxy.add(When::any().client_id("stalled"), blackhole(Direction::Both));
    let (mut client, mut stalled) = (Client::connect(&place, "a"), Client::connect(&place, "stalled"));
    client.ask(1);
    broker.next_frame();
    stalled.send(HEARTBEAT, 1, b"");
    assert!(proxy.wait_until(WAIT, |counts| counts.stalled == 1));
    drop(proxy);
    assert!(matches!(client.read(), Found::End | Found::Reset));
    assert!(matches!(stalled.read(), Found::End | Found::Reset));
    assert!(matches!((broker.next(), broker.next()), (Got::End(_), Got::End(_))));
    assert!(TcpStream::connect(&place).is_err());
}

#[test]
fn a_list_of_brokers_that_is_none_is_an_error() {
    for list in ["", "localhost", "localhost:", ":9092", "localhost:0", "localhost:70000", "a:1,,b:2"] {
        let error = Proxy::start(list).unwrap_err();
        assert!(error.to_string().contains("no list of brokers"), "{list}: {error}");
    }
}
