//! The consequences of the outcome of a command of an import: it counts, or what of it can still be done is asked once more.

use super::{Ids, PlannedCommand};
use decider::{Outcome, Rejection};
use domain::rotation::Leg;
use domain::{Command, rotation};
use std::collections::{BTreeMap, BTreeSet};

/// What an outcome comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    /// The same command was accepted in an import before this one.
    Repeated,
    /// Everything stands as it was asked for.
    Unchanged,
    Rejected(Vec<String>),
    /// Some legs keep the others from being added: those are settled, and the others are asked for again.
    Again {
        rejected: Vec<String>,
        asks: Vec<PlannedCommand>,
    },
}

/// Rules that hold for a rotation as a whole: asking for its legs one by one would be refused each time.
const OF_THE_ROTATION: [&str; 2] = ["no-such-rotation", "rotation-removed"];

pub(super) fn answer(ask: &PlannedCommand, outcome: &Outcome) -> Answer {
    let Some(rejection) = &outcome.rejection else {
        return if outcome.repeated { Answer::Repeated } else { Answer::Accepted };
    };
    if rejection.rule == "nothing-to-change" {
        return Answer::Unchanged;
    }
    if let Command::Rotation(rotation::Command::Create { .. }) = ask.command
        && rejection.rule == "already-created"
    {
        return Answer::Unchanged;
    }
    let Command::Rotation(rotation::Command::AddLegs { legs }) = &ask.command else {
        let line = ask.lines.first().map(|line| format!("line {line}: ")).unwrap_or_default();
        return Answer::Rejected(vec![format!("{line}{}: {}", outcome.aggregate_id, rejection.message)]);
    };
    let lines: Vec<(u64, &Leg)> = ask.lines.iter().copied().zip(legs).collect();
    legs_answer(ask, &lines, rejection)
}

fn legs_answer(ask: &PlannedCommand, lines: &[(u64, &Leg)], rejection: &Rejection) -> Answer {
    let reject = |lines: &[(u64, &Leg)]| -> Vec<String> {
        let text = |(line, leg): &(u64, &Leg)| format!("line {line}: leg {} of {} is not added: {}", leg.id, ask.id, rejection.message);
        lines.iter().map(text).collect()
    };
    if lines.len() <= 1 || OF_THE_ROTATION.contains(&rejection.rule.as_str()) {
        return match named(rejection).values().next() {
            Some(Naming::AsAsked) if lines.len() == 1 && rejection.rule == "leg-exists" => Answer::Unchanged,
            _ => Answer::Rejected(reject(lines)),
        };
    }
    let named = named(rejection);
    let (settled, rest): (Vec<_>, Vec<_>) = lines.iter().copied().partition(|(_, leg)| named.contains_key(leg.id.as_str()));
    if settled.is_empty() || !["leg-exists", "leg-removed"].contains(&rejection.rule.as_str()) {
        // It does not say which legs it is about, or it is about how they stand to others: each half may be possible.
        let (first, second) = lines.split_at(lines.len() / 2);
        return Answer::Again {
            rejected: Vec::new(),
            asks: vec![again(ask, first), again(ask, second)],
        };
    }
    let mut rejected = Vec::new();
    for (line, leg) in &settled {
        match &named[leg.id.as_str()] {
            Naming::AsAsked if rejection.rule == "leg-exists" => {}
            Naming::AsAsked => rejected.push(format!(
                "line {line}: leg {} of {} is not added: it was removed, and ids of legs are not used again",
                leg.id, ask.id
            )),
            Naming::Otherwise(values) => rejected.push(format!(
                "line {line}: leg {} of {} is not changed: it exists already, with {values}",
                leg.id, ask.id
            )),
        }
    }
    let asks = if rest.is_empty() { Vec::new() } else { vec![again(ask, &rest)] };
    Answer::Again { rejected, asks }
}

fn again(ask: &PlannedCommand, lines: &[(u64, &Leg)]) -> PlannedCommand {
    let (lines, legs) = lines.iter().map(|(line, leg)| (*line, (*leg).clone())).unzip();
    PlannedCommand {
        id: ask.id.clone(),
        command: Command::Rotation(rotation::Command::AddLegs { legs }),
        ids: Ids::Fresh,
        lines,
    }
}

/// What a rejection says of a leg that it names.
enum Naming {
    AsAsked,
    /// Values that stand in the place of those that were asked for.
    Otherwise(String),
}

/// The legs that a rejection names.
fn named(rejection: &Rejection) -> BTreeMap<&str, Naming> {
    let mut named = BTreeMap::new();
    for fact in &rejection.facts {
        let Some(leg) = fact.get("leg") else { continue };
        let values: BTreeSet<String> = fact
            .iter()
            .filter(|(name, _)| *name != "leg")
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let naming = if values.is_empty() {
            Naming::AsAsked
        } else {
            Naming::Otherwise(values.into_iter().collect::<Vec<_>>().join(", "))
        };
        named.insert(leg.as_str(), naming);
    }
    named
}

#[cfg(test)]
mod tests;
