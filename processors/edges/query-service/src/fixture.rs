//! A view in memory, served on a port of its own: what the tests of this crate ask.

use crate::{AsOf, AskedView, EventChanges, EventLog, Feed, Followed, Readiness, Service, Source, Stamp, TimeLimits, serve};
use application::{EventEnvelope, EventPlace, LoggedEvent, Unavailable};
use domain::Event;
use http_server::{Limits, Origins, Position};
use keyvalue::{Memory, Order, Read, ReadError, Visit};
use prometheus::{Registry, TextEncoder};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use views::ScheduleGraph;

/// A view that a test fills.
pub(crate) struct View {
    held: Mutex<Frozen>,
    applied: watch::Sender<Arc<Stamp>>,
    readiness: Mutex<Readiness>,
    broken: AtomicBool,
    slow: AtomicBool,
    complete: AtomicBool,
    pub(crate) feed: Feed,
    /// How many snapshots were taken.
    pub(crate) snapshots: AtomicUsize,
    /// The read errors that the service has reported.
    pub(crate) unreadable: Mutex<Vec<ReadError>>,
}

/// What a view held at one moment.
#[derive(Clone)]
pub(crate) struct Frozen {
    memory: Arc<Memory>,
    stamp: Arc<Stamp>,
    broken: bool,
    /// Whatever reads over more than one kind of key takes its time.
    slow: bool,
}

/// Of pages that may use the service.
pub(crate) const ORIGIN: &str = "https://plan.example";

const SLOW_KEY: Duration = Duration::from_millis(20);

impl Read for Frozen {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        if self.broken {
            return Err(ReadError::corrupt("a block does not match its checksum"));
        }
        self.memory.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        if self.broken {
            return Err(ReadError::corrupt("a block does not match its checksum"));
        }
        let is_whole = from.first() != to.first() && to.first().zip(from.first()).is_none_or(|(to, from)| to - from > 1);
        self.memory.scan(from, to, order, &mut |key, value| {
            if self.slow && is_whole {
                std::thread::park_timeout(SLOW_KEY);
            }
            visit(key, value)
        })
    }
}

impl View {
    pub(crate) fn new(memory: Memory, position: &str) -> Arc<Self> {
        let stamp = Arc::new(Stamp::new(Position::parse(position).unwrap()));
        Arc::new(Self {
            applied: watch::Sender::new(Arc::clone(&stamp)),
            held: Mutex::new(Frozen {
                memory: Arc::new(memory),
                stamp,
                broken: false,
                slow: false,
            }),
            readiness: Mutex::new(Readiness::Ready),
            broken: AtomicBool::new(false),
            slow: AtomicBool::new(false),
            complete: AtomicBool::new(true),
            feed: Feed::new(Position::parse(position).unwrap()),
            snapshots: AtomicUsize::new(0),
            unreadable: Mutex::default(),
        })
    }

    pub(crate) fn become_at(&self, memory: Memory, position: &str) {
        let stamp = Arc::new(Stamp::new(Position::parse(position).unwrap()));
        *self.held.lock().unwrap() = Frozen {
            memory: Arc::new(memory),
            stamp: Arc::clone(&stamp),
            broken: false,
            slow: false,
        };
        self.applied.send_replace(stamp);
    }

    /// Moves the view to a position, whatever it holds, and sends its followers these changes.
    pub(crate) fn publish(&self, position: &str, changes: Option<Vec<EventChanges>>) {
        let position = Position::parse(position).unwrap();
        let stamp = Arc::new(Stamp::new(position.clone()));
        self.held.lock().unwrap().stamp = Arc::clone(&stamp);
        self.applied.send_replace(stamp);
        self.feed.publish(position, changes);
    }

    pub(crate) fn set_readiness(&self, readiness: Readiness) {
        *self.readiness.lock().unwrap() = readiness;
    }

    pub(crate) fn set_complete(&self, complete: bool) {
        self.complete.store(complete, Ordering::Relaxed);
    }

    pub(crate) fn slow_down(&self) {
        self.slow.store(true, Ordering::Relaxed);
    }

    pub(crate) fn break_down(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

impl Source for View {
    type Snapshot<'s> = Frozen;

    fn snapshot(&self) -> Frozen {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        Frozen {
            broken: self.broken.load(Ordering::Relaxed),
            slow: self.slow.load(Ordering::Relaxed),
            ..self.held.lock().unwrap().clone()
        }
    }

    fn position(&self, snapshot: &Frozen) -> Result<Arc<Stamp>, ReadError> {
        Ok(Arc::clone(&snapshot.stamp))
    }

    fn known_position(&self) -> Option<Arc<Stamp>> {
        Some(Arc::clone(&self.held.lock().unwrap().stamp))
    }

    fn applied(&self) -> watch::Receiver<Arc<Stamp>> {
        self.applied.subscribe()
    }

    fn feed(&self) -> Option<&Feed> {
        Some(&self.feed)
    }

    fn readiness(&self) -> Readiness {
        self.readiness.lock().unwrap().clone()
    }

    fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Relaxed)
    }

