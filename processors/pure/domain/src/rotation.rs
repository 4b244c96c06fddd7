//! Rotations: the ordered legs planned for one airplane; the aggregate that keeps legs consecutive and not overlapping.
//!
//! `state` holds the legs in order; `problems` says what is wrong between neighbours after some change; each decision has a file.

mod activate;
mod add_legs;
mod assign_airplane;
mod create;
mod leg;
mod live;
mod problems;
mod remove;
mod remove_legs;
mod replace_legs;
mod reschedule_leg;
mod state;
mod unassign_airplane;

pub use leg::Leg;
pub use state::{State, Status};

use crate::{Instant, LegId, Registration, Rejection};

/// Legs, or leg ids, in one command.
pub const COMMAND_LEGS_MAX: usize = 500;
/// Legs of one rotation.
pub const LEGS_MAX: usize = 20_000;
/// Leg ids that one rotation uses in its whole life. An id is used up for ever, so that each removed leg is remembered: this bounds how many
/// there can be. A rotation that has used them all can still lose legs; its plan goes on in another rotation.
pub const LEG_IDS_MAX: usize = 50_000;

/// Whether a rotation defends its invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Accepts legs that overlap or are not consecutive; the checks report them.
    Draft,
    /// Legs never overlap, and each departs from where the one before arrived.
    Active,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Create {
        mode: Mode,
    },
    AddLegs {
        legs: Vec<Leg>,
    },
    RemoveLegs {
        leg_ids: Vec<LegId>,
    },
    ReplaceLegs {
        remove: Vec<LegId>,
        add: Vec<Leg>,
    },
    RescheduleLeg {
        leg_id: LegId,
        departure: Instant,
        arrival: Instant,
    },
    AssignAirplane {
        registration: Registration,
    },
    UnassignAirplane,
    Activate,
    Remove,
}

/// One event for each leg, so that each fact has an origin of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Created {
        mode: Mode,
    },
    LegAdded {
        leg: Leg,
    },
    /// The leg as it was.
    LegRemoved {
        leg: Leg,
    },
    LegRescheduled {
        leg_id: LegId,
        previous_departure: Instant,
        previous_arrival: Instant,
        departure: Instant,
        arrival: Instant,
    },
    AirplaneAssigned {
        registration: Registration,
        previous: Option<Registration>,
    },
    AirplaneUnassigned {
        registration: Registration,
    },
    Activated,
    Removed,
}

pub fn decide(state: &State, command: &Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Create { mode } => create::decide(state, *mode).map_err(Rejection::from),
        Command::AddLegs { legs } => add_legs::decide(state, legs).map_err(Rejection::from),
        Command::RemoveLegs { leg_ids } => remove_legs::decide(state, leg_ids).map_err(Rejection::from),
        Command::ReplaceLegs { remove, add } => replace_legs::decide(state, remove, add).map_err(Rejection::from),
        Command::RescheduleLeg {
            leg_id,
            departure,
            arrival,
        } => reschedule_leg::decide(state, leg_id, *departure, *arrival).map_err(Rejection::from),
        Command::AssignAirplane { registration } => assign_airplane::decide(state, registration).map_err(Rejection::from),
        Command::UnassignAirplane => unassign_airplane::decide(state).map_err(Rejection::from),
        Command::Activate => activate::decide(state).map_err(Rejection::from),
        Command::Remove => remove::decide(state).map_err(Rejection::from),
    }
}

/// Applies an event. One that does not fit leaves the state as it is; none such is ever decided.
pub fn evolve(state: &mut State, event: &Event) {
    let fits = match (event, state.status()) {
        (Event::Created { mode }, Status::Unborn) => state.set_status(Status::Live(*mode)),
        (Event::LegAdded { leg }, Status::Live(_)) => state.add(leg.clone()),
        (Event::LegRemoved { leg }, Status::Live(_)) => state.remove(&leg.id),
        (
            Event::LegRescheduled {
                leg_id,
                departure,
                arrival,
                ..
            },
            Status::Live(_),
        ) => state.reschedule(leg_id, *departure, *arrival),
        (Event::AirplaneAssigned { registration, .. }, Status::Live(_)) => state.set_airplane(Some(registration.clone())),
        (Event::AirplaneUnassigned { .. }, Status::Live(_)) => state.set_airplane(None),
        (Event::Activated, Status::Live(Mode::Draft)) => state.set_status(Status::Live(Mode::Active)),
        (Event::Removed, Status::Live(_)) => state.set_status(Status::Removed),
        (
            Event::Created { .. }
            | Event::LegAdded { .. }
            | Event::LegRemoved { .. }
            | Event::LegRescheduled { .. }
            | Event::AirplaneAssigned { .. }
            | Event::AirplaneUnassigned { .. }
            | Event::Activated
            | Event::Removed,
            Status::Unborn | Status::Live(_) | Status::Removed,
        ) => false,
    };
    debug_assert!(fits, "an event that was not decided in this state: {event:?}");
}

#[cfg(test)]
mod tests;
