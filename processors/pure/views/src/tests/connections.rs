//! Connections, compared with a search that tries every sequence of legs.

use super::fixture::{at, code, leg, leg_id};
use super::plan::{Plan, ROTATIONS, id_of, mode_of};
use crate::ask::{Connection, ConnectionSearch, ConnectionsError, connections, connections_within};
use domain::rotation::{Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

const AIRPORTS: [&str; 6] = ["HNL", "ITO", "KOA", "LAX", "OGG", "SYD"];
const STEP_MS: i64 = 10 * 60_000;
const STEPS: i64 = 40;

impl Plan {
    fn minimum_ms(&self, search: &ConnectionSearch, at: AirportCode) -> i64 {
        let minutes = match search.min_connection_minutes {
            Some(minutes) => minutes.into(),
            None => self.minimum_minutes.get(&at).copied().unwrap_or(0),
        };
        minutes * 60_000
    }

    /// Every sequence of legs that answers a search, as number of legs, arrival and departure.
    fn every_way(&self, search: &ConnectionSearch) -> BTreeSet<(usize, Instant, Instant)> {
        let mut ways = BTreeSet::new();
        self.go_on(search, &mut Vec::new(), &mut ways);
        ways
    }

    fn go_on<'s>(&'s self, search: &ConnectionSearch, path: &mut Vec<&'s Leg>, ways: &mut BTreeSet<(usize, Instant, Instant)>) {
        if let (Some(first), Some(last)) = (path.first(), path.last())
            && last.destination == search.to
        {
            ways.insert((path.len(), last.arrival, first.departure));
        }
        if path.len() == search.legs_max {
            return;
        }
        for (number, leg) in &self.legs {
            let follows = match path.last() {
                None => leg.origin == search.from && leg.departure >= search.depart_after,
                Some(last) => {
                    let ready = last.arrival.0 + self.minimum_ms(search, last.destination);
                    leg.origin == last.destination && leg.departure.0 >= ready
                }
            };
            if follows && leg.arrival < search.arrive_before && (search.drafts || mode_of(*number) == Mode::Active) {
                path.push(leg);
                self.go_on(search, path, ways);
                path.pop();
            }
        }
    }

    /// Of every way the best for each number of legs.
    fn best(&self, search: &ConnectionSearch) -> Vec<(usize, Instant, Instant)> {
        let ways = self.every_way(search);
        let mut best: Vec<(usize, Instant, Instant)> = Vec::new();
        for legs in 1..=search.legs_max {
            let of_legs = ways.iter().filter(|(count, ..)| *count == legs);
            let Some(arrival) = of_legs.clone().map(|(_, arrival, _)| *arrival).min() else {
                continue;
            };
            if best.last().is_none_or(|(_, earliest, _)| arrival < *earliest) {
                let departs = of_legs
                    .filter(|(_, arrives, _)| *arrives == arrival)
                    .map(|(.., departure)| *departure);
                best.push((legs, arrival, departs.max().unwrap()));
            }
        }
        best
    }

    /// The connection is made of legs of the schedule, each of which can be taken after the one before.
    fn has(&self, search: &ConnectionSearch, connection: &Connection) {
        for leg in &connection.legs {
            let summary = &leg.edge.summary;
            let known = self
                .legs
                .iter()
                .find(|(number, known)| leg.edge.rotation == id_of(*number) && known.id == leg.edge.leg);
            let (number, known) = known.unwrap();
            assert_eq!((known.origin, known.destination), (summary.origin, summary.destination));
            assert_eq!((known.departure, known.arrival), (summary.departure, summary.arrival));
            assert!(search.drafts || mode_of(*number) == Mode::Active);
        }
        assert_eq!(connection.legs[0].transfer, None);
        for pair in connection.legs.windows(2) {
            let (before, after) = (&pair[0].edge.summary, &pair[1].edge.summary);
            let transfer = pair[1].transfer.unwrap();
            assert_eq!(before.destination, after.origin);
            assert_eq!(transfer.connection_ms, after.departure.0 - before.arrival.0);
            assert_eq!(transfer.minimum_ms, self.minimum_ms(search, after.origin));
            assert!(transfer.connection_ms >= transfer.minimum_ms, "{transfer:?}");
        }
    }

    fn found(&self, search: &ConnectionSearch) -> Vec<(usize, Instant, Instant)> {
        let found = connections(&self.view, search).unwrap();
        for connection in &found {
            self.has(search, connection);
        }
        let summary = |connection: &Connection| {
            let (first, last) = (connection.legs.first().unwrap(), connection.legs.last().unwrap());
            (connection.legs.len(), last.edge.summary.arrival, first.edge.summary.departure)
        };
        found.iter().map(summary).collect()
    }
}

