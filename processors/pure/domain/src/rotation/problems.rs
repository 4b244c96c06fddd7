//! What is wrong between neighbouring legs, in a whole rotation or around the places that a change touches.

use super::state::{Place, State};
use super::{Leg, Mode};
use crate::rejection::Fact;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;

/// Two legs that follow one another and should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    kind: Kind,
    leg: Leg,
    next: Leg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The next departs before this one has arrived.
    Overlap,
    /// The next departs from somewhere else than where this one arrives.
    Discontinuity,
}

/// A command would break an active rotation, or leave a draft's problems in it. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problems(Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Problem { kind, leg, next }) = self.0.first() else {
            return Ok(());
        };
        match kind {
            Kind::Overlap => {
                write!(
                    formatter,
                    "leg {} departs at {}, before leg {} arrives at {}",
                    next.id, next.departure, leg.id, leg.arrival
                )?;
            }
            Kind::Discontinuity => {
                write!(
                    formatter,
                    "leg {} departs from {}, but leg {} arrives at {}",
                    next.id, next.origin, leg.id, leg.destination
                )?;
            }
        }
        match self.0.len() - 1 {
            0 => Ok(()),
            1 => write!(formatter, "; and one problem more"),
            more => write!(formatter, "; and {more} problems more"),
        }
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for crate::Rejection {
    fn from(problems: Problems) -> Self {
        let rule = problems.0.first().map_or("discontinuity", |problem| problem.kind.rule());
        Self::with_facts(rule, &problems, problems.0.iter().map(Problem::fact))
    }
}

impl Kind {
    fn rule(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::Discontinuity => "discontinuity",
        }
    }
}

impl Problem {
    fn fact(&self) -> Fact {
        let Self { kind, leg, next } = self;
        Fact::from([
            ("rule", kind.rule().to_owned()),
            ("leg", leg.id.to_string()),
            ("arrival", leg.arrival.to_string()),
            ("destination", leg.destination.to_string()),
            ("next_leg", next.id.to_string()),
            ("next_departure", next.departure.to_string()),
            ("next_origin", next.origin.to_string()),
        ])
    }
}

/// What a command takes out of a rotation and puts into it.
#[derive(Debug, Default)]
pub(super) struct Change<'c> {
    removed: BTreeSet<Place>,
    added: BTreeMap<Place, &'c Leg>,
}

impl<'c> Change<'c> {
    pub(super) fn new(removed: impl Iterator<Item = &'c Leg>, added: impl Iterator<Item = &'c Leg>) -> Self {
        Self {
            removed: removed.map(place).collect(),
            added: added.map(|leg| (place(leg), leg)).collect(),
        }
    }

    /// A draft accepts any result; an active rotation only one without problems.
    pub(super) fn judge(&self, state: &State, mode: Mode) -> Result<(), Problems> {
        match mode {
            Mode::Draft => Ok(()),
            Mode::Active => none(self.problems(state)),
        }
    }

    /// Only pairs that the change makes are looked at: costs O(log n) for each leg of the change.
    fn problems(&self, state: &State) -> Vec<Problem> {
        let mut pairs = BTreeMap::new();
        let mut pair = |first: Option<&Leg>, second: Option<&Leg>| {
            if let (Some(first), Some(second)) = (first, second) {
                pairs.insert(place(second), (first.clone(), second.clone()));
            }
        };
        for (place, leg) in &self.added {
            pair(self.before(state, place), Some(leg));
            pair(Some(leg), self.after(state, place));
        }
        for place in &self.removed {
            let previous = state.ordered().range(..place).next_back();
            // Of several that go from one place the first looks over all of them.
            // Where a leg comes back to the same place, it has been looked at above.
            if previous.is_some_and(|(previous, _)| self.removed.contains(previous)) || self.added.contains_key(place) {
                continue;
            }
            pair(self.before(state, place), self.after(state, place));
        }
        pairs.values().flat_map(|(first, second)| between(first, second)).collect()
    }

    /// The leg before a place, in the result. The search ends at the added leg before it, so that the searches of one change
    /// pass each of its removed legs a bounded number of times.
    fn before<'s>(&'s self, state: &'s State, place: &Place) -> Option<&'s Leg> {
        let added = self.added.range(..place).next_back();
        let from = added.map_or(Bound::Unbounded, |(place, _)| Bound::Excluded(place));
        let mut between = state.ordered().range((from, Bound::Excluded(place))).rev();
        let kept = between.find(|(place, _)| !self.removed.contains(*place));
        kept.map(|(_, leg)| leg).or(added.map(|(_, leg)| *leg))
    }

    /// The leg after a place, in the result. The search ends as that of `before`.
    fn after<'s>(&'s self, state: &'s State, place: &Place) -> Option<&'s Leg> {
        let added = self.added.range((Bound::Excluded(place), Bound::Unbounded)).next();
        let to = added.map_or(Bound::Unbounded, |(place, _)| Bound::Excluded(place));
        let mut between = state.ordered().range((Bound::Excluded(place), to));
        let kept = between.find(|(place, _)| !self.removed.contains(*place));
        kept.map(|(_, leg)| leg).or(added.map(|(_, leg)| *leg))
    }
}

/// Every pair of a whole rotation.
pub(super) fn of_all(state: &State) -> Result<(), Problems> {
    let legs = state.ordered().values();
    none(
        legs.clone()
            .zip(legs.skip(1))
            .flat_map(|(first, second)| between(first, second))
            .collect(),
    )
}

fn none(problems: Vec<Problem>) -> Result<(), Problems> {
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn between(first: &Leg, second: &Leg) -> impl Iterator<Item = Problem> + use<> {
    let overlap = (second.departure < first.arrival).then_some(Kind::Overlap);
    let discontinuity = (second.origin != first.destination).then_some(Kind::Discontinuity);
    let (leg, next) = (first.clone(), second.clone());
    [overlap, discontinuity].into_iter().flatten().map(move |kind| Problem {
        kind,
        leg: leg.clone(),
        next: next.clone(),
    })
}

fn place(leg: &Leg) -> Place {
    (leg.departure, leg.id.clone())
}
