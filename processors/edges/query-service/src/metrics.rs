//! What this service counts about itself. Labels are route templates and classes of status, never names from a request.

use crate::route::TEMPLATES;
use http_server::StatusCode;
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use std::time::Duration;

/// The label of requests that lead to no route.
const NO_ROUTE: &str = "none";
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// Seconds. The first buckets resolve what happens inside the process.
const BUCKETS: [f64; 12] = [5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 5e-4, 2e-3, 1e-2, 5e-2, 0.25, 1.0, 5.0];

/// Counters that are looked up once, so that counting a request costs a few atomic additions.
pub(crate) struct Metrics {
    requests: Vec<[IntCounter; CLASSES.len()]>,
    durations: Vec<Histogram>,
    pub(crate) requests_pending: IntGauge,
}

impl Metrics {
    /// # Errors
    /// When the registry holds a metric of such a name already.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
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
        let routes = || TEMPLATES.into_iter().chain([NO_ROUTE]);
        let metrics = Self {
            requests: routes()
                .map(|route| CLASSES.map(|class| requests.with_label_values(&[route, class])))
                .collect(),
            durations: routes().map(|route| durations.with_label_values(&[route])).collect(),
            requests_pending: IntGauge::new("aerolog_http_requests_pending", "Requests that are being answered now.")?,
        };
        let collectors: [Box<dyn Collector>; 3] = [Box::new(requests), Box::new(durations), Box::new(metrics.requests_pending.clone())];
        for collector in collectors {
            registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// Counts one answer; `template_index` as in [`TEMPLATES`], `None` where there was no route.
    pub(crate) fn answered(&self, template_index: Option<usize>, status: StatusCode, took: Duration) {
        let route = template_index.unwrap_or(TEMPLATES.len());
        let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
        self.requests[route][class].inc();
        self.durations[route].observe(took.as_secs_f64());
    }
}
