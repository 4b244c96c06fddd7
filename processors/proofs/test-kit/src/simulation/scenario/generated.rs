//! Any application whose commands can be written as JSON, with all of its views.

use super::views::AllViews;
use super::{Command, EventOf, Scenario};
use crate::simulation::chance::Chance;
use application::Application;
use decider::CommandEnvelope;
use json_codec::JsonCodec;
use keyvalue::{Mutation, Read};
use serde::Serialize;
use std::marker::PhantomData;
use uuid::Uuid;

/// Commands that a function makes, each with the id of its aggregate.
#[derive(Debug, Clone, Copy)]
pub struct Generated<A, G> {
    commands: G,
    application: PhantomData<fn() -> A>,
}

impl<A: Application, G: Fn(&mut Chance) -> (String, A::Command)> Generated<A, G> {
    pub fn new(commands: G) -> Self {
        Self {
            commands,
            application: PhantomData,
        }
    }
}

impl<A, G> Scenario for Generated<A, G>
where
    A: Application<Command: Serialize>,
    G: Fn(&mut Chance) -> (String, A::Command),
{
    type Domain = A;
    type Codec = A::Codec;
    type Projector = AllViews<A>;

    fn codec() -> A::Codec {
        A::Codec::default()
    }

    fn command(&mut self, command_id: Uuid, expected_version: Option<u64>, chance: &mut Chance) -> Command {
        let (aggregate_id, command) = (self.commands)(chance);
        let envelope = CommandEnvelope {
            command_id,
            aggregate_id: aggregate_id.clone(),
            expected_version,
            issued_by: None,
            command,
        };
        Command {
            aggregate_id,
            value: JsonCodec::<A>::command(&envelope),
            content_type: Some(json_codec::CONTENT_TYPE.as_bytes()),
        }
    }

    fn projector() -> AllViews<A> {
        AllViews::new()
    }

    fn project(views: &mut AllViews<A>, partition: u32, event: &EventOf<Self>, read: &impl Read) -> Result<Vec<Mutation>, String> {
        views.project(partition, event, read)
    }
}
