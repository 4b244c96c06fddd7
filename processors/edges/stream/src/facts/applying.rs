//! Creating a log: its topics, and what its metadata topic says first.

use super::{FactsError, FactsReader, POLL_WAIT, READ_WAIT_MAX, Role, allowed, begin, number, say_begun};
use crate::Settings;
use crate::admin::Admin;
use crate::clock::{self, Deadline};
use topology::Topology;

impl Admin {
    /// Creates the topics that are missing, begins the log with the topology's number of partitions, and returns the names of the topics that
    /// were created. What is there is never changed; a log that was begun with another number is an error.
    pub fn apply(&self, topology: &Topology) -> Result<Vec<String>, FactsError> {
        let created = self.create(topology)?;
        let topics = &topology.topics;
        let are_new = [&topics.events, &topics.outcomes, &topics.metadata]
            .iter()
            .all(|topic| created.contains(&topic.name));
        begin_once(&self.settings, topology, are_new)?;
        Ok(created)
    }
}

/// Begins a log that is not begun yet. Where its topics `are_new` because this process has just created them, no record can contradict it.
fn begin_once(settings: &Settings, topology: &Topology, are_new: bool) -> Result<(), FactsError> {
    let patience = Deadline::after(READ_WAIT_MAX);
    loop {
        match try_begin(settings, topology, are_new) {
            Err(error) if error.is_transient() && !patience.is_over() => clock::rest(POLL_WAIT),
            begun => return begun,
        }
    }
}

fn try_begin(settings: &Settings, topology: &Topology, are_new: bool) -> Result<(), FactsError> {
    let mut reader = FactsReader::new(settings, topology)?;
    let facts = reader.read()?;
    allowed(topology, facts, Role::View)?;
    if facts.begun.is_none() {
        if are_new {
            say_begun(settings, topology, &mut reader)?;
        } else {
            begin(settings, topology, &mut reader)?;
        }
    }
    number(topology, reader.read()?, Some(topology.partitions)).map(|_| ())
}
