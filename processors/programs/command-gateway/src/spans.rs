//! The span of a sampled request: below the client's, and above those of the command that the request brings.

use http_server::{HeaderName, Method, Request, StatusCode};
use service::clock;
use traces::{Kind, Span, SpanId, TraceContext, Tracer};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static(traces::TRACEPARENT);

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct RequestSpan {
    sender: TraceContext,
    id: SpanId,
    start_ns: u64,
}

impl RequestSpan {
    /// `None` where the client does not record its trace, and where spans go nowhere.
    pub(crate) fn begin(tracer: &Tracer, request: &Request<'_>) -> Option<Self> {
        if !tracer.is_on() {
            return None;
        }
        let traceparent = request.headers.get(TRACEPARENT)?;
        Some(Self {
            sender: TraceContext::sampled(traceparent.as_bytes())?,
            id: SpanId::random(),
            start_ns: clock::unix_ns(),
        })
    }

    /// What the command carries, so that what becomes of it comes below this span.
    pub(crate) fn traceparent(&self) -> String {
        String::from_utf8_lossy(&self.sender.below(self.id).traceparent()).into_owned()
    }

    /// `label` is the method and the template of the route.
    pub(crate) fn end(self, tracer: &Tracer, label: &'static str, method: &Method, status: StatusCode) {
        let route = label.split_once(' ').map_or(label, |(_method, route)| route);
        tracer.record(Span {
            parent: self.sender,
            is_parent_remote: true,
            id: self.id,
            name: label,
            kind: Kind::Server,
            start_ns: self.start_ns,
            end_ns: clock::unix_ns(),
            attributes: vec![
                ("http.request.method", method.to_string().into()),
                ("http.route", route.into()),
                ("http.response.status_code", i64::from(status.as_u16()).into()),
            ],
            has_failed: status.is_server_error(),
        });
    }
}
