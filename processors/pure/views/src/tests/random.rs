//! Whatever is decided, in whatever order partitions are read: the index is what a recomputation says, after every event.

use super::filters;
use super::fixture::{agrees_with_recomputation, aircraft_type, apply, code, command_id, leg_id, registration, rotation_id};
use super::model::Model;
use crate::ask::{Filter, Time};
use crate::{Fact, Memory as Remembered, Projector, ask, content_hash, project};
use domain::rotation::{Leg, Mode};
use domain::{AggregateId, Command, Event, FlightDesignator, Instant, State, ZoneName, airplane, airport, rotation};
use keyvalue::{Memory, Overlay};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;

const AIRPORTS: [(&str, &str); 3] = [
    ("HNL", "Pacific/Honolulu"),
    ("LAX", "America/Los_Angeles"),
    ("SYD", "Australia/Sydney"),
];
const AIRPLANES: [&str; 2] = ["N1AA", "N2AA"];
const TYPES: [&str; 2] = ["717", "763"];
const ROTATIONS: [&str; 4] = ["R1", "R2", "R3", "R4"];
const PARTITIONS: u32 = 3;
/// Departures and arrivals lie that far apart, so that they often meet and some days end between two.
const STEP_MS: i64 = 20 * 60 * 1000;
const STEPS: i64 = 90;
/// Shortly before a day ends at each of the airports.
const BEGIN_MS: i64 = 1_199_210_400_000;

pub(super) type Asked = (AggregateId, Command);

fn airport_code() -> impl Strategy<Value = domain::AirportCode> {
    select(AIRPORTS.map(|(airport, _)| airport).to_vec()).prop_map(code)
}

fn airport_asked() -> impl Strategy<Value = Asked> {
    let register = (select(AIRPORTS.to_vec()), 0..100_u32).prop_map(|((airport, zone), minutes)| {
        let command = airport::Command::Register {
            name: airport.to_owned(),
            zone: ZoneName::parse(zone).unwrap(),
            minimum_ground_time_minutes: minutes,
        };
        (AggregateId::Airport(code(airport)), Command::Airport(command))
    });
    let set = (airport_code(), option::of(select(TYPES.to_vec())), 0..100_u32).prop_map(|(airport, of_type, minutes)| {
        let aircraft_type = of_type.map(aircraft_type);
        let command = airport::Command::SetMinimumGroundTime { aircraft_type, minutes };
        (AggregateId::Airport(airport), Command::Airport(command))
    });
    let zones = AIRPORTS.map(|(_, zone)| zone).to_vec();
    let name = option::of(select(vec!["HNL", "Other"]));
    let correct = (airport_code(), name, option::of(select(zones))).prop_map(|(airport, name, zone)| {
        let zone = zone.map(|zone| ZoneName::parse(zone).unwrap());
        let name = name.map(str::to_owned);
        (
            AggregateId::Airport(airport),
            Command::Airport(airport::Command::Correct { name, zone }),
        )
    });
    prop_oneof![register, set, correct]
}

fn airplane_asked() -> impl Strategy<Value = Asked> {
    let command = prop_oneof![
        4 => select(TYPES.to_vec()).prop_map(|of_type| airplane::Command::Register { aircraft_type: aircraft_type(of_type) }),
        2 => Just(airplane::Command::Retire),
        2 => select(TYPES.to_vec()).prop_map(|of_type| airplane::Command::Correct { aircraft_type: aircraft_type(of_type) }),
    ];
    (select(AIRPLANES.to_vec()), command).prop_map(|(airplane, command)| {
        let id = AggregateId::Airplane(registration(airplane));
        (id, Command::Airplane(command))
    })
}

fn times() -> impl Strategy<Value = (Instant, Instant)> {
    (0..STEPS, 1..6_i64).prop_map(|(departs, flies)| {
        let departure = BEGIN_MS + departs * STEP_MS;
        (Instant(departure), Instant(departure + flies * STEP_MS))
    })
}

fn id_of_a_leg() -> impl Strategy<Value = domain::LegId> {
    (0..12_u32).prop_map(|number| leg_id(&format!("L{number}")))
}

fn leg() -> impl Strategy<Value = Leg> {
    (id_of_a_leg(), 1..4_u32, airport_code(), airport_code(), times()).prop_map(
        |(id, number, origin, destination, (departure, arrival))| Leg {
            id,
            designator: FlightDesignator::parse(&format!("HA{number}")).unwrap(),
            origin,
            destination,
            departure,
            arrival,
        },
    )
}

