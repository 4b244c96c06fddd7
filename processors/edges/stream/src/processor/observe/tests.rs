//! No kind of trouble is left out of the metrics.

use super::*;

#[test]
fn every_trouble_is_listed_once_and_in_order() {
    for (index, trouble) in Trouble::ALL.into_iter().enumerate() {
        assert_eq!(
            trouble as usize, index,
            "{trouble:?} stands in another place than it is declared at, or one before it is missing"
        );
    }
    assert_eq!(Trouble::PollGap as usize + 1, Trouble::ALL.len(), "the last one is listed, too");
}
