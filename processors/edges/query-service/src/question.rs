//! A question with everything it names read and checked.

use crate::reading::{self, Paging};
use crate::route::Route;
use domain::{AirportCode, FlightDesignator, LegId, Registration, RotationId};
use http_server::{Parameters, Problem};
use views::Check;
use views::ask::{Filter, Time};

/// How much there is to read for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A node and what hangs on it.
    Point,
    /// A page of neighbouring keys.
    Page,
    /// As many keys as a budget allows, for those of them that pass a filter.
    Search,
    /// Everything in the view.
    Whole,
}

#[derive(Debug)]
pub(crate) enum Question {
    Rotations(Paging),
    Rotation {
        id: RotationId,
        /// Of the legs that are listed.
        time: Time,
        paging: Paging,
    },
    Leg {
        rotation: RotationId,
        id: LegId,
    },
    Airplanes(Paging),
    Airplane {
        registration: Registration,
        /// Of the rotations that are listed.
        time: Time,
        paging: Paging,
    },
    Airports(Paging),
    Airport(AirportCode),
    Departures {
        code: AirportCode,
        time: Time,
        paging: Paging,
    },
    Arrivals {
        code: AirportCode,
        time: Time,
        paging: Paging,
    },
    Board {
        code: AirportCode,
        time: Time,
        paging: Paging,
    },
    Legs {
        designator: Option<FlightDesignator>,
        time: Time,
        paging: Paging,
    },
    Check {
        check: Check,
        filter: Box<Filter>,
        paging: Paging,
        recompute: bool,
    },
    Position {
        /// With a hash of everything in the view: equal for two replicas at one position.
        content_hash: bool,
    },
}

impl Question {
    pub(crate) fn known_parameters(route: &Route<'_>) -> &'static [&'static str] {
        match route {
            Route::Rotations | Route::Airplanes | Route::Airports => &["limit", "cursor", "at_least"],
            Route::Leg { .. } | Route::Airport { .. } => &["at_least"],
            Route::Position => &["content_hash", "at_least"],
            Route::Rotation { .. } | Route::Airplane { .. } | Route::Departures { .. } | Route::Arrivals { .. } | Route::Board { .. } => {
                &["from", "to", "limit", "cursor", "at_least"]
            }
            Route::Legs => &["designator", "from", "to", "limit", "cursor", "at_least"],
            Route::Check { .. } => &[
                "rotation",
                "rotation_prefix",
                "airplane",
                "airport",
                "from",
                "to",
                "recompute",
                "limit",
                "cursor",
                "at_least",
            ],
            Route::Live | Route::Ready | Route::Metrics => &[],
        }
    }

    /// The question of a route; `None` where the answer does not come from the view.
    pub(crate) fn parse(route: &Route<'_>, parameters: &Parameters<'_>) -> Result<Option<Self>, Problem> {
        let paging = || Paging::read(route, parameters);
        let time = || reading::time(parameters);
        let airport = |code: &str| reading::name("code", code, AirportCode::parse);
        Ok(Some(match route {
            Route::Rotations => Self::Rotations(paging()?),
            Route::Rotation { id } => Self::Rotation {
                id: reading::name("id", id, RotationId::parse)?,
                time: time()?,
                paging: paging()?,
            },
            Route::Leg { rotation, id } => Self::Leg {
                rotation: reading::name("id", rotation, RotationId::parse)?,
                id: reading::name("leg", id, LegId::parse)?,
            },
            Route::Airplanes => Self::Airplanes(paging()?),
            Route::Airplane { registration } => Self::Airplane {
                registration: reading::name("id", registration, Registration::parse)?,
                time: time()?,
                paging: paging()?,
            },
            Route::Airports => Self::Airports(paging()?),
            Route::Airport { code } => Self::Airport(airport(code)?),
            Route::Departures { code } => Self::Departures {
                code: airport(code)?,
                time: time()?,
                paging: paging()?,
            },
            Route::Arrivals { code } => Self::Arrivals {
                code: airport(code)?,
                time: time()?,
                paging: paging()?,
            },
            Route::Board { code } => Self::Board {
                code: airport(code)?,
                time: time()?,
                paging: paging()?,
            },
            Route::Legs => Self::Legs {
                designator: reading::value(parameters, "designator", FlightDesignator::parse)?,
                time: time()?,
                paging: paging()?,
            },
            Route::Check { check } => Self::Check {
                check: *check,
                filter: Box::new(filter(parameters)?),
                paging: paging()?,
                recompute: reading::flag(parameters, "recompute")?,
            },
            Route::Position => Self::Position {
                content_hash: reading::flag(parameters, "content_hash")?,
            },
            Route::Live | Route::Ready | Route::Metrics => return Ok(None),
        }))
    }

    /// Whether the answer tells what there is, not only how far the view has come.
    pub(crate) fn is_about_the_schedule(&self) -> bool {
        !matches!(self, Self::Position { .. })
    }

    pub(crate) fn work(&self) -> Work {
        match self {
            // It may come past many rotations that have ended before.
            Self::Airplane { time, .. } if *time != Time::default() => Work::Page,
            Self::Rotation { .. } | Self::Leg { .. } | Self::Airplane { .. } | Self::Airport(_) => Work::Point,
            Self::Position { content_hash: false } => Work::Point,
            Self::Rotations(_) | Self::Airplanes(_) | Self::Airports(_) | Self::Departures { .. } | Self::Arrivals { .. } => Work::Page,
            Self::Board { .. } | Self::Legs { designator: None, .. } => Work::Page,
            Self::Check { recompute: true, .. } | Self::Position { content_hash: true } => Work::Whole,
            Self::Check { filter, .. } if **filter == Filter::default() => Work::Page,
            // A rotation may have 20,000 of them, all of which are counted.
            Self::Check { filter, .. } if filter.rotation.is_some() && filter.airplane.is_none() => Work::Page,
            Self::Legs { .. } | Self::Check { .. } => Work::Search,
        }
    }
}

fn filter(parameters: &Parameters<'_>) -> Result<Filter, Problem> {
    // The beginning of an id is made of the same characters.
    let prefix = |text: &str| RotationId::parse(text).map(|_| text.to_owned());
    Ok(Filter {
        rotation: reading::value(parameters, "rotation", RotationId::parse)?,
        rotation_prefix: reading::value(parameters, "rotation_prefix", prefix)?,
        airplane: reading::value(parameters, "airplane", Registration::parse)?,
        airport: reading::value(parameters, "airport", AirportCode::parse)?,
        time: reading::time(parameters)?,
    })
}

#[cfg(test)]
mod tests;
