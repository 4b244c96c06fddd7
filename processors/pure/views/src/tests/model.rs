//! The schedule as plain maps, built from events without any index: what the view must hold, key by key, and answer.

use crate::ask::{self, Direction, Span, Time};
use crate::edges::LegSummary;
use crate::graph::{EdgeKind, NodeId, NodeKind, edges_of};
use crate::nodes::{Airplane, Airport, Assignment, FormerAirplane, Leg, MinimumGroundTime, Rotation};
use crate::project::counts::Counted;
use crate::tombstones::{FormerAssignment, RemovedLeg, RemovedRotation};
use crate::{Fact, Prefix, Provenance, RotationSpan, keys, stored};
use domain::rotation::Mode;
use domain::{AggregateId, AirportCode, Event, Instant, LegId, Registration, RotationId, airplane, airport, rotation};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use keyvalue::Memory;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Model {
    airports: BTreeMap<AirportCode, Airport>,
    airplanes: BTreeMap<Registration, Airplane>,
    rotations: BTreeMap<RotationId, (Rotation, BTreeMap<LegId, Leg>)>,
    removed_rotations: BTreeMap<RotationId, RemovedRotation>,
    removed_legs: BTreeMap<(RotationId, LegId), RemovedLeg>,
    former: BTreeMap<(RotationId, Registration), FormerAssignment>,
    longest_ms: BTreeMap<Registration, i64>,
}

type Content = BTreeMap<Vec<u8>, Vec<u8>>;
/// The node that edges begin at, and their kind.
type From = (NodeId, EdgeKind);

impl Model {
    pub(super) fn apply(&mut self, fact: &Fact) {
        let provenance = fact.provenance();
        match (&fact.aggregate_id, &fact.event) {
            (AggregateId::Airport(code), Event::Airport(event)) => self.airport(*code, event, provenance),
            (AggregateId::Airplane(registration), Event::Airplane(event)) => self.airplane(registration, event, provenance),
            (AggregateId::Rotation(id), Event::Rotation(event)) => self.rotation(id, event, provenance),
            _ => panic!("{fact:?}"),
        }
        for (id, (rotation, _)) in &self.rotations {
            if let (Some(registration), Some(span)) = (rotation.registration(), self.span(id)) {
                let longest = self.longest_ms.entry(registration.clone()).or_default();
                *longest = (*longest).max(span.last_arrival.0 - span.first_departure.0);
            }
        }
    }

    fn airport(&mut self, code: AirportCode, event: &airport::Event, provenance: Provenance) {
        match event {
            airport::Event::Registered {
                name,
                zone,
                minimum_ground_time_minutes,
            } => {
                let registered = Airport {
                    name: name.clone(),
                    zone: zone.clone(),
                    minimum_ground_time: MinimumGroundTime {
                        minutes: *minimum_ground_time_minutes,
                        provenance,
                    },
                    by_aircraft_type: BTreeMap::new(),
                    provenance,
                    name_provenance: provenance,
                    zone_provenance: provenance,
                };
                assert_eq!(self.airports.insert(code, registered), None);
            }
            airport::Event::MinimumGroundTimeSet { aircraft_type, minutes } => {
                let airport = self.airports.get_mut(&code).unwrap();
                let minimum = MinimumGroundTime {
                    minutes: *minutes,
                    provenance,
                };
                match aircraft_type {
                    Some(aircraft_type) => {
                        airport.by_aircraft_type.insert(aircraft_type.clone(), minimum);
                    }
                    None => airport.minimum_ground_time = minimum,
                }
            }
            airport::Event::Corrected { name, zone, .. } => {
                let airport = self.airports.get_mut(&code).unwrap();
                if airport.name != *name {
                    airport.name.clone_from(name);
                    airport.name_provenance = provenance;
                }
                if airport.zone != *zone {
                    airport.zone = zone.clone();
                    airport.zone_provenance = provenance;
                }
            }
        }
    }

