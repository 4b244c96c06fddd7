//! Pools of threads for questions that read much: a few at a time, each with a time limit, and interrupted when its client has gone.

use crate::refusal;
use http_server::Problem;
use keyvalue::{Fault, Order, Read, ReadError, Visit};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How many reads are made between two looks at the clock.
const READS_PER_LOOK: u32 = 512;
/// How much longer than its time a question is waited for: it may sit in one read.
const GRACE: Duration = Duration::from_secs(1);

/// Limits how many questions of one kind are answered at a time, how long each waits for a thread, and how long it may run.
#[derive(Debug)]
pub(crate) struct WorkerPool {
    turns: Arc<Semaphore>,
    turn_wait_max: Duration,
    run_max: Duration,
}

impl WorkerPool {
    /// `at_once_max` questions run at once; each waits so long for its turn, and then runs so long.
    pub(crate) fn new(at_once_max: usize, turn_wait_max: Duration, run_max: Duration) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once_max)),
            turn_wait_max,
            run_max,
        }
    }

    /// Runs `work` on a thread of its own in its turn. It is interrupted when its time is over, and when this future is dropped.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Interrupt) -> T + Send + 'static) -> Result<T, Problem> {
        let Ok(turn) = timeout(self.turn_wait_max, Arc::clone(&self.turns).acquire_owned()).await else {
            return Err(Problem::busy("too many long questions are being answered"));
        };
        let interrupt = Interrupt {
            is_ordered: Arc::default(),
            deadline: Some(Instant::now() + self.run_max),
            reads_max: u32::MAX,
            is_exhausted: AtomicBool::new(false),
        };
        let _dropped = InterruptOnDrop(Arc::clone(&interrupt.is_ordered));
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&interrupt);
            drop(turn);
            (done, interrupt.is_due())
        });
        match timeout(self.run_max + GRACE, done).await {
            Ok(Ok((done, false))) => Ok(done),
            Ok(Ok((_, true))) | Err(_) => Err(refusal::out_of_time(self.run_max.as_secs())),
            Ok(Err(error)) => {
                tracing::error!(%error, "a question was not answered: this is a bug");
                Err(Problem::internal())
            }
        }
    }
}

/// Whether work should end although it is not done.
#[derive(Debug)]
pub(crate) struct Interrupt {
    is_ordered: Arc<AtomicBool>,
    deadline: Option<Instant>,
    reads_max: u32,
    /// It has read more than that.
    is_exhausted: AtomicBool,
}

impl Interrupt {
    /// Interrupts what reads more keys than that: it is too long to be done where it is asked.
    pub(crate) fn after(reads_max: u32) -> Self {
        Self {
            is_ordered: Arc::default(),
            deadline: None,
            reads_max,
            is_exhausted: AtomicBool::new(false),
        }
    }

    /// Whether more was read than [`Self::after`] allows.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_exhausted.load(Ordering::Relaxed)
    }

    /// Whether its time is over, or no client waits for it any more.
    pub(crate) fn is_due(&self) -> bool {
        self.is_exhausted() || self.is_ordered.load(Ordering::Relaxed) || self.deadline.is_some_and(|deadline| Instant::now() > deadline)
    }
}

struct InterruptOnDrop(Arc<AtomicBool>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads until it is interrupted, and fails from then on.
pub(crate) struct Interruptible<'i, R> {
    read: R,
    interrupt: &'i Interrupt,
    until_look: Cell<u32>,
    reads: Cell<u32>,
}

impl<'i, R: Read> Interruptible<'i, R> {
    pub(crate) fn new(read: R, interrupt: &'i Interrupt) -> Self {
        Self {
            read,
            interrupt,
            until_look: Cell::new(0),
            reads: Cell::new(0),
        }
    }

    fn is_interrupted(&self) -> bool {
        let reads = self.reads.get().saturating_add(1);
        self.reads.set(reads);
        if reads > self.interrupt.reads_max {
            self.interrupt.is_exhausted.store(true, Ordering::Relaxed);
        }
        match self.until_look.get() {
            _ if self.interrupt.is_exhausted() => true,
            0 if self.interrupt.is_due() => true,
            0 => {
                self.until_look.set(READS_PER_LOOK);
                false
            }
            left => {
                self.until_look.set(left - 1);
                false
            }
        }
    }
}

fn interrupted() -> ReadError {
    ReadError {
        fault: Fault::Medium,
        reason: "the question was interrupted".to_owned(),
    }
}

impl<R: Read> Read for Interruptible<'_, R> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        if self.is_interrupted() {
            return Err(interrupted());
        }
        self.read.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        let mut is_interrupted = false;
        self.read.scan(from, to, order, &mut |key, value| {
            is_interrupted = self.is_interrupted();
            if is_interrupted {
                return ControlFlow::Break(());
            }
            visit(key, value)
        })?;
        if is_interrupted { Err(interrupted()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
