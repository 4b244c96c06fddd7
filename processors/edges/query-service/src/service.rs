//! From a request to an answer: which question of which view, at which position, on which thread.

use crate::as_of::AsOf;
use crate::asked::{AskedView, Prepared, Questions, at};
use crate::changes::{self, AFTER, Begin, FollowMetrics, Followable, FollowingClients};
use crate::client_copy::ClientCopy;
use crate::listing;
use crate::openapi;
use crate::refusal;
use crate::source::Readiness;
use crate::table::{AS_OF, AT_LEAST, Operation, Table, Target};
use crate::worker_pool::{Interrupt, WorkerPool};
use application::{Asked, Refusal, Work};
use bearer_tokens::{Caller, Expiry, Role, Tokens};
use bytes::Bytes;
use http_server::{
    Answer, ConnectionMetrics, Documented, HTML, Handler, JSON, Limits, Listener, Method, Origins, Parameters, Position, Problem, Request,
    RequestMetrics, X_MIN_POSITION, page,
};
use prometheus::Registry;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The label of this port in metrics.
const PORT: &str = "questions";
/// Threads for pages of lists, for lists that are searched, for ways through the graph, and for what reads everything: none takes the turns of
/// another.
const PAGES_AT_ONCE_MAX: usize = 4;
const SEARCHES_AT_ONCE_MAX: usize = 2;
const TRAVERSALS_AT_ONCE_MAX: usize = 2;
const FULL_SCANS_AT_ONCE_MAX: usize = 1;
/// Questions that read the log at once: the reader reads for one after the other.
const LOGS_AT_ONCE_MAX: usize = 1;

/// How many keys of a page are read where it is asked for, before it has to wait for a thread of its pool.
const INLINE_READS_MAX: u32 = 64;

/// How long a request may wait, and how long each kind of question may run.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// How long to wait for the view to reach a minimum position.
    pub position_wait_max: Duration,
    /// How long a question that is no point waits for its turn.
    pub turn_wait_max: Duration,
    /// How long a list or a check may take in its turn.
    pub scan_run_max: Duration,
    /// How long a question that reads the whole view may take in its turn.
    pub full_scan_run_max: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            position_wait_max: Duration::from_secs(5),
            turn_wait_max: Duration::from_secs(10),
            scan_run_max: Duration::from_secs(10),
            full_scan_run_max: Duration::from_secs(60),
        }
    }
}

/// Answers questions about some views.
pub struct Service {
    table: Table,
    metrics: RequestMetrics,
    connections: ConnectionMetrics,
    position_wait_max: Duration,
    tokens: Option<Tokens>,
    origins: Origins,
    /// The OpenAPI document, and the same as a page.
    openapi: Bytes,
    page: Bytes,
    pages: WorkerPool,
    searches: WorkerPool,
    traversals: WorkerPool,
    full_scans: WorkerPool,
    logs: WorkerPool,
    following: FollowingClients,
}

/// Answers questions on `listener` until `shutdown` resolves, then lets open requests end.
pub async fn serve(listener: impl Into<Listener>, service: Arc<Service>, limits: Limits, shutdown: impl Future<Output = ()>) {
    let connections = service.connections.clone();
    let stopping = Arc::clone(&service);
    let shutdown = async move {
        shutdown.await;
        // They would go on until they are cut.
        stopping.following.stop();
    };
    http_server::serve(listener, service, limits, connections, shutdown).await;
}

impl Handler for Service {
    async fn answer(&self, request: Request<'_>) -> Answer {
        let started = Instant::now();
        let _pending = self.metrics.pending();
        let target = self.table.find(request.path);
        let answer = match self.answer_target(target.as_ref(), &request).await {
            Ok(answer) => answer,
            Err(problem) => at(Answer::from(problem), &self.view_of(target.as_ref()).applied().borrow()),
        };
        let template = target.map(|target| self.table.template(&target));
        self.metrics.answered(template, answer.status(), started.elapsed());
        answer
    }

