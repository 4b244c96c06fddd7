//! What is remembered is what lies below, and it is not looked up again.

use super::{REMEMBERED_MAX, RecentGets};
use keyvalue::{Memory, Mutation, Order, Read, ReadError, Visit};
use std::cell::Cell;

/// Counts how often it is asked.
struct Counting<'m> {
    below: &'m Memory,
    gets: Cell<usize>,
}

impl Read for Counting<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.gets.set(self.gets.get() + 1);
        self.below.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.below.scan(from, to, order, visit)
    }
}

fn stored(number: u8) -> (Vec<u8>, Vec<u8>) {
    (vec![number], vec![number, number])
}

fn memory() -> Memory {
    let mut memory = Memory::default();
    let mutations: Vec<_> = (0..100).map(stored).map(|(key, value)| Mutation::Put { key, value }).collect();
    memory.apply(&mutations);
    memory
}

#[test]
fn what_was_looked_up_lately_is_not_looked_up_again_whether_there_or_absent() {
    let memory = memory();
    let counting = Counting {
        below: &memory,
        gets: Cell::new(0),
    };
    let recent = RecentGets::new(&counting);
    for _ in 0..3 {
        assert_eq!(recent.get(&[7], <[u8]>::to_vec).unwrap(), Some(vec![7, 7]));
        assert_eq!(recent.get(&[200], <[u8]>::to_vec).unwrap(), None);
    }
    assert_eq!(counting.gets.get(), 2);
}

#[test]
fn every_look_up_finds_what_lies_below_and_a_bounded_number_is_remembered() {
    let memory = memory();
    let recent = RecentGets::new(&memory);
    for number in (0..150).chain((0..150).rev()) {
        let (key, value) = stored(number);
        let there = (number < 100).then_some(value);
        assert_eq!(recent.get(&key, <[u8]>::to_vec).unwrap(), there);
        assert!(recent.gets.borrow().found.len() <= REMEMBERED_MAX);
    }
}

#[test]
fn the_one_that_was_looked_up_first_is_forgotten_first() {
    let memory = memory();
    let counting = Counting {
        below: &memory,
        gets: Cell::new(0),
    };
    let recent = RecentGets::new(&counting);
    for number in 0..=REMEMBERED_MAX {
        recent.get(&[u8::try_from(number).unwrap()], |_| ()).unwrap();
    }
    let before = counting.gets.get();
    recent.get(&[1], |_| ()).unwrap();
    assert_eq!(counting.gets.get(), before);
    recent.get(&[0], |_| ()).unwrap();
    assert_eq!(counting.gets.get(), before + 1);
}

#[test]
fn they_are_forgotten_in_the_order_in_which_they_were_looked_up_round_after_round() {
    let memory = memory();
    let counting = Counting {
        below: &memory,
        gets: Cell::new(0),
    };
    let recent = RecentGets::new(&counting);
    let look_up = |number: usize| {
        let before = counting.gets.get();
        recent.get(&[u8::try_from(number).unwrap()], |_| ()).unwrap();
        counting.gets.get() > before
    };
    let rounds = 3 * REMEMBERED_MAX + 2;
    assert!((0..rounds).all(look_up));
    assert!((rounds - REMEMBERED_MAX..rounds).all(|number| !look_up(number)));
    assert!(look_up(rounds - REMEMBERED_MAX - 1));
}
