//! From a request to an answer: which route, which command, and how long to wait for its outcome.

use crate::answers::{self, Expected};
use crate::incoming::{self, COMMAND_BYTES_MAX, CommandReader, Envelope, IDEMPOTENCY_KEY, Incoming, Sender};
use crate::json_schema;
use crate::kafka::Log;
use crate::lines::Lines;
use crate::metrics::Metrics;
use crate::preference::Preference;
use crate::resources::{self, Resource, Source};
use crate::routes::{self, AGGREGATE_ID, Action};
use crate::spans::RequestSpan;
use crate::waiting::Waiting;
use bearer_tokens::{Caller, Expiry, Role, Tokens};
use bytes::Bytes;
use http_server::{
    Answer, Api, Documented, Found, HTML, Handler, HeaderValue, JSON, Method, Origins, Parameters, Problem, Request, RequestMetrics, Route,
    StatusCode, X_MIN_POSITION, document, find, header, methods, page,
};
use service::{Shutdown, clock};
use std::sync::Arc;
use std::time::Duration;
use traces::Tracer;

/// Headers that change what a request means: where a route does not take one, it is refused rather than ignored.
const MEANINGFUL: [(header::HeaderName, &str); 3] = [
    (header::IF_MATCH, "the expected version stands in the command"),
    (IDEMPOTENCY_KEY, "this route sends no command"),
    (X_MIN_POSITION, "this service answers no questions about the schedule"),
];

/// Preconditions that are refused on requests that change something. On GET they only save a transfer, and may be ignored.
const CONDITIONS: [(header::HeaderName, &str); 2] = [
    (
        header::IF_NONE_MATCH,
        "the version that is expected stands in If-Match or in the command",
    ),
    (
        header::IF_UNMODIFIED_SINCE,
        "the version that is expected stands in If-Match or in the command",
    ),
];

/// Which clients may send commands.
pub(crate) struct Clients {
    /// `None` where they do not have to say who they are.
    pub(crate) tokens: Option<Tokens>,
    pub(crate) origins: Origins,
}

/// Answers the requests of the gateway.
pub(crate) struct Gateway {
    routes: Vec<Route<Action>>,
    /// Of each route its method and template.
    labels: Vec<&'static str>,
    waiting: Arc<Waiting>,
    reader: Arc<CommandReader>,
    wait: Duration,
    metrics: Metrics,
    requests: Option<RequestMetrics>,
    tracer: Tracer,
    tokens: Option<Tokens>,
    origins: Origins,
    openapi: Bytes,
    page: Bytes,
}

impl Handler for Gateway {
    async fn answer(&self, request: Request<'_>) -> Answer {
        let started = clock::monotonic();
        let _pending = self.requests.as_ref().map(RequestMetrics::pending);
        let found = find(&self.routes, &request);
        let (index, answer) = match &found {
            Ok(found) => (Some(found.index), self.answer_traced(found, &request).await),
            Err(problem) => (None, Err(problem.clone())),
        };
        let answer = answer.unwrap_or_else(Answer::from);
        if let Some(requests) = &self.requests {
            requests.answered(index, answer.status(), started.elapsed());
        }
        answer
    }

    fn methods(&self, path: &str) -> Vec<&'static str> {
        methods(&self.routes, path)
    }

    fn origins(&self) -> Origins {
        self.origins.clone()
    }
}

impl Gateway {
    pub(crate) fn new(
        log: Arc<Log>,
        reader: CommandReader,
        wait: Duration,
        metrics: Metrics,
        shutdown: Shutdown,
        clients: Clients,
    ) -> Self {
        let Clients { tokens, origins } = clients;
        let routes = routes::routes();
        let api = Api {
            title: "Aerolog command gateway",
            version: env!("CARGO_PKG_VERSION"),
            description: "Commands to a flight schedule, each answered with its outcome.",
            schemas: json_schema::schemas(),
            documented: match tokens {
                Some(_) => Documented::WithTokens,
                None => Documented::WithoutTokens,
            },
        };
        let openapi = document(&api, &routes);
        Self {
            labels: routes::labels(&routes),
            tracer: Tracer::default(),
            page: page(&openapi).into(),
            openapi: openapi.to_string().into(),
            routes,
            waiting: Arc::new(Waiting::new(log, shutdown)),
            reader: Arc::new(reader),
            wait,
            metrics,
            requests: None,
            tokens,
            origins,
        }
    }

