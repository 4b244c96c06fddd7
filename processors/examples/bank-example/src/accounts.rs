//! The view of the bank: every account as it is, asked for one by one or in pages.

use crate::{Account, Bank, Event};
use application::{Paging, ProjectError, Refusal, Route, View, Work, document, list, page};
use decider::{Domain, EventEnvelope};
use keyvalue::{Mutation, Read, ReadError, prefix_end};
use serde::Serialize;

/// Every account's key begins so; its id follows.
const ACCOUNT: &[u8] = b"account:";

#[derive(Default)]
pub struct Accounts;

pub enum Question {
    Account(String),
    Accounts(Paging),
}

#[derive(Serialize)]
struct Shape<'v> {
    id: &'v str,
    account: &'v Account,
}

impl View for Accounts {
    type Event = Event;
    type Question = Question;

    const NAME: &'static str = "accounts";
    const VERSION: u32 = 1;
    const ROUTES: &'static [Route<Question>] = &[
        Route {
            template: "/accounts",
            parameters: &["limit", "cursor"],
            question: |asked| Ok(Question::Accounts(asked.paging()?)),
        },
        Route {
            template: "/accounts/{id}",
            parameters: &[],
            question: |asked| Ok(Question::Account(asked.text("id").to_owned())),
        },
    ];

    fn project(&mut self, _: u32, event: &EventEnvelope<Event>, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let key = [ACCOUNT, event.aggregate_id.as_bytes()].concat();
        let before = read.get(&key, account)?.transpose()?.unwrap_or(Account::Unknown);
        let unfit = || ProjectError::unfit(&event.event, format!("the account is {before:?}"));
        if let (Account::Open { cents: held, .. }, Event::Withdrawn { cents }) = (&before, &event.event)
            && cents > held
        {
            return Err(unfit());
        }
        let mut after = before.clone();
        Bank::evolve(&mut after, &event.event);
        if after == before {
            return Err(unfit());
        }
        let value = serde_json::to_vec(&after).expect("an account can be written as JSON");
        Ok(vec![Mutation::Put { key, value }])
    }

    fn work(question: &Question) -> Work {
        match question {
            Question::Account(_) => Work::Point,
            Question::Accounts(_) => Work::Page,
        }
    }

    fn answer(question: &Question, read: &impl Read) -> Result<Vec<u8>, Refusal> {
        match question {
            Question::Account(id) => {
                let found = read.get(&[ACCOUNT, id.as_bytes()].concat(), account)?.transpose()?;
                let account = &found.ok_or_else(|| Refusal::not_found("account", id))?;
                document(&Shape { id, account })
            }
            Question::Accounts(paging) => {
                let range = (ACCOUNT.to_vec(), prefix_end(ACCOUNT));
                let page = page(read, range, paging.span(), |key, value| {
                    let id = String::from_utf8_lossy(&key[ACCOUNT.len()..]).into_owned();
                    Ok(Some((id, account(value)?)))
                })?;
                list("accounts", &page, paging, |(id, account)| Shape { id, account })
            }
        }
    }
}

fn account(value: &[u8]) -> Result<Account, ReadError> {
    serde_json::from_slice(value).map_err(|error| ReadError::corrupt(format!("an account cannot be read: {error}")))
}