fn instant(step: i64) -> Instant {
    Instant(at("01T00:00:00").0 + step * STEP_MS)
}

fn some_airport() -> impl Strategy<Value = AirportCode> {
    select(AIRPORTS.to_vec()).prop_map(code)
}

/// Most legs are between neighbours, so that it takes several to get far.
fn some_leg() -> impl Strategy<Value = (u32, Leg)> {
    let airports = (
        0..AIRPORTS.len(),
        prop_oneof![4 => Just(1), 4 => Just(AIRPORTS.len() - 1), 1 => 2..5_usize],
    );
    (0..ROTATIONS, airports, 0..STEPS, 1..4_i64).prop_map(|(number, (from, further), departs, flies)| {
        let (origin, destination) = (code(AIRPORTS[from]), code(AIRPORTS[(from + further) % AIRPORTS.len()]));
        let leg = Leg {
            id: leg_id("L"),
            designator: FlightDesignator::parse("HA11").unwrap(),
            origin,
            destination,
            departure: instant(departs),
            arrival: instant(departs + flies),
        };
        // Most are of active rotations.
        (if number == 2 { 1 } else { number }, leg)
    })
}

fn some_schedule() -> impl Strategy<Value = Plan> {
    let minima = vec((0..AIRPORTS.len(), 0..3_u32), 0..6);
    (vec(some_leg(), 1..100), minima).prop_map(|(legs, minima)| {
        let mut schedule = Plan::new();
        let minima: BTreeMap<usize, u32> = minima.into_iter().collect();
        for (number, tens) in minima {
            schedule.minimum(AIRPORTS[number], tens * 10);
        }
        schedule.add_each(legs);
        schedule
    })
}

