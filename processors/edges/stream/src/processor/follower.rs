//! Warm followers: the state of partitions that other instances own is kept up to the log, so that taking one over replays next to nothing.
//!
//! Before it joins a group whose other members decide, it follows all that it may, so that being given partitions costs little, too.
//! A thread of its own reads the events and the outcomes of these partitions without any group, and folds them into the same store.
//! A partition has one writer at a time: before the loop restores what it was assigned, it waits until the thread has let go of it.

use super::SchemaSource;
use super::evidence::{self, Evidence};
use super::records::{RecordsByPartition, asking, decoded, poll};
use crate::Settings;
use crate::reader::{Polled, ReadFailure, Reader};
use decider::{Codec, Cursor, Domain, Limits, Machine, read_event, read_outcome};
use keyvalue::{Read, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use topology::Topology;

/// Records folded at a time: a hand-over waits for one such batch at most.
const FOLLOW_RECORDS_MAX: usize = 2_000;
const POLL_WAIT: Duration = Duration::from_millis(20);
const IDLE_WAIT: Duration = Duration::from_millis(500);
const ASK_WAIT_MAX: Duration = Duration::from_secs(2);
/// Of the memory for aggregates, the share of the follower.
const CACHE_SHARE: usize = 4;

/// What the loop and the following thread tell each other.
#[derive(Default)]
pub(super) struct Following {
    state: Mutex<State>,
    changed: Condvar,
    records: AtomicU64,
}

#[derive(Default)]
struct State {
    wanted: BTreeSet<u32>,
    /// Counts the wishes, and the last one that was heard: nothing is written for those before it.
    wish: u64,
    settled: u64,
    /// Nothing is written before it was looked whether there is another wish.
    is_opening: bool,
    /// The last wish of which all partitions were followed up to where they ended when it was heard.
    caught_up: u64,
    /// Offsets before these ends.
    offsets_left: i64,
    is_over: bool,
}

impl Following {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these partitions, and no others.
    pub(super) fn follow(&self, partitions: BTreeSet<u32>) {
        let mut state = self.state();
        if state.wanted != partitions {
            state.wanted = partitions;
            state.wish += 1;
            self.changed.notify_all();
        }
    }

    /// Waits until nothing is written any more but what is wanted; `false` when that takes longer.
    pub(super) fn is_settled(&self, wait: Duration) -> bool {
        self.comes_to(wait, |state| state.is_opening || state.settled == state.wish)
    }

    /// Waits until what is wanted was folded up to where it ended when that was said, or cannot be followed; `false` when that takes longer.
    pub(super) fn is_caught_up(&self, wait: Duration) -> bool {
        self.comes_to(wait, |state| state.caught_up == state.wish)
    }

    /// Waits until the thread has come to this, or is over.
    fn comes_to(&self, wait: Duration, is_there: fn(&State) -> bool) -> bool {
        let is_behind = |state: &mut State| !is_there(state) && !state.is_over;
        let waited = self.changed.wait_timeout_while(self.state(), wait, is_behind);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !is_behind(&mut state)
    }

    /// How far [`Self::is_caught_up`] has to go.
    pub(super) fn offsets_left(&self) -> i64 {
        self.state().offsets_left
    }

    pub(super) fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    /// How many records were folded since the last call.
    pub(super) fn take_records(&self) -> u64 {
        self.records.swap(0, Ordering::Relaxed)
    }

    fn settle(&self, wish: u64) {
        let mut state = self.state();
        state.settled = wish;
        state.is_opening = true;
        self.changed.notify_all();
    }

    /// Whether what this wish wants may be written from now on; `false` where there is another one.
    fn hold(&self, wish: u64) -> bool {
        let mut state = self.state();
        let is_last = state.wish == wish;
        state.is_opening = !is_last;
        is_last
    }

    fn come_to(&self, wish: u64, offsets_left: i64) {
        let mut state = self.state();
        state.offsets_left = offsets_left;
        if offsets_left == 0 && state.caught_up != wish {
            state.caught_up = wish;
            self.changed.notify_all();
        }
    }
}

/// Ends the following when it is dropped: by the loop that ends, or by the thread that panics.
pub(super) struct Ending<'f>(pub(super) &'f Following);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Which of the partitions that it does not own an instance follows: each instance others first, so that all have followers.
pub(super) fn chosen(instance_id: &str, partitions: u32, owned: &[u32], count_max: usize) -> BTreeSet<u32> {
    let rank = |partition: &u32| {
        let mut hasher = DefaultHasher::new();
        (instance_id, partition).hash(&mut hasher);
        hasher.finish()
    };
    let mut others: Vec<u32> = (0..partitions).filter(|partition| !owned.contains(partition)).collect();
    others.sort_unstable_by_key(rank);
    others.into_iter().take(count_max).collect()
}

