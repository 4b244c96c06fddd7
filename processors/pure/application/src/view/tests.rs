//! Which keys a view may have, and that its hash covers each of them.

use super::*;
use keyvalue::Memory;

fn put(key: &[u8]) -> Mutation {
    Mutation::Put {
        key: key.to_vec(),
        value: vec![1],
    }
}

fn hash(keys: &[&[u8]]) -> u128 {
    let mut memory = Memory::default();
    keys.iter().for_each(|key| memory.apply(&[put(key)]));
    content_hash(&memory).unwrap()
}

#[test]
fn every_key_that_a_view_may_have_is_in_its_hash_and_no_other_is() {
    for first in 0..=u8::MAX {
        for rest in [&[][..], &[0], &[0xFF; 2000]] {
            let key = [&[first], rest].concat();
            let is_allowed = check_keys(&[put(&key)]).is_ok();
            assert_eq!(hash(&[&key]) != hash(&[]), is_allowed, "{first:#x}");
            assert_eq!(check_keys(&[Mutation::Delete { key }]).is_ok(), is_allowed);
        }
    }
    assert_ne!(hash(&[b"a"]), hash(&[b"b"]));
}

#[test]
fn a_view_has_no_empty_key_and_deletes_no_range() {
    let everything = Mutation::DeleteRange {
        from: vec![0],
        to: vec![0xFF],
    };
    for (mutation, reason) in [(put(&[]), "begins with a byte from 10 to fe"), (everything, "one by one")] {
        let refused = check_keys(&[put(b"a"), mutation]).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}
