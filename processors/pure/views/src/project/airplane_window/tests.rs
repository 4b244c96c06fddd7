//! Which neighbours of a rotation are known without a search, and what is searched otherwise.

use super::*;
use crate::keys;
use domain::AirportCode;
use domain::rotation::Mode;
use keyvalue::{Memory, Mutation, ReadError, Visit};
use std::cell::Cell;

/// Counts searches.
struct Searched {
    below: Memory,
    scans: Cell<usize>,
}

impl Read for Searched {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.below.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.scans.set(self.scans.get() + 1);
        self.below.scan(from, to, order, visit)
    }
}

fn airplane() -> Registration {
    Registration::parse("N1").unwrap()
}

fn id(number: i64) -> RotationId {
    RotationId::parse(&format!("R{number}")).unwrap()
}

fn span(number: i64) -> RotationSpan {
    let airport = AirportCode::parse("HNL").unwrap();
    RotationSpan {
        rotation: id(number),
        first_departure: Instant(number),
        first_origin: airport,
        last_arrival: Instant(number + 1),
        last_destination: airport,
    }
}

fn at(number: i64) -> RotationPlace {
    rotation_place(&span(number))
}

/// An airplane with these rotations.
fn flying(numbers: impl IntoIterator<Item = i64>) -> Searched {
    let mut below = Memory::default();
    for number in numbers {
        let (key, value) = stored::rotation_edge(&airplane(), &id(number), Some(&span(number)), Mode::Draft);
        below.apply(&[Mutation::Put { key: key.0, value }]);
    }
    Searched {
        below,
        scans: Cell::new(0),
    }
}

fn around(window: &mut AirplaneWindow, read: &Searched, number: i64) -> (i64, i64) {
    let (before, after) = window.neighbours(read, &airplane(), &at(number), &id(number)).unwrap();
    let number = |span: Option<RotationSpan>| span.map_or(0, |span| span.first_departure.0);
    (number(before), number(after))
}

/// What the window holds, and whether it reaches each end.
fn held(window: &AirplaneWindow) -> (Vec<i64>, bool, bool) {
    let entries = window.entries.iter().map(|span| span.first_departure.0).collect();
    (entries, matches!(window.first, Reach::End), matches!(window.last, Reach::End))
}

#[test]
fn a_window_is_a_rotation_and_one_on_each_side() {
    let read = flying(1..=9);
    let mut window = AirplaneWindow::read(&read, &airplane(), &at(5)).unwrap();
    assert_eq!(held(&window), (vec![4, 5, 6], false, false));
    let searched = read.scans.get();
    assert_eq!(around(&mut window, &read, 5), (4, 6));
    assert_eq!(read.scans.get(), searched);
    assert_eq!(around(&mut window, &read, 6), (5, 7));
    assert_eq!(around(&mut window, &read, 4), (3, 5));
    assert_eq!(read.scans.get(), searched + 2);
}

#[test]
fn at_the_ends_nothing_is_searched_twice() {
    let read = flying([5]);
    let mut window = AirplaneWindow::read(&read, &airplane(), &at(5)).unwrap();
    assert_eq!(held(&window), (vec![5], true, true));
    let searched = read.scans.get();
    assert_eq!((around(&mut window, &read, 5), around(&mut window, &read, 3)), ((0, 0), (0, 5)));
    assert_eq!(read.scans.get(), searched);
}

#[test]
fn a_place_that_is_near_is_reached_step_by_step_and_one_that_is_far_begins_again() {
    let read = flying(1..=40);
    let moved = |from: i64, to: i64| {
        let mut window = AirplaneWindow::read(&read, &airplane(), &at(from)).unwrap();
        window.move_to(&read, &airplane(), &at(to)).unwrap();
        held(&window).0
    };
    assert_eq!(moved(20, 21), [19, 20, 21]);
    assert_eq!(moved(20, 22), [19, 20, 21, 22]);
    assert_eq!(moved(20, 18), [18, 19, 20, 21]);
    assert_eq!(moved(20, 25), (19..=25).collect::<Vec<_>>());
    assert_eq!(moved(20, 15), (15..=21).collect::<Vec<_>>());
    assert_eq!(moved(20, 26), [25, 26, 27]);
    assert_eq!(moved(20, 14), [13, 14, 15]);
}

#[test]
fn a_rotation_that_comes_moves_or_goes_is_followed_where_the_window_reaches() {
    let read = flying([1, 4, 5, 6, 9]);
    let mut window = AirplaneWindow::read(&read, &airplane(), &at(5)).unwrap();
    window.update(Some(&at(5)), None, 16);
    assert_eq!(held(&window).0, [4, 6]);
    window.update(None, Some(&span(5)), 16);
    assert_eq!(held(&window).0, [4, 5, 6]);
    // Beyond its ends it does not know what there is.
    window.update(None, Some(&span(2)), 16);
    window.update(None, Some(&span(8)), 16);
    assert_eq!(held(&window), (vec![4, 5, 6], false, false));
    window.update(Some(&at(6)), Some(&span(3)), 16);
    assert_eq!(held(&window).0, [4, 5]);
}

#[test]
fn of_more_rotations_than_are_kept_those_next_to_the_one_that_came_stay() {
    let read = flying([10, 20, 30, 40, 50, 60]);
    let whole = || {
        let mut window = AirplaneWindow::read(&read, &airplane(), &at(10)).unwrap();
        while !matches!(window.last, Reach::End) {
            window.extend(&read, &airplane(), Order::Ascending).unwrap();
        }
        assert_eq!(held(&window), (vec![10, 20, 30, 40, 50, 60], true, true));
        window
    };
    for (comes, most, expected, reaches_first, reaches_last) in [
        (35, 7, vec![10, 20, 30, 35, 40, 50, 60], true, true),
        (35, 6, vec![10, 20, 30, 35, 40, 50], true, false),
        (35, 4, vec![20, 30, 35, 40], false, false),
        (15, 4, vec![10, 15, 20, 30], true, false),
        (55, 4, vec![40, 50, 55, 60], false, true),
        (35, 1, vec![35], false, false),
        (35, 0, vec![35], false, false),
    ] {
        let mut window = whole();
        window.update(None, Some(&span(comes)), most);
        assert_eq!(held(&window), (expected, reaches_first, reaches_last), "{comes} {most}");
        let begins = window.entries.first().map(rotation_place);
        assert!(matches!(&window.first, Reach::End) || matches!(&window.first, Reach::To(first) if Some(first) == begins.as_ref()));
        let ends = window.entries.last().map(rotation_place);
        assert!(matches!(&window.last, Reach::End) || matches!(&window.last, Reach::To(last) if Some(last) == ends.as_ref()));
    }
}

#[test]
fn rotations_without_legs_are_no_neighbours() {
    let mut read = flying([5]);
    let (key, value) = stored::rotation_edge(&airplane(), &id(7), None, Mode::Draft);
    assert!(key.0.starts_with(&keys::rotations_of(&airplane()).0));
    read.below.apply(&[Mutation::Put { key: key.0, value }]);
    let mut window = AirplaneWindow::read(&read, &airplane(), &at(5)).unwrap();
    assert_eq!(around(&mut window, &read, 5), (0, 0));
}
