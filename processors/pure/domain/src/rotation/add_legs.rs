//! Legs are added, all or none; together with those that are there they must be flyable if the rotation is active.

use super::leg::Impossible;
use super::live::{NotLive, mode_of};
use super::problems::{Change, Problems};
use super::{COMMAND_LEGS_MAX, Event, LEG_IDS_MAX, LEGS_MAX, Leg, State};
use crate::LegId;
use crate::rejection::Fact;
use rustc_hash::FxHashSet;

#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    NotLive(#[from] NotLive),
    #[error(transparent)]
    New(#[from] NotNew),
    #[error(transparent)]
    Problems(#[from] Problems),
    #[error("all legs of the command exist already, as they are in it")]
    NothingToChange { count: usize },
}

impl From<Rejection> for crate::Rejection {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::NothingToChange { count } => Self::new("nothing-to-change", message, [("legs", count.to_string())]),
            Rejection::NotLive(not_live) => not_live.into(),
            Rejection::New(not_new) => not_new.into(),
            Rejection::Problems(problems) => problems.into(),
        }
    }
}

/// Why legs cannot be put into a rotation, whatever legs it has already. Adding and replacing share it.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotNew {
    #[error("{count} legs in one command; 1 to {COMMAND_LEGS_MAX} are possible")]
    Count { count: usize },
    #[error("the rotation would have {count} legs; {LEGS_MAX} are possible")]
    RotationFull { count: usize },
    #[error(
        "the rotation would have used {count} leg ids, those of removed legs among them; {LEG_IDS_MAX} are possible. Add the legs to another \
         rotation"
    )]
    IdsUsedUp { count: usize },
    #[error("{}", exist(.legs))]
    Exist { legs: Vec<ExistingLeg> },
    #[error("{}", were_removed(.leg_ids))]
    Removed { leg_ids: Vec<LegId> },
    #[error("leg {leg_id} is in the command twice")]
    Twice { leg_id: LegId },
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

impl From<NotNew> for crate::Rejection {
    fn from(rejection: NotNew) -> Self {
        let message = rejection.to_string();
        match rejection {
            NotNew::Count { count } => Self::new("leg-count", message, [("legs", count.to_string())]),
            NotNew::RotationFull { count } => Self::new("rotation-full", message, [("legs", count.to_string())]),
            NotNew::IdsUsedUp { count } => Self::new("leg-ids-used-up", message, [("leg_ids", count.to_string())]),
            NotNew::Exist { legs } => Self::with_facts("leg-exists", message, legs.iter().map(ExistingLeg::fact), legs.len()),
            NotNew::Removed { leg_ids } => {
                let facts = leg_ids.iter().map(|leg_id| Fact::from([("leg", leg_id.to_string())]));
                Self::with_facts("leg-removed", message, facts, leg_ids.len())
            }
            NotNew::Twice { leg_id } => Self::new("leg-twice", message, [("leg", leg_id.to_string())]),
            NotNew::Impossible(impossible) => impossible.into(),
        }
    }
}

/// A leg that exists, and where it is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExistingLeg {
    leg_id: LegId,
    /// The fields that differ, with the values that stand there.
    differing: Vec<(&'static str, String)>,
}

impl ExistingLeg {
    fn new(existing: &Leg, asked: &Leg) -> Self {
        let fields = |leg: &Leg| {
            [
                ("designator", leg.designator.to_string()),
                ("origin", leg.origin.to_string()),
                ("destination", leg.destination.to_string()),
                ("departure", leg.departure.to_string()),
                ("arrival", leg.arrival.to_string()),
            ]
        };
        let differing = fields(existing).into_iter().zip(fields(asked));
        Self {
            leg_id: existing.id.clone(),
            differing: differing
                .filter(|(existing, asked)| existing != asked)
                .map(|(existing, _)| existing)
                .collect(),
        }
    }

    fn fact(&self) -> Fact {
        let mut fact: Fact = self.differing.iter().cloned().collect();
        fact.insert("leg", self.leg_id.to_string());
        fact
    }
}

fn exist(legs: &[ExistingLeg]) -> String {
    let differing = legs.iter().find(|known| !known.differing.is_empty());
    let Some(shown) = differing.or_else(|| legs.first()) else {
        return String::new();
    };
    let values: Vec<String> = shown.differing.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let with = if values.is_empty() {
        String::new()
    } else {
        format!(", with {}", values.join(", "))
    };
    let one = format!("leg {} exists already{with}", shown.leg_id);
    match legs.len() {
        1 => one,
        count => format!("{one}; {count} legs of the command exist already"),
    }
}

fn were_removed(leg_ids: &[LegId]) -> String {
    let Some(first) = leg_ids.first() else {
        return String::new();
    };
    let one = format!("a leg {first} was removed; ids are not used again");
    match leg_ids.len() {
        1 => one,
        count => format!("{one}; {count} legs of the command were removed"),
    }
}

pub(super) fn decide(state: &State, legs: &[Leg]) -> Result<Vec<Event>, Rejection> {
    let mode = mode_of(state)?;
    match new(state, legs, 0) {
        Err(NotNew::Exist { legs: known }) if known.len() == legs.len() && known.iter().all(|known| known.differing.is_empty()) => {
            return Err(Rejection::NothingToChange { count: legs.len() });
        }
        judged => judged?,
    }
    Change::new(std::iter::empty(), legs.iter()).judge(state, mode)?;
    Ok(legs.iter().map(|leg| Event::LegAdded { leg: leg.clone() }).collect())
}

/// The legs can be put into the rotation once `leaving` legs have left it.
pub(super) fn new(state: &State, legs: &[Leg], leaving: usize) -> Result<(), NotNew> {
    if !(1..=COMMAND_LEGS_MAX).contains(&legs.len()) {
        return Err(NotNew::Count { count: legs.len() });
    }
    let count = state.legs().len() - leaving + legs.len();
    if count > LEGS_MAX {
        return Err(NotNew::RotationFull { count });
    }
    let count = state.leg_ids() + legs.len();
    if count > LEG_IDS_MAX {
        return Err(NotNew::IdsUsedUp { count });
    }
    let mut seen = FxHashSet::default();
    let (mut removed, mut known) = (Vec::new(), Vec::new());
    for leg in legs {
        Impossible::of(leg)?;
        let leg_id = &leg.id;
        if legs.len() > 1 && !seen.insert(leg_id) {
            return Err(NotNew::Twice { leg_id: leg_id.clone() });
        }
        if state.is_removed(leg_id) {
            removed.push(leg_id.clone());
        } else if let Some(existing) = state.leg(leg_id) {
            known.push(ExistingLeg::new(existing, leg));
        }
    }
    if !removed.is_empty() {
        return Err(NotNew::Removed { leg_ids: removed });
    }
    if !known.is_empty() {
        return Err(NotNew::Exist { legs: known });
    }
    Ok(())
}
