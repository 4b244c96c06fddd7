//! Commands at a steady rate, some of them refused on purpose, some of them sent twice.

use crate::Chance;
use decider::CommandEnvelope;
use end_to_end::{Schedule, command, is_accepted, upkeep};
use schemas::command_to_avro;
use service::clock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use stream::writer::{Outgoing, Writer};
use uuid::Uuid;

/// What the load looks like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The first rotation; a second load of one schedule begins elsewhere.
    pub first: u32,
    pub rotations: u32,
    /// Commands a second.
    pub rate: u32,
    /// One of so many is followed by a resend of an earlier one.
    pub resend_every: usize,
    pub seed: u64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            first: 0,
            rotations: 40,
            rate: 200,
            resend_every: 20,
            seed: 1,
        }
    }
}

/// A thread that writes commands until it is asked to finish.
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    thread: Option<JoinHandle<Sent>>,
}

/// What was sent and acknowledged.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Each acknowledged command, and whether it is to be accepted.
    pub commands: HashMap<Uuid, bool>,
    /// Acknowledged records: the commands and the resends.
    pub records: u64,
}

impl Sent {
    /// Takes what another load has sent.
    pub fn add(&mut self, other: Self) {
        self.commands.extend(other.commands);
        self.records += other.records;
    }
}

/// Commands gather up to this long before they are written together: transactions differ in size.
const GATHER_MS_MAX: usize = 100;
/// Longer than any broker is away.
const FLUSH_WAIT_MAX: Duration = Duration::from_secs(200);
/// Of a rotation's commands, the first one that is to be refused.
const FIRST_REFUSED: u32 = 10;
/// A resend is of one of so many commands before.
const RESEND_WINDOW: usize = 1000;
/// One of so many commands is for an airport or an airplane instead of a rotation.
const UPKEEP_EVERY: u32 = 25;

impl Load {
    /// Begins at once.
    pub fn start(schedule: &Schedule, shape: Shape) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut sender = Sender {
            writer: Writer::new(&schedule.cluster().settings()).unwrap(),
            topic: schedule.topology().topics.commands.name.clone(),
            schema_id: schedule.ids().command,
            shape,
            chance: Chance::from_seed(shape.seed),
            acknowledged: Arc::clone(&acknowledged),
            sent: Vec::new(),
            confirmed: Sent::default(),
        };
        let stopping = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            sender.send_until(&stopping);
            sender.confirmed
        });
        Self {
            stop,
            acknowledged,
            thread: Some(thread),
        }
    }

    /// Records that the broker has, so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Fails with what the load has failed with, if it has.
    pub fn check(&mut self) {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// Stops, and waits until the broker has everything.
    pub fn finish(mut self) -> Sent {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .take()
            .unwrap()
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Sender {
    writer: Writer,
    topic: String,
    schema_id: u32,
    shape: Shape,
    chance: Chance,
    acknowledged: Arc<AtomicU64>,
    /// Each command, in order.
    sent: Vec<Item>,
    confirmed: Sent,
}

/// A command of the load.
#[derive(Debug, Clone, Copy)]
enum Item {
    Rotation { rotation: u32, number: u32 },
    Upkeep { of: u32, number: u32 },
}

impl Item {
    /// The command, and whether it is to be accepted.
    fn command(self) -> (CommandEnvelope<domain::Command>, bool) {
        match self {
            Self::Rotation { rotation, number } => (command(rotation, number), is_accepted(number)),
            Self::Upkeep { of, number } => upkeep(of, number),
        }
    }
}

/// The bit of a record's tag that says that it is a resend.
const RESEND: usize = 1;

impl Sender {
    fn send_until(&mut self, stop: &AtomicBool) {
        let began = clock::monotonic();
        while !self.is_over(stop) {
            let due = began.elapsed().as_millis() * u128::from(self.shape.rate) / 1000;
            while (self.sent.len() as u128) < due && !self.is_over(stop) {
                self.send_next();
            }
            let gather = self.chance.millis(1, GATHER_MS_MAX);
            self.confirm(gather);
        }
        self.writer.flush(FLUSH_WAIT_MAX).unwrap();
        self.confirm(Duration::ZERO);
        assert_eq!(self.confirmed.commands.len(), self.sent.len(), "every command is acknowledged");
    }

    /// A load of which nothing is to be refused shows nothing: it does not end before.
    fn is_over(&self, stop: &AtomicBool) -> bool {
        let of_rotations = self.count() - self.count() / UPKEEP_EVERY;
        stop.load(Ordering::Relaxed) && of_rotations / self.shape.rotations > FIRST_REFUSED
    }

    fn count(&self) -> u32 {
        u32::try_from(self.sent.len()).unwrap()
    }

    fn send_next(&mut self) {
        let (count, Shape { first, rotations, .. }) = (self.count(), self.shape);
        let upkeep = count / UPKEEP_EVERY;
        let item = if count % UPKEEP_EVERY == UPKEEP_EVERY - 1 {
            Item::Upkeep { of: first, number: upkeep }
        } else {
            let count = count - upkeep;
            Item::Rotation {
                rotation: first + count % rotations,
                number: count / rotations,
            }
        };
        self.write(item, self.sent.len() << 1);
        self.sent.push(item);
        if self.chance.below(self.shape.resend_every) == 0 {
            let back = 1 + self.chance.below(self.sent.len().min(RESEND_WINDOW));
            self.write(self.sent[self.sent.len() - back], RESEND);
        }
    }

    fn write(&self, item: Item, tag: usize) {
        let (envelope, _) = item.command();
        let record = Outgoing {
            topic: &self.topic,
            key: Some(envelope.aggregate_id.as_bytes()),
            value: Some(&command_to_avro(&envelope, self.schema_id)),
            headers: &[],
            tag,
            partition: None,
        };
        self.writer.send(&record).unwrap();
    }

    fn confirm(&mut self, wait: Duration) {
        let until = clock::monotonic() + wait;
        loop {
            let left = until.saturating_duration_since(clock::monotonic());
            for report in self.writer.reports(left) {
                if let Err(reason) = report.written {
                    panic!("the load could not be written: {reason}");
                }
                self.confirmed.records += 1;
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                if report.tag & RESEND == 0 {
                    let (envelope, accepted) = self.sent[report.tag >> 1].command();
                    self.confirmed.commands.insert(envelope.command_id, accepted);
                }
            }
            if left.is_zero() {
                return;
            }
        }
    }
}