    fn methods(&self, path: &str) -> Vec<&'static str> {
        match self.table.find(path) {
            Some(_) => vec!["GET", "HEAD", "OPTIONS"],
            None => Vec::new(),
        }
    }

    fn origins(&self) -> Origins {
        self.origins.clone()
    }
}

impl Service {
    /// `registry` receives this service's metrics. The first view's position is that of the process. With `tokens`,
    /// only those are answered who send a token that lets them ask; health and the document of what can be asked are for all.
    ///
    /// # Errors
    /// When the registry holds a metric of the same name already.
    ///
    /// # Panics
    /// Without a view, and when a view has a route of the process.
    pub fn new(
        views: Vec<AskedView>,
        tokens: Option<Tokens>,
        registry: &Registry,
        time_limits: TimeLimits,
    ) -> Result<Self, prometheus::Error> {
        let pool = |at_once_max, run_max| WorkerPool::new(at_once_max, time_limits.turn_wait_max, run_max);
        let table = Table::new(views);
        let following = FollowingClients::new(FollowMetrics::register(registry)?, time_limits.scan_run_max);
        let documented = match tokens {
            Some(_) => Documented::WithTokens,
            None => Documented::WithoutTokens,
        };
        let openapi = openapi::openapi(&table.views, documented);
        Ok(Self {
            metrics: RequestMetrics::register(registry, &table.templates)?,
            connections: ConnectionMetrics::register(registry, PORT)?,
            table,
            position_wait_max: time_limits.position_wait_max,
            tokens,
            origins: Origins::default(),
            page: page(&openapi).into(),
            openapi: openapi.to_string().into(),
            pages: pool(PAGES_AT_ONCE_MAX, time_limits.scan_run_max),
            searches: pool(SEARCHES_AT_ONCE_MAX, time_limits.scan_run_max),
            traversals: pool(TRAVERSALS_AT_ONCE_MAX, time_limits.scan_run_max),
            full_scans: pool(FULL_SCANS_AT_ONCE_MAX, time_limits.full_scan_run_max),
            logs: pool(LOGS_AT_ONCE_MAX, time_limits.scan_run_max),
            following,
        })
    }

    /// The same service, which pages of these origins may use.
    pub fn with_origins(self, origins: Origins) -> Self {
        Self { origins, ..self }
    }

    /// Who asks, where clients have to say so.
    async fn check_caller(&self, target: &Target<'_>, request: &Request<'_>) -> Result<Option<Caller>, Problem> {
        match (&self.tokens, target) {
            // What can be asked says nothing about the schedule.
            (None, _) | (Some(_), Target::Operation(Operation::Live | Operation::Ready | Operation::OpenApi | Operation::Docs)) => Ok(None),
            (Some(tokens), Target::Operation(Operation::Views) | Target::Position(_) | Target::Changes(_) | Target::Question(_)) => {
                tokens.caller(request, Role::Viewer).await.map(Some)
            }
        }
    }

    /// The view that a target asks; the first where it asks none.
    fn view_of(&self, target: Option<&Target<'_>>) -> &dyn Questions {
        &*self.table.views[self.number_of_view(target)].questions
    }

    fn number_of_view(&self, target: Option<&Target<'_>>) -> usize {
        match target {
            Some(Target::Position(view) | Target::Changes(view)) => *view,
            Some(Target::Question(question)) => question.route.view,
            Some(Target::Operation(_)) | None => 0,
        }
    }