    fn airplane(&mut self, registration: &Registration, event: &airplane::Event, provenance: Provenance) {
        match event {
            airplane::Event::Registered { aircraft_type } | airplane::Event::Reregistered { aircraft_type } => {
                let former = self.airplanes.remove(registration).map(|former| FormerAirplane {
                    aircraft_type: former.aircraft_type,
                    retired: former.retired.unwrap(),
                });
                let airplane = Airplane {
                    aircraft_type: aircraft_type.clone(),
                    provenance,
                    type_provenance: provenance,
                    retired: None,
                    former,
                };
                self.airplanes.insert(registration.clone(), airplane);
            }
            airplane::Event::Retired => self.airplanes.get_mut(registration).unwrap().retired = Some(provenance),
            airplane::Event::Corrected { aircraft_type, .. } => {
                let airplane = self.airplanes.get_mut(registration).unwrap();
                airplane.aircraft_type = aircraft_type.clone();
                airplane.type_provenance = provenance;
            }
        }
    }

    fn rotation(&mut self, id: &RotationId, event: &rotation::Event, provenance: Provenance) {
        if let rotation::Event::Created { mode } = event {
            let rotation = Rotation {
                mode: *mode,
                provenance,
                mode_provenance: provenance,
                airplane: None,
            };
            self.rotations.insert(id.clone(), (rotation, BTreeMap::new()));
            return;
        }
        let (rotation, legs) = self.rotations.get_mut(id).unwrap();
        match event {
            rotation::Event::Created { .. } => {}
            rotation::Event::LegAdded { leg } => {
                legs.insert(leg.id.clone(), Leg::new(leg, 0, provenance));
            }
            rotation::Event::LegRemoved { leg } => {
                let leg = legs[&leg.id].clone();
                self.remove_leg(id, leg, provenance);
            }
            rotation::Event::LegRescheduled {
                leg_id,
                departure,
                arrival,
                ..
            } => {
                let leg = legs.get_mut(leg_id).unwrap();
                (leg.departure, leg.arrival, leg.times_provenance) = (*departure, *arrival, provenance);
            }
            rotation::Event::AirplaneAssigned { registration, .. } => {
                let assignment = Assignment {
                    registration: registration.clone(),
                    provenance,
                };
                let before = rotation.airplane.replace(assignment);
                self.end_assignment(id, before, provenance);
            }
            rotation::Event::AirplaneUnassigned { .. } => {
                let before = rotation.airplane.take();
                self.end_assignment(id, before, provenance);
            }
            rotation::Event::Activated => (rotation.mode, rotation.mode_provenance) = (Mode::Active, provenance),
            rotation::Event::Removed => {
                let rotation = rotation.clone();
                for leg in legs.clone().into_values() {
                    self.remove_leg(id, leg, provenance);
                }
                self.end_assignment(id, rotation.airplane.clone(), provenance);
                let tombstone = RemovedRotation {
                    rotation,
                    removed: provenance,
                };
                self.removed_rotations.insert(id.clone(), tombstone);
                self.rotations.remove(id);
            }
        }
    }

    fn remove_leg(&mut self, id: &RotationId, leg: Leg, removed: Provenance) {
        self.rotations.get_mut(id).unwrap().1.remove(&leg.id);
        self.removed_legs
            .insert((id.clone(), leg.id.clone()), RemovedLeg::new(&leg, removed));
    }

    fn end_assignment(&mut self, id: &RotationId, before: Option<Assignment>, ended: Provenance) {
        if let Some(Assignment { registration, provenance }) = before {
            let tombstone = FormerAssignment {
                assigned: provenance,
                ended,
            };
            self.former.insert((id.clone(), registration), tombstone);
        }
    }

    /// With the date that its departure has where its airport is, as far as that is known.
    fn dated(&self, leg: &Leg) -> Leg {
        let zone = self.airports.get(&leg.origin).map_or(TimeZone::UTC, |airport| {
            TimeZoneDatabase::bundled().get(airport.zone.as_str()).unwrap()
        });
        let local = Timestamp::from_millisecond(leg.departure.0).unwrap().to_zoned(zone).date();
        let origin_date = Date::constant(1970, 1, 1).until(local).unwrap().get_days();
        Leg {
            origin_date,
            ..leg.clone()
        }
    }

    fn legs_of(&self, id: &RotationId) -> Vec<Leg> {
        let mut legs: Vec<Leg> = self.rotations[id].1.values().map(|leg| self.dated(leg)).collect();
        legs.sort_by_key(|leg| (leg.departure, leg.id.clone()));
        legs
    }

