//! A view that is asked, whatever its type: from a route and what it names to an answer from one snapshot.

use crate::client_copy::ClientCopy;
use crate::lane::{Interrupt, Interruptible};
use crate::position;
use crate::refusal;
use crate::source::{Readiness, Source, Stamp};
use application::{Asked, Refusal, View, Work};
use http_server::{Answer, JSON, Problem, StatusCode, X_POSITION, header};
use keyvalue::ReadError;
use std::marker::PhantomData;
use std::sync::Arc;
use tokio::sync::watch;

/// A view with the source of its snapshots.
pub struct AskedView {
    pub(crate) edition: String,
    /// Asked where no version is named.
    pub(crate) is_current: bool,
    pub(crate) questions: Arc<dyn Questions>,
}

impl AskedView {
    /// `is_current` where it is the version of the view that is asked where no version is named.
    pub fn new<V: View, S: Source>(source: Arc<S>, is_current: bool) -> Self {
        Self {
            edition: application::edition::<V>(),
            is_current,
            questions: Arc::new(Typed {
                source,
                view: PhantomData::<fn() -> V>,
            }),
        }
    }
}

/// A question that is ready to be answered, from a snapshot that is taken then.
pub(crate) struct Prepared {
    pub(crate) work: Work,
    pub(crate) answer: MakeAnswer,
}

/// Answers in a lane's turn, which may interrupt it, or at once; of a version that the client has already only that it has it.
type MakeAnswer = Box<dyn Fn(Option<&Interrupt>, &ClientCopy) -> Answer + Send>;

/// What can be asked of a view, apart from its type.
pub(crate) trait Questions: Send + Sync {
    /// Of each route its template and the parameters that it takes.
    fn routes(&self) -> Vec<(&'static str, &'static [&'static str])>;

    /// What the view says of its routes.
    fn described(&self) -> &'static str;

    /// Reads a question of the route of that number.
    fn question(&self, route: usize, asked: &Asked<'_>) -> Result<Prepared, Refusal>;

    /// The question how far the view has come.
    fn position(&self, content_hash: bool) -> Prepared;

    fn applied(&self) -> watch::Receiver<Arc<Stamp>>;

    fn readiness(&self) -> Readiness;

    fn is_complete(&self) -> bool;
}

struct Typed<V, S> {
    source: Arc<S>,
    view: PhantomData<fn() -> V>,
}

impl<V: View, S: Source> Questions for Typed<V, S> {
    fn routes(&self) -> Vec<(&'static str, &'static [&'static str])> {
        V::ROUTES.iter().map(|route| (route.template, route.parameters)).collect()
    }

    fn described(&self) -> &'static str {
        V::DESCRIBED
    }

    fn question(&self, route: usize, asked: &Asked<'_>) -> Result<Prepared, Refusal> {
        let question = (V::ROUTES[route].question)(asked)?;
        let source = Arc::clone(&self.source);
        Ok(Prepared {
            work: V::work(&question),
            answer: Box::new(move |interrupt, copy| {
                answered::<V, S>(&source, interrupt, copy, |snapshot, _| match interrupt {
                    None => V::answer(&question, snapshot),
                    Some(interrupt) => V::answer(&question, &Interruptible::new(snapshot, interrupt)),
                })
            }),
        })
    }

    fn position(&self, content_hash: bool) -> Prepared {
        let source = Arc::clone(&self.source);
        Prepared {
            work: if content_hash { Work::Whole } else { Work::Point },
            answer: Box::new(move |interrupt, copy| {
                answered::<V, S>(&source, interrupt, copy, |snapshot, stamp| {
                    let hash = match (content_hash, interrupt) {
                        (false, _) => None,
                        (true, None) => Some(application::content_hash(snapshot)?),
                        (true, Some(interrupt)) => Some(application::content_hash(&Interruptible::new(snapshot, interrupt))?),
                    };
                    position::document(stamp, hash)
                })
            }),
        }
    }

    fn applied(&self) -> watch::Receiver<Arc<Stamp>> {
        self.source.applied()
    }

    fn readiness(&self) -> Readiness {
        self.source.readiness()
    }

    fn is_complete(&self) -> bool {
        self.source.is_complete()
    }
}

/// The answer from one snapshot, with that snapshot's position, whether or not it is a success.
fn answered<'s, V: View, S: Source>(
    source: &'s S,
    interrupt: Option<&Interrupt>,
    copy: &ClientCopy,
    answer: impl FnOnce(&S::Snapshot<'s>, &Stamp) -> Result<Vec<u8>, Refusal>,
) -> Answer {
    let snapshot = source.snapshot();
    let stamp = source.position(&snapshot);
    let version = stamp.as_ref().ok().map(|stamp| copy.version_at::<V>(stamp));
    let answered = match (&stamp, &version) {
        (_, Some(version)) if copy.is(version) => Ok(Answer::empty(StatusCode::NOT_MODIFIED)),
        (Ok(stamp), _) => answer(&snapshot, stamp).map(|body| copy.or(Answer::new(JSON, body))),
        (Err(error), _) => Err(Refusal::Unreadable(error.clone())),
    };
    let answer = match (answered, version) {
        (Ok(answer), Some(version)) => Ok(answer.with_header(header::ETAG, version.header())),
        (answered, _) => answered,
    };
    let answer = match answer {
        Ok(answer) => answer,
        // The lane says so to the client, if it is still there.
        Err(Refusal::Unreadable(_)) if interrupt.is_some_and(Interrupt::is_due) => Answer::from(refusal::view_unreadable()),
        Err(Refusal::Unreadable(error)) => Answer::from(unreadable(source, &error)),
        Err(refused) => Answer::from(refusal::problem(refused)),
    };
    match stamp {
        Ok(stamp) => at(answer, &stamp),
        Err(_) => answer,
    }
}

fn unreadable<S: Source>(source: &S, error: &ReadError) -> Problem {
    tracing::error!(%error, "a question could not be answered");
    source.could_not_be_read(error);
    refusal::view_unreadable()
}

pub(crate) fn at(answer: Answer, stamp: &Stamp) -> Answer {
    answer.with_header(X_POSITION, stamp.header())
}
