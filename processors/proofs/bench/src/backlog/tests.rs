//! The plan against the rulebook and the view: measurements may rely on it.

use super::{Planned, Shape, rotation_id};
use domain::{AggregateId, Instant, RotationId, State, decide, evolve};
use keyvalue::Memory;
use std::collections::{BTreeMap, HashSet};
use views::ask::{Filter, Span, violations};
use views::{Check, Fact, project};

/// Longer than the periods of both patterns.
const SHAPE: Shape = Shape { rotations: 60, legs: 120 };

/// What the rulebook makes of the commands: of each whether it is accepted, and the facts that follow.
fn decided(commands: &[Planned]) -> (Vec<bool>, Vec<Fact>) {
    let mut states: BTreeMap<&str, (State, u64)> = BTreeMap::new();
    let (mut accepted, mut facts) = (Vec::new(), Vec::new());
    for Planned { envelope, .. } in commands {
        let id = AggregateId::parse(&envelope.aggregate_id).unwrap();
        let (state, version) = states.entry(&envelope.aggregate_id).or_insert_with(|| (State::initial(&id), 0));
        let events = decide(&id, state, &envelope.command);
        accepted.push(events.is_ok());
        for event in events.unwrap_or_default() {
            evolve(state, &event);
            *version += 1;
            facts.push(Fact {
                partition: 0,
                sequence: facts.len() as u64 + 1,
                version: *version,
                command_id: envelope.command_id.into_bytes(),
                command_offset: 0,
                decided_at: Instant(0),
                aggregate_id: id.clone(),
                event,
            });
        }
    }
    (accepted, facts)
}

fn view_of(facts: &[Fact]) -> Memory {
    let mut memory = Memory::default();
    for fact in facts {
        let mutations = project(fact, &memory).unwrap();
        memory.apply(&mutations);
    }
    memory
}

#[test]
fn the_plan_is_what_the_rulebook_decides() {
    let commands = SHAPE.commands().unwrap();
    let planned: Vec<bool> = commands.iter().map(|planned| planned.accepted).collect();
    assert_eq!(decided(&commands).0, planned);
}

#[test]
fn about_two_commands_in_a_hundred_are_to_be_rejected() {
    let commands = SHAPE.commands().unwrap();
    let rejected = commands.iter().filter(|planned| !planned.accepted).count();
    assert!(
        (15..=25).contains(&(rejected * 1000 / commands.len())),
        "{rejected} of {}",
        commands.len()
    );
}

#[test]
fn every_command_has_an_id_of_its_own() {
    let commands = SHAPE.commands().unwrap();
    let ids: HashSet<_> = commands.iter().map(|planned| planned.envelope.command_id).collect();
    assert_eq!(ids.len(), commands.len());
}

#[test]
fn a_view_finds_the_short_ground_times_that_are_planned_and_nothing_else() {
    let view = view_of(&decided(&SHAPE.commands().unwrap()).1);
    let mut found_in_all = 0;
    for rotation in 0..SHAPE.rotations {
        for check in Check::ALL {
            let filter = Filter {
                rotation: Some(RotationId::parse(&rotation_id(rotation)).unwrap()),
                ..Filter::default()
            };
            let page = violations(&view, check, &filter, Span { after: None, limit: 1000 }).unwrap();
            let expected = if check == Check::GroundTime {
                SHAPE.short_grounds(rotation)
            } else {
                0
            };
            assert_eq!(page.items.len(), expected, "{check:?} of rotation {rotation}");
            found_in_all += page.items.len();
        }
    }
    assert!(found_in_all > 60, "{found_in_all} violations are too few to measure checks by");
}
