//! What waits in memory, what is written, and entries read bit by bit.

use super::*;
use keyvalue::Memory;
use std::cell::RefCell;

fn numbered(number: usize) -> Vec<u8> {
    key(Prefix::Session, 1, &number.to_be_bytes())
}

#[test]
fn changes_wait_in_memory_until_there_are_too_many_and_are_read_either_way() {
    let mut ledger = Ledger::new(RefCell::new(Memory::default()));
    let stored = |ledger: &Ledger<RefCell<Memory>>, number: usize| ledger.store.get(&numbered(number), <[u8]>::to_vec).unwrap();
    for number in 0..PENDING_MAX - 1 {
        ledger.put_number(numbered(number), 5).unwrap();
    }
    assert_eq!((ledger.pending.len(), stored(&ledger, 0)), (PENDING_MAX - 1, None));
    assert_eq!(ledger.number(&numbered(0)).unwrap(), Some(5));
    ledger.put_number(numbered(PENDING_MAX - 1), 6).unwrap();
    assert_eq!(ledger.pending.len(), 0);
    assert_eq!(stored(&ledger, PENDING_MAX - 1), Some(6_i64.to_be_bytes().to_vec()));
    assert_eq!(ledger.number(&numbered(PENDING_MAX - 1)).unwrap(), Some(6));
    assert_eq!(ledger.number(&numbered(PENDING_MAX)).unwrap(), None);
}

#[test]
fn entries_of_a_prefix_are_read_so_many_at_a_time_and_no_other_ones() {
    let mut ledger = Ledger::new(RefCell::new(Memory::default()));
    for number in 0..5 {
        ledger.put(numbered(number), vec![number as u8]).unwrap();
    }
    ledger.put(key(Prefix::Copy, 1, &[]), vec![9]).unwrap();
    let (mut after, mut read, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let entries = ledger.following(Prefix::Session, &after, 2).unwrap();
        turns.push(entries.len());
        let Some((last, _)) = entries.last() else { break };
        after.clone_from(last);
        read.extend(entries.into_iter().flat_map(|(_, value)| value));
    }
    assert_eq!((turns, read), (vec![2, 2, 1, 0], vec![0, 1, 2, 3, 4]));
}

#[test]
fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
    assert_eq!(place_of(&place_bytes(7, -2)), Some((7, -2)));
    assert_eq!(place_of(&place_bytes(7, -2)[..11]), None);
    assert_eq!(place_of(&[0; 3]), None);
}

#[test]
fn entries_that_begin_alike_are_read_up_to_a_number_and_no_other_ones() {
    let mut ledger = Ledger::new(RefCell::new(Memory::default()));
    for number in 0..5 {
        ledger.put(numbered(number), vec![number as u8]).unwrap();
    }
    ledger.put(key(Prefix::Session, 2, &[]), vec![9]).unwrap();
    ledger.put(key(Prefix::Rewritten, 1, &[]), vec![9]).unwrap();
    let mut values = |entries_max| {
        let entries = ledger.beginning_with(&key(Prefix::Session, 1, &[]), entries_max).unwrap();
        entries.into_iter().map(|(_, value)| value[0]).collect::<Vec<_>>()
    };
    assert_eq!(values(2), [0, 1]);
    assert_eq!(values(5), [0, 1, 2, 3, 4]);
    assert_eq!(values(100), [0, 1, 2, 3, 4]);
}
