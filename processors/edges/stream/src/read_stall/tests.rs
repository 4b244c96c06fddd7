//! A reader stalls only where no end that was reached explains that nothing comes.

use super::*;
use crate::clock;

/// What happens to a reader, five seconds after what happened before.
enum Then {
    /// An event was appended and read, and this look finds the log ended further on.
    ReadAll,
    /// The log holds more than was read.
    Behind,
    /// Something came, and the log still holds more.
    CameAndBehind,
}

fn lasts(happened: impl IntoIterator<Item = Then>) -> Vec<bool> {
    let mut stall = ReadStall::default();
    let began = clock::now();
    let looks = happened.into_iter().enumerate().map(|(index, then)| {
        let now = began + Duration::from_secs(5) * u32::try_from(index).unwrap();
        match then {
            Then::ReadAll => stall.lasts(now, false),
            Then::Behind => stall.lasts(now, true),
            Then::CameAndBehind => {
                stall.broken();
                stall.lasts(now, true)
            }
        }
    });
    looks.collect()
}

#[test]
fn an_isolated_event_that_was_read_is_followed_by_no_silence_however_long_nothing_comes() {
    assert!(!lasts((0..1000).map(|_| Then::ReadAll)).contains(&true));
}

#[test]
fn a_log_that_holds_more_is_waited_for_thirty_seconds_and_no_longer() {
    let found = lasts((0..10).map(|_| Then::Behind));
    assert_eq!(found.iter().position(|lasts| *lasts), Some(7));
}

#[test]
fn what_comes_begins_the_time_again() {
    let found = lasts((0..10).map(|index| if index == 5 { Then::CameAndBehind } else { Then::Behind }));
    assert!(!found.contains(&true));
}

#[test]
fn catching_up_ends_the_silence() {
    let found = lasts((0..13).map(|index| if index == 6 { Then::ReadAll } else { Then::Behind }));
    assert!(!found.contains(&true));
}
