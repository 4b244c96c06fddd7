//! Records as they lie in the topics, independent of the reader.

/// One of the topics, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Commands,
    Events,
    Outcomes,
    DeadLetters,
    /// The group's committed offsets.
    Offsets,
}

impl Topic {
    pub fn name(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Events => "events",
            Self::Outcomes => "outcomes",
            Self::DeadLetters => "dead letters",
            Self::Offsets => "committed offsets",
        }
    }
}

/// The header that names the command of a record: `TOPIC-ID/OFFSET/FINGERPRINT`.
pub(crate) const COMMAND: &str = "command";

/// The header of an outcome that was lost and written again. It comes after the outcomes of later commands.
pub(crate) const REWRITTEN: &str = "rewritten";

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub topic: Topic,
    pub partition: u32,
    pub offset: i64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}/{}", self.topic.name(), self.partition, self.offset)
    }
}

/// A record with where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub place: Place,
    /// Milliseconds since the epoch, as the topic's timestamp type says.
    pub timestamp_ms: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// The value of the last header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.headers.iter().rev().find(|(header, _)| header == name)?;
        value.as_deref()
    }

    /// The value of the last header of that name, in capitals or not.
    pub fn header_in_any_case(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.headers.iter().rev().find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        value.as_deref()
    }

    /// The value of the last header of that name, as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.header(name)?).ok()
    }

    /// The id of the commands topic that holds the command of this event, outcome or dead letter, where the record says so.
    pub fn commands_topic(&self) -> Option<&str> {
        let (rest, _fingerprint) = self.text(COMMAND)?.rsplit_once('/')?;
        Some(rest.rsplit_once('/')?.0)
    }

    /// The offset of the command of this event or outcome, where the record says it.
    pub fn command_offset(&self) -> Option<i64> {
        let (rest, _fingerprint) = self.text(COMMAND)?.rsplit_once('/')?;
        rest.rsplit_once('/')?.1.parse().ok()
    }

    /// Whether this outcome was lost and written again.
    pub fn is_rewritten(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == REWRITTEN)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len)
    }
}

/// What a reader of the log has met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Every reader sees it.
    Committed(Record),
    /// Its transaction was aborted: only a reader of uncommitted records sees it.
    Aborted(Record),
}

#[cfg(test)]
mod tests;
