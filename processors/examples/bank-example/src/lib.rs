//! A bank: accounts are opened, filled, emptied and closed, and never go below zero.
//!
//! The second application, and the shortest way to understand one: a domain says what a command leads to ([`Domain::decide`]), how an event
//! changes the state ([`Domain::evolve`]) and how the state is stored; an application adds its name, its codec and its views ([`Accounts`]).
//! `bank-programs` runs it on Kafka, the crate `simulation` through faults.

mod accounts;

pub use accounts::Accounts;

use application::{Application, RecordSchema, SchemaIds, Views};
use decider::{Context, Domain, Parts, Rejection};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The domain.
pub struct Bank;

/// How the bank's records are written.
pub type Codec = json_codec::JsonCodec<Bank>;

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

/// An account is stored in one part.
const ACCOUNT: &[u8] = b"account";

impl Domain for Bank {
    type Command = Command;
    type Event = Event;
    type State = Account;

    fn initial(_: &str) -> Account {
        Account::Unknown
    }

    fn decide(_: &Context<'_>, account: &Account, command: &Command) -> Result<Vec<Event>, Rejection> {
        let (holder, balance) = match (account, command) {
            (Account::Unknown, Command::Open { holder }) => return Ok(vec![Event::Opened { holder: holder.clone() }]),
            (Account::Unknown, _) => return refuse("account-unknown", "the account was never opened", None),
            (Account::Closed, _) => return refuse("account-closed", "the account is closed for good", None),
            (Account::Open { holder, cents }, _) => (holder, *cents),
        };
        match *command {
            Command::Open { .. } => refuse("account-exists", &format!("the account belongs to {holder}"), None),
            Command::Deposit { cents: 0 } | Command::Withdraw { cents: 0 } => refuse("nothing-to-change", "the amount is zero", None),
            Command::Deposit { cents } if balance.checked_add(cents).is_none() => {
                refuse("balance-too-high", "no bank holds that much", Some(balance))
            }
            Command::Deposit { cents } => Ok(vec![Event::Deposited { cents }]),
            Command::Withdraw { cents } if cents > balance => {
                refuse("balance-below-zero", "the account does not hold that much", Some(balance))
            }
            Command::Withdraw { cents } => Ok(vec![Event::Withdrawn { cents }]),
            Command::Close {} if balance > 0 => refuse("balance-remains", "the account is not empty", Some(balance)),
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

    fn size_bytes(account: &Account) -> usize {
        match account {
            Account::Open { holder, .. } => size_of::<Account>() + holder.len(),
            Account::Unknown | Account::Closed => size_of::<Account>(),
        }
    }

    fn store(after: &Account, _: &Event, parts: &mut Parts<'_>) {
        parts.put(ACCOUNT, serde_json::to_vec(after).expect("an account can be written as JSON"));
    }

    fn load(_: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<Account, String> {
        let (_, value) = parts.next().ok_or("the account is missing")?;
        serde_json::from_slice(value).map_err(|error| error.to_string())
    }

    fn command_type(command: &Command) -> &'static str {
        match command {
            Command::Open { .. } => "Open",
            Command::Deposit { .. } => "Deposit",
            Command::Withdraw { .. } => "Withdraw",
            Command::Close {} => "Close",
        }
    }

    fn event_type(event: &Event) -> &'static str {
        match event {
            Event::Opened { .. } => "Opened",
            Event::Deposited { .. } => "Deposited",
            Event::Withdrawn { .. } => "Withdrawn",
            Event::Closed {} => "Closed",
        }
    }
}

impl Application for Bank {
    const NAME: &'static str = "bank";

    type Codec = Codec;

    /// JSON needs none.
    fn schemas() -> Vec<RecordSchema> {
        Vec::new()
    }

    fn codec(_: SchemaIds) -> Codec {
        Codec::default()
    }

    fn views(views: &mut impl Views<Self>) {
        views.view::<Accounts>();
    }
}

fn refuse(rule: &str, message: &str, balance: Option<u64>) -> Result<Vec<Event>, Rejection> {
    let fact = |balance: u64| BTreeMap::from([("balance".to_owned(), balance.to_string())]);
    Err(Rejection {
        rule: rule.to_owned(),
        message: message.to_owned(),
        facts: balance.map(fact).into_iter().collect(),
    })
}

#[cfg(test)]
mod tests;
