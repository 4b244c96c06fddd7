//! The metrics of a service's requests. Labels are routes and classes of status, never names from a request.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use std::time::Duration;
use warp::http::StatusCode;

/// The label of requests that lead to no route.
const NO_ROUTE: &str = "none";
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// Seconds. The first buckets resolve what happens inside the process.
const BUCKETS: [f64; 12] = [5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 5e-4, 2e-3, 1e-2, 5e-2, 0.25, 1.0, 5.0];

/// Counters that are looked up once, so that counting a request costs a few atomic additions.
#[derive(Debug)]
pub struct RequestMetrics {
    requests: Vec<[IntCounter; CLASSES.len()]>,
    durations: Vec<Histogram>,
    pending: IntGauge,
}

impl RequestMetrics {
    /// Registers them for these routes, such as `/accounts/{id}`.
    ///
    /// # Errors
    /// When the registry holds a metric of such a name already.
    pub fn register(registry: &Registry, routes: &[&'static str]) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new("aerolog_http_requests_total", "Requests answered, by route and class of status."),
            &["route", "status"],
        )?;
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "aerolog_http_request_seconds",
                "Time from a request's head to its answer inside the process, by route.",
            )
            .buckets(BUCKETS.to_vec()),
            &["route"],
        )?;
        let routes = || routes.iter().copied().chain([NO_ROUTE]);
        let metrics = Self {
            requests: routes()
                .map(|route| CLASSES.map(|class| requests.with_label_values(&[route, class])))
                .collect(),
            durations: routes().map(|route| durations.with_label_values(&[route])).collect(),
            pending: IntGauge::new("aerolog_http_requests_pending", "Requests that are being answered now.")?,
        };
        let collectors: [Box<dyn Collector>; 3] = [Box::new(requests), Box::new(durations), Box::new(metrics.pending.clone())];
        for collector in collectors {
            registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// One more request that is being answered, for as long as the returned value lives: the request may be dropped before.
    pub fn pending(&self) -> PendingRequest<'_> {
        self.pending.inc();
        PendingRequest(&self.pending)
    }

    /// Counts one answer; `route` is its index, `None` where there was no route.
    pub fn answered(&self, route: Option<usize>, status: StatusCode, took: Duration) {
        // The last one is that of no route.
        let route = route.unwrap_or(usize::MAX).min(self.durations.len() - 1);
        let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
        self.requests[route][class].inc();
        self.durations[route].observe(took.as_secs_f64());
    }
}

/// See [`RequestMetrics::pending`].
#[derive(Debug)]
pub struct PendingRequest<'g>(&'g IntGauge);

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
