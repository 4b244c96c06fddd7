//! A library: books are lent for some days, renewed until they are due, and returned.

mod loans;

pub use loans::Loans;

use application::{Application, Views};
use decider::{Context, Domain, Rejection};
use json_codec::{Json, JsonCodec};
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const DAYS_MAX: u32 = 60;

pub struct Library;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Command {
    Acquire { title: String },
    Lend { reader: String, days: u32 },
    Renew { days: u32 },
    Return {},
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Acquired { title: String },
    Lent { reader: String, due_ms: i64 },
    Renewed { due_ms: i64 },
    Returned { days_late: i64 },
}

/// The state of one book. Its id is the id of the aggregate.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Book {
    title: Option<String>,
    loan: Option<Loan>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loan {
    reader: String,
    due_ms: i64,
}

impl Domain for Library {
    type Command = Command;
    type Event = Event;
    type State = Book;
    type Representation = Json;

    fn initial(_: &str) -> Book {
        Book::default()
    }

    fn decide(context: &Context<'_>, book: &Book, command: &Command) -> Result<Vec<Event>, Rejection> {
        let now_ms = context.decided_at_ms;
        let due_ms = |days: u32| now_ms + i64::from(days) * DAY_MS;
        let event = match (command, &book.loan) {
            (Command::Acquire { .. }, _) if book.title.is_some() => return Err(Rejection::new("book-exists", "the library has it")),
            (Command::Acquire { title }, _) => Event::Acquired { title: title.clone() },
            _ if book.title.is_none() => return Err(Rejection::new("book-unknown", "the library does not have it")),
            (Command::Lend { days, .. } | Command::Renew { days }, _) if !(1..=DAYS_MAX).contains(days) => {
                return Err(Rejection::new("bad-period", "a loan takes one to 60 days").fact("days", days));
            }
            (Command::Lend { .. }, Some(Loan { reader, due_ms })) => {
                let rejection = Rejection::new("book-is-lent", "another reader has the book");
                return Err(rejection.fact("reader", reader).fact("due_ms", due_ms));
            }
            (Command::Lend { reader, days }, None) => Event::Lent {
                reader: reader.clone(),
                due_ms: due_ms(*days),
            },
            (Command::Renew { .. } | Command::Return {}, None) => return Err(Rejection::new("book-is-here", "it is not lent")),
            (Command::Renew { .. }, Some(loan)) if now_ms > loan.due_ms => {
                let rejection = Rejection::new("loan-is-overdue", "the book should have been returned");
                return Err(rejection.fact("days_late", days_late(loan, now_ms)));
            }
            (Command::Renew { days }, Some(_)) => Event::Renewed { due_ms: due_ms(*days) },
            (Command::Return {}, Some(loan)) => Event::Returned {
                days_late: days_late(loan, now_ms),
            },
        };
        Ok(vec![event])
    }

    fn evolve(book: &mut Book, event: &Event) {
        match event.clone() {
            Event::Acquired { title } => book.title = Some(title),
            Event::Lent { reader, due_ms } => book.loan = Some(Loan { reader, due_ms }),
            Event::Renewed { due_ms } => book.loan.iter_mut().for_each(|loan| loan.due_ms = due_ms),
            Event::Returned { .. } => book.loan = None,
        }
    }
}

/// Days that have begun since the book was due.
fn days_late(loan: &Loan, now_ms: i64) -> i64 {
    ((now_ms - loan.due_ms).max(0) + DAY_MS - 1) / DAY_MS
}

impl Application for Library {
    const NAME: &'static str = "library";

    type Codec = JsonCodec<Self>;

    fn views(views: &mut impl Views<Self>) {
        views.view::<Loans>();
    }
}

#[cfg(test)]
mod tests;
