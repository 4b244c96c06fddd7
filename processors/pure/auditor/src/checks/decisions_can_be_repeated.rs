//! I7: the commands alone give the events and outcomes of the log.
//!
//! The pure core decides every command again, from nothing; where the first commands are not in the log any more, from the state that
//! their events make. The first difference in a partition ends its check: whatever follows rests on another state.

mod clock;
mod difference;

use super::CheckContext;
use crate::decoding::Decoding;
use crate::ledger::LedgerError;
use crate::merging::{Found, Step};
use crate::{AuditError, Invariant};
use clock::Clock;
use decider::{Codec, Cursor, Domain, Incoming, Limits, Machine, OUTCOME_LOST, Outcome, Replay, ReplayError, StepError};
use difference::difference;
use keyvalue::{Read, Write};
use std::collections::BTreeMap;

/// That many steps are decided at once, or that many bytes.
const STEPS_MAX: usize = 500;
const STEPS_BYTES_MAX: usize = 4 << 20;

enum Phase {
    /// The commands of these steps are gone.
    Folding,
    Deciding,
    /// Something differed.
    Over,
}

pub(crate) struct Redeciding<D: Domain> {
    machine: Machine<D>,
    phase: Phase,
    clock: Clock,
    waiting: Vec<Step<D::Event>>,
    bytes: usize,
}