fn rotation_asked() -> impl Strategy<Value = Asked> {
    use rotation::Command as Ask;
    let command = prop_oneof![
        3 => Just(Ask::Create { mode: Mode::Draft }),
        1 => Just(Ask::Create { mode: Mode::Active }),
        12 => vec(leg(), 1..4).prop_map(|legs| Ask::AddLegs { legs }),
        4 => id_of_a_leg().prop_map(|id| Ask::RemoveLegs { leg_ids: vec![id] }),
        4 => (id_of_a_leg(), leg()).prop_map(|(id, leg)| Ask::ReplaceLegs { remove: vec![id], add: vec![leg] }),
        6 => (id_of_a_leg(), times()).prop_map(|(leg_id, (departure, arrival))| Ask::RescheduleLeg { leg_id, departure, arrival }),
        5 => select(AIRPLANES.to_vec()).prop_map(|airplane| Ask::AssignAirplane { registration: registration(airplane) }),
        1 => Just(Ask::UnassignAirplane),
        1 => Just(Ask::Activate),
        1 => Just(Ask::Remove),
    ];
    (select(ROTATIONS.to_vec()), command).prop_map(|(id, command)| (AggregateId::Rotation(rotation_id(id)), Command::Rotation(command)))
}

pub(super) fn asked() -> impl Strategy<Value = Vec<Asked>> {
    vec(
        prop_oneof![2 => airport_asked(), 1 => airplane_asked(), 12 => rotation_asked()],
        1..120,
    )
}

/// What the domain decides, each aggregate in a partition of its own choice.
pub(super) fn decided(asked: &[Asked]) -> Vec<Fact> {
    let mut states: BTreeMap<String, (State, u64)> = BTreeMap::new();
    let mut sequences = [0; PARTITIONS as usize];
    let mut facts = Vec::new();
    for (decided_at, (id, command)) in (0..).zip(asked) {
        let text = id.to_string();
        let partition = u32::from(text.as_bytes()[text.len() - 1]) % PARTITIONS;
        let (state, version) = states.entry(text).or_insert_with(|| (State::initial(id), 0));
        for event in domain::decide(id, state, command).unwrap_or_default() {
            domain::evolve(state, &event);
            *version += 1;
            let sequence = &mut sequences[partition as usize];
            *sequence += 1;
            facts.push(Fact {
                partition,
                sequence: *sequence,
                version: *version,
                command_id: command_id(partition, *sequence),
                command_offset: 0,
                decided_at: Instant(decided_at),
                aggregate_id: id.clone(),
                event,
            });
        }
    }
    facts
}

/// The same facts, each partition in its order, and the partitions mixed otherwise.
fn mixed(facts: &[Fact], choices: &[Index]) -> Vec<Fact> {
    let mut left: Vec<Vec<Fact>> = (0..PARTITIONS)
        .map(|partition| facts.iter().rev().filter(|fact| fact.partition == partition).cloned().collect())
        .collect();
    let mut choices = choices.iter().cycle();
    let mut mixed = Vec::new();
    while mixed.len() < facts.len() {
        left.retain(|partition| !partition.is_empty());
        let choice = choices.next().map_or(0, |index| index.index(left.len()));
        mixed.extend(left[choice].pop());
    }
    mixed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_index_follows_every_event_and_does_not_depend_on_the_order_of_partitions(asked in asked(), choices in vec(any::<Index>(), 1..60)) {
        let facts = decided(&asked);
        let mut view = Memory::default();
        let mut model = Model::default();
        for fact in &facts {
            apply(&mut view, fact);
            agrees_with_recomputation(&view);
            model.apply(fact);
            model.is_held_by(&view);
        }
        let mut other = Memory::default();
        // As one run: what a projector has read before is read no more.
        let mut projector = Projector::default();
        for fact in &mixed(&facts, &choices) {
            let mutations = projector.project(fact, &other).unwrap();
            other.apply(&mutations);
            agrees_with_recomputation(&other);
        }
        prop_assert_eq!(content_hash(&view).unwrap(), content_hash(&other).unwrap());
    }

    #[test]
    fn edges_and_windows_of_time_are_answered_as_by_a_look_at_everything(asked in asked(), windows in vec(window(), 1..6)) {
        let mut view = Memory::default();
        let mut model = Model::default();
        for fact in &decided(&asked) {
            apply(&mut view, fact);
            model.apply(fact);
        }
        model.has_its_edges(&view);
        for time in windows {
            model.answers_in(&view, time);
        }
    }

    #[test]
    fn filters_leave_what_a_look_at_every_violation_leaves(asked in asked(), filters in vec(filter(), 1..8)) {
        let mut view = Memory::default();
        for fact in &decided(&asked) {
            apply(&mut view, fact);
        }
        for filter in &filters {
            filters::holds_what_it_says(&view, filter);
        }
    }

    #[test]
    fn what_a_projector_remembers_changes_nothing(
        asked in asked(),
        remembered in remembered(),
        runs in vec((1..9_usize, any::<bool>()), 1..40),
    ) {
        let facts = decided(&asked);
        let mut view = Memory::default();
        let mut projector = Projector::new(remembered);
        let mut left = facts.as_slice();
        for (length, restart) in runs.iter().cycle() {
            let (run, rest) = left.split_at((*length).min(left.len()));
            let mut overlay = Overlay::new(&view);
            for fact in run {
                let mutations = projector.project(fact, &overlay).unwrap();
                prop_assert_eq!(&mutations, &project(fact, &overlay).unwrap(), "{:?}", fact);
                overlay.apply(mutations);
            }
            let mutations = overlay.into_mutations();
            view.apply(&mutations);
            if *restart {
                projector = Projector::new(remembered);
            }
            left = rest;
            if left.is_empty() {
                break;
            }
        }
        agrees_with_recomputation(&view);
    }
}

