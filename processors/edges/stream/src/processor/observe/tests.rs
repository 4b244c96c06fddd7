//! No kind of trouble is left out of the metrics.

use super::*;

#[test]
fn every_trouble_is_listed_once_and_in_order() {
    for (index, trouble) in TransientFault::ALL.into_iter().enumerate() {
        assert_eq!(
            trouble as usize, index,
            "{trouble:?} stands in another place than it is declared at, or one before it is missing"
        );
    }
    assert_eq!(
        TransientFault::PollGap as usize + 1,
        TransientFault::ALL.len(),
        "the last one is listed, too"
    );
}
