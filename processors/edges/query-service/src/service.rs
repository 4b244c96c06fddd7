//! From a request to an answer: which question, at which position, on which thread.

use crate::documents;
use crate::lane::{Interrupt, Interruptible, Lane};
use crate::question::{Question, Work};
use crate::refusal::{self, Refusal};
use crate::route::{Route, TEMPLATES};
use crate::source::{Readiness, Source, Stamp};
use http_server::{
    Answer, ConnectionMetrics, Handler, JSON, Limits, Method, Parameters, Position, Problem, Request, RequestMetrics, X_MIN_POSITION,
    X_POSITION, metrics_answer,
};
use prometheus::Registry;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

const AT_LEAST: &str = "at_least";
/// The label of this port in metrics.
const PORT: &str = "questions";
/// Threads for pages of lists, for lists that are searched, and for what reads everything: none takes the turns of another.
const PAGES_AT_ONCE_MAX: usize = 4;
const SEARCHES_AT_ONCE_MAX: usize = 2;
const WHOLES_AT_ONCE_MAX: usize = 1;

/// How long a request may take over what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long to wait for the view to reach a minimum position.
    pub position_wait_max: Duration,
    /// How long a question that is no point waits for its turn.
    pub turn_wait_max: Duration,
    /// How long a list or a check may take in its turn.
    pub scan_run_max: Duration,
    /// How long a question that reads the whole view may take in its turn.
    pub whole_run_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            position_wait_max: Duration::from_secs(5),
            turn_wait_max: Duration::from_secs(10),
            scan_run_max: Duration::from_secs(10),
            whole_run_max: Duration::from_secs(60),
        }
    }
}

/// Answers questions about one view.
pub struct Service<S> {
    source: Arc<S>,
    registry: Registry,
    metrics: RequestMetrics,
    connections: ConnectionMetrics,
    position_wait_max: Duration,
    pages: Lane,
    searches: Lane,
    wholes: Lane,
}

/// Answers questions on `listener` until `shutdown` resolves, then lets open requests end.
pub async fn serve<S: Source>(listener: TcpListener, service: Arc<Service<S>>, limits: Limits, shutdown: impl Future<Output = ()>) {
    let connections = service.connections.clone();
    http_server::serve(listener, service, limits, connections, shutdown).await;
}

impl<S: Source> Handler for Service<S> {
    async fn answer(&self, request: Request<'_>) -> Answer {
        let started = Instant::now();
        let _pending = self.metrics.pending();
        let route = Route::parse(request.path);
        let answer = match self.answer_route(route.as_ref(), &request).await {
            Ok(answer) => answer,
            Err(problem) => at(Answer::from(problem), &self.source.applied().borrow()),
        };
        self.metrics
            .answered(route.map(|route| route.template_index()), answer.status(), started.elapsed());
        answer
    }
}

impl<S: Source> Service<S> {
    /// `registry` receives this service's metrics, and is what `/metrics` shows.
    ///
    /// # Errors
    /// When the registry holds a metric of the same name already.
    pub fn new(source: Arc<S>, registry: Registry, patience: Patience) -> Result<Self, prometheus::Error> {
        let lane = |at_once_max, run_max| Lane::new(at_once_max, patience.turn_wait_max, run_max);
        Ok(Self {
            source,
            metrics: RequestMetrics::register(&registry, &TEMPLATES)?,
            connections: ConnectionMetrics::register(&registry, PORT)?,
            registry,
            position_wait_max: patience.position_wait_max,
            pages: lane(PAGES_AT_ONCE_MAX, patience.scan_run_max),
            searches: lane(SEARCHES_AT_ONCE_MAX, patience.scan_run_max),
            wholes: lane(WHOLES_AT_ONCE_MAX, patience.whole_run_max),
        })
    }

    async fn answer_route(&self, route: Option<&Route<'_>>, request: &Request<'_>) -> Result<Answer, Problem> {
        let route = route.ok_or_else(|| Problem::no_such_route(request.path, &TEMPLATES))?;
        if request.method != Method::GET && request.method != Method::HEAD {
            return Err(Problem::method_not_allowed(request.method.as_str()));
        }
        let parameters = Parameters::parse(request.query, Question::known_parameters(route))?;
        let Some(question) = Question::parse(route, &parameters)? else {
            if request.headers.contains_key(X_MIN_POSITION) {
                return Err(Problem::header_not_taken("X-Min-Position", "this route does not read the view"));
            }
            return self.operate(route);
        };
        let least = minimum_position(request, &parameters)?;
        if question.is_about_the_schedule() && !self.source.is_complete() {
            return Err(self.being_built());
        }
        if let Some(least) = least {
            self.wait_for(&least).await?;
        }
        self.ask(question).await
    }

