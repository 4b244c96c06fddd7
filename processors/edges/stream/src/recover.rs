//! How to recover after commands were lost: a plan of what stands where, and the steps that a person has agreed to.
//!
//! A processor goes on by itself wherever it can be shown that nothing is lost, and stops a partition where something is
//! (`processor/restore/position.rs`). The plan is made by the same rules, from the log and the group's offsets alone. What is lost is put on
//! record among the dead letters before any offset is set, so that no step leaves a loss without a record.

mod looking;
mod steps;

use crate::Settings;
use crate::committed::Committed;
use crate::decided::Decided;
use crate::inspect::{GroupOffset, InspectError};
use crate::marks::Watermarks;
use crate::offset_metadata::OffsetMetadata;
use crate::position::{Contradiction, Position, PositionConflict, PositionSources, choose, contradiction};
use crate::reader::ReadFailure;
pub use looking::{LogStatus, look};
pub use steps::{RecoverError, execute, members};
use topology::Topology;

/// The header of a record of the dead letters that is none, but a record of a loss.
const RECOVERY: &str = "recovery";
const LOST_COMMANDS: &str = "lost-commands";
/// The transactional id in the metadata of the offsets that a recovery sets.
pub const RECOVERY_OWNER: &str = "aerolog-recover";

/// Where everything is that has to do with one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub partition: u32,
    pub group: Option<GroupOffset>,
    pub commands: Watermarks,
    pub events: Watermarks,
    pub outcomes: Watermarks,
    /// The command of the last outcome, and of the last event, as they say.
    pub last_outcome: Option<Decided>,
    pub last_event: Option<Decided>,
    /// Fingerprint of the record before the position, where the log has one.
    pub(crate) found: Option<u64>,
}

/// What is to become of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing is lost: the processors go on here by themselves.
    GoesOn { next: i64, why: &'static str },
    /// Commands were lost before they were decided.
    Lost { from: i64, to: i64 },
    /// The commands topic was deleted and created again; this was the last decided command of the one before.
    Recreated { former: Decided, low: i64 },
    /// The group's offset lies before commands that have outcomes.
    OffsetBehind { committed: i64, last: Decided },
    /// Which of two histories is the right one is for a person to say.
    Contradicted { next: i64, what: String },
}

impl Finding {
    /// Whether there is a step for it.
    pub fn needs_step(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Recreated { .. } | Self::OffsetBehind { .. } => true,
            Self::GoesOn { .. } | Self::Contradicted { .. } => false,
        }
    }
}

/// Commands that will never be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    pub partition: u32,
    pub topic_id: String,
    pub from: i64,
    /// `None` where the topic is gone, and with it the knowledge.
    pub to: Option<i64>,
}

/// What a step does to a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub partition: u32,
    pub losses: Vec<Loss>,
    /// The group's offset from then on.
    pub offset: i64,
    pub last: Decided,
}

/// What the log and the group tell of a partition, by the rules of a processor.
pub fn finding(topic_id: &str, facts: &Facts) -> Finding {
    let position = match position_of(topic_id, facts) {
        Ok(position) => position,
        Err(PositionConflict::Recreated(former)) => {
            return Finding::Recreated {
                former,
                low: facts.commands.low,
            };
        }
        Err(PositionConflict::StateAhead { committed }) => {
            return match present(topic_id, facts.last_outcome.as_ref()) {
                Some(last) => Finding::OffsetBehind {
                    committed,
                    last: last.clone(),
                },
                None => Finding::Contradicted {
                    next: committed,
                    what: "no outcome shows which commands were decided".to_owned(),
                },
            };
        }
    };
    let event = present(topic_id, facts.last_event.as_ref()).filter(|event| event.offset >= position.next);
    let (position, why) = match event {
        Some(event) if facts.last_outcome.is_none() => {
            let (next, last) = (event.next(), None);
            (Position { next, last }, BY_EVENTS)
        }
        _ => (position, why(topic_id, facts)),
    };
    let next = position.next;
    if let Some(event) = event.filter(|event| event.offset >= next) {
        return Finding::Contradicted {
            next,
            what: format!(
                "the event of the command at {} has no outcome: were outcomes deleted?",
                event.offset
            ),
        };
    }
    match contradiction(&position, facts.commands, facts.found) {
        None => Finding::GoesOn { next, why },
        Some(Contradiction::Gone) => Finding::Lost {
            from: next,
            to: facts.commands.low,
        },
        Some(Contradiction::Cut) => Finding::Contradicted {
            next,
            what: format!("the commands end at {}", facts.commands.high),
        },
        Some(Contradiction::Differs) => Finding::Contradicted {
            next,
            what: format!("the command at {} is not the one that was decided", next - 1),
        },
    }
}

