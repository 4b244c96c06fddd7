//! A command on its way, without its value.

use command_client::NewCommand;
use uuid::Uuid;

/// A command that was handed over to the producer: what is needed to answer for it. Its value, which may be large, is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) command_id: Uuid,
    pub(crate) aggregate_id: String,
}

impl From<NewCommand> for Sent {
    fn from(command: NewCommand) -> Self {
        Self {
            command_id: command.command_id,
            aggregate_id: command.aggregate_id,
        }
    }
}
