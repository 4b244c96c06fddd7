//! The view: who has a book, and which books a reader has.

use crate::{Event, Loan};
use application::{Paging, ProjectError, Refusal, Route, View, Work, document, list, page};
use decider::EventEnvelope;
use keyvalue::{Mutation, Read, ReadError, prefix_end};
use serde::Serialize;

#[derive(Default)]
pub struct Loans;

pub enum Question {
    OfBook(String),
    OfReader(String, Paging),
}

#[derive(Serialize)]
struct Shape<'v> {
    book: &'v str,
    loan: &'v Loan,
}

/// The key of a book's loan.
fn of_book(book: &str) -> Vec<u8> {
    format!("book:{book}").into_bytes()
}

/// The key of a reader's loan; without a book, the beginning of all of them.
fn of_reader(reader: &str, book: &str) -> Vec<u8> {
    format!("reader:{reader}\n{book}").into_bytes()
}

fn loan(value: &[u8]) -> Result<Loan, ReadError> {
    serde_json::from_slice(value).map_err(|error| ReadError::corrupt(format!("a loan cannot be read: {error}")))
}

impl View for Loans {
    type Event = Event;
    type Question = Question;

    const NAME: &'static str = "loans";
    const VERSION: u32 = 1;
    const ROUTES: &'static [Route<Question>] = &[
        Route {
            template: "/loans/{book}",
            parameters: &[],
            question: |asked| Ok(Question::OfBook(asked.text("book").to_owned())),
        },
        Route {
            template: "/readers/{reader}/loans",
            parameters: &["limit", "cursor"],
            question: |asked| Ok(Question::OfReader(asked.text("reader").to_owned(), asked.paging()?)),
        },
    ];

    fn project(&mut self, _: u32, event: &EventEnvelope<Event>, read: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let book = &event.aggregate_id;
        let before = read.get(&of_book(book), loan)?.transpose()?;
        let after = match (event.event.clone(), before.clone()) {
            (Event::Acquired { .. }, None) => None,
            (Event::Lent { reader, due_ms }, None) => Some(Loan { reader, due_ms }),
            (Event::Renewed { due_ms }, Some(before)) => Some(Loan { due_ms, ..before }),
            (Event::Returned { .. }, Some(_)) => None,
            (_, before) => return Err(ProjectError::unfit(&event.event, format!("the loan is {before:?}"))),
        };
        let keys = |loan: &Loan| [of_book(book), of_reader(&loan.reader, book)];
        let deleted = before.iter().flat_map(keys).map(|key| Mutation::Delete { key });
        let put = after.iter().flat_map(|loan| {
            let value = serde_json::to_vec(loan).expect("a loan can be written as JSON");
            keys(loan).map(|key| Mutation::Put { key, value: value.clone() })
        });
        Ok(deleted.chain(put).collect())
    }

    fn work(question: &Question) -> Work {
        match question {
            Question::OfBook(_) => Work::Point,
            Question::OfReader(..) => Work::Page,
        }
    }

    fn answer(question: &Question, read: &impl Read) -> Result<Vec<u8>, Refusal> {
        match question {
            Question::OfBook(book) => {
                let found = read.get(&of_book(book), loan)?.transpose()?;
                let loan = &found.ok_or_else(|| Refusal::not_found("loan", book))?;
                document(&Shape { book, loan })
            }
            Question::OfReader(reader, paging) => {
                let first = of_reader(reader, "");
                let range = (first.clone(), prefix_end(&first));
                let page = page(read, range, paging.span(), |key, value| {
                    let book = String::from_utf8_lossy(&key[first.len()..]).into_owned();
                    Ok(Some((book, loan(value)?)))
                })?;
                list("loans", &page, paging, |(book, loan)| Shape { book, loan })
            }
        }
    }
}
