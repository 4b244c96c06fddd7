//! Names of counts.

use super::Counts;
use std::collections::BTreeSet;

#[test]
fn every_count_is_reported_under_its_own_name() {
    let counts = Counts {
        commands: 1,
        pending: 2,
        accepted: 3,
        rejected: 4,
        repeated: 5,
        forwarded: 6,
        forwarded_again: 21,
        dead_letters: 7,
        events: 8,
        outcomes: 9,
        aborted: 10,
        redecided: 11,
        trusted: 12,
        folded: 13,
        sessions: 14,
        commits: 15,
        unsigned_commits: 16,
        lost: 17,
        states: 18,
        views: 19,
        rewritten: 20,
    };
    let named = counts.named();
    // As the derived text has it, which names each field once.
    let text = format!("{counts:?}");
    for (name, count) in named {
        assert!(text.contains(&format!(" {name}: {count}")), "{name} {count}");
    }
    let different: BTreeSet<u64> = named.iter().map(|(_, count)| *count).collect();
    assert_eq!(different.len(), named.len());
}