    async fn answer_target(&self, target: Option<&Target<'_>>, request: &Request<'_>) -> Result<Answer, Problem> {
        let target = target.ok_or_else(|| self.no_such_route(request))?;
        if request.method != Method::GET && request.method != Method::HEAD {
            return Err(Problem::method_not_allowed(request.method.as_str()));
        }
        let caller = self.check_caller(target, request).await?;
        let copy = matches!(target, Target::Question(_)).then(|| ClientCopy::of(request));
        if let Some(copy) = &copy
            // Whether the view has reached that position is not known yet.
            && !request.headers.contains_key(X_MIN_POSITION)
            && let Some(kept) = self.view_of(Some(target)).kept(copy)
        {
            return Ok(kept);
        }
        let parameters = Parameters::parse(request.query, self.table.known(target))?;
        let view = self.view_of(Some(target));
        let prepared = match target {
            Target::Operation(operation) => {
                if request.headers.contains_key(X_MIN_POSITION) {
                    return Err(Problem::header_not_taken("X-Min-Position", "this route does not read a view"));
                }
                return self.operate(*operation);
            }
            Target::Position(_) => {
                let asked = Asked::new("/position", &[], parameters.sorted_without(&[AT_LEAST, AS_OF]));
                view.position(asked.flag("content_hash").map_err(refusal::problem)?)
            }
            Target::Changes(number) => return self.changes(*number, request, &parameters, caller).await,
            Target::Question(question) => {
                let asked = Asked::new(
                    question.route.template,
                    &question.names,
                    parameters.sorted_without(&[AT_LEAST, AS_OF]),
                );
                view.question(question.route.number, &asked).map_err(|refused| match refused {
                    Refusal::NoSuchRoute => self.no_such_route(request),
                    refused => refusal::problem(refused),
                })?
            }
        };
        let as_of = self.check_as_of(target, &parameters)?;
        let least = minimum_position(request, &parameters)?;
        if matches!(target, Target::Question(_)) && !view.is_complete() {
            return Err(being_built(view));
        }
        for (name, least) in [(AT_LEAST, &least), (AS_OF, &as_of)] {
            self.wait_for(view, name, least.as_ref()).await?;
        }
        self.ask(prepared, copy.unwrap_or_else(|| ClientCopy::of(request))).await
    }

    /// Refuses a question about another place in the past than the one that the view is frozen at, and returns the position of that place, where
    /// it is known.
    fn check_as_of(&self, target: &Target<'_>, parameters: &Parameters<'_>) -> Result<Option<Position>, Problem> {
        let Some(asked) = parameters.read(AS_OF, AsOf::read)? else {
            return Ok(None);
        };
        let number = self.number_of_view(Some(target));
        match &self.table.views[number].as_of {
            Some(held) if *held == asked => Ok(match asked {
                AsOf::Time(_) => None,
                AsOf::Position(position) => Some(position),
            }),
            held => Err(refusal::no_history(&asked, held.as_ref())),
        }
    }

    /// A stream of what the view's events change.
    async fn changes(
        &self,
        number: usize,
        request: &Request<'_>,
        parameters: &Parameters<'_>,
        caller: Option<Caller>,
    ) -> Result<Answer, Problem> {
        let view = &self.table.views[number];
        let asked = Asked::new("/changes", &[], parameters.sorted_without(&[AT_LEAST, AFTER]));
        let query = view.questions.change_query(&asked).map_err(refusal::problem)?;
        let after = changes::after(request, parameters)?;
        let least = minimum_position(request, parameters)?;
        if !view.questions.is_complete() {
            return Err(being_built(&*view.questions));
        }
        self.wait_for(&*view.questions, AT_LEAST, least.as_ref()).await?;
        if let Some(after) = &after {
            // A client may have been told more elsewhere than this view holds yet. It waits in its stream: a browser's EventSource never comes
            // back after a 503.
            check_partitions(&*view.questions, AFTER, after)?;
        }
        if *request.method == Method::HEAD {
            return Ok(Answer::new(changes::EVENT_STREAM, Bytes::new()));
        }
        let stamp = Arc::clone(&view.questions.applied().borrow());
        let begin = Begin {
            edition: view.edition.clone(),
            query,
            now: stamp.position().clone(),
            after,
            expiry: Expiry::of(self.tokens.as_ref(), caller.as_ref()),
        };
        let followed: Arc<dyn Followable> = Arc::clone(&view.questions) as _;
        Ok(at(self.following.start(followed, begin)?, &stamp))
    }

    fn no_such_route(&self, request: &Request<'_>) -> Problem {
        Problem::no_such_route(request.path, &self.table.templates)
    }

