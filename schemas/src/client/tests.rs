//! Ids that follow from what is asked.

use super::*;
use crate::samples::{leg, leg_id, one_command_of_each};
use domain::rotation;
use std::collections::BTreeSet;

fn add(legs: &[&str]) -> Command {
    Command::Rotation(rotation::Command::AddLegs {
        legs: legs.iter().map(|id| leg(id)).collect(),
    })
}

#[test]
fn the_same_request_has_the_same_id_and_another_one_another() {
    let id = command_id_of("rotation/r1", &add(&["a"]));
    assert_eq!(id, command_id_of("rotation/r1", &add(&["a"])));
    let others = [
        command_id_of("rotation/r2", &add(&["a"])),
        command_id_of("rotation/r1", &add(&["b"])),
        command_id_of("rotation/r1", &add(&["a", "b"])),
        command_id_of("rotation/r1", &add(&["b", "a"])),
        command_id_of(
            "rotation/r1",
            &Command::Rotation(rotation::Command::RemoveLegs {
                leg_ids: vec![leg_id("a")],
            }),
        ),
    ];
    let distinct: BTreeSet<_> = others.into_iter().chain([id]).collect();
    assert_eq!(distinct.len(), 6);
}

#[test]
fn an_id_never_changes_from_release_to_release() {
    let id = command_id_of("rotation/r1", &add(&["a"]));
    assert_eq!(id.get_version_num(), 5);
    expect_test::expect!["fb0d00c5-7a48-5c2c-8dc5-503ed37a4940"].assert_eq(&id.to_string());
}

#[test]
fn commands_are_named_as_in_the_schema() {
    let names: Vec<_> = one_command_of_each().iter().map(|(_, command)| command_type(command)).collect();
    assert_eq!(names, BRANCHES);
}
