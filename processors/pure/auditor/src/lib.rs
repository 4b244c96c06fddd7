//! Checks from the topics alone whether a command processor has kept its promises: one check for each, over any domain. Pure.
//!
//! The records of one partition are walked once, commands with what came of them side by side, in the order of the commands'
//! offsets ([`Auditor::partition`]). Nothing in memory grows with the log: what has to be remembered of it (command ids, versions,
//! the aggregates for deciding again) is read through [`keyvalue`]. The numbers I1 to I14 are those by which the invariants are known in
//! ARCHITECTURE.md.
//!
//! Reading order: `record`, `merging` (records to steps), `auditor` (the walk), then one file of `checks` for each invariant.
#![deny(clippy::wildcard_enum_match_arm)]

mod auditor;
mod checks;
mod counts;
mod decoding;
mod finding;
mod ledger;
mod merging;
mod record;
mod recovery;
mod rewritten;

pub use auditor::{AuditError, Auditor, Options, Partition, Verdict};
pub use checks::Commit;
pub use counts::Counts;
pub use decoding::{Schemas, SourceError};
pub use finding::{Invariant, Shown, Violation};
pub use ledger::LedgerError;
pub use record::{Place, Record, Seen, Topic};
pub use recovery::{LOST_COMMANDS, Loss, RECOVERY, RECOVERY_OWNER};

#[cfg(test)]
mod tests;
