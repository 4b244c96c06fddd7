//! Requests as the service of a view gets them.

use crate::seeds;
use application::{EventEnvelope, EventPlace, IssuedCommand, LoggedEvent, Unavailable};
use domain::Event;
use http_server::{Body, Handler, HeaderMap, HeaderName, HeaderValue, Method, Position, Request, StatusCode};
use keyvalue::{Memory, Order, Read, ReadError, Visit};
use query_service::{AskedView, EventLog, Followed, Readiness, Service, Source, Stamp, TimeLimits};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use views::ScheduleGraph;

/// The first line is path and query, every other one a header.
pub(super) fn query(input: &[u8]) -> bool {
    static SERVED: LazyLock<Option<Served>> = LazyLock::new(Served::start);
    let Some(served) = &*SERVED else {
        panic!("no runtime, or metrics that clash");
    };
    let mut lines = input.split(|byte| *byte == b'\n');
    // As hyper hands it over: ASCII without blanks.
    let target = lines.next().unwrap_or_default();
    let Some(target) = std::str::from_utf8(target)
        .ok()
        .filter(|target| target.bytes().all(|byte| byte.is_ascii_graphic()))
    else {
        return false;
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = (&line[..colon], line.get(colon + 1..).unwrap_or_default());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let request = Request {
        method: &Method::GET,
        path,
        query,
        headers: &headers,
        body: &Body::default(),
    };
    let answer = served.runtime.block_on(served.service.answer(request));
    assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    answer.status() == StatusCode::OK
}

struct Served {
    runtime: Runtime,
    service: Service,
}

impl Served {
    fn start() -> Option<Self> {
        let stamp = Arc::new(Stamp::new(Position::new([(0, 1000)])));
        let view = View {
            memory: seeds::view(),
            applied: watch::Sender::new(stamp),
        };
        let time_limits = TimeLimits {
            position_wait_max: Duration::ZERO,
            ..TimeLimits::default()
        };
        Some(Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_time().build().ok()?,
            service: Service::new(
                vec![AskedView::with_log::<ScheduleGraph, _>(Arc::new(view), Arc::new(SeedLog), true)],
                None,
                &prometheus::Registry::new(),
                time_limits,
            )
            .ok()?,
        })
    }
}

/// The log of the view.
struct SeedLog;

impl EventLog<Event> for SeedLog {
    fn events(&self, places: &[EventPlace], _: &dyn Fn() -> bool) -> Result<Vec<LoggedEvent<Event>>, String> {
        Ok(places.iter().map(|place| logged(*place)).collect())
    }

    fn follow(&self, _: u32, _: i64, _: (u64, u64), _: &dyn Fn() -> bool) -> Result<Followed<Event>, String> {
        Ok(Followed::Deleted)
    }
}

/// The event at a place of the log of the seeds, with a command of anyone.
pub(super) fn logged(place: EventPlace) -> LoggedEvent<Event> {
    let found = |envelope: &&EventEnvelope<Event>| seeds::place(envelope.sequence) == place;
    let event = seeds::events().iter().find(found).cloned().ok_or(Unavailable::Deleted);
    LoggedEvent {
        place,
        command: event.as_ref().map_err(Clone::clone).map(|_| IssuedCommand {
            command_type: "AddLegs",
            issued_by: Some("ops".to_owned()),
        }),
        event,
    }
}

/// A view that does not change.
struct View {
    memory: Memory,
    applied: watch::Sender<Arc<Stamp>>,
}

struct Snapshot<'s>(&'s Memory);

impl Read for Snapshot<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.0.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.0.scan(from, to, order, visit)
    }
}

impl Source for View {
    type Snapshot<'s> = Snapshot<'s>;

    fn snapshot(&self) -> Snapshot<'_> {
        Snapshot(&self.memory)
    }

    fn position(&self, _: &Snapshot<'_>) -> Result<Arc<Stamp>, ReadError> {
        Ok(Arc::clone(&self.applied.borrow()))
    }

    fn known_position(&self) -> Option<Arc<Stamp>> {
        Some(Arc::clone(&self.applied.borrow()))
    }

    fn applied(&self) -> watch::Receiver<Arc<Stamp>> {
        self.applied.subscribe()
    }

    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn is_complete(&self) -> bool {
        true
    }

    fn could_not_be_read(&self, error: &ReadError) {
        panic!("a view in memory cannot be read: {error}");
    }
}
