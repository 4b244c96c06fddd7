//! Clients that follow the addresses in answers stay with the proxy.

use super::fixture::{Broker, Client, Found, HEARTBEAT};
use fault_proxy::{ApiKey, Proxy};

/// A Metadata answer of version 0 with these brokers and no topics.
fn metadata(brokers: &[&str]) -> Vec<u8> {
    let mut body = (brokers.len() as i32).to_be_bytes().to_vec();
    for (id, broker) in brokers.iter().enumerate() {
        let (host, port) = broker.rsplit_once(':').unwrap();
        body.extend_from_slice(&(id as i32).to_be_bytes());
        body.extend_from_slice(&(host.len() as i16).to_be_bytes());
        body.extend_from_slice(host.as_bytes());
        body.extend_from_slice(&port.parse::<i32>().unwrap().to_be_bytes());
    }
    body.extend_from_slice(&[0; 4]);
    body
}

#[test]
fn every_broker_of_the_cluster_has_a_listener_that_leads_to_it() {
    let second = Broker::start(b"second");
    let address = second.address.clone();
    let first = Broker::start_with(move |_| metadata(&[&address]));
    let proxy = Proxy::start(&first.address).unwrap();
    assert_eq!(proxy.brokers().len(), 1);
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.send(ApiKey::METADATA.0, 1, b"");
    let Found::Answer(1, body) = client.read() else { panic!() };
    let place = proxy.brokers()[&second.address].clone();
    assert_eq!(body, metadata(&[&place]));
    assert!(place != second.address && place != proxy.bootstrap());
    let mut client = Client::connect(&place, "a");
    client.send(HEARTBEAT, 2, b"");
    assert_eq!(client.read(), Found::Answer(2, b"second".to_vec()));
    // Asked again, the place is the same.
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.send(ApiKey::METADATA.0, 1, b"");
    assert_eq!(client.read(), Found::Answer(1, body));
}
