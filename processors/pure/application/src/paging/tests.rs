//! Pages: what they hold, where they end, and how much they read.

use super::*;
use keyvalue::{Memory, Mutation};

fn key(number: usize) -> Vec<u8> {
    u32::try_from(number).unwrap().to_be_bytes().to_vec()
}

fn numbers(count: usize) -> Memory {
    let mut memory = Memory::default();
    let puts: Vec<Mutation> = (0..count)
        .map(|number| Mutation::Put {
            key: key(number),
            value: Vec::new(),
        })
        .collect();
    memory.apply(&puts);
    memory
}

/// The numbers of a page between two, of those that `is_asked` says.
fn ask(
    memory: &Memory,
    range: (usize, usize),
    after: Option<usize>,
    limit: usize,
    is_asked: impl Fn(usize) -> bool,
) -> (Vec<usize>, Option<Vec<u8>>) {
    let after = after.map(key);
    let span = Span {
        after: after.as_deref(),
        limit,
    };
    let page = page(memory, (key(range.0), key(range.1)), span, |key, _| {
        let number = u32::from_be_bytes(key.try_into().unwrap()) as usize;
        Ok(is_asked(number).then_some(number))
    });
    let page = page.unwrap();
    (page.items, page.next)
}

#[test]
fn a_page_begins_after_the_last_key_of_the_one_before_and_says_where_the_next_one_does() {
    let memory = numbers(10);
    let all = |_: usize| true;
    assert_eq!(ask(&memory, (2, 7), None, 2, all), (vec![2, 3], Some(key(3))));
    assert_eq!(ask(&memory, (2, 7), Some(3), 2, all), (vec![4, 5], Some(key(5))));
    assert_eq!(ask(&memory, (2, 7), Some(5), 2, all), (vec![6], None));
    // Exactly as many as there are: nothing comes after them.
    assert_eq!(ask(&memory, (2, 7), None, 5, all), (vec![2, 3, 4, 5, 6], None));
    assert_eq!(ask(&memory, (2, 7), Some(2), 9, all), (vec![3, 4, 5, 6], None));
}

#[test]
fn a_cursor_from_outside_of_the_range_leads_no_further_than_the_range() {
    let memory = numbers(10);
    assert_eq!(ask(&memory, (2, 4), Some(0), 9, |_| true), (vec![2, 3], None));
    assert_eq!(ask(&memory, (2, 4), Some(8), 9, |_| true), (vec![], None));
}

#[test]
fn what_is_not_asked_for_is_passed_over_and_the_page_ends_with_the_last_that_was_read() {
    let memory = numbers(10);
    assert_eq!(
        ask(&memory, (0, 10), None, 2, |number| number.is_multiple_of(3)),
        (vec![0, 3], Some(key(3)))
    );
    assert_eq!(
        ask(&memory, (0, 10), Some(3), 2, |number| number.is_multiple_of(3)),
        (vec![6, 9], None)
    );
}

#[test]
fn a_page_reads_no_more_keys_than_its_budget_and_the_next_one_goes_on_from_there() {
    let memory = numbers(SCANNED_MAX + 2);
    let last = SCANNED_MAX + 1;
    let range = (0, SCANNED_MAX + 2);
    let is_last = |number: usize| number == last;
    assert_eq!(ask(&memory, range, None, 5, is_last), (vec![], Some(key(SCANNED_MAX - 1))));
    assert_eq!(ask(&memory, range, Some(SCANNED_MAX - 1), 5, is_last), (vec![last], None));
    // As many as the budget, and no more: this is the last page.
    assert_eq!(ask(&memory, (2, SCANNED_MAX + 2), None, 5, is_last), (vec![last], None));
}
