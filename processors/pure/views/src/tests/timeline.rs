//! Rows of bars, compared with the schedule as plain lists and with the index of violations.

use super::fixture::{at, leg, leg_id, registration};
use super::plan::{self, Plan, ROTATIONS, id_of, some_airport};
use crate::ask::{self, Airplanes, Filter, Row, Span, Timeline, TimelineError, TimelineLeg, Window, next_airplane};
use crate::{Check, Detail};
use domain::rotation::Leg;
use domain::{FlightDesignator, Instant, LegId, Registration, RotationId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};

const AIRPLANES: [(&str, Option<&str>); 4] = [("A1", Some("763")), ("N1AA", Some("717")), ("N2AA", None), ("N3AA", Some("763"))];
const STEP_MS: i64 = 20 * 60_000;
const STEPS: i64 = 150;

fn rows(plan: &Plan, window: Window, airplanes: &Airplanes) -> Vec<Row> {
    let mut timeline = Timeline::new(&plan.view, window, *airplanes == Airplanes::All).unwrap();
    let (mut rows, mut last) = (Vec::new(), None);
    while let Some(registration) = next_airplane(&plan.view, airplanes, last.as_ref()).unwrap() {
        assert!(last.is_none_or(|last| last < registration));
        rows.extend(timeline.row(registration.clone()).unwrap());
        last = Some(registration);
    }
    rows
}

type Shown = (RotationId, LegId, Instant, Instant);

impl Plan {
    /// The legs of an airplane within a window, in the order in which they are flown.
    fn shown(&self, airplane: &Registration, window: Window) -> Vec<Shown> {
        let mut shown = Vec::new();
        for number in self.rotations_of(airplane) {
            let legs = self.legs_of(number);
            let inside = |leg: &&Leg| window.from <= leg.departure && leg.departure < window.to;
            let before = legs.iter().rfind(|leg| leg.departure < window.from);
            let last_arrival = legs.last().unwrap().arrival;
            // A rotation that has ended is not under way, whatever its legs do.
            if last_arrival <= window.from {
                continue;
            }
            let in_the_air = before.filter(|leg| window.from < leg.arrival && legs[0].departure < window.to);
            for leg in in_the_air.into_iter().chain(legs.iter().filter(inside)) {
                shown.push((id_of(number), leg.id.clone(), leg.departure, leg.arrival));
            }
        }
        shown
    }

    fn rows(&self, window: Window, airplanes: &Airplanes) -> Vec<(Registration, Vec<Shown>)> {
        let all: BTreeSet<Registration> = AIRPLANES.iter().map(|(text, _)| registration(text)).collect();
        let is_meant = |airplane: &Registration| match airplanes {
            Airplanes::All => true,
            Airplanes::Beginning(beginning) => airplane.as_str().starts_with(beginning.as_str()),
            Airplanes::These(these) => these.contains(airplane),
        };
        let rows = all.into_iter().filter(is_meant).map(|airplane| {
            let shown = self.shown(&airplane, window);
            (airplane, shown)
        });
        rows.filter(|(airplane, shown)| !shown.is_empty() || self.types.contains_key(airplane))
            .collect()
    }

    fn has_its_grounds(&self, row: &Row) {
        assert_eq!(row.gaps.len(), row.bars.len().saturating_sub(1));
        for (pair, gap) in row.bars.windows(2).zip(&row.gaps) {
            let number = (0..ROTATIONS)
                .find(|number| id_of(*number) == row.rotations[pair[0].rotation].id)
                .unwrap();
            assert_eq!(gap.ground.real_ms, pair[1].departure.0 - pair[0].arrival.0);
            let meets = pair[0].destination == pair[1].origin;
            let required = self.required_minutes(number, pair[0].destination).filter(|_| meets);
            assert_eq!(gap.ground.required_ms, required.map(|minutes| minutes * 60_000));
        }
    }
}

fn shown_by(row: &Row) -> Vec<Shown> {
    let name = |bar: &TimelineLeg| (row.rotations[bar.rotation].id.clone(), bar.leg.clone(), bar.departure, bar.arrival);
    row.bars.iter().map(name).collect()
}

/// A check, and the leg that it has found something at or after, or the rotation.
type Violation = (Check, RotationId, Option<LegId>);

