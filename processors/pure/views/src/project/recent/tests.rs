//! What is kept and what is forgotten.

use super::Recent;
use std::convert::Infallible;

fn get(recent: &mut Recent<u32, u32>, key: u32) -> (u32, bool) {
    let mut was_read = false;
    let value = recent.get_or_read(&key, || {
        was_read = true;
        Ok::<_, Infallible>(key * 10)
    });
    (*value.unwrap(), was_read)
}

#[test]
fn what_was_used_lately_is_not_read_again() {
    let mut recent = Recent::new(4);
    for key in [1, 2, 1, 2] {
        assert_eq!(get(&mut recent, key).0, key * 10);
    }
    assert!(!get(&mut recent, 1).1 && !get(&mut recent, 2).1);
}

#[test]
fn it_never_holds_more_than_it_may_and_keeps_what_is_used_again_and_again() {
    let mut recent = Recent::new(8);
    get(&mut recent, 0);
    for key in 1..100 {
        get(&mut recent, key);
        assert!(!get(&mut recent, 0).1, "forgotten next to {key}");
        assert!(recent.younger.len() + recent.older.len() <= 8);
    }
    assert!(get(&mut recent, 1).1);
}

#[test]
fn what_is_forgotten_is_read_again_from_either_generation() {
    let mut recent = Recent::new(2);
    recent.insert(1, 7);
    recent.insert(2, 8);
    assert_eq!((recent.known_mut(&1).copied(), recent.known_mut(&2).copied()), (Some(7), Some(8)));
    recent.forget(&1);
    recent.forget(&2);
    assert_eq!((get(&mut recent, 1), get(&mut recent, 2)), ((10, true), (20, true)));
}
