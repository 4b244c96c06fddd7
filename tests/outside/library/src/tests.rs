//! Rules, what is stored, the whole pipeline under faults, and events that must stay readable.

use super::*;
use test_kit::{Chance, check_golden, check_stored, given, simulate};

const NOON: &str = "2026-03-01T12:00:00Z";
const NOON_MS: i64 = 1_772_366_400_000;

fn ada() -> String {
    "Ada".to_owned()
}

fn acquired() -> Vec<Event> {
    vec![Event::Acquired { title: "Emma".to_owned() }]
}

/// Lent at noon, for two weeks.
fn lent() -> Vec<Event> {
    let due_ms = NOON_MS + 14 * DAY_MS;
    [acquired(), vec![Event::Lent { reader: ada(), due_ms }]].concat()
}

#[test]
fn a_book_is_due_so_many_days_after_it_was_lent() {
    let lend = |days| Command::Lend { reader: ada(), days };
    given::<Library>(acquired()).at(NOON).when(&lend(14)).then(lent().split_off(1));
    given::<Library>(acquired())
        .when(&lend(61))
        .then_rejected("bad-period", &[("days", "61")]);
    given::<Library>(lent())
        .when(&lend(14))
        .then_rejected("book-is-lent", &[("reader", "Ada")]);
    given::<Library>([]).when(&lend(14)).then_rejected("book-unknown", &[]);
}

#[test]
fn a_loan_is_renewed_until_it_is_due() {
    let renew = |time| given::<Library>(lent()).at(time).when(&Command::Renew { days: 7 });
    renew(NOON).then([Event::Renewed {
        due_ms: NOON_MS + 7 * DAY_MS,
    }]);
    renew("2026-03-17T00:00:00Z").then_rejected("loan-is-overdue", &[("days_late", "2")]);
}

#[test]
fn a_book_that_comes_back_late_says_by_how_many_days() {
    let returned = given::<Library>(lent()).at("2026-03-17T00:00:00Z").when(&Command::Return {});
    assert_eq!(returned.then([Event::Returned { days_late: 2 }]).loan, None);
}

/// Few books, so that commands meet.
fn any_command(chance: &mut Chance) -> (String, Command) {
    let days = u32::try_from(chance.below(70)).unwrap();
    let command = match chance.below(10) {
        0..2 => Command::Acquire { title: "Emma".to_owned() },
        2..5 => Command::Lend { reader: ada(), days },
        5..7 => Command::Renew { days },
        _ => Command::Return {},
    };
    (format!("book/{}", chance.below(12)), command)
}

#[test]
fn what_is_stored_and_sent_comes_back() {
    check_stored::<Library>(20, any_command);
}

#[test]
fn the_library_survives_every_seed() {
    simulate::<Library>(200, any_command);
}

#[test]
fn every_event_that_was_ever_written_is_read_as_it_was_meant() {
    let rest = [Event::Renewed { due_ms: NOON_MS }, Event::Returned { days_late: 0 }];
    check_golden::<Library>("events.ndjson", lent().into_iter().chain(rest));
}
