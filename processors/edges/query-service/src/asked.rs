//! A view that is asked, whatever its type: from a route and what it names to an answer from one snapshot.

use crate::answer_cache::AnswerCache;
use crate::as_of::AsOf;
use crate::changes::{CatchUp, CatchUpFailure, CaughtUpEvents, ChangeQuery, Feed, Followable};
use crate::client_copy::ClientCopy;
use crate::event_log::{EventLog, Followed, NoLog};
use crate::position;
use crate::refusal;
use crate::source::{Readiness, Source, Stamp};
use crate::worker_pool::{Interrupt, Interruptible};
use application::offsets::{self, KnownOffset};
use application::{Asked, Refusal, View, Work};
use http_server::{Answer, JSON, Problem, X_POSITION};
use keyvalue::ReadError;
use std::marker::PhantomData;
use std::sync::Arc;
use tokio::sync::watch;

/// A view with the source of its snapshots.
pub struct AskedView {
    pub(crate) edition: String,
    /// Asked where no version is named.
    pub(crate) is_current: bool,
    /// Where it is frozen; `None` where it follows the log.
    pub(crate) as_of: Option<AsOf>,
    pub(crate) questions: Arc<dyn Questions>,
}

impl AskedView {
    /// `is_current` where it is the version of the view that is asked where no version is named. It has no log that questions could read.
    pub fn new<V: View, S: Source>(source: Arc<S>, is_current: bool) -> Self {
        Self::with_log::<V, S>(source, Arc::new(NoLog), is_current)
    }

    /// The same with the log that the view is built from.
    pub fn with_log<V: View, S: Source>(source: Arc<S>, log: Arc<dyn EventLog<V::Event>>, is_current: bool) -> Self {
        Self {
            edition: application::edition::<V>(),
            is_current,
            as_of: None,
            questions: Arc::new(Typed {
                source,
                log,
                answers: Arc::default(),
                view: PhantomData::<fn() -> V>,
            }),
        }
    }

    /// The same view, built up to there and no further.
    pub fn frozen(mut self, as_of: AsOf) -> Self {
        self.edition = as_of.edition(&self.edition);
        self.as_of = Some(as_of);
        self
    }
}

/// A question that is ready to be answered, from a snapshot that is taken then.
pub(crate) struct Prepared {
    pub(crate) work: Work,
    pub(crate) answer: MakeAnswer,
}

/// Answers on a thread of a pool, which may interrupt it, or at once; of a version that the client has already only that it has it.
type MakeAnswer = Box<dyn Fn(Option<&Interrupt>, &ClientCopy) -> Answer + Send>;

