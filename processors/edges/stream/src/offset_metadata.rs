//! The metadata of a committed offset.
//!
//! `schedule-command-processor-one answered=1204 last=7Kb3xw/1203/9f…`: the transactional id of the owner, the offset after the last command
//! that an outcome answers, and the last command that was decided. The first lets a new owner end what a dead one has left open; the second
//! lets it see that outcomes are missing, though the offset was committed together with them (docs/decisions/0012); by the third the offset
//! is believed (docs/decisions/0019).
//!
//! `… torn=311/-`: from these offsets of events and outcomes on something was aborted that may have been acknowledged. A state that has folded
//! it has what the log lacks.

use crate::decided::Decided;
use std::fmt;

/// The metadata of an offset, read or to be written. Of an offset that a tool has set it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OffsetMetadata {
    pub(crate) transactional_id: String,
    pub(crate) answered: i64,
    /// `None` where nothing was decided yet.
    pub(crate) last: Option<Decided>,
    pub(crate) torn: Torn,
}

/// The first offsets of what was aborted; `None` where nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Torn {
    pub(crate) events: Option<i64>,
    pub(crate) outcomes: Option<i64>,
}

const ANSWERED: &str = " answered=";
const LAST: &str = " last=";
const TORN: &str = " torn=";
const NONE: &str = "-";

impl OffsetMetadata {
    pub(crate) fn read(metadata: &str) -> Self {
        let (rest, torn) = after(metadata, TORN, Torn::read).unwrap_or((metadata, Torn::default()));
        let (rest, last) = after(rest, LAST, Decided::read).map_or((rest, None), |(rest, last)| (rest, Some(last)));
        // Earlier versions wrote the transactional id and nothing else.
        match after(rest, ANSWERED, |text| text.parse().ok()) {
            None => Self {
                transactional_id: metadata.to_owned(),
                ..Self::default()
            },
            Some((name, answered)) => Self {
                transactional_id: name.to_owned(),
                answered,
                last,
                torn,
            },
        }
    }
}

/// The text before the last `mark`, and what is read after it.
fn after<'m, T>(text: &'m str, mark: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<(&'m str, T)> {
    let (before, value) = text.rsplit_once(mark)?;
    Some((before, read(value)?))
}

impl Torn {
    fn read(text: &str) -> Option<Self> {
        let (events, outcomes) = text.split_once('/')?;
        let offset = |text: &str| if text == NONE { Some(None) } else { text.parse().ok().map(Some) };
        Some(Self {
            events: offset(events)?,
            outcomes: offset(outcomes)?,
        })
    }
}

impl fmt::Display for OffsetMetadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{ANSWERED}{}", self.transactional_id, self.answered)?;
        if let Some(last) = &self.last {
            write!(formatter, "{LAST}{last}")?;
        }
        if self.torn == Torn::default() {
            return Ok(());
        }
        let offset = |offset: Option<i64>| offset.map_or_else(|| NONE.to_owned(), |offset| offset.to_string());
        write!(formatter, "{TORN}{}/{}", offset(self.torn.events), offset(self.torn.outcomes))
    }
}

#[cfg(test)]
mod tests;
