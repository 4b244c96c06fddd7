//! Where a partition goes on: which of its sources is believed, and whether the commands topic bears it out.
//!
//! The sources are the group's offset and the outcomes, which the state has folded. None is believed unless it is of this topic and
//! the record before it is the one that was decided (docs/decisions/0019). Where that can be shown, it is gone on from; nothing is guessed.

use crate::committed::Committed;
use crate::decided::Decided;
use crate::marks::Watermarks;

/// The sources of a partition's position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PositionSources<'t> {
    /// Id of the commands topic as it is now.
    pub(crate) topic_id: &'t str,
    /// The next command after those that the outcomes of this topic answer.
    pub(crate) next: i64,
    /// The command before `next`, where it is known.
    pub(crate) last: Option<&'t Decided>,
    /// The last decided command of a topic that had this name before, where outcomes or state know of one.
    pub(crate) former: Option<&'t Decided>,
    pub(crate) committed: Option<&'t Committed>,
}

/// A position that is believed if the commands topic bears it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) next: i64,
    /// The command before it; `None` where none was decided, or it is not known which.
    pub(crate) last: Option<Decided>,
}

/// Why state, outcomes and committed offset of a partition do not give one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PositionConflict {
    /// The topic was deleted and created again. Its last decided command was this.
    Recreated(Decided),
    /// A processor has committed the group's offset, and it lies before commands that have outcomes.
    StateAhead { committed: i64 },
}

/// Which of the positions is to be gone on from.
pub(crate) fn choose(sources: &PositionSources<'_>) -> Result<Position, PositionConflict> {
    let PositionSources {
        topic_id,
        next,
        last,
        former,
        committed,
    } = *sources;
    let by_outcomes = Position { next, last: last.cloned() };
    // An offset that a tool has set, or that has expired, proves nothing, and nothing is lost by not believing it.
    let Some(committed) = committed.filter(|committed| committed.has_owner()) else {
        return match former {
            Some(former) if next == 0 => Err(PositionConflict::Recreated(former.clone())),
            _ => Ok(by_outcomes),
        };
    };
    let signed = committed.metadata.last.as_ref().filter(|last| last.next() == committed.offset);
    if let Some(other) = signed.filter(|last| last.topic_id != topic_id) {
        // Outcomes of this topic are later than what was committed for the one before it.
        return if next > 0 {
            Ok(by_outcomes)
        } else {
            Err(PositionConflict::Recreated(other.clone()))
        };
    }
    if committed.offset < next {
        return Err(PositionConflict::StateAhead {
            committed: committed.offset,
        });
    }
    if signed.is_none()
        && next == 0
        && let Some(former) = former
    {
        return Err(PositionConflict::Recreated(former.clone()));
    }
    Ok(Position {
        next: committed.offset,
        last: signed.or(last.filter(|last| last.next() == committed.offset)).cloned(),
    })
}

/// How the commands topic contradicts a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// The log begins later.
    Gone,
    /// The log ends earlier.
    Cut,
    /// Another record, or none, lies where the last decided one should.
    Differs,
}

/// Whether a commands topic that holds this range bears a position out. `found` is the fingerprint of the record before it.
pub(crate) fn contradiction(position: &Position, marks: Watermarks, found: Option<u64>) -> Option<Contradiction> {
    let Position { next, last } = position;
    if *next < marks.low {
        return Some(Contradiction::Gone);
    }
    if *next > marks.high {
        return Some(Contradiction::Cut);
    }
    let expected = last.as_ref()?.fingerprint?;
    // The record itself is kept no longer, but that of the next one on.
    let is_kept = *next > marks.low;
    (is_kept && found != Some(expected)).then_some(Contradiction::Differs)
}

#[cfg(test)]
mod tests;
