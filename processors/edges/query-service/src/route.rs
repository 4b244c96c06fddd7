//! Which question a path asks. One match, not a chain of filters: a point question costs a few microseconds in all.

use http_server::percent_decode;
use std::borrow::Cow;
use views::Check;

/// A question, with the names that stand in its path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'p> {
    Rotations,
    Rotation { id: Cow<'p, str> },
    Leg { rotation: Cow<'p, str>, id: Cow<'p, str> },
    Airplanes,
    Airplane { registration: Cow<'p, str> },
    Airports,
    Airport { code: Cow<'p, str> },
    Departures { code: Cow<'p, str> },
    Arrivals { code: Cow<'p, str> },
    Board { code: Cow<'p, str> },
    Legs,
    Check { check: Check },
    Position,
    Live,
    Ready,
    Metrics,
}

/// Every route as documentation and metrics name it. The order is that of [`Route::template_index`].
pub(crate) const TEMPLATES: [&str; 16] = [
    "/rotations",
    "/rotations/{id}",
    "/rotations/{id}/legs/{leg}",
    "/airplanes",
    "/airplanes/{id}",
    "/airports",
    "/airports/{code}",
    "/airports/{code}/departures",
    "/airports/{code}/arrivals",
    "/airports/{code}/board",
    "/legs",
    "/checks/{check}",
    "/position",
    "/health/live",
    "/health/ready",
    "/metrics",
];

const SEGMENTS_MAX: usize = 4;

impl<'p> Route<'p> {
    /// The route of a path; `None` where nothing is served.
    pub(crate) fn parse(path: &'p str) -> Option<Self> {
        let mut segments = [""; SEGMENTS_MAX];
        let mut count = 0;
        for segment in path.strip_prefix('/')?.split('/') {
            *segments.get_mut(count)? = segment;
            count += 1;
        }
        let route = match segments[..count] {
            ["rotations"] => Self::Rotations,
            ["rotations", id] => Self::Rotation { id: name(id)? },
            ["rotations", rotation, "legs", id] => Self::Leg {
                rotation: name(rotation)?,
                id: name(id)?,
            },
            ["airplanes"] => Self::Airplanes,
            ["airplanes", registration] => Self::Airplane {
                registration: name(registration)?,
            },
            ["airports"] => Self::Airports,
            ["airports", code] => Self::Airport { code: name(code)? },
            ["airports", code, "departures"] => Self::Departures { code: name(code)? },
            ["airports", code, "arrivals"] => Self::Arrivals { code: name(code)? },
            ["airports", code, "board"] => Self::Board { code: name(code)? },
            ["legs"] => Self::Legs,
            ["checks", name] => Self::Check {
                check: Check::ALL.into_iter().find(|check| check.name() == name)?,
            },
            ["position"] => Self::Position,
            ["health", "live"] => Self::Live,
            ["health", "ready"] => Self::Ready,
            ["metrics"] => Self::Metrics,
            _ => return None,
        };
        Some(route)
    }

    pub(crate) fn template(&self) -> &'static str {
        TEMPLATES[self.template_index()]
    }

    pub(crate) fn template_index(&self) -> usize {
        match self {
            Self::Rotations => 0,
            Self::Rotation { .. } => 1,
            Self::Leg { .. } => 2,
            Self::Airplanes => 3,
            Self::Airplane { .. } => 4,
            Self::Airports => 5,
            Self::Airport { .. } => 6,
            Self::Departures { .. } => 7,
            Self::Arrivals { .. } => 8,
            Self::Board { .. } => 9,
            Self::Legs => 10,
            Self::Check { .. } => 11,
            Self::Position => 12,
            Self::Live => 13,
            Self::Ready => 14,
            Self::Metrics => 15,
        }
    }
}

/// A name in a path; an empty one names nothing.
fn name(segment: &str) -> Option<Cow<'_, str>> {
    percent_decode(segment).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
