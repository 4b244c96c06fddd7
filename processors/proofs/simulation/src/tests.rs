//! Many seeds, the same seed twice, and mistakes that have to be found.

mod directories;
mod sabotage;
mod seeds;

#[test]
fn command_ids_are_remembered_for_as_long_as_the_topology_retains_commands() {
    let topology = topology::Topology::with_prefix("schedule", None).unwrap();
    assert_eq!(test_kit::simulation::REMEMBERED_MS, topology.topics.commands.retention_ms);
}