/// Violations as the rows show them.
fn found_in(rows: &[Row]) -> BTreeSet<Violation> {
    let mut found = BTreeSet::new();
    for row in rows {
        for check in Check::ALL {
            let of_bar = |bar: &TimelineLeg| (check, row.rotations[bar.rotation].id.clone(), Some(bar.leg.clone()));
            found.extend(row.bars.iter().filter(|bar| bar.violations.has(check)).map(of_bar));
            let gaps = row.bars.iter().zip(&row.gaps);
            // The last leg of the first rotation may lie beyond the time: what is between rotations is named by the rotation.
            let at = |bar: &TimelineLeg| match (check, of_bar(bar)) {
                (Check::RotationSeam, (_, rotation, _)) => (check, rotation, None),
                (_, of_bar) => of_bar,
            };
            found.extend(gaps.filter(|(_, gap)| gap.violations.has(check)).map(|(bar, _)| at(bar)));
            let rotations = row.rotations.iter().filter(|rotation| rotation.violations.has(check));
            found.extend(rotations.map(|rotation| (check, rotation.id.clone(), None)));
        }
    }
    found
}

/// The same by the questions about violations, of rotations that have an airplane and legs.
fn found_by_checks(plan: &Plan) -> BTreeSet<Violation> {
    let all = Span {
        after: None,
        limit: usize::MAX,
    };
    let shown = plan.assigned.keys().filter(|number| !plan.legs_of(**number).is_empty());
    let shown: BTreeSet<RotationId> = shown.map(|number| id_of(*number)).collect();
    let mut found = BTreeSet::new();
    for check in Check::ALL {
        for violation in ask::violations(&plan.view, check, &Filter::default(), all).unwrap().items {
            let legs = violation
                .legs
                .iter()
                .map(|(rotation, leg)| (check, rotation.clone(), Some(leg.id.clone())));
            match &violation.detail {
                Detail::UnknownAirplane { .. } | Detail::Seam { .. } => {
                    found.insert((check, violation.rotation.clone(), None));
                }
                // One entry, however many rotations share the day.
                Detail::Designator { designator, airport, .. } => {
                    let day = violation.legs[0].1.origin_date;
                    for (number, leg) in &plan.legs {
                        let date = i32::try_from(leg.departure.0.div_euclid(24 * 60 * 60 * 1000)).unwrap();
                        if leg.designator == *designator && leg.origin == *airport && date == day {
                            found.insert((check, id_of(*number), Some(leg.id.clone())));
                        }
                    }
                }
                Detail::Continuity | Detail::Overlap | Detail::GroundTime { .. } | Detail::UnknownAirport { .. } => {
                    found.extend(legs.take(1))
                }
            }
        }
    }
    found.retain(|(_, rotation, _)| shown.contains(rotation));
    found
}

fn instant(step: i64) -> Instant {
    Instant(at("01T00:00:00").0 + step * STEP_MS)
}

fn some_leg() -> impl Strategy<Value = (u32, Leg)> {
    (0..ROTATIONS, 1..4_u32, some_airport(), some_airport(), 0..STEPS, 1..9_i64).prop_map(
        |(rotation, flight, origin, destination, departs, flies)| {
            let leg = Leg {
                id: leg_id("L"),
                designator: FlightDesignator::parse(&format!("HA{flight}")).unwrap(),
                origin,
                destination,
                departure: instant(departs),
                arrival: instant(departs + flies),
            };
            (rotation, leg)
        },
    )
}

fn some_plan() -> impl Strategy<Value = Plan> {
    plan::some_plan(&AIRPLANES, 0.9, some_leg())
}

fn some_window() -> impl Strategy<Value = Window> {
    (-5..STEPS, 1..STEPS).prop_map(|(begins, lasts)| Window {
        from: instant(begins),
        to: instant(begins + lasts),
    })
}

fn some_airplanes() -> impl Strategy<Value = Airplanes> {
    let these = vec(select(AIRPLANES.to_vec()), 1..4);
    prop_oneof![
        Just(Airplanes::All),
        select(vec!["N", "N1", "N1AA", "A", "X"]).prop_map(|text| Airplanes::Beginning(text.to_owned())),
        these.prop_map(|these| Airplanes::These(these.iter().map(|(text, _)| registration(text)).collect())),
    ]
}

