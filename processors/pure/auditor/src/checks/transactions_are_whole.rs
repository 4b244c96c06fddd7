//! I5: an outcome and its events appear together or not at all.

use super::CheckContext;
use crate::merging::{Found, Step};
use crate::{Invariant, Shown};
use decider::{EventEnvelope, Outcome, Status};

/// An outcome has `event_count` events with its command id, and their numbers end at its own; a repeated or rejecting one has none.
pub(crate) fn transactions_are_whole<S, E: std::fmt::Debug>(context: &mut CheckContext<S>, step: &Step<E>) {
    let mut found: Vec<(String, Vec<Shown>)> = Vec::new();
    match step.outcomes.as_slice() {
        [] => {
            if let Some(event) = step.events.first()
                && (context.decided && !step.former && step.command_offset >= context.first_command)
            {
                let what = format!(
                    "{} events of command {} have no outcome, from {} on",
                    step.events.len(),
                    event.value.command_id,
                    event.record.place
                );
                found.push((what, vec![Shown::of(&event.record, &event.value)]));
            }
        }
        // Outcomes beyond the end that is looked at are left out, and so are events: only what was decided must be whole.
        [outcome, ..] if context.decided => found.extend(torn(outcome, &step.events)),
        _ => {}
    }
    let place = step.outcomes.first().map(|found| found.record.place).or_else(|| step.first_place());
    for (what, records) in found {
        context.violated(Invariant::I5, place, what, records);
    }
}

fn torn<E: std::fmt::Debug>(found: &Found<Outcome>, events: &[Found<EventEnvelope<E>>]) -> Option<(String, Vec<Shown>)> {
    let (outcome, place) = (&found.value, found.record.place);
    let mut records = vec![Shown::of(&found.record, outcome)];
    if outcome.status == Status::Rejected && outcome.event_count > 0 {
        let what = format!(
            "the outcome at {place} is {} with {} events",
            outcome.status.name(),
            outcome.event_count
        );
        return Some((what, records));
    }
    let expected = if outcome.repeated { 0 } else { u64::from(outcome.event_count) };
    if expected != events.len() as u64 {
        records.extend(events.iter().take(3).map(|event| Shown::of(&event.record, &event.value)));
        let what = format!(
            "the outcome at {place} is of {expected} events, and the log has {} of its command",
            events.len()
        );
        return Some((what, records));
    }
    for (event, back) in events.iter().rev().zip(0..) {
        let value = &event.value;
        let fits = value.command_id == outcome.command_id
            && value.aggregate_id == outcome.aggregate_id
            && value.sequence + back == outcome.sequence
            && value.version + back == outcome.version;
        if !fits {
            records.push(Shown::of(&event.record, value));
            let what = format!("the event at {} does not belong to the outcome at {place}", event.record.place);
            return Some((what, records));
        }
    }
    None
}
