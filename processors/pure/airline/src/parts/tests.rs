//! What is stored gives the state back, after any history.

use super::*;

use domain::{Command, rotation::Mode};
use keyvalue::{Memory, Order, Read};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use samples::{aggregate, any_command, leg, one_command_of_each};
use std::ops::ControlFlow;

/// An aggregate that lives twice: as events make it, and in the store.
struct Aggregate {
    id: AggregateId,
    state: State,
    stored: Memory,
    /// Of the last command that was accepted.
    mutations: usize,
}

impl Aggregate {
    fn new(id: &str) -> Self {
        let id = aggregate(id);
        Self {
            state: State::initial(&id),
            stored: Memory::default(),
            mutations: 0,
            id,
        }
    }

    fn apply(&mut self, command: &Command) {
        self.mutations = 0;
        let Ok(events) = domain::decide(&self.id, &self.state, command) else {
            return;
        };
        let mut mutations = Vec::new();
        for event in &events {
            domain::evolve(&mut self.state, event);
            store(&self.state, event, &mut Parts::new(0, &self.id.to_string(), 1, &mut mutations));
        }
        self.mutations = mutations.len();
        self.stored.apply(&mutations);
    }

    fn parts(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let prefix = decider::keys::aggregate(0, &self.id.to_string());
        let mut parts = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| {
            let (value, _version) = value.split_last_chunk::<8>().unwrap();
            parts.push((key[prefix.len()..].to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        };
        self.stored
            .scan(&prefix, &keyvalue::prefix_end(&prefix), Order::Ascending, &mut visit)
            .unwrap();
        parts
    }

    fn loaded(&self) -> Result<State, String> {
        load_parts(&self.id, &self.parts())
    }
}

fn load_parts(id: &AggregateId, parts: &[(Vec<u8>, Vec<u8>)]) -> Result<State, String> {
    load(id, &mut parts.iter().map(|(key, value)| (key.as_slice(), value.as_slice())))
}

fn a_rotation() -> Aggregate {
    let mut rotation = Aggregate::new("rotation/r1");
    rotation.apply(&Command::Rotation(rotation::Command::Create { mode: Mode::Draft }));
    rotation.apply(&Command::Rotation(rotation::Command::AddLegs {
        legs: vec![leg("a"), leg("b")],
    }));
    rotation.apply(&Command::Rotation(rotation::Command::RemoveLegs {
        leg_ids: vec![leg("b").id],
    }));
    rotation
}

#[test]
fn every_kind_of_aggregate_is_loaded_as_it_was() {
    for id in ["airport/HNL", "airplane/N475HA", "rotation/r1"] {
        let mut aggregate = Aggregate::new(id);
        for (of, command) in one_command_of_each() {
            if of == id {
                aggregate.apply(&command);
                assert_eq!(aggregate.loaded(), Ok(aggregate.state.clone()), "{command:?}");
            }
        }
    }
}

#[test]
fn a_rotation_that_was_activated_and_then_removed_is_loaded_as_it_was() {
    let mut rotation = a_rotation();
    for command in [rotation::Command::Activate, rotation::Command::Remove] {
        rotation.apply(&Command::Rotation(command));
        assert_eq!(rotation.mutations, 1);
        assert_eq!(rotation.loaded(), Ok(rotation.state.clone()));
    }
    let State::Rotation(state) = &rotation.state else {
        panic!("a rotation")
    };
    assert_eq!(state.status(), Status::Removed);
}

#[test]
fn an_id_stays_used_up_after_loading() {
    let rotation = a_rotation();
    let again = Command::Rotation(rotation::Command::AddLegs { legs: vec![leg("b")] });
    let loaded = rotation.loaded().unwrap();
    assert_eq!(
        domain::decide(&rotation.id, &loaded, &again),
        domain::decide(&rotation.id, &rotation.state, &again)
    );
    assert!(domain::decide(&rotation.id, &loaded, &again).is_err());
}

#[test]
fn one_more_leg_writes_one_part() {
    let mut rotation = a_rotation();
    for n in 0..100 {
        rotation.apply(&Command::Rotation(rotation::Command::AddLegs {
            legs: vec![leg(&format!("n{n}"))],
        }));
        assert_eq!(rotation.mutations, 1);
    }
}

/// Directories of states are read by later builds of the same format: another byte is another `FORMAT`.
#[test]
fn the_bytes_of_a_format_stay_as_they_are() {
    let rotation = a_rotation();
    let leg = b"\x01\x02a\x08HA11\x06HNL\x06LAX\xc0\x93\xaf\x90\xfaE\xc0\xb5\xc4\xa1\xfaE";
    let expected = [
        (b"\x01".to_vec(), b"\x01\x01\x00".to_vec()),
        (b"\x02a".to_vec(), leg.to_vec()),
        (b"\x03b".to_vec(), Vec::new()),
    ];
    assert_eq!(rotation.parts(), expected);
    let mut commands = one_command_of_each().into_iter().map(|(_, command)| command);
    let (mut airport, mut airplane) = (Aggregate::new("airport/HNL"), Aggregate::new("airplane/N475HA"));
    commands.by_ref().take(2).for_each(|command| airport.apply(&command));
    commands.by_ref().take(1).for_each(|command| airplane.apply(&command));
    let stored = |aggregate: &Aggregate| aggregate.parts().into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!(stored(&airport), [b"\x01\x02\x10Honolulu\x20Pacific/Honolulu<\x02\x06763P\x00"]);
    assert_eq!(stored(&airplane), [b"\x01\x01\x06763"]);
}

#[test]
fn parts_that_cannot_be_right_are_named() {
    let rotation = a_rotation();
    let with = |key: &[u8], value: &[u8]| {
        let mut parts = rotation.parts();
        parts.retain(|(other, _)| other != key);
        parts.push((key.to_vec(), value.to_vec()));
        load_parts(&rotation.id, &parts).unwrap_err()
    };
    assert_eq!(with(&[9], &[]), "part [9] does not belong there");
    assert_eq!(
        with(&[HEADER], &[FORMAT, 7, 0]),
        "part [1]: the value has status 7, which no rotation has"
    );
    assert_eq!(with(&[HEADER], &[2, 1, 0]), "part [1]: the value has format 2, where 1 belongs");
    assert_eq!(with(&[HEADER], &[FORMAT, 1, 0, 0]), "part [1]: the value has 1 bytes too many");
    assert_eq!(with(&[LEG, b'a'], &[FORMAT]), "part [2, 97]: leg_id ends before it should");
    assert_eq!(
        load_parts(&rotation.id, &rotation.parts()[1..]),
        Err("the header part is missing".to_owned())
    );
    assert_eq!(
        load_parts(&aggregate("airport/HNL"), &[]),
        Err("the header part is missing".to_owned())
    );
    let foreign = load_parts(&aggregate("airport/HNL"), &[(vec![LEG, b'a'], vec![])]);
    assert_eq!(foreign, Err("part [2, 97] does not belong there".to_owned()));
}

/// Commands over eight leg ids and times within the bounds, so that many are accepted.
fn busy_command() -> impl Strategy<Value = Command> {
    any_command().prop_map(|command| match command {
        Command::Rotation(rotation::Command::AddLegs { legs }) => {
            let legs = legs.into_iter().map(|leg| {
                let departure = domain::Instant(leg.departure.0.abs() % 7_000_000_000_000);
                Leg {
                    id: one_of_eight(&leg.id),
                    departure,
                    arrival: domain::Instant(departure.0 + 3_600_000),
                    ..leg
                }
            });
            Command::Rotation(rotation::Command::AddLegs { legs: legs.collect() })
        }
        Command::Rotation(rotation::Command::RemoveLegs { leg_ids }) => Command::Rotation(rotation::Command::RemoveLegs {
            leg_ids: leg_ids.iter().take(1).map(one_of_eight).collect(),
        }),
        Command::Rotation(rotation::Command::RescheduleLeg { leg_id, departure, .. }) => {
            let departure = domain::Instant(departure.0.abs() % 7_000_000_000_000);
            Command::Rotation(rotation::Command::RescheduleLeg {
                leg_id: one_of_eight(&leg_id),
                departure,
                arrival: domain::Instant(departure.0 + 60_000),
            })
        }
        // A removed rotation accepts nothing more, an active one hardly any random leg; that both are loaded is seen above.
        Command::Rotation(rotation::Command::Remove | rotation::Command::Activate) => {
            Command::Rotation(rotation::Command::UnassignAirplane)
        }
        other @ (Command::Airport(_) | Command::Airplane(_) | Command::Rotation(_)) => other,
    })
}

fn one_of_eight(id: &LegId) -> LegId {
    samples::leg_id(&format!("l{}", id.as_str().as_bytes()[0] % 8))
}

#[test]
fn enough_of_the_busy_commands_are_accepted() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut rotation = a_rotation();
    let mut kinds = std::collections::BTreeSet::new();
    for _ in 0..500 {
        let command = busy_command().new_tree(&mut runner).unwrap().current();
        rotation.apply(&command);
        if rotation.mutations > 0 {
            kinds.insert(schemas::command_type(&command));
        }
    }
    let expected = ["AddLegs", "RemoveLegs", "RescheduleLeg", "AssignAirplane", "UnassignAirplane"];
    assert!(expected.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

proptest! {
    #[test]
    fn what_is_stored_is_what_events_made(commands in vec(busy_command(), 0..60)) {
        for id in ["airport/HNL", "airplane/N475HA", "rotation/r1"] {
            let mut aggregate = Aggregate::new(id);
            aggregate.apply(&Command::Rotation(rotation::Command::Create { mode: Mode::Draft }));
            for command in &commands {
                aggregate.apply(command);
                if aggregate.stored != Memory::default() {
                    prop_assert_eq!(aggregate.loaded(), Ok(aggregate.state.clone()));
                }
            }
        }
    }

    #[test]
    fn no_stored_bytes_make_the_loader_panic(parts in vec((vec(any::<u8>(), 1..4), vec(any::<u8>(), 0..20)), 0..4)) {
        for id in ["airport/HNL", "airplane/N475HA", "rotation/r1"] {
            let _ = load_parts(&aggregate(id), &parts);
        }
    }
}