impl<D: Domain> Redeciding<D> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            machine: Machine::new(limits),
            phase: Phase::Deciding,
            clock: Clock::AtLeast,
            waiting: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn begin(&mut self, partition: u32) {
        self.machine.open(partition, Cursor::default());
        self.phase = Phase::Folding;
        self.clock = Clock::AtLeast;
        self.waiting.clear();
        self.bytes = 0;
    }

    pub(crate) fn push<S: Read + Write, C: Codec<D>>(
        &mut self,
        context: &mut CheckContext<S>,
        decoding: &mut Decoding<'_, C>,
        step: Step<D::Event>,
    ) -> Result<(), AuditError> {
        if matches!(self.phase, Phase::Folding) && !step.former && step.command_offset >= context.first_command {
            self.flush(context, decoding)?;
            if matches!(self.phase, Phase::Folding) {
                let resumed = self.machine.resume_at(context.partition, context.first_command);
                self.fold(context, resumed)?;
            }
            if matches!(self.phase, Phase::Folding) {
                self.phase = Phase::Deciding;
            }
        }
        if matches!(self.phase, Phase::Over) {
            return Ok(());
        }
        if matches!(self.phase, Phase::Deciding) {
            self.set_clock(context, &step)?;
        }
        self.bytes += step.command.as_ref().map_or(0, |record| record.bytes());
        self.waiting.push(step);
        if self.waiting.len() >= STEPS_MAX || self.bytes >= STEPS_BYTES_MAX {
            self.flush(context, decoding)?;
        }
        Ok(())
    }

    /// Where outcomes of earlier commands are gone, the partition's clock follows from the first outcome that is left, unless that goes back behind
    /// what is known: then deciding its command again gives another one.
    fn set_clock<S: Read + Write>(&mut self, context: &mut CheckContext<S>, step: &Step<D::Event>) -> Result<(), AuditError> {
        let begins_here = context.first_command == 0 && !context.has_former && !context.is_carried;
        let (Some(first), Clock::AtLeast, false) = (step.outcomes.first(), self.clock, begins_here) else {
            return Ok(());
        };
        self.clock = Clock::Known;
        let cursor = self.machine.cursor(context.partition).unwrap_or_default();
        let (decided_at_ms, clock_ms) = (first.record.timestamp_ms, first.value.clock_ms);
        if clock_ms < clock::least_ms(cursor, decided_at_ms) {
            return Ok(());
        }
        let set = self.machine.set_clock(context.partition, decided_at_ms, clock_ms);
        self.fold(context, set)
    }

    pub(crate) fn finish<S: Read + Write, C: Codec<D>>(
        &mut self,
        context: &mut CheckContext<S>,
        decoding: &mut Decoding<'_, C>,
    ) -> Result<(), AuditError> {
        self.flush(context, decoding)?;
        self.machine.close(context.partition);
        Ok(())
    }

    fn flush<S: Read + Write, C: Codec<D>>(
        &mut self,
        context: &mut CheckContext<S>,
        decoding: &mut Decoding<'_, C>,
    ) -> Result<(), AuditError> {
        let steps = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        match self.phase {
            Phase::Folding => self.fold_steps(context, &steps),
            Phase::Deciding => self.decide(context, decoding, &steps),
            Phase::Over => Ok(()),
        }
    }

    /// What is decided already is taken as it is.
    fn fold_steps<S: Read + Write>(&mut self, context: &mut CheckContext<S>, steps: &[Step<D::Event>]) -> Result<(), AuditError> {
        let events: Vec<_> = steps.iter().flat_map(|step| &step.events).map(replay).collect();
        context.counts.folded += events.len() as u64;
        let folded = self.machine.replay_events(&context.ledger.store, context.partition, &events);
        self.fold(context, folded)?;
        for run in steps.chunk_by(|one, next| one.former == next.former) {
            let outcomes: Vec<_> = run.iter().flat_map(|step| &step.outcomes).map(replay).collect();
            let folded = if run.first().is_some_and(|step| step.former) {
                self.machine.replay_former_outcomes(context.partition, &outcomes)
            } else {
                self.machine.replay_outcomes(context.partition, &outcomes)
            };
            self.fold(context, folded)?;
        }
        if let Some(last) = steps.last() {
            self.clock = Clock::after(last.outcomes.len());
        }
        Ok(())
    }

    fn fold<S: Read + Write>(
        &mut self,
        context: &mut CheckContext<S>,
        folded: Result<Vec<keyvalue::Mutation>, ReplayError>,
    ) -> Result<(), AuditError> {
        match folded {
            Ok(mutations) => Ok(context.ledger.store.apply(&mutations).map_err(LedgerError::from)?),
            Err(ReplayError::Read { error, .. }) => Err(LedgerError::from(error).into()),
            Err(
                error @ (ReplayError::SequenceGap { .. }
                | ReplayError::VersionGap { .. }
                | ReplayError::Misplaced { .. }
                | ReplayError::StateAhead { .. }
                | ReplayError::Domain(_)
                | ReplayError::NotOpen { .. }),
            ) => {
                let what = format!("the commands cannot be decided again from what came before them: {error}");
                self.over(context, None, what);
                Ok(())
            }
        }
    }

    fn over<S>(&mut self, context: &mut CheckContext<S>, place: Option<crate::Place>, what: String) {
        context.violated(Invariant::I7, place, what, Vec::new());
        self.phase = Phase::Over;
    }

    fn decide<S: Read + Write, C: Codec<D>>(
        &mut self,
        context: &mut CheckContext<S>,
        decoding: &mut Decoding<'_, C>,
        steps: &[Step<D::Event>],
    ) -> Result<(), AuditError> {
        let mut decidable = Vec::new();
        for step in steps {
            match &step.command {
                None => {
                    self.decide_again(context, decoding, &decidable)?;
                    let what = format!(
                        "the log answers a command at commands {}/{}, where there is none or one that was answered before",
                        context.partition, step.command_offset
                    );
                    if matches!(self.phase, Phase::Deciding) {
                        self.over(context, step.first_place(), what);
                    }
                    return Ok(());
                }
                // What could not be read then may be readable now: the registry is not part of the log.
                Some(_) if is_unknown_schema(step) => context.counts.trusted += 1,
                Some(_) if step.trusted || was_refused_earlier::<D>(step) || stands_in(step) => {
                    context.counts.trusted += 1;
                    self.decide_again(context, decoding, &std::mem::take(&mut decidable))?;
                    // It moves the partition's clock like any other.
                    self.fold_outcomes(context, step)?;
                }
                Some(command) => decidable.push((step, incoming(context.partition, command))),
            }
            if matches!(self.phase, Phase::Over) {
                return Ok(());
            }
        }
        self.decide_again(context, decoding, &decidable)
    }

    fn fold_outcomes<S: Read + Write>(&mut self, context: &mut CheckContext<S>, step: &Step<D::Event>) -> Result<(), AuditError> {
        if matches!(self.phase, Phase::Over) {
            return Ok(());
        }
        let next = self
            .machine
            .cursor(context.partition)
            .map_or(0, |cursor| cursor.next_outcome_offset);
        let folded = self.machine.replay_outcomes(context.partition, &replay_from(next, &step.outcomes));
        self.fold(context, folded)
    }

    /// A command that could be read when it was decided, and whose schema has left the registry since: the registry is not part of the log. What the log
    /// has of it is taken as it is.
    fn fold_unreadable<S: Read + Write>(&mut self, context: &mut CheckContext<S>, step: &Step<D::Event>) -> Result<(), AuditError> {
        if matches!(self.phase, Phase::Over) {
            return Ok(());
        }
        context.counts.trusted += 1;
        let next = self.machine.cursor(context.partition).map_or(0, |cursor| cursor.next_event_offset);
        let events = replay_from(next, &step.events);
        let folded = self.machine.replay_events(&context.ledger.store, context.partition, &events);
        self.fold(context, folded)?;
        self.fold_outcomes(context, step)
    }

    fn decide_again<S: Read + Write, C: Codec<D>>(
        &mut self,
        context: &mut CheckContext<S>,
        decoding: &mut Decoding<'_, C>,
        decidable: &[(&Step<D::Event>, Incoming<'_>)],
    ) -> Result<(), AuditError> {
        let mut rest = decidable;
        while !rest.is_empty() {
            let incoming: Vec<_> = rest.iter().map(|(_, incoming)| *incoming).collect();
            let decided = self
                .machine
                .decide(&context.ledger.store, &mut decoding.codec, &incoming, &BTreeMap::new());
            let batch = match decided {
                Ok(batch) => batch,
                Err(StepError::UnknownSchema { schema_id, offset, .. }) => {
                    if decoding.learn::<D>(schema_id)?.is_some() {
                        let at = rest.iter().position(|(step, _)| step.command_offset == offset).unwrap_or_default();
                        let (before, from) = rest.split_at(at);
                        self.decide_again(context, decoding, before)?;
                        self.fold_unreadable(context, from[0].0)?;
                        rest = &from[1..];
                    }
                    if matches!(self.phase, Phase::Over) {
                        return Ok(());
                    }
                    continue;
                }
                Err(StepError::Read { error, .. }) => return Err(LedgerError::from(error).into()),
                Err(error @ StepError::Domain(_)) => {
                    let what = format!("the log goes on after a command that cannot be decided: {error}");
                    self.over(context, rest[0].0.first_place(), what);
                    return Ok(());
                }
                Err(
                    error @ (StepError::WentBack { .. }
                    | StepError::NotOpen { .. }
                    | StepError::Misplaced { .. }
                    | StepError::DecidedOtherwise { .. }),
                ) => {
                    self.over(context, None, error.to_string());
                    return Ok(());
                }
            };
            let consumed = batch.consumed;
            context.counts.redecided += consumed as u64;
            let difference = rest[..consumed].iter().enumerate().find_map(|(index, (step, _))| {
                Some((
                    step.first_place(),
                    difference(&mut decoding.codec, &batch, index, step, context.is_same_build)?,
                ))
            });
            if let Some((place, what)) = difference {
                self.machine.aborted(batch);
                self.over(context, place, what);
                return Ok(());
            }
            let mutations = self.machine.committed(batch, &BTreeMap::new());
            context.ledger.store.apply(&mutations).map_err(LedgerError::from)?;
            rest = &rest[consumed..];
        }
        Ok(())
    }
}

/// As if they followed one another from `next` on: one that was lost and written again lies elsewhere.
fn replay_from<T: Clone>(next: i64, found: &[Found<T>]) -> Vec<Replay<T>> {
    found
        .iter()
        .zip(next..)
        .map(|(found, offset)| Replay { offset, ..replay(found) })
        .collect()
}

fn replay<T: Clone>(found: &Found<T>) -> Replay<T> {
    Replay {
        offset: found.record.place.offset,
        timestamp_ms: found.record.timestamp_ms,
        value: found.value.clone(),
    }
}

/// Another build than this one may have refused it. A rejection changes nothing, so what follows can be decided again.
fn was_refused_earlier<D: Domain>(step: &Step<D::Event>) -> bool {
    let rejections = step.outcomes.iter().filter_map(|outcome| outcome.value.rejection.as_ref());
    let is_earlier = |rule: &str| D::REFUSED_EARLIER.contains(&rule);
    step.events.is_empty()
        && !step.outcomes.is_empty()
        && rejections.filter(|rejection| is_earlier(&rejection.rule)).count() == step.outcomes.len()
}

/// What it answered is not known any more: its outcome was lost and could not be made again.
fn stands_in<E>(step: &Step<E>) -> bool {
    let is_lost = |found: &Found<Outcome>| {
        found
            .value
            .rejection
            .as_ref()
            .is_some_and(|rejection| rejection.rule == OUTCOME_LOST)
    };
    step.events.is_empty() && !step.outcomes.is_empty() && step.outcomes.iter().all(|found| found.record.is_rewritten() && is_lost(found))
}

fn is_unknown_schema<E>(step: &Step<E>) -> bool {
    step.letter.as_ref().is_some_and(|letter| letter.reason.starts_with("schema id "))
}

fn incoming(partition: u32, command: &crate::Record) -> Incoming<'_> {
    Incoming {
        partition,
        offset: command.place.offset,
        timestamp_ms: command.timestamp_ms,
        key: command.key.as_deref(),
        value: command.value.as_deref(),
        content_type: command.header_in_any_case("content-type"),
        command_type: command.header("type"),
    }
}
