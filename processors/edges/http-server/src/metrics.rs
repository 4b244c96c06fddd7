//! The metrics of a server's connections, and the answer that shows a registry.

use crate::answer::Answer;
use crate::exchange::CloseReason;
use crate::problem::Problem;
use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use warp::http::HeaderValue;

const PROMETHEUS_TEXT: HeaderValue = HeaderValue::from_static(prometheus::TEXT_FORMAT);

/// The metrics of one listening port.
#[derive(Debug, Clone)]
pub struct ConnectionMetrics {
    pub(crate) open: IntGauge,
    pub(crate) pending: IntGauge,
    pub(crate) refused: IntCounter,
    pub(crate) answer_bytes: IntGauge,
    pub(crate) body_bytes: IntGauge,
    cut: Vec<IntCounter>,
}

impl ConnectionMetrics {
    /// Registers them with the label `port`: a name such as `questions`.
    ///
    /// # Errors
    /// When the registry holds those of such a port already.
    pub fn register(registry: &Registry, port: &str) -> Result<Self, prometheus::Error> {
        let options = |name: &str, help: &str| Opts::new(name, help).const_label("port", port);
        let cut_by_reason = IntCounterVec::new(
            options(
                "aerolog_http_connections_cut_total",
                "Connections closed by the server, by reason: idle, head, body or write took too long, or others needed its place.",
            ),
            &["reason"],
        )?;
        let metrics = Self {
            open: IntGauge::with_opts(options("aerolog_http_connections_open", "Connections that are being served."))?,
            pending: IntGauge::with_opts(options(
                "aerolog_http_connections_pending",
                "Connections that wait for another to end.",
            ))?,
            refused: IntCounter::with_opts(options(
                "aerolog_http_connections_refused_total",
                "Connections that were answered with 503 because too many were open.",
            ))?,
            answer_bytes: IntGauge::with_opts(options(
                "aerolog_http_answer_bytes_pending",
                "Bytes of large answers that clients have not read yet.",
            ))?,
            body_bytes: IntGauge::with_opts(options(
                "aerolog_http_body_bytes_pending",
                "Bytes of large request bodies that have come and are not used yet.",
            ))?,
            cut: CloseReason::ALL.map(|cut| cut_by_reason.with_label_values(&[cut.name()])).to_vec(),
        };
        let collectors: [Box<dyn Collector>; 6] = [
            Box::new(cut_by_reason),
            Box::new(metrics.open.clone()),
            Box::new(metrics.pending.clone()),
            Box::new(metrics.refused.clone()),
            Box::new(metrics.answer_bytes.clone()),
            Box::new(metrics.body_bytes.clone()),
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        Ok(metrics)
    }

    pub(crate) fn count_cut(&self, cut: CloseReason) {
        for (counter, known) in self.cut.iter().zip(CloseReason::ALL) {
            if known == cut {
                counter.inc();
            }
        }
    }
}

/// Everything in the registry, in the text format of Prometheus.
///
/// # Errors
/// When a collector gave a family without metrics or a name: a bug of that collector.
pub fn metrics_answer(registry: &Registry) -> Result<Answer, Problem> {
    let mut text = String::new();
    match prometheus::TextEncoder::new().encode_utf8(&registry.gather(), &mut text) {
        Ok(()) => Ok(Answer::new(PROMETHEUS_TEXT, text.into_bytes())),
        Err(error) => {
            tracing::error!(%error, "metrics could not be rendered");
            Err(Problem::internal())
        }
    }
}
