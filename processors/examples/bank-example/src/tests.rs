//! Given events, when a command, then events or a rejection.

use super::*;

fn account(given: &[Event]) -> Account {
    let mut account = Bank::initial("account/1");
    given.iter().for_each(|event| Bank::evolve(&mut account, event));
    account
}

fn check(given: &[Event], when: Command, then: Result<&[Event], &str>) {
    let context = Context {
        aggregate_id: "account/1",
        version: given.len() as u64,
        command_id: uuid::Uuid::from_u128(1),
        decided_at_ms: 0,
    };
    let decided = Bank::decide(&context, &account(given), &when);
    match (decided, then) {
        (Ok(events), Ok(expected)) => assert_eq!(events, expected, "{when:?}"),
        (Err(rejection), Err(rule)) => assert_eq!(rejection.rule, rule, "{when:?}"),
        (decided, _) => panic!("{when:?} gave {decided:?} and not {then:?}"),
    }
}

fn opened(cents: u64) -> Vec<Event> {
    vec![Event::Opened { holder: "Ada".to_owned() }, Event::Deposited { cents }]
}

#[test]
fn an_account_is_opened_once() {
    let open = || Command::Open { holder: "Ada".to_owned() };
    check(&[], open(), Ok(&opened(1)[..1]));
    check(&opened(1), open(), Err("account-exists"));
}

#[test]
fn a_balance_never_goes_below_zero() {
    check(&opened(5), Command::Withdraw { cents: 5 }, Ok(&[Event::Withdrawn { cents: 5 }]));
    check(&opened(5), Command::Withdraw { cents: 6 }, Err("balance-below-zero"));
}

#[test]
fn a_balance_stays_within_what_can_be_counted() {
    check(
        &opened(u64::MAX - 1),
        Command::Deposit { cents: 1 },
        Ok(&[Event::Deposited { cents: 1 }]),
    );
    check(&opened(u64::MAX), Command::Deposit { cents: 1 }, Err("balance-too-high"));
}

#[test]
fn an_amount_of_zero_changes_nothing() {
    check(&opened(5), Command::Deposit { cents: 0 }, Err("nothing-to-change"));
    check(&opened(5), Command::Withdraw { cents: 0 }, Err("nothing-to-change"));
}

#[test]
fn only_an_empty_account_is_closed_and_then_for_ever() {
    check(&opened(5), Command::Close {}, Err("balance-remains"));
    let mut emptied = opened(5);
    emptied.push(Event::Withdrawn { cents: 5 });
    check(&emptied, Command::Close {}, Ok(&[Event::Closed {}]));
    emptied.push(Event::Closed {});
    check(&emptied, Command::Deposit { cents: 1 }, Err("account-closed"));
    check(&emptied, Command::Open { holder: "Bob".to_owned() }, Err("account-closed"));
}

#[test]
fn an_account_that_was_never_opened_takes_nothing() {
    for command in [Command::Deposit { cents: 1 }, Command::Withdraw { cents: 1 }, Command::Close {}] {
        check(&[], command, Err("account-unknown"));
    }
}
