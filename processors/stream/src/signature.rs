//! What stands beside a committed offset, in its metadata: who may write it, and how far the commands before it have outcomes.
//!
//! `schedule-command-processor-one answered=1204`: the transactional id of the owner, and the offset after the last command that an outcome
//! answers. The first lets a new owner end what a dead one has left open; the second lets it see that outcomes are missing, though the
//! offset was committed together with them (docs/decisions/0009).

const ANSWERED: &str = " answered=";

/// The metadata.
pub(crate) fn sign(transactional_id: &str, answered: i64) -> String {
    format!("{transactional_id}{ANSWERED}{answered}")
}

/// Both parts of the metadata; empty and 0 where a tool has set the offset.
pub(crate) fn read(metadata: &str) -> (&str, i64) {
    let signed = metadata
        .rsplit_once(ANSWERED)
        .and_then(|(owner, answered)| Some((owner, answered.parse().ok()?)));
    // Signed by a version that said no more than its name.
    signed.unwrap_or((metadata, 0))
}

#[cfg(test)]
mod tests;
