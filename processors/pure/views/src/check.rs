//! The names of the checks. Their numbers stand in keys.

/// A check of the schedule. Its number stands in keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    RotationContinuity,
    Overlap,
    GroundTime,
    FlightDesignator,
    RotationSeam,
    UnknownReference,
}

impl Check {
    pub const ALL: [Self; 6] = [
        Self::RotationContinuity,
        Self::Overlap,
        Self::GroundTime,
        Self::FlightDesignator,
        Self::RotationSeam,
        Self::UnknownReference,
    ];

    /// As in paths, arguments and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::RotationContinuity => "rotation-continuity",
            Self::Overlap => "overlap",
            Self::GroundTime => "ground-time",
            Self::FlightDesignator => "flight-designator",
            Self::RotationSeam => "rotation-seam",
            Self::UnknownReference => "unknown-reference",
        }
    }

    /// The check of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::RotationContinuity => 0,
            Self::Overlap => 1,
            Self::GroundTime => 2,
            Self::FlightDesignator => 3,
            Self::RotationSeam => 4,
            Self::UnknownReference => 5,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.number() == number)
    }
}
