//! The impact of a delay, compared with a look at every leg of a schedule.

use super::fixture::{at, leg, leg_id};
use super::plan::{self, Plan, ROTATIONS, id_of, mode_of, some_airport};
use crate::ask::{Budget, Delay, DelayedLeg, Impact, impact, impact_within};
use domain::rotation::{Leg, Mode};
use domain::{FlightDesignator, Instant, LegId, RotationId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const AIRPLANES: [(&str, Option<&str>); 3] = [("N1AA", Some("717")), ("N2AA", Some("763")), ("N3AA", None)];
const MINUTE_MS: i64 = 60_000;
const STEP_MS: i64 = 10 * MINUTE_MS;
const STEPS: i64 = 60;

/// A leg and the delay of its arrival in minutes, with the legs that are missed because of it.
type Late = (RotationId, LegId, i64, Vec<(RotationId, LegId)>);

impl Plan {
    /// The legs that the airplane of a leg flies from it on: rotation and leg.
    fn flown_from(&self, number: u32, id: &LegId, drafts: bool) -> Vec<(u32, Leg)> {
        let own = self.legs_of(number).into_iter().map(|leg| (number, leg));
        let mut flown: Vec<(u32, Leg)> = own.skip_while(|(_, leg)| leg.id != *id).collect();
        if let Some(airplane) = self.assigned.get(&number) {
            let rotations = self.rotations_of(airplane);
            let later = rotations.iter().skip_while(|other| **other != number).skip(1);
            for other in later.filter(|other| drafts || mode_of(**other) == Mode::Active) {
                flown.extend(self.legs_of(*other).into_iter().map(|leg| (*other, leg)));
            }
        }
        flown
    }

    fn missed(&self, delay: &Delay, number: u32, late: &Leg, minutes: i64) -> Vec<(RotationId, LegId)> {
        let own_minimum = self.minimum_minutes.get(&late.destination).copied().unwrap_or(0);
        let minimum = delay.min_connection_minutes.map_or(own_minimum, i64::from);
        let mut missed = Vec::new();
        for (other, leg) in &self.legs {
            let is_of_another = match (self.assigned.get(&number), self.assigned.get(other)) {
                (None, None) => id_of(*other) != delay.rotation,
                (own, other) => own != other,
            };
            let spare_minutes = (leg.departure.0 - late.arrival.0) / MINUTE_MS - minimum;
            let is_reached = leg.origin == late.destination && leg.destination != late.origin && spare_minutes >= 0;
            if is_of_another && is_reached && spare_minutes < minutes && (delay.drafts || mode_of(*other) == Mode::Active) {
                missed.push((leg.departure, id_of(*other), leg.id.clone()));
            }
        }
        missed.sort();
        missed.into_iter().map(|(_, rotation, leg)| (rotation, leg)).collect()
    }

    /// The legs that are late, and the first that is not.
    fn late(&self, number: u32, delay: &Delay) -> (Vec<Late>, Option<(RotationId, LegId)>) {
        let flown = self.flown_from(number, &delay.leg, delay.drafts);
        let mut minutes = delay.delay_ms / MINUTE_MS;
        let mut late: Vec<Late> = Vec::new();
        for (index, (of, leg)) in flown.iter().enumerate() {
            if let Some((before_of, before)) = index.checked_sub(1).map(|before| &flown[before]) {
                let meets = before.destination == leg.origin;
                let required = self.required_minutes(*before_of, leg.origin).filter(|_| meets).unwrap_or(0);
                let spare = (leg.departure.0 - before.arrival.0) / MINUTE_MS - required;
                minutes -= spare.max(0);
            }
            if minutes <= 0 {
                return (late, Some((id_of(*of), leg.id.clone())));
            }
            late.push((id_of(*of), leg.id.clone(), minutes, self.missed(delay, *of, leg, minutes)));
        }
        (late, None)
    }
}

fn name(delayed: &DelayedLeg) -> (RotationId, LegId) {
    (delayed.edge.rotation.clone(), delayed.edge.leg.clone())
}

fn seen(impact: &Impact) -> (Vec<Late>, Option<(RotationId, LegId)>) {
    let late = impact.legs.iter().map(|delayed| {
        let (rotation, leg) = name(delayed);
        let missed = delayed
            .missed
            .iter()
            .map(|missed| (missed.edge.rotation.clone(), missed.edge.leg.clone()));
        (rotation, leg, delayed.delay_ms / MINUTE_MS, missed.collect())
    });
    (late.collect(), impact.absorbed_by.as_ref().map(name))
}

fn some_leg() -> impl Strategy<Value = (u32, Leg)> {
    (0..ROTATIONS, some_airport(), some_airport(), 0..STEPS, 1..6_i64).prop_map(|(number, origin, destination, departs, flies)| {
        let instant = |step: i64| Instant(at("01T00:00:00").0 + step * STEP_MS);
        let leg = Leg {
            id: leg_id("L"),
            designator: FlightDesignator::parse("HA11").unwrap(),
            origin,
            destination,
            departure: instant(departs),
            arrival: instant(departs + flies),
        };
        (number, leg)
    })
}

fn some_plan() -> impl Strategy<Value = Plan> {
    plan::some_plan(&AIRPLANES, 0.8, some_leg())
}

/// Which leg, and how late it arrives.
fn some_delay() -> impl Strategy<Value = (Index, Delay)> {
    let minimum = option::of((0..5_u32).prop_map(|tens| tens * 10));
    (any::<Index>(), 1..300_i64, minimum, any::<bool>()).prop_map(|(index, minutes, min_connection_minutes, drafts)| {
        let delay = Delay {
            rotation: id_of(0),
            leg: leg_id("L"),
            delay_ms: minutes * MINUTE_MS,
            min_connection_minutes,
            drafts,
        };
        (index, delay)
    })
}

fn of_a_leg(plan: &Plan, index: Index, delay: &Delay) -> (u32, Delay) {
    let (number, leg) = &plan.legs[index.index(plan.legs.len())];
    let delay = Delay {
        rotation: id_of(*number),
        leg: leg.id.clone(),
        ..delay.clone()
    };
    (*number, delay)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_delay_reaches_what_a_look_at_every_leg_says(plan in some_plan(), delays in vec(some_delay(), 1..8)) {
        for (index, delay) in &delays {
            let (number, delay) = of_a_leg(&plan, *index, delay);
            let impact = impact(&plan.view, &delay).unwrap().unwrap();
            prop_assert_eq!(seen(&impact), plan.late(number, &delay), "{:?}", delay);
            prop_assert!(!impact.is_cut);
            prop_assert_eq!(impact.airplane.as_ref(), plan.assigned.get(&number));
        }
    }
}

#[test]
fn random_delays_cross_rotations_are_absorbed_and_miss_connections() {
    let mut runner = TestRunner::deterministic();
    let (mut crossed, mut absorbed, mut missed) = (0, 0, 0);
    for _ in 0..300 {
        let plan = some_plan().new_tree(&mut runner).unwrap().current();
        let (index, delay) = some_delay().new_tree(&mut runner).unwrap().current();
        let (_, delay) = of_a_leg(&plan, index, &delay);
        let impact = impact(&plan.view, &delay).unwrap().unwrap();
        crossed += u32::from(impact.legs.iter().any(|late| late.edge.rotation != delay.rotation));
        absorbed += u32::from(impact.absorbed_by.is_some());
        missed += u32::from(impact.legs.iter().any(|late| !late.missed.is_empty()));
    }
    assert!(crossed > 30 && absorbed > 30 && missed > 30, "{crossed} {absorbed} {missed}");
}

/// An airplane that flies four legs with ten minutes to spare after each, in two rotations, and the flight of another.
fn to_and_fro() -> Plan {
    let mut plan = Plan::new();
    plan.register("N1AA", "717");
    plan.minimum("HNL", 30);
    plan.minimum("ITO", 30);
    plan.assign(1, "N1AA");
    plan.assign(3, "N1AA");
    plan.add(1, leg("L1 HA11 HNL ITO 01T08:00:00 01T09:00:00"));
    plan.add(1, leg("L2 HA12 ITO HNL 01T09:40:00 01T10:40:00"));
    plan.add(3, leg("L1 HA13 HNL ITO 01T11:20:00 01T12:20:00"));
    plan.add(3, leg("L2 HA14 ITO HNL 01T13:00:00 01T14:00:00"));
    plan.add(5, leg("L1 HA3 ITO LAX 01T09:50:00 01T15:00:00"));
    plan
}

fn delayed(minutes: i64) -> Delay {
    Delay {
        rotation: id_of(1),
        leg: leg_id("L1"),
        delay_ms: minutes * MINUTE_MS,
        min_connection_minutes: None,
        drafts: false,
    }
}

#[test]
fn each_ground_time_absorbs_what_it_has_to_spare() {
    let plan = to_and_fro();
    for (minutes, expected, absorbed) in [
        (10, vec![10], Some(id_of(1))),
        (11, vec![11, 1], Some(id_of(3))),
        (25, vec![25, 15, 5], Some(id_of(3))),
        (35, vec![35, 25, 15, 5], None),
    ] {
        let impact = impact(&plan.view, &delayed(minutes)).unwrap().unwrap();
        let delays: Vec<i64> = impact.legs.iter().map(|late| late.delay_ms / MINUTE_MS).collect();
        assert_eq!(delays, expected);
        assert_eq!(impact.absorbed_by.map(|on_time| on_time.edge.rotation), absorbed, "{minutes}");
    }
}

#[test]
fn a_connection_is_missed_from_the_first_minute_on_that_it_lacks() {
    let plan = to_and_fro();
    for (minutes, minimum, is_missed) in [
        (20, None, false),
        (21, None, true),
        (11, Some(40), true),
        (10, Some(40), false),
        (60, Some(51), false),
    ] {
        let delay = Delay {
            min_connection_minutes: minimum,
            ..delayed(minutes)
        };
        let impact = impact(&plan.view, &delay).unwrap().unwrap();
        assert_eq!(impact.legs[0].missed.len(), usize::from(is_missed), "{minutes} {minimum:?}");
    }
}

#[test]
fn an_answer_that_is_cut_says_so() {
    let plan = to_and_fro();
    let enough = Budget { legs_max: 4, reads_max: 9 };
    for (budget, legs, is_cut) in [
        (enough, 4, false),
        (Budget { legs_max: 3, ..enough }, 3, true),
        (Budget { legs_max: 1, ..enough }, 1, true),
        (Budget { reads_max: 1, ..enough }, 1, true),
    ] {
        let impact = impact_within(&plan.view, &delayed(35), budget).unwrap().unwrap();
        assert_eq!((impact.legs.len(), impact.is_cut), (legs, is_cut), "{budget:?}");
    }
}

#[test]
fn a_rotation_that_is_passed_over_is_a_read_and_nothing_is_read_beyond_the_budget() {
    let mut plan = to_and_fro();
    for (draft, text) in [
        (2, "L1 HA21 LAX KOA 01T10:50:00 01T11:00:00"),
        (4, "L1 HA22 LAX KOA 01T11:00:00 01T11:10:00"),
    ] {
        plan.assign(draft, "N1AA");
        plan.add(draft, leg(text));
    }
    let last_of_its_rotation = Delay {
        leg: leg_id("L2"),
        ..delayed(25)
    };
    // A departure is looked at for a connection, two drafts are passed over, the next rotation is found, a departure is looked at from its first leg,
    // and no rotation is found after its last one.
    for (reads_max, legs, is_cut) in [
        (1, 1, true),
        (2, 1, true),
        (3, 1, true),
        (4, 1, true),
        (5, 2, true),
        (6, 3, true),
        (7, 3, false),
    ] {
        let budget = Budget { legs_max: 9, reads_max };
        let impact = impact_within(&plan.view, &last_of_its_rotation, budget).unwrap().unwrap();
        assert_eq!((impact.legs.len(), impact.is_cut), (legs, is_cut), "{reads_max}");
    }
}

#[test]
fn a_leg_that_there_is_not_has_no_impact() {
    let delay = Delay {
        leg: leg_id("L9"),
        ..delayed(10)
    };
    assert_eq!(impact(&to_and_fro().view, &delay).unwrap(), None);
}
