//! One directed flight from one airport to another, or back to the same one (training, a return to the stand), and what makes it
//! possible at all.

use crate::{AirportCode, FlightDesignator, Instant, LegId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Given by the client, unique within its rotation for ever.
    pub id: LegId,
    pub designator: FlightDesignator,
    pub origin: AirportCode,
    pub destination: AirportCode,
    pub departure: Instant,
    pub arrival: Instant,
}

/// The first of 1970 and the last of 2200: beyond them an instant is a mistake of units.
const FIRST_MS: i64 = 0;
const LAST_MS: i64 = 7_289_654_400_000 - 1;

/// What makes a leg impossible, whatever surrounds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Impossible {
    #[error("leg {leg_id} arrives at {arrival}, which is not after its departure at {departure}")]
    ArrivesBeforeDeparture {
        leg_id: LegId,
        departure: Instant,
        arrival: Instant,
    },
    #[error("leg {leg_id} flies at {instant}; schedules lie between 1970 and 2200")]
    OutOfTime { leg_id: LegId, instant: Instant },
}

impl Impossible {
    pub(super) fn of(leg: &Leg) -> Result<(), Self> {
        Self::of_times(&leg.id, leg.departure, leg.arrival)
    }

    pub(super) fn of_times(leg_id: &LegId, departure: Instant, arrival: Instant) -> Result<(), Self> {
        for instant in [departure, arrival] {
            if !(FIRST_MS..=LAST_MS).contains(&instant.0) {
                return Err(Self::OutOfTime {
                    leg_id: leg_id.clone(),
                    instant,
                });
            }
        }
        if arrival <= departure {
            return Err(Self::ArrivesBeforeDeparture {
                leg_id: leg_id.clone(),
                departure,
                arrival,
            });
        }
        Ok(())
    }
}

impl From<Impossible> for crate::Rejection {
    fn from(impossible: Impossible) -> Self {
        match &impossible {
            Impossible::ArrivesBeforeDeparture {
                leg_id,
                departure,
                arrival,
            } => Self::new(
                "arrival-not-after-departure",
                &impossible,
                [
                    ("leg", leg_id.to_string()),
                    ("departure", departure.to_string()),
                    ("arrival", arrival.to_string()),
                ],
            ),
            Impossible::OutOfTime { leg_id, instant } => Self::new(
                "instant-out-of-range",
                &impossible,
                [("leg", leg_id.to_string()), ("instant", instant.to_string())],
            ),
        }
    }
}
