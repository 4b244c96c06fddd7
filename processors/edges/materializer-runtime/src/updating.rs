//! One view that follows the log: one thread reads it, one folds it, one writes the view.

use crate::connecting::{self, Connected, Wanted};
use crate::directory::{self, Edition};
use crate::failure::{Failure, FailureKind};
use crate::folding::{self, FOLDED_WAITING_MAX};
use crate::freezing::Freezing;
use crate::kept::KeptView;
use crate::metrics::Metrics;
use crate::parts::{self, Condition, VIEW};
use crate::reading::{self, Decoder, Reading};
use crate::session::Session;
use crate::shared::Shared;
use crate::spans::Spans;
use crate::writing::{Destination, Writer};
use application::{Application, View};
use service::{Shutdown, State};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use stream::TopicWatch;
use stream::admin::Identity;
use stream::facts::Role;
use stream::reader::ReadFailure;
use topology::Topology;

/// Runs of events that were read and wait to be applied.
const RUNS_WAITING_MAX: usize = 2;
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at topics that are not as they should be.
const MENDING_PAUSE: Duration = Duration::from_secs(10);

/// Keeps one view up to date.
pub(crate) struct ViewUpdater<A, V> {
    pub(crate) kept: Arc<KeptView>,
    pub(crate) shared: Shared,
    pub(crate) metrics: Metrics,
    pub(crate) condition: Condition,
    pub(crate) edition: Edition,
    pub(crate) view: PhantomData<fn() -> (A, V)>,
}

impl<A: Application, V: View<Event = A::Event>> ViewUpdater<A, V> {
    /// Keeps the view until the shutdown. A view that cannot go on stays as it is and is still asked, for as long as the process
    /// lives: its position tells how old it is. Only what was wrong from the beginning ends the process; what goes wrong with the
    /// topics later is reported until an operator has repaired it.
    pub(crate) fn run(self, shutdown: &Shutdown) -> Result<(), Failure> {
        let followed = AtomicBool::new(false);
        loop {
            let Err(failure) = self.follow(shutdown, &followed) else {
                return Ok(());
            };
            match failure.kind() {
                FailureKind::Refuse if !followed.load(Ordering::Relaxed) => {
                    shutdown.request();
                    return Err(failure);
                }
                FailureKind::Refuse => {
                    tracing::error!(%failure, view = %self.edition, "the view stays as it is until this is repaired");
                    self.metrics.stopped.set(1);
                    self.condition.set(VIEW, State::Waiting(format!("stopped: {failure}")));
                    shutdown.wait_timeout(MENDING_PAUSE);
                }
                FailureKind::Reconnect => {
                    tracing::warn!(%failure, view = %self.edition, "the log cannot be read; reconnecting");
                    self.condition.set(VIEW, State::Waiting(failure.to_string()));
                    shutdown.wait_timeout(RECONNECT_PAUSE);
                }
                FailureKind::Stop | FailureKind::Restart => {
                    tracing::error!(%failure, view = %self.edition, "the view stays as it is");
                    self.metrics.stopped.set(1);
                    self.condition.set(VIEW, self.consequence(&failure));
                    shutdown.wait();
                    return Ok(());
                }
            }
        }
    }

    /// The state that health reports for a failure. Where the directory is corrupt, the next start is asked to rebuild it.
    fn consequence(&self, failure: &Failure) -> State {
        let reason = format!("stopped: {failure}");
        match failure.kind() {
            FailureKind::Restart => {
                if failure.is_corruption() {
                    directory::ask_for_rebuild(self.kept.store());
                }
                State::Dead(reason)
            }
            FailureKind::Refuse | FailureKind::Reconnect | FailureKind::Stop => State::Waiting(reason),
        }
    }

    /// `followed` becomes true when the log was the right one.
    fn follow(&self, shutdown: &Shutdown, followed: &AtomicBool) -> Result<(), Failure> {
        let wanted = Wanted {
            settings: &self.shared.settings,
            topology: &self.shared.topology,
            partitions: self.shared.partitions,
        };
        let connected = connecting::connect(&self.kept, &self.edition, &wanted, &self.condition, shutdown)?;
        let Some(Connected {
            reader,
            progress,
            ends,
            identity,
            topology,
        }) = connected
        else {
            return Ok(());
        };
        let until = self
            .shared
            .until
            .as_ref()
            .map(|until| Freezing::new(until, &progress))
            .transpose()?;
        followed.store(true, Ordering::Relaxed);
        self.forget_stopped(topology.partitions);
        let spans = Spans {
            tracer: self.shared.tracer.clone(),
            view: self.edition.to_string(),
        };
        let destination = Destination {
            view: &self.kept,
            metrics: &self.metrics,
            condition: &self.condition,
            failpoints: &self.shared.failpoints,
            spans: &spans,
            topic: &topology.topics.events.name,
        };
        let writer = Writer::new(destination, progress.clone(), ends)?;
        let decoder = Decoder::<A>::new(self.shared.registry.clone(), self.condition.clone());
        let (runs, received) = mpsc::sync_channel(RUNS_WAITING_MAX);
        let (folded, to_write) = mpsc::sync_channel(FOLDED_WAITING_MAX);
        let session = Session::new(shutdown, self.watch(topology.clone(), identity, shutdown)?);
        let wanted = Reading {
            events_max: self.shared.events_max,
            until,
            tracer: self.shared.tracer.clone(),
        };
        let followed = thread::scope(|scope| {
            let session = &session;
            let read = || reading::read(reader, decoder, wanted, session, runs);
            let reading = thread::Builder::new().name("log".into()).spawn_scoped(scope, read)?;
            let fold = || folding::fold::<V>(&self.kept, progress, shutdown, received, folded);
            let folding = thread::Builder::new().name("fold".into()).spawn_scoped(scope, fold);
            let written = writer.write(&to_write);
            session.end();
            drop(to_write);
            let folded = folding?.join().map_err(|_panic| Failure::Panicked);
            let read = reading.join().unwrap_or(Err(Failure::Panicked));
            written.and(folded).and(read)
        });
        match (session.watch.found(), followed) {
            (Some(reason), _) => Err(Failure::Topics(reason.to_owned())),
            (None, Err(gone @ Failure::Log(ReadFailure::OutOfRange { .. }))) => {
                let another = connecting::another_log(&self.kept, &self.edition, &self.shared.settings, &topology, shutdown);
                Err(another.unwrap_or(gone))
            }
            (None, followed) => followed,
        }
    }

    /// Partitions that were stopped are read again from where the view has come to: what stopped them is met again, or was mended.
    fn forget_stopped(&self, partitions: u32) {
        self.metrics.stopped.set(0);
        self.metrics.partition_stopped.reset();
        for partition in 0..partitions {
            self.condition.remove(&parts::partition(partition));
        }
    }

    /// Finds out when the topics are no longer those that the view is built on, or could lose what it is to read.
    fn watch(&self, topology: Topology, identity: Identity, shutdown: &Shutdown) -> Result<TopicWatch, Failure> {
        let stopping = shutdown.clone();
        let rest = move |wait| stopping.wait_timeout(wait);
        // A view is built on events alone.
        let built_on = identity.with_topic(&self.shared.topology.topics.events.name);
        Ok(TopicWatch::start(
            self.shared.settings.clone(),
            topology,
            built_on,
            Role::View,
            rest,
        )?)
    }
}
