//! From runs of events to batches for the store. While one batch is written, the next run is folded on top of it.

use crate::applying::{self, Step};
use crate::bookkeeping::Progress;
use crate::kept::KeptView;
use crate::reading::Run;
use crate::spans::Interval;
use application::View;
use keyvalue::{Fault, Layer, Order, Read, ReadError, Visit};
use query_service::EventChanges;
use service::{Shutdown, clock};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

/// A run, or a part of one, and what it makes of the view.
pub(crate) struct Folded<E> {
    pub(crate) run: Run<E>,
    /// `None` when the run brought no events.
    pub(crate) step: Option<Arc<Step>>,
    /// When it was folded, where an event of it is traced.
    pub(crate) folding: Option<Interval>,
    /// [`Step::changes`], which only the writer needs.
    pub(crate) changes: Option<Vec<EventChanges>>,
}

/// Batches that are folded and that are not being written yet: none. A batch is taken when the one before it is written, so that the next run is
/// folded on what is stored and this one batch.
pub(crate) const FOLDED_WAITING_MAX: usize = 0;

/// Folds runs until no more come, until its receiver is gone, until the shutdown, or until an event cannot be read from the view.
/// What the view's value remembers ends with the first failure, as this does.
pub(crate) fn fold<V: View>(
    kept: &KeptView,
    mut progress: Progress,
    shutdown: &Shutdown,
    runs: Receiver<Run<V::Event>>,
    folded: SyncSender<Folded<V::Event>>,
) {
    let mut view = V::default();
    let mut stopped = BTreeSet::new();
    let mut on_its_way: Option<Arc<Step>> = None;
    for mut run in runs {
        loop {
            let mut changes = None;
            let began_ns = (!run.traced.is_empty()).then(clock::unix_ns);
            let step = (!run.located.is_empty()).then(|| {
                let batch = on_its_way.as_ref().map_or(&[][..], |step| &step.mutations);
                let below = Layer::new(kept.store(), batch);
                let below = Interruptible { below: &below, shutdown };
                let is_followed = kept.is_followed();
                let is_over = || shutdown.is_requested();
                let mut step = applying::step(&mut view, &below, &progress, &mut stopped, &run.located, is_followed, is_over);
                // It was cut short on purpose.
                step.failure = step.failure.filter(|_| !shutdown.is_requested());
                changes = step.changes.take();
                Arc::new(step)
            });
            let folding = began_ns.map(Interval::since);
            if let Some(step) = &step {
                progress = step.progress.clone();
                on_its_way = Some(Arc::clone(step));
            }
            let rest = step.as_ref().and_then(|step| run.split_off(step.taken));
            let is_over = shutdown.is_requested() || step.as_ref().is_some_and(|step| step.failure.is_some());
            let folded_run = Folded {
                run,
                step,
                folding,
                changes,
            };
            if folded.send(folded_run).is_err() || is_over {
                return;
            }
            match rest {
                Some(rest) => run = rest,
                None => break,
            }
        }
    }
}

/// A reader that fails once the shutdown is asked for: one event can take longer than a process has to end.
struct Interruptible<'r, R> {
    below: &'r R,
    shutdown: &'r Shutdown,
}

impl<R: Read> Interruptible<'_, R> {
    fn check(&self) -> Result<(), ReadError> {
        match self.shutdown.is_requested() {
            true => Err(ReadError {
                fault: Fault::Medium,
                reason: "the process is ending".into(),
            }),
            false => Ok(()),
        }
    }
}

impl<R: Read> Read for Interruptible<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.check()?;
        self.below.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.check()?;
        let mut ended = Ok(());
        self.below.scan(from, to, order, &mut |key, value| {
            ended = self.check();
            match ended {
                Ok(()) => visit(key, value),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        ended
    }
}

#[cfg(test)]
mod tests;
