//! A question with everything it names read and checked, and its answer from a snapshot.

use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::route::Route;
use crate::source::Stamp;
use keyvalue::Read;

/// How much there is to read for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A node and what hangs on it.
    Point,
    /// As much as a page or a budget allows.
    Scan,
}

#[derive(Debug)]
pub(crate) enum Question {
    Position,
}

impl Question {
    pub(crate) fn known_parameters(_route: &Route<'_>) -> &'static [&'static str] {
        &["at_least"]
    }

    pub(crate) fn parse(_route: &Route<'_>, _parameters: &Parameters<'_>) -> Result<Self, Problem> {
        Ok(Self::Position)
    }

    pub(crate) fn work(&self) -> Work {
        Work::Point
    }

    pub(crate) fn answer(&self, _read: &impl Read, stamp: &Stamp) -> Result<Vec<u8>, Problem> {
        Ok(stamp.position().to_string().into_bytes())
    }
}