/// No outcome is there, and no signed offset.
const BY_EVENTS: &str = "the last event; outcomes are missing, and are written again where their commands are kept";

fn why(topic_id: &str, facts: &Facts) -> &'static str {
    match &facts.group {
        Some(group) if group.is_of(topic_id) => "the group's offset",
        Some(group) if group.owner.is_empty() => "the last outcome; the group's offset was set by a tool, and is not believed",
        Some(_) => "the last outcome; the group's offset is of a topic that was deleted",
        None if facts.last_outcome.is_some() => "the last outcome; the group has no offset",
        None => "the beginning: nothing was decided yet",
    }
}

fn present<'d>(topic_id: &str, decided: Option<&'d Decided>) -> Option<&'d Decided> {
    decided.filter(|decided| decided.topic_id == topic_id)
}

/// The position to be borne out.
pub(crate) fn position_of(topic_id: &str, facts: &Facts) -> Result<Position, PositionConflict> {
    let last = present(topic_id, facts.last_outcome.as_ref());
    let recorded = [&facts.last_outcome, &facts.last_event].into_iter().flatten();
    let former = recorded
        .filter(|decided| decided.topic_id != topic_id)
        .max_by_key(|decided| decided.offset);
    let committed = facts.group.as_ref().map(|group| Committed {
        offset: group.offset,
        metadata: OffsetMetadata {
            transactional_id: group.owner.clone(),
            last: group.last.clone(),
            ..OffsetMetadata::default()
        },
    });
    choose(&PositionSources {
        topic_id,
        next: last.map_or(0, Decided::next),
        last,
        former,
        committed: committed.as_ref(),
    })
}

/// The step that a finding asks for, if there is one.
pub fn step(topic_id: &str, facts: &Facts) -> Option<Step> {
    let partition = facts.partition;
    let low = facts.commands.low;
    let before_low = || Decided {
        topic_id: topic_id.to_owned(),
        offset: low - 1,
        fingerprint: None,
    };
    let loss = |topic_id: &str, from, to| Loss {
        partition,
        topic_id: topic_id.to_owned(),
        from,
        to,
    };
    match finding(topic_id, facts) {
        Finding::GoesOn { .. } | Finding::Contradicted { .. } => None,
        Finding::Lost { from, to } => Some(Step {
            partition,
            losses: vec![loss(topic_id, from, Some(to))],
            offset: low,
            last: before_low(),
        }),
        Finding::Recreated { former, .. } => {
            let mut losses = vec![loss(&former.topic_id, former.next(), None)];
            if low > 0 {
                losses.push(loss(topic_id, 0, Some(low)));
            }
            Some(Step {
                partition,
                losses,
                offset: low,
                last: before_low(),
            })
        }
        Finding::OffsetBehind { last, .. } => Some(Step {
            partition,
            losses: Vec::new(),
            offset: last.next(),
            last,
        }),
    }
}

/// Everything that a plan is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Id of the commands topic as it is now.
    pub topic_id: String,
    pub group: String,
    pub partitions: Vec<Facts>,
}

impl Plan {
    pub fn findings(&self) -> impl Iterator<Item = (&Facts, Finding)> {
        self.partitions.iter().map(|facts| (facts, finding(&self.topic_id, facts)))
    }

    pub fn steps(&self) -> Vec<Step> {
        self.partitions.iter().filter_map(|facts| step(&self.topic_id, facts)).collect()
    }
}

/// Looks at the topics and the group, and changes nothing.
pub fn plan(settings: &Settings, topology: &Topology, group: &str) -> Result<Plan, RecoverError> {
    let LogStatus { topic_id, partitions } = look(settings, topology, group)?;
    Ok(Plan {
        topic_id,
        group: group.to_owned(),
        partitions,
    })
}

#[cfg(test)]
mod tests;
