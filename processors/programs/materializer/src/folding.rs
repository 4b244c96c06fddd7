//! From runs of events to batches for the store. While one batch is written, the next run is folded on top of it.

use crate::applying::{self, Step};
use crate::bookkeeping::Progress;
use crate::reading::Run;
use crate::view::View;
use keyvalue::Layer;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use views::Projector;

/// A run and what it makes of the view.
pub(crate) struct Folded {
    pub(crate) run: Run,
    /// `None` when the run brought no events.
    pub(crate) step: Option<Arc<Step>>,
}

/// Batches that are folded and that nobody writes yet: none. A batch is taken when the one before it is written, so that the next run is
/// folded on what is stored and this one batch.
pub(crate) const FOLDED_WAITING_MAX: usize = 0;

/// Folds runs until no more come, until nobody takes what they make, or until an event cannot be applied. What the projector remembers
/// ends with the first failure, as this does.
pub(crate) fn fold(view: &View, mut progress: Progress, runs: Receiver<Run>, folded: SyncSender<Folded>) {
    let mut projector = Projector::default();
    let mut on_its_way: Option<Arc<Step>> = None;
    for run in runs {
        let step = (!run.located.is_empty()).then(|| {
            let batch = on_its_way.as_ref().map_or(&[][..], |step| &step.mutations);
            let below = Layer::new(view.store(), batch);
            Arc::new(applying::step(&mut projector, &below, &progress, &run.located))
        });
        if let Some(step) = &step {
            progress = step.progress.clone();
            on_its_way = Some(Arc::clone(step));
        }
        let is_over = step.as_ref().is_some_and(|step| step.stop.is_some());
        if folded.send(Folded { run, step }).is_err() || is_over {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
