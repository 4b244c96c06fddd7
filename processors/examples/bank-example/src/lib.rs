//! A bank: accounts are opened, filled, emptied and closed, and never go below zero.
//!
//! The second application, and the shortest way to understand one: a domain says what a command leads to ([`Domain::decide`]), how an event
//! changes the state ([`Domain::evolve`]) and how the state is stored; an application adds its name, its codec and its views ([`Accounts`]).
//! `bank-programs` runs it on Kafka, its tests through faults.

mod accounts;

pub use accounts::Accounts;

use application::{Application, Views};
use decider::{Context, Domain, Rejection};
use json_codec::{Json, JsonCodec};
use serde::{Deserialize, Serialize};

/// The domain.
pub struct Bank;

/// How the bank's records are written.
pub type Codec = JsonCodec<Bank>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Command {
    Open { holder: String },
    Deposit { cents: u64 },
    Withdraw { cents: u64 },
    Close {},
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened { holder: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
    Closed {},
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Account {
    Unknown,
    Open { holder: String, cents: u64 },
    Closed,
}

impl Domain for Bank {
    type Command = Command;
    type Event = Event;
    type State = Account;
    type Representation = Json;

    fn initial(_: &str) -> Account {
        Account::Unknown
    }

    fn decide(_: &Context<'_>, account: &Account, command: &Command) -> Result<Vec<Event>, Rejection> {
        let (holder, balance) = match (account, command) {
            (Account::Unknown, Command::Open { holder }) => return Ok(vec![Event::Opened { holder: holder.clone() }]),
            (Account::Unknown, _) => return Err(Rejection::new("account-unknown", "the account was never opened")),
            (Account::Closed, _) => return Err(Rejection::new("account-closed", "the account is closed for good")),
            (Account::Open { holder, cents }, _) => (holder, *cents),
        };
        let refuse = |rule, message: &str| Err(Rejection::new(rule, message).fact("balance", balance));
        match *command {
            Command::Open { .. } => Err(Rejection::new("account-exists", "the account is open already").fact("holder", holder)),
            Command::Deposit { cents: 0 } | Command::Withdraw { cents: 0 } => refuse("nothing-to-change", "the amount is zero"),
            Command::Deposit { cents } if balance.checked_add(cents).is_none() => refuse("balance-too-high", "no bank holds that much"),
            Command::Deposit { cents } => Ok(vec![Event::Deposited { cents }]),
            Command::Withdraw { cents } if cents > balance => refuse("balance-below-zero", "the account does not hold that much"),
            Command::Withdraw { cents } => Ok(vec![Event::Withdrawn { cents }]),
            Command::Close {} if balance > 0 => refuse("balance-remains", "the account is not empty"),
            Command::Close {} => Ok(vec![Event::Closed {}]),
        }
    }

    fn evolve(account: &mut Account, event: &Event) {
        match (&mut *account, event) {
            (_, Event::Opened { holder }) => {
                let (holder, cents) = (holder.clone(), 0);
                *account = Account::Open { holder, cents };
            }
            (Account::Open { cents: balance, .. }, Event::Deposited { cents }) => *balance += cents,
            (Account::Open { cents: balance, .. }, Event::Withdrawn { cents }) => *balance -= cents,
            (Account::Open { .. }, Event::Closed {}) => *account = Account::Closed,
            (Account::Unknown | Account::Closed, _) => debug_assert!(false, "{event:?} does not fit {account:?}"),
        }
    }
}

/// What some customer asks for, for simulations; `below` gives a number from 0 to less than its argument.
pub fn any_command(mut below: impl FnMut(u64) -> u64) -> (String, Command) {
    let cents = below(100);
    let command = match below(20) {
        0..3 => Command::Open { holder: "Ada".to_owned() },
        3..12 => Command::Deposit { cents },
        12..19 => Command::Withdraw { cents },
        _ => Command::Close {},
    };
    (format!("account/{}", below(12)), command)
}

impl Application for Bank {
    const NAME: &'static str = "bank";

    type Codec = Codec;

    fn views(views: &mut impl Views<Self>) {
        views.view::<Accounts>();
    }
}

#[cfg(test)]
mod tests;