    fn could_not_be_read(&self, error: &ReadError) {
        self.unreadable.lock().unwrap().push(error.clone());
    }
}

/// A log in memory, of one partition.
#[derive(Default)]
pub(crate) struct TestLog {
    pub(crate) events: Mutex<Vec<EventEnvelope<Event>>>,
    /// The sequence of the first event that it holds, if it has lost some.
    pub(crate) begins_with: Mutex<u64>,
}

/// Where an event is in it.
pub(crate) fn offset_of(sequence: u64) -> i64 {
    sequence.cast_signed() * 2
}

impl EventLog<Event> for TestLog {
    fn events(&self, places: &[EventPlace], _: &dyn Fn() -> bool) -> Result<Vec<LoggedEvent<Event>>, String> {
        let events = self.events.lock().unwrap();
        let begins_with = *self.begins_with.lock().unwrap();
        let logged = places.iter().map(|place| LoggedEvent {
            place: *place,
            event: events
                .iter()
                .find(|event| event.sequence == place.sequence && event.sequence >= begins_with)
                .cloned()
                .ok_or(Unavailable::Deleted),
            command: Err(Unavailable::Deleted),
        });
        Ok(logged.collect())
    }

    fn follow(&self, _: u32, from: i64, (after, to): (u64, u64), _: &dyn Fn() -> bool) -> Result<Followed<Event>, String> {
        assert!(from <= offset_of(after + 1), "{from} is after event {}", after + 1);
        if after + 1 < *self.begins_with.lock().unwrap() {
            return Ok(Followed::Deleted);
        }
        let events = self.events.lock().unwrap();
        let events = events.iter().filter(|event| event.sequence > after && event.sequence <= to);
        // Few at once.
        let events: Vec<_> = events.take(2).cloned().collect();
        Ok(Followed::Events {
            next_offset: events.last().map_or(from, |last| offset_of(last.sequence) + 1),
            events,
        })
    }
}

/// A service that listens.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) view: Arc<View>,
    client: reqwest::Client,
    registry: Registry,
    stopping: watch::Sender<bool>,
    /// Dropped with the test, whose runtime ends the service.
    _task: JoinHandle<()>,
}

/// An answer as a client sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Running {
    pub(crate) async fn start(view: Arc<View>, limits: Limits, time_limits: TimeLimits) -> Self {
        Self::with_log(view, Arc::default(), limits, time_limits).await
    }

    pub(crate) async fn with_log(view: Arc<View>, log: Arc<TestLog>, limits: Limits, time_limits: TimeLimits) -> Self {
        let asked = AskedView::with_log::<ScheduleGraph, _>(Arc::clone(&view), log, true);
        Self::serving(view, asked, limits, time_limits).await
    }

    /// A view that is built up to there and no further.
    pub(crate) async fn frozen(view: Arc<View>, until: &str, time_limits: TimeLimits) -> Self {
        let asked = AskedView::new::<ScheduleGraph, _>(Arc::clone(&view), true).frozen(AsOf::read(until).unwrap());
        Self::serving(view, asked, Limits::default(), time_limits).await
    }

    async fn serving(view: Arc<View>, asked: AskedView, limits: Limits, time_limits: TimeLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let registry = Registry::new();
        let service = Service::new(vec![asked], None, &registry, time_limits).unwrap();
        let service = Arc::new(service.with_origins(Origins::parse(ORIGIN).unwrap()));
        let stopping = watch::Sender::new(false);
        let mut stopped = stopping.subscribe();
        let shutdown = async move {
            let _stopped = stopped.wait_for(|stopping| *stopping).await;
        };
        Self {
            address,
            view,
            client: reqwest::Client::new(),
            registry,
            _task: tokio::spawn(serve(listener, service, limits, shutdown)),
            stopping,
        }
    }

    pub(crate) async fn of(memory: Memory, position: &str) -> Self {
        Self::start(View::new(memory, position), Limits::default(), TimeLimits::default()).await
    }

    /// Asks the service to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// What the service counts, in the text format of Prometheus.
    pub(crate) fn metrics(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap()
    }

    pub(crate) async fn get(&self, path_and_query: &str) -> Seen {
        send(self.request("GET", path_and_query)).await
    }

    pub(crate) fn request(&self, method: &str, path_and_query: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("http://{}{path_and_query}", self.address))
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Seen {
    let response = request.send().await.unwrap();
    Seen {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}
