//! From a request to an answer: which question, at which position, on which thread.

use crate::answer::{Answer, JSON, PROMETHEUS_TEXT};
use crate::documents;
use crate::metrics::{self, Metrics};
use crate::parameters::Parameters;
use crate::position::{self, Position};
use crate::problem::Problem;
use crate::question::{Question, Work};
use crate::route::{Route, TEMPLATES};
use crate::source::{Readiness, Source};
use prometheus::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use warp::http::{HeaderMap, HeaderName, Method};

/// The least position that an answer may be made at.
pub(crate) const X_MIN_POSITION: HeaderName = HeaderName::from_static("x-min-position");
const AT_LEAST: &str = "at_least";

/// How long a request may take over what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long to wait for the view to reach a minimum position.
    pub position_wait_max: Duration,
    /// Scans that run at once, beside the threads that answer point questions.
    pub scans_at_once_max: usize,
    /// How long a scan may wait for its turn and run.
    pub scan_wait_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            position_wait_max: Duration::from_secs(5),
            scans_at_once_max: 4,
            scan_wait_max: Duration::from_secs(10),
        }
    }
}

/// A request, as far as it matters here.
pub(crate) struct Asked<'r> {
    pub(crate) method: &'r Method,
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
}

/// Answers questions about one view.
pub struct Service<S> {
    source: Arc<S>,
    registry: Registry,
    metrics: Metrics,
    patience: Patience,
    scans: Arc<Semaphore>,
}

impl<S: Source> Service<S> {
    /// `registry` receives this service's metrics, and is what `/metrics` shows.
    ///
    /// # Errors
    /// When the registry holds a metric of the same name already.
    pub fn new(source: Arc<S>, registry: Registry, patience: Patience) -> Result<Self, prometheus::Error> {
        Ok(Self {
            source,
            metrics: Metrics::register(&registry)?,
            registry,
            patience,
            scans: Arc::new(Semaphore::new(patience.scans_at_once_max)),
        })
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) async fn answer(&self, asked: Asked<'_>) -> Answer {
        let started = Instant::now();
        self.metrics.requests_pending.inc();
        let route = Route::parse(asked.path);
        let answer = match self.answer_route(route.as_ref(), &asked).await {
            Ok(answer) => answer,
            Err(problem) => Answer::from(problem).at(&self.source.applied().borrow()),
        };
        self.metrics.requests_pending.dec();
        self.metrics
            .answered(route.map(|route| route.template_index()), answer.status(), started.elapsed());
        answer
    }

    async fn answer_route(&self, route: Option<&Route<'_>>, asked: &Asked<'_>) -> Result<Answer, Problem> {
        let route = route.ok_or_else(|| Problem::no_such_route(asked.path, &TEMPLATES))?;
        if asked.method != Method::GET && asked.method != Method::HEAD {
            return Err(Problem::method_not_allowed(asked.method.as_str()));
        }
        let parameters = Parameters::parse(asked.query, Question::known_parameters(route))?;
        let Some(question) = Question::parse(route, &parameters)? else {
            return self.operate(route);
        };
        if question.is_about_the_schedule() && !self.source.is_complete() {
            return Err(self.being_built());
        }
        if let Some(least) = minimum_position(asked.headers, &parameters)? {
            self.wait_for(&least).await?;
        }
        self.ask(question).await
    }

    /// The routes that tell about the process, not about the schedule.
    fn operate(&self, route: &Route<'_>) -> Result<Answer, Problem> {
        match route {
            Route::Ready => self.ready(),
            Route::Metrics => match metrics::render(&self.registry) {
                Ok(text) => Ok(Answer::new(PROMETHEUS_TEXT, text)),
                Err(error) => {
                    tracing::error!(%error, "metrics could not be rendered");
                    Err(Problem::internal())
                }
            },
            _ => Ok(Answer::new(JSON, b"{\"status\":\"live\"}\n".to_vec())),
        }
    }

