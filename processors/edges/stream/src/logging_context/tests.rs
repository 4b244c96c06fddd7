//! Clients of a broker that leaves itself out of its metadata, as one does that the controller has fenced.

use super::*;
use crate::clock::Deadline;
use crate::marks;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponseTopic};
use kafka_protocol::messages::{ApiVersionsResponse, BrokerId, MetadataResponse, ResponseHeader, TopicName};
use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

const METADATA: i16 = 3;
const API_VERSIONS: i16 = 18;
const TOPIC: &str = "topic-0";
/// The client's main thread takes so long over them that its broker's thread is the faster one.
const TOPICS: usize = 2000;

/// Answers questions for versions and for metadata, and nothing else.
struct Broker {
    port: u16,
    /// So many answers more name no broker.
    fenced: Arc<AtomicU32>,
}

impl Broker {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fenced = Arc::new(AtomicU32::new(0));
        let shared = Arc::clone(&fenced);
        // They end with the test's process; each connection's with its client.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, fenced) = (stream.unwrap(), Arc::clone(&shared));
                thread::spawn(move || converse(stream, port, &fenced));
            }
        });
        Self { port, fenced }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", format!("127.0.0.1:{}", self.port))
            .set("group.id", "nobody")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "200");
        config
    }
}

/// `None` when the client has gone.
fn converse(mut stream: TcpStream, port: u16, fenced: &AtomicU32) -> Option<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).ok()?;
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut request).ok()?;
        let short = |at: usize| i16::from_be_bytes([request[at], request[at + 1]]);
        let (key, version) = (short(0), short(2));
        let correlation_id = i32::from_be_bytes(request[4..8].try_into().unwrap());
        let answer = match key {
            API_VERSIONS => encoded(correlation_id, version.min(3), &versions()),
            METADATA => {
                let is_fenced = fenced
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok();
                encoded(correlation_id, version, &metadata(port, is_fenced))
            }
            _ => return None,
        };
        stream.write_all(&u32::try_from(answer.len()).unwrap().to_be_bytes()).ok()?;
        stream.write_all(&answer).ok()?;
    }
}

fn encoded<T: Encodable + HeaderVersion>(correlation_id: i32, version: i16, body: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    header.encode(&mut bytes, T::header_version(version)).unwrap();
    body.encode(&mut bytes, version).unwrap();
    bytes
}

fn versions() -> ApiVersionsResponse {
    let known = [(METADATA, 0, 12), (API_VERSIONS, 0, 3)]
        .map(|(key, min, max)| ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max));
    ApiVersionsResponse::default().with_api_keys(known.into())
}

fn metadata(port: u16, is_fenced: bool) -> MetadataResponse {
    let itself = MetadataResponseBroker::default()
        .with_node_id(BrokerId(1))
        .with_host(StrBytes::from_static_str("127.0.0.1"))
        .with_port(port.into());
    let topics = (0..TOPICS).map(|number| {
        let name = TopicName(StrBytes::from_string(format!("topic-{number}")));
        MetadataResponseTopic::default().with_name(Some(name))
    });
    MetadataResponse::default()
        .with_brokers(if is_fenced { Vec::new() } else { vec![itself] })
        .with_cluster_id(Some(StrBytes::from_static_str("cluster")))
        .with_controller_id(BrokerId(-1))
        .with_topics(topics.collect())
}

#[test]
fn a_client_whose_only_broker_left_itself_out_of_the_metadata_finds_it_again() {
    let broker = Broker::start();
    for _client in 0..3 {
        let client = LoggingContext::consumer(&broker.config()).unwrap();
        marks::connect(&client, TOPIC, Duration::from_secs(5)).unwrap();
        broker.fenced.store(1, Ordering::Relaxed);
        marks::connect(&client, TOPIC, Duration::from_secs(5)).unwrap();
        assert_eq!(broker.fenced.load(Ordering::Relaxed), 0, "the answer without a broker was given");
        let patience = Deadline::after(Duration::from_secs(10));
        loop {
            while client.poll(HEAR_WAIT).is_some() {}
            match marks::connect(&client, TOPIC, Duration::from_secs(1)) {
                Ok(()) => break,
                Err(failure) => assert!(!patience.is_over(), "the client does not find its broker again: {failure}"),
            }
        }
    }
}