    /// The labels that [`RequestMetrics`] are to have.
    pub(crate) fn labels(&self) -> Vec<&'static str> {
        self.labels.clone()
    }

    pub(crate) fn traced_by(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    pub(crate) fn counting(self, requests: RequestMetrics) -> Self {
        Self {
            requests: Some(requests),
            ..self
        }
    }

    async fn answer_traced(&self, found: &Found<'_, Action>, request: &Request<'_>) -> Result<Answer, Problem> {
        let span = RequestSpan::begin(&self.tracer, request);
        let answer = self.answer_route(found, request, span.as_ref()).await;
        if let Some(span) = span {
            let status = answer.as_ref().map_or_else(|problem| problem.status(), Answer::status);
            span.end(&self.tracer, self.labels[found.index], request.method, status);
        }
        answer
    }

    async fn answer_route(&self, found: &Found<'_, Action>, request: &Request<'_>, span: Option<&RequestSpan>) -> Result<Answer, Problem> {
        let parameters = found.query(request)?;
        check_headers(found, request)?;
        let caller = self.caller(found.route.action, request).await?;
        let sender = Sender {
            caller: caller.as_ref(),
            span,
        };
        match found.route.action {
            Action::Send => match media_type(request)? {
                MediaType::Lines => {
                    let traceparent = sender.traceparent(request)?;
                    self.send_lines(request, caller, traceparent)
                }
                MediaType::Json => {
                    let body = request.body.read(COMMAND_BYTES_MAX).await?;
                    let command = self.reader.read(incoming::object(&body)?, Envelope::of(request, sender)?)?;
                    let incoming = Incoming {
                        command,
                        is_conditional: false,
                    };
                    self.send(incoming, request, caller.as_ref()).await
                }
            },
            Action::Resource(resource) => {
                let incoming = self.of_resource(resource, found, request, &parameters, sender).await?;
                self.send(incoming, request, caller.as_ref()).await
            }
            Action::Outcome => self.outcome(found, request, &parameters).await,
            Action::OpenApi => Ok(Answer::new(JSON, self.openapi.clone())),
            Action::Page => Ok(Answer::new(HTML, self.page.clone())),
        }
    }

    /// Who asks, where clients have to say so.
    async fn caller(&self, action: Action, request: &Request<'_>) -> Result<Option<Caller>, Problem> {
        let role = match action {
            Action::Send | Action::Resource(_) => Role::Planner,
            Action::Outcome => Role::Viewer,
            // It says nothing about the schedule.
            Action::OpenApi | Action::Page => return Ok(None),
        };
        match &self.tokens {
            // A page cannot send a token that it does not have.
            Some(tokens) => tokens.caller(request, role).await.map(Some),
            None => check_origin(request, &self.origins).map(|()| None),
        }
    }

    async fn of_resource(
        &self,
        resource: &Resource,
        found: &Found<'_, Action>,
        request: &Request<'_>,
        parameters: &Parameters<'_>,
        sender: Sender<'_>,
    ) -> Result<Incoming, Problem> {
        let body = if resource.has_body {
            if media_type(request)? == MediaType::Lines {
                return Err(Problem::unsupported_media_type(Some(routes::JSON_LINES), &[routes::JSON]));
            }
            incoming::object(&request.body.read(COMMAND_BYTES_MAX).await?)?
        } else {
            // Nothing is there; something would mean something other than it says.
            let body = request.body.read(0).await;
            body.map_err(|_too_large| incoming::no_command("this route takes no body"))?;
            serde_json::Map::new()
        };
        let expected_version = resources::expected_version(request)?;
        let value = |source| match source {
            Source::Path(name) => Some(found.value(name).to_owned()),
            Source::Query(name) => parameters.get(name).map(str::to_owned),
            Source::Body(_) => None,
        };
        let command = resource.command(body, expected_version, value)?;
        Ok(Incoming {
            command: self.reader.read(command, Envelope::of(request, sender)?)?,
            is_conditional: expected_version.is_some(),
        })
    }

    async fn send(&self, incoming: Incoming, request: &Request<'_>, caller: Option<&Caller>) -> Result<Answer, Problem> {
        if let Some(caller) = caller {
            // The body may have come slowly.
            caller.check_expiry(clock::unix_ms())?;
        }
        let preference = Preference::of(request)?;
        let Incoming { command, is_conditional } = incoming;
        let expected = if is_conditional { Expected::InHeader } else { Expected::InCommand };
        let answered = if preference.is_async && preference.wait.is_none() {
            self.waiting.write(command).await
        } else {
            let wait = preference.wait.unwrap_or(self.wait);
            self.waiting.send(command, expected, wait).await
        };
        let answer = answered.unwrap_or_else(Answer::from);
        self.metrics.answered(answer.status());
        Ok(answers::with_preference(answer, &preference))
    }

    fn send_lines(&self, request: &Request<'_>, caller: Option<Caller>, traceparent: Option<String>) -> Result<Answer, Problem> {
        if request.headers.contains_key(IDEMPOTENCY_KEY) {
            return Err(Problem::header_not_taken(
                "Idempotency-Key",
                "each line has a command_id of its own",
            ));
        }
        let expiry = Expiry::of(self.tokens.as_ref(), caller.as_ref());
        let lines = Lines {
            wait: Preference::of(request)?.wait.unwrap_or(self.wait),
            waiting: Arc::clone(&self.waiting),
            reader: Arc::clone(&self.reader),
            caller,
            traceparent,
            metrics: self.metrics.clone(),
        };
        Ok(Answer::stream(
            HeaderValue::from_static(routes::JSON_LINES),
            lines.start(request.body.take(), expiry),
        ))
    }

    async fn outcome(&self, found: &Found<'_, Action>, request: &Request<'_>, parameters: &Parameters<'_>) -> Result<Answer, Problem> {
        let command_id = incoming::command_id("command_id", found.value("command_id"))?;
        let preference = Preference::of(request)?;
        let wait = preference.wait.unwrap_or(self.wait);
        let answer = self.waiting.attach(command_id, parameters.get(AGGREGATE_ID), wait).await?;
        Ok(answers::with_preference(answer, &preference))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaType {
    Json,
    Lines,
}

fn media_type(request: &Request<'_>) -> Result<MediaType, Problem> {
    let given = request.header(&header::CONTENT_TYPE, "a media type")?;
    // Parameters such as a character set are of no concern: JSON is UTF-8.
    let essence = given.map(|given| given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some(routes::JSON) => Ok(MediaType::Json),
        Some(routes::JSON_LINES) => Ok(MediaType::Lines),
        _ => Err(Problem::unsupported_media_type(given, &[routes::JSON, routes::JSON_LINES])),
    }
}

fn check_headers(found: &Found<'_, Action>, request: &Request<'_>) -> Result<(), Problem> {
    let described = &found.route.described;
    let conditions = if found.route.method == Method::GET {
        &[][..]
    } else {
        &CONDITIONS[..]
    };
    for (name, why) in MEANINGFUL.iter().chain(conditions) {
        let is_taken = described
            .headers
            .iter()
            .any(|header| name.as_str().eq_ignore_ascii_case(header.name));
        if request.headers.contains_key(name) && !is_taken {
            return Err(Problem::header_not_taken(name.as_str(), why));
        }
    }
    Ok(())
}

/// Pages of other origins may send some requests without asking first: the browser of any visitor would send those of a page that is not on the list.
fn check_origin(request: &Request<'_>, origins: &Origins) -> Result<(), Problem> {
    let origin = request.headers.get(header::ORIGIN);
    if ![Method::GET, Method::HEAD].contains(request.method) && origin.is_some_and(|origin| !origins.allow(origin)) {
        let detail = "this service takes no commands from pages of this origin: http.origins of its configuration does not name it";
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross-origin",
            "Cross-origin request",
            detail.to_owned(),
        ));
    }
    Ok(())
}
