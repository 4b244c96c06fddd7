//! The ids of our schemas in a registry.

use crate::released::Content;

/// The ids under which the registry knows our latest schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaIds {
    pub command: u32,
    pub event: u32,
    pub outcome: u32,
}

impl SchemaIds {
    /// Ids that no registry gives, because they are signed 32-bit numbers there: for readers, which need no ids of their own.
    pub const UNKNOWN: Self = Self {
        command: u32::MAX,
        event: u32::MAX - 1,
        outcome: u32::MAX - 2,
    };

    pub fn of(&self, content: Content) -> u32 {
        match content {
            Content::Command => self.command,
            Content::Event => self.event,
            Content::Outcome => self.outcome,
        }
    }
}
