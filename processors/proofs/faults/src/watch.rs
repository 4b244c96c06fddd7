//! A reader of what is committed, all the time: how much there is, and how long each partition was silent.

use airline::Airline;
use decider::{Codec, Status};
use end_to_end::Schedule;
use schemas::AvroCodec;
use service::clock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use stream::reader::{ReadFailure, Reader};

/// A thread that follows outcomes and events as any read_committed reader would.
pub struct Watch {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    thread: Option<JoinHandle<()>>,
}

/// What was seen so far.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    pub accepted: u64,
    pub rejected: u64,
    /// Outcomes that repeat an earlier one.
    pub repeated: u64,
    pub events: u64,
    /// When each partition of each topic spoke last.
    last: BTreeMap<(WatchedTopic, u32), Instant>,
    gaps: Vec<Gap>,
}

/// Which of the two topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WatchedTopic {
    Outcomes,
    Events,
}

/// A partition that said nothing for a while.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    pub topic: WatchedTopic,
    pub partition: u32,
    pub began: Instant,
    pub length: Duration,
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(20);
const POLL_WAIT: Duration = Duration::from_millis(10);
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Shorter silences are not kept.
const GAP_LEAST: Duration = Duration::from_millis(100);

impl Watch {
    /// From the beginning of the schedule's topics.
    pub fn start(schedule: &Schedule) -> Self {
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Seen::default())));
        let topics = &schedule.topology().topics;
        let from: BTreeMap<u32, i64> = (0..schedule.partitions()).map(|partition| (partition, 0)).collect();
        let reader = |topic: &str| {
            let mut reader = Reader::new(&schedule.cluster().settings(), topic).unwrap();
            reader.assign(&from, ASK_WAIT_MAX).unwrap();
            reader
        };
        let mut follower = Follower {
            outcomes: reader(&topics.outcomes.name),
            events: reader(&topics.events.name),
            codec: AvroCodec::new(schedule.ids()),
            seen: Arc::clone(&seen),
        };
        let stopping = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                follower.follow();
            }
        });
        Self {
            stop,
            seen,
            thread: Some(thread),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        let alive = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        assert!(alive, "the watch has ended: what is committed could not be read");
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Outcomes, the repeated ones among them.
    pub fn outcomes(&self) -> u64 {
        let seen = self.seen();
        seen.accepted + seen.rejected + seen.repeated
    }

    /// All counts at this moment.
    pub fn counts(&self) -> Seen {
        self.seen().clone()
    }

    /// The longest silence of each partition of a topic that had not ended at `from`, and began before `to`; one that still lasts counts.
    pub fn silences(&self, topic: WatchedTopic, from: Instant, to: Instant) -> BTreeMap<u32, Duration> {
        let seen = self.seen();
        let mut longest = BTreeMap::new();
        let last = seen.last.iter().filter(|((of, _), _)| *of == topic);
        let lasting = last.map(|((_, partition), last)| (*partition, *last, last.elapsed()));
        let ended = seen
            .gaps
            .iter()
            .filter(|gap| gap.topic == topic)
            .map(|gap| (gap.partition, gap.began, gap.length));
        for (partition, began, length) in ended.chain(lasting) {
            let entry = longest.entry(partition).or_insert(Duration::ZERO);
            if began < to && began + length > from {
                *entry = length.max(*entry);
            }
        }
        longest
    }

    /// Forgets silences that ended before this moment.
    pub fn forget_before(&self, moment: Instant) {
        self.seen().gaps.retain(|gap| gap.began + gap.length > moment);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Its failure was reported when its result was asked for.
            let _ended = thread.join();
        }
    }
}

struct Follower {
    outcomes: Reader,
    events: Reader,
    codec: AvroCodec,
    seen: Arc<Mutex<Seen>>,
}

impl Follower {
    fn follow(&mut self) {
        let Self {
            outcomes,
            events,
            codec,
            seen,
        } = self;
        let polled = outcomes.poll(10_000, POLL_WAIT, |record| {
            let outcome = Codec::<Airline>::decode_outcome(codec, record.value.unwrap_or_default()).unwrap();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            match (outcome.repeated, outcome.status) {
                (true, _) => seen.repeated += 1,
                (false, Status::Accepted) => seen.accepted += 1,
                (false, Status::Rejected) => seen.rejected += 1,
            }
            seen.hear(WatchedTopic::Outcomes, record.partition);
        });
        ride_out(polled.map(|_| ()));
        let polled = events.poll(10_000, POLL_WAIT, |record| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.events += 1;
            seen.hear(WatchedTopic::Events, record.partition);
        });
        ride_out(polled.map(|_| ()));
    }
}

impl Seen {
    fn hear(&mut self, topic: WatchedTopic, partition: u32) {
        let now = clock::monotonic();
        let Some(last) = self.last.insert((topic, partition), now) else {
            return;
        };
        let length = now - last;
        if length >= GAP_LEAST {
            self.gaps.push(Gap {
                topic,
                partition,
                began: last,
                length,
            });
        }
    }
}

fn ride_out(polled: Result<(), ReadFailure>) {
    if let Err(failure) = polled {
        assert!(failure.is_transient(), "{failure}");
        clock::rest(RETRY_PAUSE);
    }
}