    fn span(&self, id: &RotationId) -> Option<RotationSpan> {
        let legs = self.legs_of(id);
        Some(RotationSpan::new(id, legs.first()?, legs.last()?))
    }

    fn legs(&self) -> Vec<(RotationId, Leg)> {
        let of = |id: &RotationId| self.legs_of(id).into_iter().map(|leg| (id.clone(), leg)).collect::<Vec<_>>();
        self.rotations.keys().flat_map(of).collect()
    }

    /// All keys and values but those that `recompute` compares.
    fn content(&self) -> Content {
        let mut content = Content::new();
        let mut put = |keys::Key(key), value: Vec<u8>| assert_eq!(content.insert(key, value), None);
        for (code, airport) in &self.airports {
            put(keys::airport(*code), airport.to_bytes());
        }
        for (registration, airplane) in &self.airplanes {
            put(keys::airplane(registration), airplane.to_bytes());
        }
        for (registration, longest_ms) in &self.longest_ms {
            put(keys::longest_rotation(registration), vec![stored::duration_class(*longest_ms)]);
        }
        for (id, (rotation, _)) in &self.rotations {
            put(keys::rotation(id), rotation.to_bytes());
            if let Some(registration) = rotation.registration() {
                let (key, value) = stored::rotation_edge(registration, id, self.span(id).as_ref(), rotation.mode);
                put(key, value);
            }
            for leg in self.legs_of(id) {
                put(keys::leg(id, &leg.id), leg.departure.0.to_be_bytes().to_vec());
                put(keys::leg_in_order(id, leg.departure, &leg.id), leg.to_bytes());
                put(keys::leg_of_day(&leg.day(), leg.departure, id, &leg.id), Vec::new());
                let summary = LegSummary::new(&leg, rotation).to_bytes();
                for key in [keys::departure(&leg, id), keys::arrival(&leg, id), keys::leg_by_departure(&leg, id)] {
                    put(key, summary.clone());
                }
            }
        }
        for (id, removed) in &self.removed_rotations {
            put(keys::removed_rotation(id), removed.to_bytes());
        }
        for ((rotation, id), removed) in &self.removed_legs {
            put(keys::removed_leg(rotation, id), removed.to_bytes());
        }
        for ((id, registration), former) in &self.former {
            put(keys::former_rotations(registration).id(id.as_str()), former.to_bytes());
            put(keys::former_airplanes(id).id(registration.as_str()), former.to_bytes());
        }
        for (what, count) in [
            (Counted::Rotations, self.rotations.len()),
            (Counted::Legs, self.legs().len()),
            (Counted::Airplanes, self.airplanes.len()),
            (Counted::Airports, self.airports.len()),
        ] {
            if count > 0 {
                put(keys::count(what.number()), i64::try_from(count).unwrap().to_be_bytes().to_vec());
            }
        }
        content
    }

    /// The view holds these keys and values, and those that `recompute` compares, and nothing else.
    pub(super) fn is_held_by(&self, view: &Memory) {
        let recomputed = [Prefix::DesignatorDayLegs, Prefix::Stays, Prefix::Violation].map(|prefix| prefix as u8);
        let is_recomputed = |key: &[u8]| recomputed.contains(&key[0]) || (key[0] == Prefix::Count as u8 && key[1] >= 16);
        let held: Content = view
            .iter()
            .filter(|(key, _)| !is_recomputed(key))
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect();
        let expected = self.content();
        for (key, value) in &expected {
            assert_eq!(held.get(key), Some(value), "key {}", key.escape_ascii());
        }
        for key in held.keys() {
            assert!(expected.contains_key(key), "left over: {}", key.escape_ascii());
        }
    }