fn some_search() -> impl Strategy<Value = ConnectionSearch> {
    let airports = (some_airport(), some_airport()).prop_filter("two airports", |(from, to)| from != to);
    let minimum = option::of((0..5_u32).prop_map(|tens| tens * 10));
    (airports, -2..STEPS / 2, 1..STEPS + 10, 1..6_usize, minimum, any::<bool>()).prop_map(
        |((from, to), begins, lasts, legs_max, min_connection_minutes, drafts)| ConnectionSearch {
            from,
            to,
            depart_after: instant(begins),
            arrive_before: instant(begins + lasts),
            legs_max,
            min_connection_minutes,
            drafts,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn connections_are_the_best_of_every_sequence_of_legs(schedule in some_schedule(), searches in vec(some_search(), 1..12)) {
        for search in &searches {
            prop_assert_eq!(schedule.found(search), schedule.best(search), "{:?}", search);
        }
    }
}

#[test]
fn random_schedules_have_connections_of_every_number_of_legs() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut found = [0; 5];
    for _ in 0..800 {
        let schedule = some_schedule().new_tree(&mut runner).unwrap().current();
        for _ in 0..6 {
            let search = some_search().new_tree(&mut runner).unwrap().current();
            for (legs, ..) in schedule.found(&search) {
                found[legs - 1] += 1;
            }
        }
    }
    assert!(found[..3].iter().all(|count| *count > 50) && found[3] > 5, "{found:?}");
}

/// From Honolulu to Los Angeles by Hilo, where 40 minutes are needed.
fn by_hilo(legs: [&str; 2]) -> (Plan, ConnectionSearch) {
    let mut schedule = Plan::new();
    schedule.minimum("ITO", 40);
    for text in legs {
        schedule.add(1, leg(text));
    }
    let search = ConnectionSearch {
        from: code("HNL"),
        to: code("LAX"),
        depart_after: at("01T08:00:00"),
        arrive_before: at("02T08:00:00"),
        legs_max: 3,
        min_connection_minutes: None,
        drafts: false,
    };
    (schedule, search)
}

#[test]
fn a_connection_needs_the_minimum_ground_time_of_its_airport_or_what_is_asked_for() {
    let legs = |departs: &str| {
        [
            "L1 HA11 HNL ITO 01T08:00:00 01T09:00:00".to_owned(),
            format!("L2 HA12 ITO LAX 01T{departs}:00 01T15:00:00"),
        ]
    };
    for (departs, minimum, is_found) in [
        ("09:40", None, true),
        ("09:39", None, false),
        ("09:39", Some(39), true),
        ("09:40", Some(41), false),
        ("09:00", Some(0), true),
    ] {
        let legs = legs(departs);
        let (schedule, mut search) = by_hilo([&legs[0], &legs[1]]);
        search.min_connection_minutes = minimum;
        let found = schedule.found(&search);
        assert_eq!(!found.is_empty(), is_found, "{departs} {minimum:?}");
    }
}

#[test]
fn of_connections_that_arrive_together_the_last_to_depart_is_found() {
    let (mut schedule, mut search) = by_hilo(["L1 HA11 HNL ITO 01T08:00:00 01T09:00:00", "L2 HA12 ITO LAX 01T12:00:00 01T17:00:00"]);
    for (departs, more) in [
        ("08:00", "L3 HA13 HNL KOA 01T07:00:00 01T08:10:00"),
        ("10:20", "L4 HA14 HNL ITO 01T10:20:00 01T11:20:00"),
        ("10:20", "L5 HA15 HNL ITO 01T10:21:00 01T11:21:00"),
        ("10:20", "L6 HA16 HNL OGG 01T11:00:00 01T11:30:00"),
        ("11:00", "L7 HA17 OGG LAX 01T11:30:00 01T17:00:00"),
    ] {
        schedule.add(1, leg(more));
        for legs_max in 2..=3 {
            search.legs_max = legs_max;
            let departs = at(&format!("01T{departs}:00"));
            assert_eq!(schedule.found(&search), [(2, at("01T17:00:00"), departs)], "{more}");
        }
    }
}

#[test]
fn a_search_that_would_read_more_legs_than_it_may_is_refused() {
    let (schedule, search) = by_hilo(["L1 HA11 HNL ITO 01T08:00:00 01T09:00:00", "L2 HA12 ITO LAX 01T12:00:00 01T17:00:00"]);
    for (legs_max, is_enough) in [(0, false), (1, false), (2, true)] {
        let found = connections_within(&schedule.view, &search, legs_max);
        assert_eq!(found == Err(ConnectionsError::TooManyLegs), !is_enough, "{legs_max}: {found:?}");
    }
}

#[test]
fn the_last_leg_is_looked_for_among_the_arrivals_and_an_only_leg_among_the_departures() {
    let (mut schedule, mut search) = by_hilo(["L1 HA11 HNL ITO 01T08:00:00 01T09:00:00", "L2 HA12 ITO LAX 01T12:00:00 01T17:00:00"]);
    for hour in 10..16 {
        schedule.add(1, leg(&format!("K{hour} HA21 ITO KOA 01T{hour}:00:00 01T{hour}:30:00")));
    }
    search.legs_max = 2;
    // One departure from Honolulu and one arrival at Los Angeles.
    assert_eq!(connections_within(&schedule.view, &search, 2).map(|found| found.len()), Ok(1));
    let direct = ConnectionSearch { legs_max: 1, ..search };
    schedule.add(3, leg("D1 HA41 HNL LAX 01T09:00:00 01T16:00:00"));
    for hour in 10..15 {
        schedule.add(5, leg(&format!("A{hour} HA51 OGG LAX 01T{hour}:00:00 01T{hour}:30:00")));
    }
    // Two departures from Honolulu.
    assert_eq!(connections_within(&schedule.view, &direct, 2).map(|found| found.len()), Ok(1));
}
