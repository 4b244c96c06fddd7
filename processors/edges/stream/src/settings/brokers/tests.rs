//! From where clients begin, before and after brokers have moved.

use super::*;

#[test]
fn clients_begin_from_the_configured_brokers_and_from_those_that_the_cluster_named_last() {
    let known = KnownBrokers::default();
    assert_eq!(known.and("a:1,b:2"), "a:1,b:2");
    known.note([("b", 2), ("c", 3), ("::1", 4)].into_iter());
    assert_eq!(known.clone().and("a:1, b:2"), "a:1, b:2,c:3,[::1]:4");
    known.note([("d", 5)].into_iter());
    assert_eq!(known.and("a:1"), "a:1,d:5", "what was left is forgotten");
}

#[test]
fn metadata_without_brokers_takes_nothing_away() {
    let known = KnownBrokers::default();
    known.note([("c", 3)].into_iter());
    known.note(std::iter::empty::<(&str, i32)>());
    assert_eq!(known.and("a:1"), "a:1,c:3");
}
