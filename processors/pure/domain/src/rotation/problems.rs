//! The problems between legs, in a whole rotation or around the places that a change touches: any two that are in the air at once,
//! and neighbours of which the second departs from elsewhere than where the first arrives.

use super::state::{Place, State};
use super::{Leg, Mode};
use crate::Instant;
use crate::rejection::{FACTS_MAX, Fact};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;

/// Two legs that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    kind: Kind,
    leg: Leg,
    next: Leg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A later one departs before this one has arrived.
    Overlap,
    /// The next one departs from somewhere other than where this one arrives.
    Discontinuity,
}

/// A command would break an active rotation, or leave a draft's problems in it. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problems {
    /// The first of them, up to [`FACTS_MAX`].
    listed: Vec<Problem>,
    count: usize,
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Problem { kind, leg, next }) = self.listed.first() else {
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
        match self.count - 1 {
            0 => Ok(()),
            1 => write!(formatter, "; and one problem more"),
            more => write!(formatter, "; and {more} problems more"),
        }
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for crate::Rejection {
    fn from(problems: Problems) -> Self {
        let rule = problems.listed.first().map_or("discontinuity", |problem| problem.kind.rule());
        Self::with_facts(rule, &problems, problems.listed.iter().map(Problem::fact), problems.count)
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
    fn new(kind: Kind, leg: &Leg, next: &Leg) -> Self {
        let (leg, next) = (leg.clone(), next.clone());
        Self { kind, leg, next }
    }

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
            Mode::Active if self.fits(state) => Ok(()),
            Mode::Active => all(self.window(state).into_iter()),
        }
    }

    /// Only neighbours that the change brings together are looked at: where any two legs overlap, two neighbours do. Costs O(log n)
    /// for each leg of the change.
    fn fits(&self, state: &State) -> bool {
        let fit = |first: Option<&Leg>, second: Option<&Leg>| {
            let pair = first.zip(second);
            pair.is_none_or(|(first, second)| !overlap(first, second) && connect(first, second))
        };
        let mut added = self.added.iter();
        let added_fit = added.all(|(place, leg)| fit(self.before(state, place), Some(leg)) && fit(Some(leg), self.after(state, place)));
        let mut gaps = self.removed.iter().filter(|place| {
            let previous = state.ordered().range(..*place).next_back();
            // Of several that go from one place the first looks over all of them.
            // Where a leg comes back to the same place, it has been looked at above.
            !previous.is_some_and(|(previous, _)| self.removed.contains(previous)) && !self.added.contains_key(*place)
        });
        added_fit && gaps.all(|place| fit(self.before(state, place), self.after(state, place)))
    }

    /// The legs of the result among which the problems are, in order: from the one before the change to the first one that departs
    /// after everything that comes with it has arrived. The others were there before, in an active rotation, and have none.
    fn window<'s>(&'s self, state: &'s State) -> Vec<&'s Leg> {
        let firsts = [self.removed.first(), self.added.keys().next()];
        let lasts = [self.removed.last(), self.added.keys().next_back()];
        let (Some(first), Some(last)) = (firsts.into_iter().flatten().min(), lasts.into_iter().flatten().max()) else {
            return Vec::new();
        };
        let arrived = self.added.values().map(|leg| leg.arrival).max().unwrap_or(last.0);
        let kept = |range: (Bound<&'s Place>, Bound<&'s Place>)| {
            let legs = state.ordered().range::<Place, _>(range);
            legs.filter(|(place, _)| !self.removed.contains(*place))
        };
        let mut legs: Vec<&Leg> = self.added.values().copied().collect();
        legs.extend(self.before(state, first));
        for (place, leg) in kept((Bound::Included(first), Bound::Unbounded)) {
            legs.push(leg);
            if place > last && leg.departure >= arrived {
                break;
            }
        }
        legs.sort_by(|a, b| (a.departure, &a.id).cmp(&(b.departure, &b.id)));
        legs
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

/// Every problem of a whole rotation.
pub(super) fn of_all(state: &State) -> Result<(), Problems> {
    all(state.ordered().values())
}

/// Every problem among legs in order, in the order of their later legs. Costs O(n log n), however many there are.
fn all<'l>(legs: impl Iterator<Item = &'l Leg>) -> Result<(), Problems> {
    let mut listed = Vec::new();
    let mut count = 0;
    let mut in_the_air: BTreeMap<(Instant, Place), &Leg> = BTreeMap::new();
    let mut previous: Option<&Leg> = None;
    for next in legs {
        while let Some(entry) = in_the_air.first_entry().filter(|entry| entry.key().0 <= next.departure) {
            entry.remove();
        }
        count += in_the_air.len();
        let mut overlapping: Vec<&Leg> = in_the_air.values().copied().take(FACTS_MAX - listed.len()).collect();
        overlapping.sort_by(|a, b| (a.departure, &a.id).cmp(&(b.departure, &b.id)));
        listed.extend(overlapping.into_iter().map(|leg| Problem::new(Kind::Overlap, leg, next)));
        if let Some(previous) = previous.filter(|previous| !connect(previous, next)) {
            count += 1;
            if listed.len() < FACTS_MAX {
                listed.push(Problem::new(Kind::Discontinuity, previous, next));
            }
        }
        in_the_air.insert((next.arrival, place(next)), next);
        previous = Some(next);
    }
    if count == 0 { Ok(()) } else { Err(Problems { listed, count }) }
}

fn overlap(leg: &Leg, later: &Leg) -> bool {
    later.departure < leg.arrival
}

fn connect(leg: &Leg, next: &Leg) -> bool {
    next.origin == leg.destination
}

fn place(leg: &Leg) -> Place {
    (leg.departure, leg.id.clone())
}
