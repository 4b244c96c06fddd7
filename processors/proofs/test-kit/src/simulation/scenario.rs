//! A domain as the simulation needs it: commands at random, and a view over the events.

mod generated;
mod views;

pub use generated::Generated;

use crate::simulation::chance::Chance;
use decider::{Codec, Domain, EventEnvelope};
use keyvalue::{Mutation, Read};
use uuid::Uuid;

/// A command's record, as a client makes it.
#[derive(Debug, Clone)]
pub struct Command {
    pub aggregate_id: String,
    pub value: Vec<u8>,
    pub content_type: Option<&'static [u8]>,
}

pub type EventOf<S> = EventEnvelope<<<S as Scenario>::Domain as Domain>::Event>;

pub trait Scenario: Sized {
    type Domain: Domain;
    type Codec: Codec<Self::Domain>;
    /// What a replica remembers of its view between events.
    type Projector;

    /// As every process has it.
    fn codec() -> Self::Codec;

    /// The next command of some client; some of them are to be rejected.
    fn command(&mut self, command_id: Uuid, expected_version: Option<u64>, chance: &mut Chance) -> Command;

    /// One that remembers little, so that it forgets often.
    fn projector() -> Self::Projector;

    /// What one event changes in the view.
    fn project(projector: &mut Self::Projector, partition: u32, event: &EventOf<Self>, read: &impl Read) -> Result<Vec<Mutation>, String>;
}