    /// Every edge of the graph by its beginning, in order.
    pub(super) fn edges(&self) -> BTreeMap<From, Vec<NodeId>> {
        let mut edges: BTreeMap<From, Vec<(Option<Instant>, NodeId)>> = BTreeMap::new();
        let mut add = |from: &NodeId, kind: EdgeKind, at: Option<Instant>, to: &NodeId, at_from: Option<Instant>| {
            edges.entry((from.clone(), kind)).or_default().push((at, to.clone()));
            edges.entry((to.clone(), kind.reverse())).or_default().push((at_from, from.clone()));
        };
        for (id, leg) in self.legs() {
            let node = NodeId::Leg(id.clone(), leg.id.clone());
            let (departure, arrival) = (Some(leg.departure), Some(leg.arrival));
            add(&NodeId::Rotation(id.clone()), EdgeKind::Legs, departure, &node, None);
            add(&NodeId::Airport(leg.origin), EdgeKind::Departures, departure, &node, None);
            add(&NodeId::Airport(leg.destination), EdgeKind::Arrivals, arrival, &node, None);
            add(&NodeId::DesignatorDay(leg.day()), EdgeKind::LegsOfDay, departure, &node, None);
        }
        let mut flown: BTreeMap<&Registration, Vec<(Instant, NodeId)>> = BTreeMap::new();
        for (id, (rotation, _)) in &self.rotations {
            let legs = self.legs_of(id);
            for pair in legs.windows(2) {
                let [first, second] = [0, 1].map(|index| NodeId::Leg(id.clone(), pair[index].id.clone()));
                add(&first, EdgeKind::NextLeg, Some(pair[1].departure), &second, Some(pair[0].departure));
            }
            if let Some(registration) = rotation.registration() {
                let node = NodeId::Rotation(id.clone());
                let first = self.span(id).map(|span| span.first_departure);
                let last_of_all = Some(first.unwrap_or(Instant(i64::MAX)));
                add(
                    &NodeId::Airplane(registration.clone()),
                    EdgeKind::Rotations,
                    last_of_all,
                    &node,
                    None,
                );
                if let Some(first) = first {
                    flown.entry(registration).or_default().push((first, node));
                }
            }
        }
        for mut flown in flown.into_values() {
            flown.sort();
            for pair in flown.windows(2) {
                add(&pair[0].1, EdgeKind::NextRotation, Some(pair[1].0), &pair[1].1, Some(pair[0].0));
            }
        }
        for (id, leg) in self.removed_legs.keys() {
            let leg = NodeId::Leg(id.clone(), leg.clone());
            add(&NodeId::Rotation(id.clone()), EdgeKind::RemovedLegs, None, &leg, None);
        }
        for (id, registration) in self.former.keys() {
            let airplane = NodeId::Airplane(registration.clone());
            add(&airplane, EdgeKind::FormerRotations, None, &NodeId::Rotation(id.clone()), None);
        }
        let in_order = |(from, mut to): (_, Vec<_>)| {
            to.sort();
            (from, to.into_iter().map(|(_, to)| to).collect())
        };
        edges.into_iter().map(in_order).collect()
    }

    /// Every kind of edge of every node, page by page, is what the model says, and there is a way back along each.
    pub(super) fn has_its_edges(&self, view: &Memory) {
        let expected = self.edges();
        let nodes: BTreeSet<&NodeId> = expected.keys().map(|(node, _)| node).collect();
        for node in nodes {
            assert!(crate::graph::exists(view, node).unwrap(), "{node}");
            for kind in EdgeKind::ALL {
                let nothing = Vec::new();
                let expected = expected.get(&(node.clone(), kind)).unwrap_or(&nothing);
                for limit in [1, 3, usize::MAX] {
                    let found = all(limit, |span| edges_of(view, node, kind, Time::default(), span).unwrap());
                    assert!(found.iter().all(|edge| edge.kind == kind && edge.to.kind() == kind.to()));
                    let to: Vec<NodeId> = found.into_iter().map(|edge| edge.to).collect();
                    assert_eq!(&to, expected, "{} of {node}", kind.name());
                }
                if is_alone(kind) {
                    let after = Span {
                        after: Some(&[0]),
                        limit: 1,
                    };
                    let page = edges_of(view, node, kind, Time::default(), after).unwrap();
                    assert!(page.items.is_empty() && page.next.is_none(), "{} of {node}: {page:?}", kind.name());
                }
            }
        }
    }