    fn ready(&self) -> Result<Answer, Problem> {
        match self.source.readiness() {
            Readiness::Ready => Ok(Answer::new(JSON, b"{\"status\":\"ready\"}\n".to_vec()).at(&self.source.applied().borrow())),
            Readiness::NotReady(reason) => Err(Problem::not_ready(&reason)),
        }
    }

    fn being_built(&self) -> Problem {
        match self.source.readiness() {
            Readiness::Ready => Problem::being_built("it is complete in a moment"),
            Readiness::NotReady(reason) => Problem::being_built(&reason),
        }
    }

    /// Returns once a snapshot taken from now on has reached `least`.
    async fn wait_for(&self, least: &Position) -> Result<(), Problem> {
        let mut applied = self.source.applied();
        if let Some(unknown) = least.unknown_partition(applied.borrow().position()) {
            return Err(Problem::unknown_partition(unknown, applied.borrow().position()));
        }
        let wait_max = self.patience.position_wait_max;
        let reached = applied.wait_for(|stamp| stamp.position().has_reached(least));
        match timeout(wait_max, reached).await {
            Ok(Ok(_stamp)) => Ok(()),
            // Nothing more will be applied, or not in time.
            Ok(Err(_)) | Err(_) => Err(Problem::position_not_reached(least, wait_max.as_millis())),
        }
    }

    /// Points are answered where they are asked: a switch of threads would cost more than the reads. Scans have threads of their
    /// own, few of them, so that they neither delay points nor pile up.
    async fn ask(&self, question: Question) -> Result<Answer, Problem> {
        match question.work() {
            Work::Point => Ok(answer_from(&*self.source, &question)),
            Work::Scan => {
                let source = Arc::clone(&self.source);
                let scan = async {
                    let turn = Arc::clone(&self.scans).acquire_owned().await;
                    let scan = tokio::task::spawn_blocking(move || {
                        let answer = answer_from(&*source, &question);
                        drop(turn);
                        answer
                    });
                    scan.await
                };
                match timeout(self.patience.scan_wait_max, scan).await {
                    Ok(Ok(answer)) => Ok(answer),
                    Ok(Err(error)) => {
                        tracing::error!(%error, "a scan did not end");
                        Err(Problem::internal())
                    }
                    Err(_) => Err(Problem::busy("too many long questions are being answered")),
                }
            }
        }
    }
}

/// The answer from one snapshot, with that snapshot's position, whether or not it is a success.
fn answer_from<S: Source>(source: &S, question: &Question) -> Answer {
    let snapshot = source.snapshot();
    let stamp = source.position(&snapshot);
    let answered = match &stamp {
        Ok(stamp) => documents::answer(question, &snapshot, stamp),
        Err(error) => Err(Problem::from(error.clone())),
    };
    let answer = match answered {
        Ok(body) => Answer::new(JSON, body),
        Err(problem) => {
            if let Some(error) = problem.unreadable() {
                source.could_not_be_read(error);
            }
            Answer::from(problem)
        }
    };
    match stamp {
        Ok(stamp) => answer.at(&stamp),
        Err(_) => answer,
    }
}

/// What the header and the parameter ask for; both together when both are there.
fn minimum_position(headers: &HeaderMap, parameters: &Parameters<'_>) -> Result<Option<Position>, Problem> {
    let read = |text: &str| Position::parse(text).ok_or(position::EXPECTED);
    let parameter = parameters.read(AT_LEAST, read)?;
    let Some(header) = headers.get(X_MIN_POSITION) else {
        return Ok(parameter);
    };
    let bad = || {
        let given = String::from_utf8_lossy(header.as_bytes());
        Problem::bad_parameter("X-Min-Position", &given, position::EXPECTED)
    };
    let header = header.to_str().ok().and_then(Position::parse).ok_or_else(bad)?;
    Ok(Some(match parameter {
        Some(parameter) => parameter.and(&header),
        None => header,
    }))
}
