//! A view in memory, served on a port of its own: what the tests of this crate ask.

use crate::{AskedView, Patience, Readiness, Service, Source, Stamp, serve};
use http_server::{Limits, Position};
use keyvalue::{Memory, Order, Read, ReadError, Visit};
use prometheus::Registry;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// What the service has told of.
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
        Frozen {
            broken: self.broken.load(Ordering::Relaxed),
            slow: self.slow.load(Ordering::Relaxed),
            ..self.held.lock().unwrap().clone()
        }
    }

    fn position(&self, snapshot: &Frozen) -> Result<Arc<Stamp>, ReadError> {
        Ok(Arc::clone(&snapshot.stamp))
    }

    fn applied(&self) -> watch::Receiver<Arc<Stamp>> {
        self.applied.subscribe()
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

/// A service that listens.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) view: Arc<View>,
    client: reqwest::Client,
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
    pub(crate) async fn start(view: Arc<View>, limits: Limits, patience: Patience) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = AskedView::new::<ScheduleGraph, _>(Arc::clone(&view), true);
        let service = Arc::new(Service::new(vec![asked], Registry::new(), patience).unwrap());
        Self {
            address,
            view,
            client: reqwest::Client::new(),
            _task: tokio::spawn(serve(listener, service, limits, std::future::pending())),
        }
    }

    pub(crate) async fn of(memory: Memory, position: &str) -> Self {
        Self::start(View::new(memory, position), Limits::default(), Patience::default()).await
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