/// What can be asked of a view, apart from its type.
pub(crate) trait Questions: Followable {
    /// Of each route its template and the parameters that it takes.
    fn routes(&self) -> Vec<(&'static str, &'static [&'static str])>;

    /// What the view says of its routes.
    fn described(&self) -> &'static str;

    /// Reads a question of the route of that number.
    fn question(&self, route: usize, asked: &Asked<'_>) -> Result<Prepared, Refusal>;

    /// The answer to a question that was asked before at this position, where it is kept. It is found without reading the question.
    fn kept(&self, copy: &ClientCopy) -> Option<Answer>;

    /// The question how far the view has come.
    fn position(&self, content_hash: bool) -> Prepared;

    /// Of the stream of changes the parameters by which changes are asked for.
    fn change_parameters(&self) -> Vec<&'static str>;

    /// Reads which changes are asked for.
    fn change_query(&self, asked: &Asked<'_>) -> Result<ChangeQuery, Refusal>;

    fn applied(&self) -> watch::Receiver<Arc<Stamp>>;

    fn readiness(&self) -> Readiness;

    fn is_complete(&self) -> bool;
}

struct Typed<V: View, S> {
    source: Arc<S>,
    log: Arc<dyn EventLog<V::Event>>,
    answers: Arc<AnswerCache>,
    view: PhantomData<fn() -> V>,
}

impl<V: View, S: Source> Followable for Typed<V, S> {
    fn feed(&self) -> Option<&Feed> {
        self.source.feed()
    }

    fn catch_up(&self, lacking: CatchUp, interrupt: &Interrupt) -> Result<CaughtUpEvents, CatchUpFailure> {
        let CatchUp {
            partition,
            after,
            to,
            known,
            ..
        } = lacking;
        let snapshot = self.source.snapshot();
        let known = match known {
            Some(known) => Some(known),
            None => offsets::at_or_before(&snapshot, partition, after + 1)?,
        };
        let known = known.ok_or_else(|| Refusal::Internal(format!("the offset of no event of partition {partition} is known")))?;
        let followed = self.log.follow(partition, known.offset, (after, to), &|| interrupt.is_due());
        match followed.map_err(Refusal::LogUnavailable)? {
            Followed::Deleted => Err(CatchUpFailure::Deleted),
            Followed::Events { events, next_offset } => {
                let next = events.last().map(|last| KnownOffset {
                    sequence: last.sequence + 1,
                    offset: next_offset,
                });
                let changes = events
                    .iter()
                    .map(|event| Ok((event.sequence, V::change(partition, event, &snapshot)?)));
                Ok(CaughtUpEvents {
                    events: changes.collect::<Result<_, Refusal>>()?,
                    next,
                })
            }
        }
    }
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
        let work = V::work(&question);
        if work == Work::Log {
            let log = Arc::clone(&self.log);
            return Ok(Prepared {
                work,
                answer: Box::new(move |interrupt, _copy| {
                    let is_over = || interrupt.is_some_and(Interrupt::is_due);
                    // What the log still has does not follow from the position.
                    answered::<V, S>(&source, interrupt, None, None, |snapshot, _| {
                        let places = V::log_events(&question, snapshot)?;
                        let events = log.events(&places, &is_over).map_err(Refusal::LogUnavailable)?;
                        V::answer_from_log(&question, snapshot, &events)
                    })
                }),
            });
        }
        // A full scan is asked for in order to be done.
        let answers = (work != Work::FullScan).then(|| Arc::clone(&self.answers));
        Ok(Prepared {
            work,
            answer: Box::new(move |interrupt, copy| {
                answered::<V, S>(&source, interrupt, Some(copy), answers.as_deref(), |snapshot, _| match interrupt {
                    None => V::answer(&question, snapshot),
                    Some(interrupt) => V::answer(&question, &Interruptible::new(snapshot, interrupt)),
                })
            }),
        })
    }

    fn kept(&self, copy: &ClientCopy) -> Option<Answer> {
        let stamp = self.source.known_position()?;
        copy.kept(&stamp, &self.answers).map(|answer| at(answer, &stamp))
    }

    fn position(&self, content_hash: bool) -> Prepared {
        let source = Arc::clone(&self.source);
        Prepared {
            work: if content_hash { Work::FullScan } else { Work::Point },
            answer: Box::new(move |interrupt, copy| {
                answered::<V, S>(&source, interrupt, Some(copy), None, |snapshot, stamp| {
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

    fn change_parameters(&self) -> Vec<&'static str> {
        V::CHANGE_FILTERS.iter().map(|filter| filter.name).collect()
    }

    fn change_query(&self, asked: &Asked<'_>) -> Result<ChangeQuery, Refusal> {
        ChangeQuery::read(asked, V::CHANGE_FILTERS, V::CHANGE_KINDS)
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
    copy: Option<&ClientCopy>,
    answers: Option<&AnswerCache>,
    answer: impl FnOnce(&S::Snapshot<'s>, &Stamp) -> Result<Vec<u8>, Refusal>,
) -> Answer {
    let snapshot = source.snapshot();
    let stamp = match source.position(&snapshot) {
        Ok(stamp) => stamp,
        Err(error) => return refused(source, interrupt, Refusal::Unreadable(error)),
    };
    let answered = match copy {
        Some(copy) => copy.answer::<V>(&stamp, answers, || answer(&snapshot, &stamp)),
        None => answer(&snapshot, &stamp).map(|body| Answer::new(JSON, body)),
    };
    at(answered.unwrap_or_else(|refusal| refused(source, interrupt, refusal)), &stamp)
}

fn refused<S: Source>(source: &S, interrupt: Option<&Interrupt>, refused: Refusal) -> Answer {
    Answer::from(match refused {
        // The pool says so to the client, if it is still there.
        Refusal::Unreadable(_) if interrupt.is_some_and(Interrupt::is_due) => refusal::view_unreadable(),
        Refusal::Unreadable(error) => unreadable(source, &error),
        refused => refusal::problem(refused),
    })
}

fn unreadable<S: Source>(source: &S, error: &ReadError) -> Problem {
    tracing::error!(%error, "a question could not be answered");
    source.could_not_be_read(error);
    refusal::view_unreadable()
}

pub(crate) fn at(answer: Answer, stamp: &Stamp) -> Answer {
    answer.with_header(X_POSITION, stamp.header())
}