/// What the thread works with.
pub(super) struct Follower<'f, D: Domain, C, S, R> {
    pub(super) following: &'f Following,
    pub(super) settings: Settings,
    pub(super) topology: Topology,
    pub(super) codec: C,
    pub(super) store: S,
    pub(super) schemas: R,
    pub(super) machine: Machine<D>,
    pub(super) evidence: Evidence,
}

/// The two topics that are followed.
struct Readers {
    events: Followed,
    outcomes: Followed,
}

impl Readers {
    fn offsets_left(&self) -> i64 {
        self.events.offsets_left() + self.outcomes.offsets_left()
    }
}

/// A topic, and where those of its partitions end that have not brought their end since they were assigned.
struct Followed {
    reader: Reader,
    behind: BTreeMap<u32, i64>,
}

impl Followed {
    fn new(settings: &Settings, topic: &str) -> Result<Self, ReadFailure> {
        Ok(Self {
            reader: Reader::configured(&settings.following_reader(), topic)?,
            behind: BTreeMap::new(),
        })
    }

    fn assign(&mut self, from: &BTreeMap<u32, i64>) -> Result<(), ReadFailure> {
        let marks = self.reader.assign(from, ASK_WAIT_MAX)?;
        // Of one that begins at its end, too, something has to be heard.
        let ends = marks.iter().zip(from.values());
        self.behind = ends
            .map(|((partition, marks), from)| (*partition, marks.high.max(from + 1)))
            .collect();
        Ok(())
    }