const EVERYTHING: Window = Window {
    from: Instant(0),
    to: Instant(i64::MAX - 1),
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rows_hold_the_legs_of_the_schedule(plan in some_plan(), asked in vec((some_window(), some_airplanes()), 1..8)) {
        for (window, airplanes) in &asked {
            let found = rows(&plan, *window, airplanes);
            let shown: Vec<_> = found.iter().map(|row| (row.airplane.clone(), shown_by(row))).collect();
            prop_assert_eq!(shown, plan.rows(*window, airplanes), "{:?} {:?}", window, airplanes);
            for row in &found {
                plan.has_its_grounds(row);
            }
        }
    }

    #[test]
    fn rows_show_the_violations_that_the_checks_find(plan in some_plan(), window in some_window()) {
        let expected = found_by_checks(&plan);
        for airplanes in [Airplanes::All, Airplanes::These(AIRPLANES.iter().map(|(text, _)| registration(text)).collect())] {
            prop_assert_eq!(&found_in(&rows(&plan, EVERYTHING, &airplanes)), &expected);
            prop_assert!(found_in(&rows(&plan, window, &airplanes)).is_subset(&expected));
        }
    }
}

#[test]
fn random_schedules_have_violations_of_every_check() {
    let mut runner = TestRunner::deterministic();
    let mut found: BTreeMap<Check, u32> = BTreeMap::new();
    for _ in 0..100 {
        let plan = some_plan().new_tree(&mut runner).unwrap().current();
        for (check, ..) in found_in(&rows(&plan, EVERYTHING, &Airplanes::All)) {
            *found.entry(check).or_default() += 1;
        }
    }
    assert!(
        found.len() == Check::ALL.len() && found.values().all(|count| *count > 20),
        "{found:?}"
    );
}

#[test]
fn a_leg_that_is_in_the_air_when_the_window_begins_is_shown() {
    let mut plan = Plan::new();
    plan.register("N1AA", "717");
    plan.assign(1, "N1AA");
    plan.add(1, leg("L1 HA11 HNL ITO 01T08:00:00 01T09:00:00"));
    plan.add(1, leg("L2 HA12 ITO HNL 01T09:40:00 01T10:40:00"));
    for (from, to, legs) in [
        ("08:30", "12:00", vec!["L1", "L2"]),
        ("08:30", "09:40", vec!["L1"]),
        ("09:00", "12:00", vec!["L2"]),
        ("09:00", "09:40", vec![]),
    ] {
        let window = Window {
            from: at(&format!("01T{from}:00")),
            to: at(&format!("01T{to}:00")),
        };
        for airplanes in [Airplanes::All, Airplanes::Beginning("N".to_owned())] {
            let found = rows(&plan, window, &airplanes);
            let shown: Vec<&str> = found[0].bars.iter().map(|bar| bar.leg.as_str()).collect();
            assert_eq!(shown, legs, "{from} {to}");
        }
    }
}

#[test]
fn a_timeline_that_would_read_more_legs_than_it_may_is_refused() {
    let mut plan = Plan::new();
    plan.register("N1AA", "717");
    plan.register("N2AA", "717");
    plan.assign(1, "N1AA");
    plan.assign(3, "N2AA");
    plan.add(1, leg("L1 HA11 HNL ITO 01T08:00:00 01T09:00:00"));
    plan.add(1, leg("L2 HA12 ITO HNL 01T09:40:00 01T10:40:00"));
    plan.add(3, leg("L3 HA13 ITO HNL 01T09:40:00 01T10:40:00"));
    let window = Window {
        from: at("01T00:00:00"),
        to: at("02T00:00:00"),
    };
    let bars = |all: bool, reads_max: usize| {
        let mut timeline = Timeline::within(&plan.view, window, all, reads_max)?;
        let mut bars = 0;
        for airplane in ["N1AA", "N2AA"] {
            bars += timeline.row(registration(airplane))?.map_or(0, |row| row.bars.len());
        }
        Ok::<_, TimelineError>(bars)
    };
    // A search that has used up its reads is refused, whether or not more legs follow.
    for all in [true, false] {
        assert_eq!(bars(all, 4), Ok(3));
        for reads_max in 0..4 {
            assert_eq!(bars(all, reads_max), Err(TimelineError::TooManyLegs), "{all} {reads_max}");
        }
    }
}
