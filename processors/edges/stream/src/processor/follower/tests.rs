//! Who follows what, and how the loop waits for the thread to let go.

use super::*;

#[test]
fn an_instance_follows_only_what_it_does_not_own_and_at_most_so_many() {
    assert_eq!(chosen("one", 6, &[0, 2], 10), BTreeSet::from([1, 3, 4, 5]));
    assert_eq!(chosen("one", 6, &[0, 2], 2).len(), 2);
    assert_eq!(chosen("one", 6, &[], 0), BTreeSet::new());
}

#[test]
fn instances_follow_different_partitions_first() {
    let firsts: BTreeSet<_> = (0..20)
        .map(|instance| chosen(&format!("processor-{instance}"), 24, &[], 1))
        .collect();
    assert!(firsts.len() > 5, "{firsts:?}");
    assert_eq!(chosen("one", 24, &[], 3), chosen("one", 24, &[], 3));
}

#[test]
fn a_wish_is_settled_only_when_the_thread_has_said_so() {
    let following = Following::default();
    assert!(following.is_settled(Duration::ZERO), "nothing was wished");
    following.follow(BTreeSet::from([1]));
    assert!(!following.is_settled(Duration::from_millis(5)));
    let wish = following.state().wish;
    following.settle(wish);
    assert!(following.is_settled(Duration::ZERO));
    following.follow(BTreeSet::from([1]));
    assert!(following.is_settled(Duration::ZERO), "the same wish again is none");
}

#[test]
fn what_is_opened_for_one_wish_is_not_waited_for_and_not_written_for_after_the_next() {
    let following = Following::default();
    let wish = |partition| {
        following.follow(BTreeSet::from([partition]));
        following.state().wish
    };
    let first = wish(1);
    following.settle(first);
    let second = wish(2);
    assert!(following.is_settled(Duration::ZERO), "nothing is written yet");
    assert!(!following.hold(first));
    assert!(following.is_settled(Duration::ZERO), "and nothing is after that");
    following.settle(second);
    assert!(following.hold(second) && following.is_settled(Duration::ZERO));
    wish(3);
    assert!(
        !following.is_settled(Duration::from_millis(5)),
        "what the second wanted may be written"
    );
}

#[test]
fn a_wish_is_caught_up_with_when_no_offset_is_left_and_stays_so() {
    let following = Following::default();
    assert!(following.is_caught_up(Duration::ZERO), "nothing was wished");
    following.follow(BTreeSet::from([1]));
    let wish = following.state().wish;
    following.come_to(wish, 7);
    assert!(!following.is_caught_up(Duration::from_millis(5)));
    assert_eq!(following.offsets_left(), 7);
    following.come_to(wish, 0);
    assert!(following.is_caught_up(Duration::ZERO));
    following.follow(BTreeSet::from([1, 2]));
    following.come_to(wish, 0);
    assert!(!following.is_caught_up(Duration::ZERO), "that was another wish");
    following.end();
    assert!(following.is_caught_up(Duration::ZERO), "the following thread has ended");
}

#[test]
fn a_thread_that_panics_lets_go_of_what_was_wished() {
    let following = Following::default();
    following.follow(BTreeSet::from([1]));
    assert!(!following.is_settled(Duration::from_millis(5)));
    let panicked = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let _ending = Ending(&following);
            panic!("planted");
        });
        thread.join().is_err()
    });
    assert!(panicked && following.is_settled(Duration::ZERO));
}