    /// What has come; nothing while the brokers are away.
    fn next_records(&mut self) -> Result<RecordsByPartition, String> {
        match poll(&mut self.reader, FOLLOW_RECORDS_MAX, POLL_WAIT) {
            Ok((found, polled)) => {
                self.note(&polled);
                Ok(found)
            }
            Err(failure) if failure.is_transient() => Ok(RecordsByPartition::new()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    /// The last offset of a partition may be a marker, which is never handed out: there only its end says that it was passed.
    fn note(&mut self, polled: &Polled) {
        let reader = &self.reader;
        self.behind
            .retain(|partition, end| !polled.ended.contains(partition) && reader.next_offset(*partition).is_none_or(|next| next < *end));
    }

    /// At least one for each partition that is behind.
    fn offsets_left(&self) -> i64 {
        let left = |(partition, end): (&u32, &i64)| end - self.reader.next_offset(*partition).unwrap_or(0);
        self.behind.iter().map(left).sum()
    }
}

/// A machine of a smaller size than the loop's.
pub(super) fn machine<D: Domain>(limits: Limits) -> Machine<D> {
    Machine::new(Limits {
        cache_bytes_max: limits.cache_bytes_max / CACHE_SHARE,
        ..limits
    })
}

impl<D: Domain, C: Codec<D>, S: Read + Write, R: SchemaSource> Follower<'_, D, C, S, R> {
    /// Follows what is wanted until the end.
    pub(super) fn run(mut self) {
        // A thread that panics lets go of its partitions like one that ends: a restore must not wait for it.
        let _ending = Ending(self.following);
        let (mut wish, mut followed) = (0, BTreeSet::new());
        let mut readers = None;
        loop {
            let Some((next_wish, wanted)) = self.next(wish, readers.is_none()) else {
                return;
            };
            if next_wish != wish {
                wish = next_wish;
                self.let_go(&followed);
                // The loop waits for this only, and not for the readers that are opened next, also where the group changes again meanwhile.
                self.following.settle(wish);
                readers = self.begin(readers, &wanted);
                followed = wanted;
                if !self.following.hold(wish) {
                    continue;
                }
            }
            if let Some(open) = &mut readers
                && let Err(reason) = self.fold(open)
            {
                tracing::warn!(reason, "other instances' partitions are not followed until the group changes");
                readers = None;
            }
            self.following.come_to(wish, readers.as_ref().map_or(0, Readers::offsets_left));
        }
    }

    /// The wish to follow; waits for another one where there is nothing to do. `None` at the end.
    fn next(&self, wish: u64, is_idle: bool) -> Option<(u64, BTreeSet<u32>)> {
        let mut state = self.following.state();
        if is_idle && state.wish == wish && !state.is_over {
            let waited = self.following.changed.wait_timeout(state, IDLE_WAIT);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        (!state.is_over).then(|| (state.wish, state.wanted.clone()))
    }

    fn let_go(&mut self, followed: &BTreeSet<u32>) {
        for partition in followed {
            self.machine.close(*partition);
        }
    }

    fn begin(&mut self, before: Option<Readers>, wanted: &BTreeSet<u32>) -> Option<Readers> {
        if wanted.is_empty() {
            return None;
        }
        match self.open(before, wanted) {
            Ok(readers) => {
                tracing::info!(partitions = ?wanted, "following other instances' partitions");
                Some(readers)
            }
            Err(reason) => {
                tracing::warn!(reason, "other instances' partitions are not followed until the group changes");
                None
            }
        }
    }

    /// Readers that are connected, where their partitions may be changed: see [`Reader::release`].
    fn readers(&self, before: Option<Readers>) -> Result<Readers, ReadFailure> {
        if let Some(readers) = before
            && readers.offsets_left() == 0
        {
            return Ok(readers);
        }
        let topics = &self.topology.topics;
        Ok(Readers {
            events: Followed::new(&self.settings, &topics.events.name)?,
            outcomes: Followed::new(&self.settings, &topics.outcomes.name)?,
        })
    }

    fn open(&mut self, before: Option<Readers>, wanted: &BTreeSet<u32>) -> Result<Readers, String> {
        let mut readers = self.readers(before).map_err(|error| error.to_string())?;
        let Readers { events, outcomes } = &mut readers;
        let commands = &self.topology.topics.commands.name;
        let topic_id = outcomes
            .reader
            .topic_id(commands, ASK_WAIT_MAX)
            .map_err(|error| error.to_string())?;
        self.evidence = Evidence::of_topic(topic_id.ok_or_else(|| format!("{commands} is missing"))?);
        let (mut event_offsets, mut outcome_offsets) = (BTreeMap::new(), BTreeMap::new());
        let partitions: Vec<u32> = wanted.iter().copied().collect();
        let kept = outcomes
            .reader
            .all_watermarks(&partitions, ASK_WAIT_MAX)
            .map_err(|error| error.to_string())?;
        for partition in wanted {
            let cursor = Cursor::load(&self.store, *partition)
                .map_err(|error| error.to_string())?
                .unwrap_or_default();
            let opened = self.evidence.open(&self.store, *partition, cursor);
            let cursor = opened.map_err(|error| error.to_string())?;
            self.machine.open(*partition, cursor);
            let low = kept.get(partition).map_or(0, |marks| marks.low);
            event_offsets.insert(*partition, cursor.next_event_offset);
            outcome_offsets.insert(*partition, cursor.next_outcome_offset.max(low));
        }
        events.assign(&event_offsets).map_err(|error| error.to_string())?;
        outcomes.assign(&outcome_offsets).map_err(|error| error.to_string())?;
        Ok(readers)
    }

    /// Folds what has come of both topics.
    fn fold(&mut self, readers: &mut Readers) -> Result<(), String> {
        let Self {
            codec,
            schemas,
            store,
            machine,
            evidence,
            ..
        } = self;
        for (partition, found) in readers.events.next_records()? {
            let events =
                decoded::<D, C, _>(codec, asking::<D, C>(schemas), found, read_event::<D, C>).map_err(|error| error.to_string())?;
            let mutations = machine
                .replay_events(&*store, partition, &events)
                .map_err(|error| error.to_string())?;
            store.apply(&mutations).map_err(|error| error.to_string())?;
            self.following.records.fetch_add(events.len() as u64, Ordering::Relaxed);
        }
        for (partition, found) in readers.outcomes.next_records()? {
            let are_former = evidence.note(partition, &found);
            let outcomes =
                decoded::<D, C, _>(codec, asking::<D, C>(schemas), found, read_outcome::<D, C>).map_err(|error| error.to_string())?;
            let count = outcomes.len() as u64;
            let mut mutations = Vec::new();
            for (is_former, run) in evidence::runs(outcomes, &are_former) {
                let folded = if is_former {
                    machine.replay_former_outcomes(partition, &run)
                } else {
                    machine.replay_outcomes(partition, &run)
                };
                mutations.extend(folded.map_err(|error| error.to_string())?);
            }
            let next = machine.cursor(partition).unwrap_or_default().next_command_offset;
            mutations.extend(evidence.mutation(partition, next));
            store.apply(&mutations).map_err(|error| error.to_string())?;
            self.following.records.fetch_add(count, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
