//! The thread that posts spans to the collector, in batches.

use crate::encoding;
use crate::settings::{Instance, Settings, is_loopback, shown, traces_url};
use crate::span::Span;
use crate::tracer::{Task, Tracer};
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};
use reqwest::blocking::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};
use service::clock;
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

/// Spans that wait for the collector; one more is dropped.
const SPANS_WAITING_MAX: usize = 16_384;
/// Spans in one request.
const BATCH_SPANS_MAX: usize = 1024;
/// How long the first span of a batch waits for others.
const BATCH_WAIT: Duration = Duration::from_millis(500);
/// How long the collector may take over one request.
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(5);
/// Between two tries to reach a collector that is away.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How often a batch is tried before it is given up.
const TRIES_MAX: u32 = 5;
/// How long a process that ends waits for its last spans; all of it has 5 s to end.
const FLUSH_WAIT_MAX: Duration = Duration::from_secs(1);
/// What is read of an answer, so that its connection can be used again.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
const SPANS_TOTAL: &str = "aerolog_trace_spans_total";

/// Why no spans can be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("otlp.endpoint: {0}")]
    Endpoint(&'static str),
    #[error("the client for otlp.endpoint could not be created: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the thread that exports spans could not be started: {0}")]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

/// Exports what its tracers are handed. Dropped, it flushes for a second at most.
#[derive(Debug, Default)]
pub struct Exporter {
    tracer: Tracer,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    queue: SyncSender<Task>,
    /// Dropped to ask for the end.
    stop: Option<SyncSender<()>>,
    /// Disconnected once the thread has ended.
    ended: Receiver<()>,
}

/// What became of spans.
#[derive(Debug, Clone)]
struct Counters {
    exported: IntCounter,
    /// The queue was full.
    dropped: IntCounter,
    /// The collector did not take them.
    failed: IntCounter,
}

impl Exporter {
    /// Starts the thread; without an endpoint there is none, no connection, and every tracer is off.
    ///
    /// # Errors
    /// Where the endpoint is no address of a collector. One that is away is none: it is tried again.
    pub fn start(settings: &Settings, instance: Instance, registry: &Registry) -> Result<Self, TracesError> {
        Self::with_queue(settings, instance, registry, SPANS_WAITING_MAX)
    }

    fn with_queue(settings: &Settings, instance: Instance, registry: &Registry, spans_max: usize) -> Result<Self, TracesError> {
        let counters = Counters::register(registry)?;
        if settings.endpoint.is_empty() {
            return Ok(Self::default());
        }
        let url = traces_url(&settings.endpoint).map_err(TracesError::Endpoint)?;
        // A redirection could lead to anyone.
        let mut client = Client::builder()
            .timeout(REQUEST_WAIT_MAX)
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&url) {
            client = client.no_proxy();
        }
        let (queue, spans) = mpsc::sync_channel(spans_max);
        let (stop, stopped) = mpsc::sync_channel(0);
        let (end, ended) = mpsc::sync_channel(0);
        let tracer = Tracer::new(queue.clone(), counters.dropped.clone());
        tracing::info!(collector = shown(&url), "spans of sampled commands are exported");
        let worker = Worker {
            client: client.build()?,
            url,
            instance,
            spans,
            stopped,
            flush_until: None,
            is_away: false,
            counters,
        };
        let work = move || {
            worker.run();
            drop(end);
        };
        thread::Builder::new().name("traces".to_owned()).spawn(work)?;
        Ok(Self {
            tracer,
            running: Some(Running {
                queue,
                stop: Some(stop),
                ended,
            }),
        })
    }

    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let Some(running) = &mut self.running else { return };
        drop(running.stop.take());
        // Where the queue is full the thread has something to do, and looks after it.
        let _full = running.queue.try_send(Task::Look);
        if running.ended.recv_timeout(FLUSH_WAIT_MAX) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the process ends, and the collector has not taken all spans");
        }
    }
}

impl Counters {
    fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let help = "Spans of sampled commands, by what became of them: exported, dropped at a full queue, or not taken by the collector.";
        let spans = IntCounterVec::new(Opts::new(SPANS_TOTAL, help), &["result"])?;
        registry.register(Box::new(spans.clone()))?;
        Ok(Self {
            exported: spans.with_label_values(&["exported"]),
            dropped: spans.with_label_values(&["dropped"]),
            failed: spans.with_label_values(&["failed"]),
        })
    }
}

