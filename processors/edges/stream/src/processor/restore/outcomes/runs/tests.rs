//! Runs of outcomes in the order of the log.

use super::Runs;
use std::ops::RangeInclusive;

fn runs(outcomes: &[(i64, bool)]) -> Vec<RangeInclusive<i64>> {
    let mut runs = Runs::new();
    for (offset, is_rewritten) in outcomes {
        runs.push(*offset, *is_rewritten, || *offset);
    }
    let found = runs.finish();
    assert!(found.iter().all(|run| run.first == *run.commands.start()));
    found.into_iter().map(|run| run.commands).collect()
}

#[test]
fn outcomes_in_the_order_of_their_commands_are_one_run() {
    assert_eq!(runs(&[]), []);
    assert_eq!(runs(&[(3, false), (4, false), (9, false)]), [3..=9]);
}

#[test]
fn outcomes_that_were_written_again_are_a_run_of_their_own() {
    assert_eq!(
        runs(&[(7, false), (9, false), (0, true), (2, true), (10, false), (11, false)]),
        [7..=9, 0..=2, 10..=11]
    );
    // Written again up to 2, and what came before 10 was lost meanwhile.
    assert_eq!(runs(&[(0, true), (2, true), (10, false)]), [0..=2, 10..=10]);
}

#[test]
fn a_run_ends_where_offsets_go_back() {
    assert_eq!(runs(&[(5, true), (6, true), (5, true)]), [5..=6, 5..=5]);
}
