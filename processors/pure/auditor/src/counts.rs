//! How much an audit has seen: an empty log proves nothing.

/// How many of each thing were read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub commands: u64,
    /// Commands from the committed offset on: not decided yet.
    pub pending: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub repeated: u64,
    pub forwarded: u64,
    /// Copies of forwarded commands beyond the first of each. A client can write what a processor would, and a processor does so again where its
    /// state and the group's offset were lost together; each further copy has an outcome or a dead letter of its own.
    pub forwarded_again: u64,
    pub dead_letters: u64,
    pub events: u64,
    pub outcomes: u64,
    /// Those of them that were lost and written again.
    pub rewritten: u64,
    /// Records of aborted transactions, which only a reader of uncommitted records sees.
    pub aborted: u64,
    /// Commands that were decided again.
    pub redecided: u64,
    /// Commands whose answer could not be decided again, because what it rests on is not in the log any more.
    pub trusted: u64,
    /// Events that the deciding began with, where their commands are not in the log any more.
    pub folded: u64,
    /// Sessions of owners that signed outcomes.
    pub sessions: u64,
    /// Commits in the group's history of offsets.
    pub commits: u64,
    /// Offsets in that history which no processor has signed: a tool has set or deleted them, or they have expired.
    pub unsigned_commits: u64,
    /// Commands that are lost, by what `aerolog recover` has put on record; where an end is not known, none is counted.
    pub lost: u64,
    /// Partitions of processors' states that were compared.
    pub states: u64,
    /// Replicas of views that were compared.
    pub views: u64,
}

impl Counts {
    /// Each count with its name, in reading order.
    pub fn named(&self) -> [(&'static str, u64); 21] {
        [
            ("commands", self.commands),
            ("pending", self.pending),
            ("accepted", self.accepted),
            ("rejected", self.rejected),
            ("repeated", self.repeated),
            ("forwarded", self.forwarded),
            ("forwarded_again", self.forwarded_again),
            ("dead_letters", self.dead_letters),
            ("events", self.events),
            ("outcomes", self.outcomes),
            ("rewritten", self.rewritten),
            ("aborted", self.aborted),
            ("redecided", self.redecided),
            ("trusted", self.trusted),
            ("folded", self.folded),
            ("sessions", self.sessions),
            ("commits", self.commits),
            ("unsigned_commits", self.unsigned_commits),
            ("lost", self.lost),
            ("states", self.states),
            ("views", self.views),
        ]
    }
}

#[cfg(test)]
mod tests;