/// Often with several conditions, of which each is met by some violations.
fn filter() -> impl Strategy<Value = Filter> {
    let prefixes = select(vec!["R", "R1", "R2", "R4", "X"]).prop_map(str::to_owned);
    let rotation = select(ROTATIONS.to_vec()).prop_map(rotation_id);
    let airplane = select(AIRPLANES.to_vec()).prop_map(registration);
    (
        option::weighted(0.2, rotation),
        option::weighted(0.3, prefixes),
        option::weighted(0.3, airplane),
        option::weighted(0.3, airport_code()),
        option::weighted(0.3, window()),
    )
        .prop_map(|(rotation, rotation_prefix, airplane, airport, time)| Filter {
            rotation,
            rotation_prefix,
            airplane,
            airport,
            time: time.unwrap_or_default(),
        })
}

fn window() -> impl Strategy<Value = Time> {
    let instant = || option::of((-5..STEPS + 10, 0..2_i64).prop_map(|(step, more)| Instant(BEGIN_MS + step * STEP_MS + more)));
    (instant(), instant()).prop_map(|(from, to)| Time { from, to })
}

/// So little that something is forgotten all the time, or enough for everything.
fn remembered() -> impl Strategy<Value = Remembered> {
    let little = (1..8_usize, 1..4_usize, 1..8_usize, 1..4_usize, 1..8_usize, 1..4_usize).prop_map(
        |(nodes_max, legs_max, designators_max, days_max, days_filter_bytes, airplane_rotations_max)| Remembered {
            nodes_max,
            legs_max,
            designators_max,
            days_max,
            days_filter_bytes,
            airplane_rotations_max,
        },
    );
    prop_oneof![3 => little, 1 => Just(Remembered::default())]
}

#[test]
fn random_commands_break_every_rule_often_enough_to_mean_something() {
    let mut runner = TestRunner::deterministic();
    let mut found = [0_u64; crate::Check::ALL.len()];
    let (mut accepted, mut corrected, mut reregistered) = (0, 0, 0);
    for _ in 0..800 {
        let asked = asked().new_tree(&mut runner).unwrap().current();
        let mut view = Memory::default();
        for fact in &decided(&asked) {
            apply(&mut view, fact);
            accepted += 1;
            corrected += u32::from(matches!(fact.event, Event::Airport(airport::Event::Corrected { .. })));
            reregistered += u32::from(matches!(fact.event, Event::Airplane(airplane::Event::Reregistered { .. })));
        }
        for (sum, count) in found.iter_mut().zip(ask::counts(&view).unwrap().violations) {
            *sum += count;
        }
    }
    assert!(accepted > 12_000, "{accepted} events");
    assert!(corrected > 300 && reregistered > 50, "{corrected} {reregistered}");
    assert!(found.iter().all(|count| *count > 30), "{found:?}");
}
