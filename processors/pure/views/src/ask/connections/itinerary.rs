//! From an arrival that the search has found back to the legs that reach it, so that the first of them departs as late as possible.

use super::network::{Hop, Network, Place};
use super::{Connection, ConnectionLeg, Transfer};
use crate::bytes::corrupt;
use keyvalue::{Read, ReadError};

/// No legs lead on from there.
const NEVER: i64 = i64::MIN;

/// The connection of so many legs that arrives at an instant and departs last. There is none that arrives then with fewer legs.
pub(super) fn latest<R: Read>(
    network: &Network<'_, R>,
    from: Place,
    to: Place,
    legs: usize,
    arrival: i64,
) -> Result<Connection, ReadError> {
    let goal = Goal { from, to, legs, arrival };
    let latest = latest_departures(network, &goal);
    let mut path: Vec<Hop> = Vec::with_capacity(legs);
    let (mut place, mut ready_at) = (from, latest[0][from]);
    for flown in 0..legs {
        let possible = taken_from(network, place).filter(|hop| hop.departure >= ready_at && goal.leads_on(network, &latest, flown, hop));
        let hop = possible.min_by_key(|hop| hop.arrival);
        let hop = hop.ok_or_else(|| corrupt("an arrival without legs that lead to it"))?;
        path.push(*hop);
        place = hop.to;
        ready_at = hop.arrival.saturating_add(network.minimum_ms(place));
    }
    let mut connection = Connection { legs: Vec::new() };
    for (index, hop) in path.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| path[before]);
        connection.legs.push(ConnectionLeg {
            edge: network.leg(hop)?,
            transfer: before.map(|before| Transfer {
                connection_ms: hop.departure - before.arrival,
                minimum_ms: network.minimum_ms(hop.from),
            }),
        });
    }
    Ok(connection)
}

struct Goal {
    from: Place,
    to: Place,
    legs: usize,
    arrival: i64,
}

impl Goal {
    /// Whether a leg that is flown after `flown` others reaches the goal with those that are left.
    fn leads_on<R: Read>(&self, network: &Network<'_, R>, latest: &[Vec<i64>], flown: usize, hop: &Hop) -> bool {
        if flown + 1 == self.legs {
            return hop.to == self.to && hop.arrival == self.arrival;
        }
        let departs = latest[flown + 1][hop.to];
        hop.to != self.to && departs != NEVER && hop.arrival.saturating_add(network.minimum_ms(hop.to)) <= departs
    }
}

/// By legs flown and place, the latest departure with which the goal is still reached.
fn latest_departures<R: Read>(network: &Network<'_, R>, goal: &Goal) -> Vec<Vec<i64>> {
    let mut latest = vec![vec![NEVER; network.places()]; goal.legs];
    for flown in (0..goal.legs).rev() {
        let places = if flown == 0 {
            goal.from..goal.from + 1
        } else {
            0..network.places()
        };
        for place in places {
            let hops = network.departures(place).iter().take_while(|hop| hop.departure < goal.arrival);
            let of_place = hops
                .filter(|hop| goal.leads_on(network, &latest, flown, hop))
                .map(|hop| hop.departure);
            latest[flown][place] = of_place.max().unwrap_or(NEVER);
        }
        for hop in network.inbound() {
            if goal.leads_on(network, &latest, flown, hop) {
                latest[flown][hop.from] = latest[flown][hop.from].max(hop.departure);
            }
        }
    }
    latest
}

fn taken_from<'n, R: Read>(network: &'n Network<'_, R>, place: Place) -> impl Iterator<Item = &'n Hop> {
    let inbound = network.inbound().iter().filter(move |hop| hop.from == place);
    network.departures(place).iter().chain(inbound)
}
