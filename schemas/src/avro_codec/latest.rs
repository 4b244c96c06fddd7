//! The schemas of one build.

use crate::released::{Content, Released};

/// The versions that are written, and that everything is read as.
#[derive(Debug, Clone, Copy)]
pub(super) struct LatestSchemas {
    pub(super) command: &'static Released,
    pub(super) event: &'static Released,
    pub(super) outcome: &'static Released,
}

impl LatestSchemas {
    pub(super) fn of(&self, content: Content) -> &'static Released {
        match content {
            Content::Command => self.command,
            Content::Event => self.event,
            Content::Outcome => self.outcome,
        }
    }
}