struct Worker {
    client: Client,
    url: Url,
    instance: Instance,
    spans: Receiver<Task>,
    stopped: Receiver<()>,
    /// Known once the end was asked for.
    flush_until: Option<Instant>,
    /// The last request has failed.
    is_away: bool,
    counters: Counters,
}

/// Why a batch was not taken.
struct NotTaken {
    reason: String,
    may_pass: bool,
}

impl Worker {
    fn run(mut self) {
        loop {
            let batch = self.gather();
            if !batch.is_empty() {
                self.export(&batch);
            } else if self.is_ending() {
                return;
            }
            if self.flush_until.is_some_and(|until| clock::monotonic() >= until) {
                return;
            }
        }
    }

    /// Waits for a span, then for others. Once the end is asked for, takes what there is.
    fn gather(&mut self) -> Vec<Span> {
        let mut batch = Vec::new();
        let mut deadline: Option<Instant> = None;
        while batch.len() < BATCH_SPANS_MAX {
            let wait = match deadline {
                _ if self.is_ending() => Duration::ZERO,
                None => BATCH_WAIT,
                Some(deadline) => deadline.saturating_duration_since(clock::monotonic()),
            };
            match self.spans.recv_timeout(wait) {
                Ok(Task::Export(span)) => {
                    batch.push(span);
                    deadline.get_or_insert_with(|| clock::monotonic() + BATCH_WAIT);
                }
                Ok(Task::Look) => {}
                Err(_timeout) => break,
            }
        }
        batch
    }

    fn is_ending(&mut self) -> bool {
        if self.flush_until.is_none() && self.stopped.try_recv() == Err(TryRecvError::Disconnected) {
            self.flush_until = Some(clock::monotonic() + FLUSH_WAIT_MAX);
        }
        self.flush_until.is_some()
    }

    /// Tries until the collector takes the batch, or never will, or there is no time.
    fn export(&mut self, batch: &[Span]) {
        let body = encoding::request(&self.instance, batch);
        let count = batch.len() as u64;
        for attempt in 1.. {
            match self.post(&body) {
                Ok(()) => {
                    self.counters.exported.inc_by(count);
                    if std::mem::take(&mut self.is_away) {
                        tracing::info!(collector = shown(&self.url), "the collector takes spans again");
                    }
                    return;
                }
                Err(NotTaken { reason, may_pass }) => {
                    self.say_away(&reason);
                    if !may_pass || attempt >= TRIES_MAX || self.is_ending() || self.rest() {
                        self.counters.failed.inc_by(count);
                        return;
                    }
                }
            }
        }
    }

    fn post(&mut self, body: &[u8]) -> Result<(), NotTaken> {
        let mut request = self.client.post(self.url.clone());
        if let Some(until) = self.flush_until {
            request = request.timeout(until.saturating_duration_since(clock::monotonic()));
        }
        let answer = request
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(body.to_vec())
            .send()
            .map_err(|error| NotTaken {
                reason: error.without_url().to_string(),
                may_pass: true,
            })?;
        let status = answer.status();
        // What else it says is of no use here.
        let _rest = io::copy(&mut answer.take(ANSWER_BYTES_MAX), &mut io::sink());
        if status.is_success() {
            return Ok(());
        }
        Err(NotTaken {
            reason: format!("it answers {status}"),
            // As the protocol has it; anything else would be refused again.
            may_pass: [
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::BAD_GATEWAY,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ]
            .contains(&status),
        })
    }

    fn say_away(&mut self, reason: &str) {
        let collector = shown(&self.url);
        if std::mem::replace(&mut self.is_away, true) {
            tracing::debug!(collector, reason, "the collector does not take spans");
        } else {
            tracing::warn!(
                collector,
                reason,
                "the collector does not take spans; those that do not fit into the queue meanwhile are dropped, and nothing else is affected"
            );
        }
    }

    /// Waits before the next try; returns whether the end was asked for meanwhile.
    fn rest(&self) -> bool {
        self.stopped.recv_timeout(RETRY_PAUSE) == Err(RecvTimeoutError::Disconnected)
    }
}

#[cfg(test)]
mod tests;
