//! Nodes by kind and textual id.

use crate::day::DesignatorDay;
use domain::{AirportCode, CalendarDate, FlightDesignator, LegId, Registration, RotationId};
use jiff::civil::{Date, date};
use std::fmt;

/// A kind of node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    Airport,
    Airplane,
    Rotation,
    Leg,
    DesignatorDay,
}

/// A node of the graph, whether or not there is one of this name. As text: `airport/HNL`, `airplane/N475HA`, `rotation/R1`, `leg/R1/L2`,
/// `designator-day/HA11/HNL/2008-01-31`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    Airport(AirportCode),
    Airplane(Registration),
    Rotation(RotationId),
    Leg(RotationId, LegId),
    DesignatorDay(DesignatorDay),
}

/// A text that names no node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no node id; one is {NODE_ID_EXPECTED}")]
pub struct InvalidNodeId {
    pub text: String,
}

/// The forms of a node id.
pub(crate) const NODE_ID_EXPECTED: &str = "airport/<code>, airplane/<registration>, rotation/<id>, leg/<rotation>/<leg> or \
                            designator-day/<designator>/<airport>/<date>";

impl NodeKind {
    pub const ALL: [Self; 5] = [Self::Airport, Self::Airplane, Self::Rotation, Self::Leg, Self::DesignatorDay];

    /// As in node ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Airport => "airport",
            Self::Airplane => "airplane",
            Self::Rotation => "rotation",
            Self::Leg => "leg",
            Self::DesignatorDay => "designator-day",
        }
    }
}

impl NodeId {
    pub fn kind(&self) -> NodeKind {
        match self {
            Self::Airport(_) => NodeKind::Airport,
            Self::Airplane(_) => NodeKind::Airplane,
            Self::Rotation(_) => NodeKind::Rotation,
            Self::Leg(..) => NodeKind::Leg,
            Self::DesignatorDay(_) => NodeKind::DesignatorDay,
        }
    }

    /// # Errors
    /// When the text names no node. A designator is written without leading zeros.
    pub fn parse(text: &str) -> Result<Self, InvalidNodeId> {
        let parts: Vec<&str> = text.split('/').collect();
        let id = match parts[..] {
            ["airport", code] => AirportCode::parse(code).ok().map(Self::Airport),
            ["airplane", registration] => Registration::parse(registration).ok().map(Self::Airplane),
            ["rotation", id] => RotationId::parse(id).ok().map(Self::Rotation),
            ["leg", rotation, id] => RotationId::parse(rotation)
                .ok()
                .zip(LegId::parse(id).ok())
                .map(|(rotation, id)| Self::Leg(rotation, id)),
            ["designator-day", designator, airport, date] => day(designator, airport, date).map(Self::DesignatorDay),
            _ => None,
        };
        id.ok_or_else(|| InvalidNodeId { text: text.to_owned() })
    }
}

fn day(designator: &str, airport: &str, text: &str) -> Option<DesignatorDay> {
    let local: Date = text.parse().ok()?;
    Some(DesignatorDay {
        designator: FlightDesignator::parse(designator).ok()?,
        airport: AirportCode::parse(airport).ok()?,
        date: local.since(epoch()).ok()?.get_days(),
    })
}

fn epoch() -> Date {
    date(1970, 1, 1)
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().name();
        match self {
            Self::Airport(code) => write!(formatter, "{kind}/{code}"),
            Self::Airplane(registration) => write!(formatter, "{kind}/{registration}"),
            Self::Rotation(id) => write!(formatter, "{kind}/{id}"),
            Self::Leg(rotation, id) => write!(formatter, "{kind}/{rotation}/{id}"),
            Self::DesignatorDay(DesignatorDay { designator, airport, date }) => {
                let local = CalendarDate::of_days(*date).ok_or(fmt::Error)?;
                write!(formatter, "{kind}/{designator}/{airport}/{local}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