    /// The routes that tell about the process, not about the schedule.
    fn operate(&self, route: &Route<'_>) -> Result<Answer, Problem> {
        match route {
            Route::Ready => self.ready(),
            Route::Metrics => metrics_answer(&self.registry),
            _ => Ok(Answer::new(JSON, b"{\"status\":\"live\"}\n".to_vec())),
        }
    }

    fn ready(&self) -> Result<Answer, Problem> {
        match self.source.readiness() {
            Readiness::Ready => {
                let answer = Answer::new(JSON, b"{\"status\":\"ready\"}\n".to_vec());
                Ok(at(answer, &self.source.applied().borrow()))
            }
            Readiness::NotReady(reason) => Err(Problem::not_ready(&reason)),
        }
    }

    fn being_built(&self) -> Problem {
        match self.source.readiness() {
            Readiness::Ready => refusal::being_built("it is complete in a moment"),
            Readiness::NotReady(reason) => refusal::being_built(&reason),
        }
    }

    /// Returns once a snapshot taken from now on has reached `least`.
    async fn wait_for(&self, least: &Position) -> Result<(), Problem> {
        let mut applied = self.source.applied();
        if let Some(unknown) = least.unknown_partition(applied.borrow().position()) {
            return Err(refusal::unknown_partition(unknown, applied.borrow().position()));
        }
        let wait_max = self.position_wait_max;
        let reached = applied.wait_for(|stamp| stamp.position().has_reached(least));
        match timeout(wait_max, reached).await {
            Ok(Ok(_stamp)) => Ok(()),
            // Nothing more will be applied, or not in time.
            Ok(Err(_)) | Err(_) => Err(refusal::position_not_reached(least, wait_max.as_millis())),
        }
    }

    /// Points are answered where they are asked: a switch of threads would cost more than the reads. Everything else has a lane.
    async fn ask(&self, question: Question) -> Result<Answer, Problem> {
        let lane = match question.work() {
            Work::Point => return Ok(answer_from(&*self.source, &question, None)),
            Work::Page => &self.pages,
            Work::Search => &self.searches,
            Work::Whole => &self.wholes,
        };
        let source = Arc::clone(&self.source);
        lane.run(move |interrupt| answer_from(&*source, &question, Some(interrupt))).await
    }
}

/// The answer from one snapshot, with that snapshot's position, whether or not it is a success.
fn answer_from<S: Source>(source: &S, question: &Question, interrupt: Option<&Interrupt>) -> Answer {
    let snapshot = source.snapshot();
    let stamp = source.position(&snapshot);
    let answered = match (&stamp, interrupt) {
        (Ok(stamp), None) => documents::answer(question, &snapshot, stamp),
        (Ok(stamp), Some(interrupt)) => documents::answer(question, &Interruptible::new(&snapshot, interrupt), stamp),
        (Err(error), _) => Err(Refusal::Unreadable(error.clone())),
    };
    let answer = match answered {
        Ok(body) => Answer::new(JSON, body),
        Err(Refusal::Problem(problem)) => Answer::from(problem),
        // The lane says so to the client, if it is still there.
        Err(Refusal::Unreadable(_)) if interrupt.is_some_and(Interrupt::is_due) => Answer::from(refusal::view_unreadable()),
        Err(Refusal::Unreadable(error)) => {
            tracing::error!(%error, "a question could not be answered");
            source.could_not_be_read(&error);
            Answer::from(refusal::view_unreadable())
        }
    };
    match stamp {
        Ok(stamp) => at(answer, &stamp),
        Err(_) => answer,
    }
}

fn at(answer: Answer, stamp: &Stamp) -> Answer {
    answer.with_header(X_POSITION, stamp.header())
}

/// What the header and the parameter ask for; both together when both are there.
fn minimum_position(request: &Request<'_>, parameters: &Parameters<'_>) -> Result<Option<Position>, Problem> {
    let parameter = parameters.read(AT_LEAST, Position::read)?;
    let header = Position::minimum(request)?;
    Ok(match (parameter, header) {
        (Some(parameter), Some(header)) => Some(parameter.and(&header)),
        (parameter, header) => parameter.or(header),
    })
}
