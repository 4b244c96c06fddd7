//! Clients of the two HTTP services that keep to no rule: each kind has a bound, and no effect on others.

use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::within;
use reqwest::Method;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[Row {
    number: 70,
    name: "rude-clients",
    what: "10,000 idle connections, URLs and headers of a megabyte, bodies without end, 5,000 requests in one go, clients that leave before the answer: others are answered by view and gateway all the while",
    needs: Needs::Broker,
    run: rude_clients,
}];

const IDLE: usize = 10_000;
/// They connect side by side: a full backlog lets each of them wait.
const CONNECTING: usize = 50;
/// A connection that is not made by then is one that the service has not taken.
const CONNECT_WAIT_MAX: Duration = Duration::from_millis(250);
const LONG: usize = 1 << 20;
const LONG_REQUESTS: usize = 20;
const ENDLESS: usize = 20;
/// What is written of a body without end: far more than any service may take.
const ENDLESS_BYTES_MAX: usize = 64 << 20;
const PIPELINED: usize = 5_000;
const LEAVING: usize = 500;
/// For the whole answer to a rude request, or for the end of its connection.
const END_WAIT_MAX: Duration = Duration::from_secs(60);
/// What others may have to wait for, on a busy machine.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);
/// Others that ask while clients of one kind are rude, at least.
const OTHERS: u64 = 5;
/// The first half of their commands' ids, which the load uses for none.
const POLITE: u64 = 1 << 60;
const MEMORY_GROWTH_BYTES_MAX: f64 = 200e6;

/// One way to be rude, against the service at an address.
type Rudeness = fn(SocketAddr);

const KINDS: &[(&str, Rudeness)] = &[
    ("connections that ask nothing", idle),
    ("a URL of a megabyte", long_url),
    ("headers of a megabyte", long_headers),
    ("a body without end", endless_body),
    ("requests in one go", pipelined),
    ("clients that leave", leaving),
];

fn rude_clients(ground: &Ground) {
    service::open_files::allow(IDLE as u64 + 500).unwrap();
    let mut scene = Scene::begin(ground, "rude", 2);
    scene.processor("one");
    scene.materializer("view");
    scene.gateway("gateway");
    scene.load(Shape::default());
    scene.progress(600);
    let mut asked = 0;
    for service in ["view", "gateway"] {
        let memory = scene.fleet.program(service).metric("process_resident_memory_bytes");
        for (kind, rudeness) in KINDS {
            let address = scene.fleet.program(service).address();
            let rude = std::thread::spawn(move || rudeness(address));
            let (began, mut slowest) = (asked, Duration::ZERO);
            while !rude.is_finished() || asked < began + OTHERS {
                asked += 1;
                slowest = slowest.max(others_are_answered(&mut scene, asked));
            }
            if let Err(panic) = rude.join() {
                ground.tell(&format!("{service}, {kind}: failed"));
                std::panic::resume_unwind(panic);
            }
            let growth = scene.fleet.program(service).metric("process_resident_memory_bytes") - memory;
            ground.tell(&format!(
                "{service}, {kind}: {} others waited for {:.2} s at most; {:.0} MB more",
                asked - began,
                slowest.as_secs_f64(),
                growth / 1e6
            ));
            assert!(growth < MEMORY_GROWTH_BYTES_MAX, "{service}, {kind}: {growth} bytes more");
        }
    }
    scene.finish();
}

/// A client of each service that keeps to the rules. Its commands belong to what was sent.
fn others_are_answered(scene: &mut Scene<'_>, number: u64) -> Duration {
    scene.pass(Duration::from_millis(1));
    let view = within(ANSWER_WAIT_MAX, "another client of the view is answered", || {
        let answer = scene.fleet.program("view").answer("/position");
        answer.is_some_and(|answer| answer.status == 200)
    });
    let id = Uuid::from_u64_pair(POLITE, number);
    let command =
        json!({"command_id": id, "aggregate_id": format!("rotation/POLITE-{number}"), "payload": {"CreateRotation": {"mode": "draft"}}});
    let mut records = 0;
    let gateway = within(ANSWER_WAIT_MAX, "another client of the gateway is answered", || {
        let request = scene.fleet.program("gateway").request(Method::POST, "/commands").json(&command);
        let Ok(answer) = request.timeout(ANSWER_WAIT_MAX).send() else {
            return false;
        };
        // Refused where there is no room for a connection: nothing is written then.
        records += u64::from(answer.status() == 200);
        answer.status() == 200
    });
    for service in ["view", "gateway"] {
        assert!(
            scene.fleet.program(service).is_ready(),
            "the operations port of {service} answers all the while"
        );
    }
    scene.also_sent(crate::Sent {
        commands: [(id, true)].into(),
        records,
    });
    view.max(gateway)
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, CONNECT_WAIT_MAX).ok()?;
    stream.set_read_timeout(Some(END_WAIT_MAX)).unwrap();
    stream.set_write_timeout(Some(END_WAIT_MAX)).unwrap();
    Some(stream)
}

