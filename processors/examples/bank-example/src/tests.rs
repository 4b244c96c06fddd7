//! Given events, when a command, then events or a rejection; and what is stored, simulated and kept for ever.

use super::*;
use test_kit::{check_golden, check_stored, given, simulate};

fn opened(cents: u64) -> Vec<Event> {
    vec![Event::Opened { holder: "Ada".to_owned() }, Event::Deposited { cents }]
}

/// Deposited, withdrawn, and closed for good.
fn closed() -> Vec<Event> {
    [opened(5), vec![Event::Withdrawn { cents: 5 }, Event::Closed {}]].concat()
}

fn rejected(events: Vec<Event>, command: &Command, rule: &str) {
    given::<Bank>(events).when(command).then_rejected(rule, &[]);
}

#[test]
fn an_account_is_opened_once() {
    let open = Command::Open { holder: "Ada".to_owned() };
    given::<Bank>([]).when(&open).then([Event::Opened { holder: "Ada".to_owned() }]);
    given::<Bank>(opened(1))
        .when(&open)
        .then_rejected("account-exists", &[("holder", "Ada")]);
}

#[test]
fn a_balance_never_goes_below_zero() {
    let withdraw = |cents| given::<Bank>(opened(5)).when(&Command::Withdraw { cents });
    withdraw(5).then([Event::Withdrawn { cents: 5 }]);
    withdraw(6).then_rejected("balance-below-zero", &[("balance", "5")]);
}

#[test]
fn a_balance_stays_within_what_can_be_counted() {
    let deposit = Command::Deposit { cents: 1 };
    given::<Bank>(opened(u64::MAX - 1))
        .when(&deposit)
        .then([Event::Deposited { cents: 1 }]);
    rejected(opened(u64::MAX), &deposit, "balance-too-high");
}

#[test]
fn an_amount_of_zero_changes_nothing() {
    rejected(opened(5), &Command::Deposit { cents: 0 }, "nothing-to-change");
    rejected(opened(5), &Command::Withdraw { cents: 0 }, "nothing-to-change");
}

#[test]
fn only_an_empty_account_is_closed_and_then_for_ever() {
    rejected(opened(5), &Command::Close {}, "balance-remains");
    let account = given::<Bank>(closed()[..3].to_vec())
        .when(&Command::Close {})
        .then([Event::Closed {}]);
    assert_eq!(account, Account::Closed);
    rejected(closed(), &Command::Deposit { cents: 1 }, "account-closed");
    rejected(closed(), &Command::Open { holder: "Bob".to_owned() }, "account-closed");
}

#[test]
fn an_account_that_was_never_opened_takes_nothing() {
    for command in [Command::Deposit { cents: 1 }, Command::Withdraw { cents: 1 }, Command::Close {}] {
        rejected(Vec::new(), &command, "account-unknown");
    }
}

#[test]
fn what_is_stored_and_sent_comes_back() {
    check_stored::<Bank>(20, |chance| any_command(|end| chance.below(end)));
}

#[test]
fn the_bank_survives_every_seed() {
    simulate::<Bank>(200, |chance| any_command(|end| chance.below(end)));
}

#[test]
fn every_event_that_was_ever_written_is_read_as_it_was_meant() {
    check_golden::<Bank>("src/tests/events.ndjson", closed());
}
