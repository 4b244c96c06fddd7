//! Taking over one partition, step by step: stable offsets, claim, end of the log, events, outcomes, comparison.

use super::replay::fold;
use super::{Environment, Run};
use crate::simulation::log::{Committed, Isolation, Topic};
use crate::simulation::place::Place;
use crate::simulation::scenario::Scenario;
use crate::simulation::{Sabotage, Violation};
use decider::Cursor;

pub(super) struct Takeover {
    pub(super) partition: u32,
    committed: Option<Committed>,
    /// Where the log ended when the replay began.
    ends: (i64, i64),
    /// The next offset to read.
    at: i64,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    Stable,
    Claim,
    Ends,
    Events,
    Outcomes,
    Resume,
}

/// How often a new owner ends the transaction that holds it up, instead of waiting for it.
const FENCE_PER_MILLE: u64 = 200;

impl Takeover {
    pub(super) fn new(partition: u32) -> Self {
        Self {
            partition,
            committed: None,
            ends: (0, 0),
            at: 0,
            phase: Phase::Stable,
        }
    }

    pub(super) fn next_step(&self) -> &'static str {
        match self.phase {
            Phase::Stable => "read stable offset",
            Phase::Claim => "claim",
            Phase::Ends => "read end of log",
            Phase::Events => "replay events",
            Phase::Outcomes => "replay outcomes",
            Phase::Resume => "resume",
        }
    }
}

impl<S: Scenario> Run<S> {
    /// One step of the first takeover in the queue.
    pub(super) fn take_over(&mut self, place: &mut impl Place, name: &str, around: &mut Environment<'_>) -> Result<(), Violation> {
        let Some(mut takeover) = self.takeovers.pop_front() else {
            return Ok(());
        };
        let partition = takeover.partition;
        let next = match takeover.phase {
            Phase::Stable => match around.log.stable_offset(partition) {
                Err(owner) => {
                    let owner = owner.to_owned();
                    fence(&owner, name, around);
                    Some(Phase::Stable)
                }
                Ok(committed) => {
                    takeover.committed = committed.cloned();
                    let cursor = Cursor::load(place, partition).map_err(|error| Violation::new("state", error.to_string()))?;
                    self.machine.open(partition, cursor.unwrap_or_default());
                    Some(Phase::Claim)
                }
            },
            Phase::Claim => {
                if around.group.generation == self.generation
                    && let Some(committed) = takeover.committed.as_ref().filter(|committed| committed.transactional_id != name)
                {
                    around.log.commit_offset(partition, committed.offset, name);
                    around
                        .trace
                        .happened("claim", format_args!("{name} {partition} at {}", committed.offset));
                }
                Some(Phase::Ends)
            }
            Phase::Ends => {
                takeover.ends = (
                    around.log.end_offset(Topic::Events, partition),
                    around.log.end_offset(Topic::Outcomes, partition),
                );
                takeover.at = self.cursor(partition).next_event_offset;
                Some(Phase::Events)
            }
            Phase::Events if takeover.at >= takeover.ends.0 => {
                takeover.at = self.cursor(partition).next_outcome_offset;
                Some(Phase::Outcomes)
            }
            Phase::Outcomes if takeover.at >= takeover.ends.1 || around.sabotage == Some(Sabotage::ReplaysNoOutcomes) => {
                Some(Phase::Resume)
            }
            Phase::Events | Phase::Outcomes => {
                let goes_on = self.replay(&mut takeover, place, name, around)?;
                goes_on.then_some(takeover.phase)
            }
            Phase::Resume => {
                if let Some(committed) = &takeover.committed {
                    let mutations = self.machine.resume_at(partition, committed.offset);
                    let mutations = mutations.map_err(|error| Violation::new("I6", error.to_string()))?;
                    place
                        .apply(&mutations)
                        .map_err(|error| Violation::new("store", error.to_string()))?;
                }
                around
                    .trace
                    .happened("taken over", format_args!("{name} {partition} {:?}", self.cursor(partition)));
                None
            }
        };
        if let Some(phase) = next {
            takeover.phase = phase;
            self.takeovers.push_front(takeover);
        }
        Ok(())
    }

    /// Folds some records of the log into the state. `false` when the domain fails at one of them.
    fn replay(
        &mut self,
        takeover: &mut Takeover,
        place: &mut impl Place,
        name: &str,
        around: &mut Environment<'_>,
    ) -> Result<bool, Violation> {
        let partition = takeover.partition;
        let topic = match takeover.phase {
            Phase::Events => Topic::Events,
            _ => Topic::Outcomes,
        };
        let records_max = around.chance.index(8) + 1;
        let (records, next) = around.log.fetch(topic, partition, takeover.at, records_max, Isolation::Committed);
        if next == takeover.at {
            let former = takeover.committed.as_ref().map(|committed| committed.transactional_id.clone());
            if let Some(owner) = former {
                fence(&owner, name, around);
            }
            return Ok(true);
        }
        if let Some(failure) = fold::<S>(&mut self.machine, &mut self.codec, place, topic, partition, &records)? {
            self.stop(failure, around);
            return Ok(false);
        }
        takeover.at = next;
        around
            .trace
            .happened("replay", format_args!("{name} {topic:?} {partition} up to {next}"));
        Ok(true)
    }

    fn cursor(&self, partition: u32) -> Cursor {
        self.machine.cursor(partition).unwrap_or_default()
    }
}

/// Ends what another instance left open, or waits.
fn fence(owner: &str, name: &str, around: &mut Environment<'_>) {
    if owner != name && around.chance.hits(FENCE_PER_MILLE) {
        around.trace.happened("fence", format_args!("{name} fences {owner}"));
        around.log.init_producer(owner);
    }
}