/// A connection to a service that others crowd.
fn connect_at_last(address: SocketAddr) -> TcpStream {
    let mut stream = None;
    within(ANSWER_WAIT_MAX, "a rude client is connected", || {
        stream = connect(address);
        stream.is_some()
    });
    stream.unwrap()
}

/// What comes until the service closes the connection, or has answered and waits.
fn all_of(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    // It is reset where the service closes it with bytes of ours unread.
    let ended_by_it = ended
        .as_ref()
        .map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |_| true);
    assert!(ended_by_it, "the service keeps the connection: {ended:?}");
    answer
}

/// Checks that the answer is a refusal of one of these kinds, or that the connection was closed without one; returns whether there is an answer.
fn is_refused(answer: &[u8], kinds: &[&str]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let line = text.lines().next().unwrap_or_default();
    let is_of_kind = |kind: &&str| text.contains(&format!("urn:aerolog:problem:{kind}\""));
    assert!(
        line.is_empty() || kinds.iter().any(is_of_kind),
        "a rude request is answered with {text}"
    );
    !line.is_empty()
}

/// Sends as many of these requests, none of which gets as far as a route.
fn refused_by_their_heads(address: SocketAddr, request: &str) {
    let refusals = (0..LONG_REQUESTS).filter(|_| {
        let mut stream = connect_at_last(address);
        // The service need not read all of it.
        let _written = stream.write_all(request.as_bytes());
        is_refused(&all_of(&mut stream), &["head-too-large"])
    });
    assert!(refusals.count() > 0, "no refusal has reached its client");
}

fn idle(address: SocketAddr) {
    let connecting =
        (0..CONNECTING).map(|_| std::thread::spawn(move || (0..IDLE / CONNECTING).filter_map(|_| connect(address)).collect::<Vec<_>>()));
    let threads: Vec<_> = connecting.collect();
    let crowd: Vec<TcpStream> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert!(crowd.len() > IDLE / 4, "only {} connections were made", crowd.len());
    // For as long as others look at it.
    service::clock::rest(Duration::from_secs(3));
}

fn long_url(address: SocketAddr) {
    let target = "u".repeat(LONG);
    refused_by_their_heads(address, &format!("GET /{target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
}

fn long_headers(address: SocketAddr) {
    let header = format!("x-long: {}\r\n", "h".repeat(1_000));
    let headers = header.repeat(LONG / header.len());
    refused_by_their_heads(
        address,
        &format!("GET /position HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n"),
    );
}

fn endless_body(address: SocketAddr) {
    let streams: Vec<_> = (0..ENDLESS).map(|_| std::thread::spawn(move || send_endless(address))).collect();
    for stream in streams {
        stream.join().unwrap();
    }
}

fn send_endless(address: SocketAddr) {
    let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
    let mut stream = connect_at_last(address);
    let head = "POST /commands HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut written = 0;
    while stream.write_all(chunk.as_bytes()).is_ok() {
        written += chunk.len();
        assert!(written < ENDLESS_BYTES_MAX, "a service takes a body of {written} bytes");
    }
    let mut answer = Vec::new();
    // What has come before the end of the connection, if anything.
    let _reset = stream.read_to_end(&mut answer);
    is_refused(&answer, &["body-too-large", "no-such-route", "body-timeout", "busy"]);
}

fn pipelined(address: SocketAddr) {
    let mut stream = connect_at_last(address);
    let mut writing = stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        let request = "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n";
        let requests = request.repeat(PIPELINED - 1) + &request.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        writing.write_all(requests.as_bytes()).unwrap();
    });
    let answers = String::from_utf8(all_of(&mut stream)).unwrap();
    writer.join().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 404").count(), PIPELINED, "each request has its answer");
}

fn leaving(address: SocketAddr) {
    for number in 0..LEAVING {
        let mut stream = connect_at_last(address);
        let request = "GET /legs?limit=1000 HTTP/1.1\r\nhost: x\r\n\r\n";
        let sent = if number.is_multiple_of(2) { request } else { &request[..20] };
        let _written = stream.write_all(sent.as_bytes());
    }
}
