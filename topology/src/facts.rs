//! The facts of a log: the records of its metadata topic. They are JSON, so that `kcat -C -t schedule.metadata` shows them.
//!
//! The topic is append-only and has one partition. Where two processes say different things at once, the first record counts, and the other
//! process reads it back.

use crate::parse::PARTITIONS_MAX;
use serde::{Deserialize, Serialize};

/// A record of the metadata topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// The log has this number of partitions of commands, events and outcomes, from its first record on.
    Begun {
        partitions: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        migrated_from: Option<String>,
    },
    /// `aerolog migrate` fills this log from another one; nothing else may write to it before it is begun.
    Filling { partitions: u32, from: String },
    /// The migration into this log was given up: it is never begun.
    Abandoned,
    /// `aerolog migrate` carries this log to another one: nothing more is decided here.
    Closed { to: String },
    /// The migration to another log was given up: commands are decided here again.
    Reopened,
    /// The migration is complete: commands are decided there, and views are built from there.
    Migrated { to: String },
}

/// Why a record of the metadata topic is no fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FactError(String);

impl Fact {
    /// The record's key.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Begun { .. } => "begun",
            Self::Filling { .. } => "filling",
            Self::Abandoned => "abandoned",
            Self::Closed { .. } => "closed",
            Self::Reopened => "reopened",
            Self::Migrated { .. } => "migrated",
        }
    }

    /// The record's value.
    ///
    /// # Panics
    /// Never: texts and numbers can be written as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers can be written as JSON")
    }

    /// The fact in a record's value.
    pub fn parse(value: &[u8]) -> Result<Self, FactError> {
        let fact: Self = serde_json::from_slice(value).map_err(|error| FactError(error.to_string()))?;
        match &fact {
            Self::Begun { partitions, .. } | Self::Filling { partitions, .. } if !(1..=PARTITIONS_MAX).contains(partitions) => {
                Err(FactError(format!("{partitions} partitions; 1 to {PARTITIONS_MAX} are possible")))
            }
            Self::Begun { .. } | Self::Filling { .. } | Self::Abandoned | Self::Closed { .. } | Self::Reopened | Self::Migrated { .. } => {
                Ok(fact)
            }
        }
    }
}

/// The number of partitions that a log was begun with, and where it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub partitions: u32,
    /// Of the record in the metadata topic.
    pub offset: i64,
    pub migrated_from: Option<String>,
}

/// What all records of the metadata topic come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// By the first record that says so.
    pub begun: Option<Begun>,
    /// The log that this one is filled from, and the number of partitions that it is filled for.
    pub filling: Option<(String, u32)>,
    /// Before the log was begun.
    pub abandoned: bool,
    /// The log that this one is being carried to.
    pub closed: Option<String>,
    /// The log that this one was carried to.
    pub migrated: Option<String>,
}

impl Facts {
    /// Adds the next record, in offset order.
    pub fn push(&mut self, offset: i64, fact: Fact) {
        let is_open = self.begun.is_none() && !self.abandoned;
        match fact {
            Fact::Begun { partitions, migrated_from } if is_open => {
                self.begun = Some(Begun {
                    partitions,
                    offset,
                    migrated_from,
                });
            }
            Fact::Filling { partitions, from } if is_open && self.filling.is_none() => self.filling = Some((from, partitions)),
            Fact::Abandoned if is_open => self.abandoned = true,
            // A later one has lost.
            Fact::Begun { .. } | Fact::Filling { .. } | Fact::Abandoned => {}
            Fact::Closed { to } => self.closed = Some(to),
            Fact::Reopened => {
                if self.migrated.is_none() {
                    self.closed = None;
                }
            }
            Fact::Migrated { to } => {
                self.closed = Some(to.clone());
                self.migrated = Some(to);
            }
        }
    }
}

#[cfg(test)]
mod tests;
