//! How often it is said.

use super::*;

#[test]
fn it_is_said_at_the_first_command_and_then_with_all_that_came_meanwhile_once_in_a_while() {
    let mut forwarded = Forwarded::default();
    assert_eq!(forwarded.count(0), None);
    assert_eq!(forwarded.count(3), Some(3));
    assert_eq!((forwarded.count(4), forwarded.count(5)), (None, None));
    forwarded.due = Deadline::after(Duration::ZERO);
    assert_eq!(forwarded.count(0), None);
    assert_eq!(forwarded.count(1), Some(10));
    assert_eq!(forwarded.count(1), None);
}
