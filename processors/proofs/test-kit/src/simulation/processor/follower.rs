//! A warm follower: folds partitions that it does not own into its own state, without any group, so that a take-over has little to
//! replay.
//!
//! It has a machine of its own over the same state: batches of its owned partitions are decided meanwhile. What a partition's
//! take-over begins with is the follower's cursor; from then on the follower leaves it alone.

use super::replay::fold;
use super::{Environment, Run};
use crate::simulation::log::{Isolation, Topic};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use crate::simulation::{Sabotage, Violation};
use decider::{Cursor, Limits, Machine};
use std::collections::BTreeSet;

pub(super) struct Follower<S: Scenario> {
    machine: Machine<S::Domain>,
    codec: S::Codec,
    /// Partitions of which something was folded.
    warm: BTreeSet<u32>,
}

impl<S: Scenario> Follower<S> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            machine: Machine::new(limits),
            codec: S::codec(),
            warm: BTreeSet::new(),
        }
    }

    /// Leaves a partition to its owner. Returns whether its state was kept warm.
    pub(super) fn let_go(&mut self, partition: u32, sabotage: Option<Sabotage>) -> bool {
        if sabotage != Some(Sabotage::FollowsOn) {
            self.machine.close(partition);
        }
        self.warm.remove(&partition)
    }
}

impl<S: Scenario> Run<S> {
    /// Folds some committed records of a partition, if another process owns it.
    pub(super) fn follow(
        &mut self,
        place: &mut impl Place,
        partition: u32,
        name: &str,
        around: &mut Environment<'_>,
    ) -> Result<(), Violation> {
        let follower = &mut self.follower;
        let followed = follower.machine.cursor(partition);
        let goes_on = around.sabotage == Some(Sabotage::FollowsOn) && followed.is_some();
        if self.assigned.contains_key(&partition) && !goes_on {
            return Ok(());
        }
        let cursor = match followed {
            Some(cursor) => cursor,
            None => {
                let stored = Cursor::load(place, partition).map_err(|error| Violation::new("state", error.to_string()))?;
                let cursor = stored.unwrap_or_default();
                follower.machine.open(partition, cursor);
                cursor
            }
        };
        let (topic, from) = if around.chance.hits(500) {
            (Topic::Events, cursor.next_event_offset)
        } else {
            (Topic::Outcomes, cursor.next_outcome_offset)
        };
        let records_max = around.chance.index(16) + 1;
        let (records, next) = around.log.fetch(topic, partition, from, records_max, Isolation::Committed);
        if records.is_empty() {
            return Ok(());
        }
        if let Some(failure) = fold::<S>(&mut follower.machine, &mut follower.codec, place, topic, partition, &records)? {
            around.trace.happened("not followed for a bug", format_args!("{failure}"));
            follower.machine.close(partition);
            return Ok(());
        }
        follower.warm.insert(partition);
        around
            .trace
            .happened("followed", format_args!("{name} {topic:?} {partition} up to {next}"));
        Ok(())
    }
}