    /// Questions with a window of time give what a look at everything gives.
    pub(super) fn answers_in(&self, view: &Memory, time: Time) {
        let mut legs: Vec<_> = self.legs().into_iter().filter(|(_, leg)| time.holds(leg.departure)).collect();
        legs.sort_by_key(|(id, leg)| (leg.departure, id.clone(), leg.id.clone()));
        assert_eq!(all(2, |span| ask::legs(view, time, span).unwrap()), legs);
        let summarized: Vec<_> = legs
            .iter()
            .map(|(id, leg)| (id.clone(), leg.id.clone(), LegSummary::new(leg, &self.rotations[id].0)))
            .collect();
        let summaries = all(2, |span| ask::leg_summaries(view, time, span).unwrap());
        let summaries: Vec<_> = summaries.into_iter().map(|edge| (edge.rotation, edge.leg, edge.summary)).collect();
        assert_eq!(summaries, summarized);
        let airports: BTreeSet<AirportCode> = self.legs().iter().flat_map(|(_, leg)| [leg.origin, leg.destination]).collect();
        for code in airports {
            let departing: Vec<_> = legs.iter().filter(|(_, leg)| leg.origin == code).cloned().collect();
            assert_eq!(all(2, |span| ask::departures(view, code, time, span).unwrap()), departing);
            let mut arriving = self.legs();
            arriving.retain(|(_, leg)| leg.destination == code && time.holds(leg.arrival));
            arriving.sort_by_key(|(id, leg)| (leg.arrival, id.clone(), leg.id.clone()));
            assert_eq!(all(2, |span| ask::arrivals(view, code, time, span).unwrap()), arriving);
            let departing = departing
                .into_iter()
                .map(|(id, leg)| (leg.departure, Direction::Departure, id, leg.id));
            let arriving = arriving.into_iter().map(|(id, leg)| (leg.arrival, Direction::Arrival, id, leg.id));
            let mut board: Vec<_> = departing.chain(arriving).collect();
            board.sort();
            for limit in [1, 3, usize::MAX] {
                let lines = all(limit, |span| ask::board(view, code, time, span).unwrap());
                let lines: Vec<_> = lines
                    .into_iter()
                    .map(|line| (line.at, line.direction, line.edge.rotation, line.edge.leg))
                    .collect();
                assert_eq!(lines, board, "{code} in {time:?}");
            }
        }
        for id in self.rotations.keys() {
            let expected: Vec<_> = self.legs_of(id).into_iter().filter(|leg| time.holds(leg.departure)).collect();
            assert_eq!(all(2, |span| ask::legs_of(view, id, time, span).unwrap()), expected);
        }
        self.rotations_in(view, time);
    }

    fn rotations_in(&self, view: &Memory, time: Time) {
        let is_under_way = |span: &RotationSpan| {
            time.from.is_none_or(|from| from < span.last_arrival) && time.to.is_none_or(|to| span.first_departure < to)
        };
        for registration in self.longest_ms.keys() {
            let mut expected: Vec<RotationSpan> = self
                .rotations
                .iter()
                .filter(|(_, (rotation, _))| rotation.registration() == Some(registration))
                .filter_map(|(id, _)| self.span(id))
                .filter(is_under_way)
                .collect();
            expected.sort_by_key(|span| (span.first_departure, span.rotation.clone()));
            let found = all(2, |span| ask::rotations_of(view, registration, time, span).unwrap());
            for flown in &found {
                assert_eq!(flown.mode, self.rotations[&flown.rotation].0.mode);
                assert_eq!(flown.span, self.span(&flown.rotation));
                assert!(flown.span.is_some() || time == Time::default());
            }
            let spans: Vec<RotationSpan> = found.into_iter().filter_map(|flown| flown.span).collect();
            assert_eq!(spans, expected, "{registration} in {time:?}");
        }
    }
}

/// Whether a node has one edge of the kind at most: there is no second page.
fn is_alone(kind: EdgeKind) -> bool {
    kind.from() == NodeKind::Leg || matches!(kind, EdgeKind::Airplane | EdgeKind::NextRotation | EdgeKind::PreviousRotation)
}

/// More than any list here has: one that does not end fails.
const PAGES_MAX: usize = 10_000;

/// All items of a list, by pages of so many.
fn all<T>(limit: usize, mut ask: impl FnMut(Span<'_>) -> ask::Page<T>) -> Vec<T> {
    let mut items = Vec::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = ask(Span {
            after: after.as_deref(),
            limit,
        });
        assert!(page.items.len() <= limit);
        items.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return items,
        }
    }
    panic!("a list goes on after {PAGES_MAX} pages, with {} items", items.len());
}