    /// Answers about the process.
    fn operate(&self, operation: Operation) -> Result<Answer, Problem> {
        match operation {
            Operation::Live => Ok(Answer::new(JSON, b"{\"status\":\"live\"}\n".to_vec())),
            Operation::Ready => self.ready(),
            Operation::Views => {
                let document = listing::views(self.table.views.iter()).map_err(refusal::problem)?;
                Ok(Answer::new(JSON, document))
            }
            Operation::OpenApi => Ok(Answer::new(JSON, self.openapi.clone())),
            Operation::Docs => Ok(Answer::new(HTML, self.page.clone())),
        }
    }

    /// Ready when every current view is: another version may be built meanwhile.
    fn ready(&self) -> Result<Answer, Problem> {
        let current = self.table.views.iter().filter(|view| view.is_current);
        let reasons: Vec<String> = current
            .filter_map(|view| match view.questions.readiness() {
                Readiness::Ready => None,
                Readiness::NotReady(reason) if self.table.views.len() == 1 => Some(reason),
                Readiness::NotReady(reason) => Some(format!("{}: {reason}", view.edition)),
            })
            .collect();
        if !reasons.is_empty() {
            return Err(Problem::not_ready(&reasons.join("; ")));
        }
        let answer = Answer::new(JSON, b"{\"status\":\"ready\"}\n".to_vec());
        Ok(at(answer, &self.view_of(None).applied().borrow()))
    }

    /// Returns once a snapshot taken from now on has reached `least`, which the client has given under that name.
    async fn wait_for(&self, view: &dyn Questions, name: &'static str, least: Option<&Position>) -> Result<(), Problem> {
        let Some(least) = least else { return Ok(()) };
        check_partitions(view, name, least)?;
        let mut applied = view.applied();
        // Most clients ask at a position that was reached before they asked, and a timer takes longer than to see that.
        if applied.borrow().position().has_reached(least) {
            return Ok(());
        }
        let wait_max = self.position_wait_max;
        let reached = applied.wait_for(|stamp| stamp.position().has_reached(least));
        match timeout(wait_max, reached).await {
            Ok(Ok(_stamp)) => Ok(()),
            // Nothing more will be applied, or not in time.
            Ok(Err(_)) | Err(_) => Err(refusal::position_not_reached(least, wait_max.as_millis())),
        }
    }

    /// Points are answered where they are asked: a switch of threads would cost more than the reads. Everything else runs on the threads of its pool.
    async fn ask(&self, prepared: Prepared, copy: ClientCopy) -> Result<Answer, Problem> {
        let Prepared { work, answer } = prepared;
        if work == Work::Page {
            // Most pages are a few keys, and a switch of threads takes longer than they do.
            let interrupt = Interrupt::after(INLINE_READS_MAX);
            let made = answer(Some(&interrupt), &copy);
            if !interrupt.is_exhausted() {
                return Ok(made);
            }
        }
        let pool = match work {
            Work::Point => return Ok(answer(None, &copy)),
            Work::Page => &self.pages,
            Work::Search => &self.searches,
            Work::Traversal => &self.traversals,
            Work::FullScan => &self.full_scans,
            Work::Log => &self.logs,
        };
        pool.run(move |interrupt| answer(Some(interrupt), &copy)).await
    }
}

fn being_built(view: &dyn Questions) -> Problem {
    match view.readiness() {
        Readiness::Ready => refusal::being_built("it is complete in a moment"),
        Readiness::NotReady(reason) => refusal::being_built(&reason),
    }
}

/// A position, which the client has given under that name, is of partitions that the view has.
fn check_partitions(view: &dyn Questions, name: &'static str, asked: &Position) -> Result<(), Problem> {
    let applied = view.applied();
    let known = applied.borrow();
    match asked.unknown_partition(known.position()) {
        Some(unknown) => Err(refusal::unknown_partition(name, unknown, known.position())),
        None => Ok(()),
    }
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
