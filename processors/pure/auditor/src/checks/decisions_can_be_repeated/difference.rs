//! Compares the core's decision with the one in the log.

use crate::merging::Step;
use decider::{Batch, Codec, Domain, Outcome, Outgoing};

/// What the machine decides now, compared with what the log says was decided.
/// `is_same_build` says that this build has decided the log.
pub(super) fn difference<D: Domain, C: Codec<D>>(
    codec: &mut C,
    batch: &Batch,
    index: usize,
    step: &Step<D::Event>,
    is_same_build: bool,
) -> Option<String> {
    let at = step.command_offset;
    let (mut events, mut outcomes) = (step.events.iter(), step.outcomes.iter());
    let mut letters = step.letter.iter();
    for outgoing in &batch.outgoing {
        match outgoing {
            Outgoing::Event { incoming, value, .. } if *incoming == index => {
                let value = batch.value(value);
                let Some(found) = events.next() else {
                    return Some(format!(
                        "deciding the command at {at} again gives an event that the log does not have"
                    ));
                };
                if found.record.value.as_deref() != Some(value) && codec.decode_event(value).as_ref() != Ok(&found.value) {
                    let again = codec.decode_event(value);
                    return Some(format!(
                        "deciding the command at {at} again gives another event than {}: {again:?} where the log has {:?}",
                        found.record.place, found.value
                    ));
                }
            }
            Outgoing::Outcome { incoming, value, .. } if *incoming == index => {
                let value = batch.value(value);
                let Some(found) = outcomes.next() else {
                    return Some(format!(
                        "deciding the command at {at} again gives an outcome that the log does not have"
                    ));
                };
                let mut is_other = || is_same_build || !codec.decode_outcome(value).is_ok_and(|again| is_same(&found.value, &again));
                if found.record.value.as_deref() != Some(value) && is_other() {
                    let again = codec.decode_outcome(value);
                    return Some(format!(
                        "deciding the command at {at} again gives another outcome than {}: {again:?} where the log has {:?}",
                        found.record.place, found.value
                    ));
                }
            }
            Outgoing::DeadLetter { incoming, reason, .. } if *incoming == index => {
                if letters.next().is_none_or(|letter| letter.reason != reason.to_string()) {
                    return Some(format!(
                        "the record at {at} is a dead letter ({reason}), and the log has {:?}",
                        step.letter
                    ));
                }
            }
            Outgoing::Event { .. } | Outgoing::Outcome { .. } | Outgoing::DeadLetter { .. } | Outgoing::Forward { .. } => {}
        }
    }
    if events.len() + outcomes.len() + letters.len() > 0 {
        return Some(format!(
            "deciding the command at {at} again gives {} events, {} outcomes and {} dead letters less than the log has",
            events.len(),
            outcomes.len(),
            letters.len()
        ));
    }
    None
}

/// Sentences and facts of a rejection may read otherwise in another build; the rule is the decision.
fn is_same(found: &Outcome, again: &Outcome) -> bool {
    let decision = |outcome: &Outcome| {
        let mut outcome = outcome.clone();
        if let Some(rejection) = &mut outcome.rejection {
            rejection.message.clear();
            rejection.facts.clear();
        }
        outcome
    };
    decision(found) == decision(again)
}
