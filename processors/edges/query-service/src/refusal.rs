//! Why a question was not answered, as a client sees it.

use crate::as_of::AsOf;
use application::Refusal;
use http_server::{Position, Problem, StatusCode};

/// What a client sees of a refusal. What only an operator can use goes to the log.
pub(crate) fn problem(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NotFound { what, id } => {
            let detail = format!("no {what} {id:?} at this position");
            Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
                .with("what", what)
                .with("id", id)
        }
        Refusal::BadParameter { name, given, expected } => Problem::bad_parameter(name, &given, expected),
        Refusal::NoSuchRoute => Problem::new(
            StatusCode::NOT_FOUND,
            "no-such-route",
            "No such route",
            "nothing is served at this path".into(),
        ),
        Refusal::BudgetExceeded(detail) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "budget-exceeded", "Budget exceeded", detail),
        Refusal::LogUnavailable(reason) => {
            tracing::warn!(reason, "a question could not be answered from the log");
            log_unavailable()
        }
        Refusal::Unreadable(error) => {
            tracing::error!(%error, "a question could not be answered");
            view_unreadable()
        }
        Refusal::Internal(reason) => {
            tracing::error!(reason, "a question could not be answered: this is a bug");
            Problem::internal()
        }
    }
}

pub(crate) fn unknown_partition(name: &'static str, partition: u32, known: &Position) -> Problem {
    let partitions: Vec<u32> = known.iter().map(|(partition, _)| partition).collect();
    let detail = format!("{name} names partition {partition}, which this view does not have");
    Problem::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail)
        .with("parameter", name)
        .with("expected", "partitions of this view")
        .with("partitions", partitions)
}

pub(crate) fn position_not_reached(least: &Position, waited_ms: u128) -> Problem {
    let detail = format!("the view has not reached {least} within {waited_ms} ms");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "position-not-reached",
        "Position not reached",
        detail,
    )
    .with("at_least", least.to_string())
}

/// Nothing is answered from a part of the log: an empty list would be a lie.
pub(crate) fn being_built(reason: &str) -> Problem {
    let detail = format!("the view is being built from the log: {reason}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "being-built", "The view is being built", detail)
}

/// The state below cannot be read. The reason is for the log; another replica, or this one when it is rebuilt, has an answer.
pub(crate) fn view_unreadable() -> Problem {
    let detail = "the view could not be read; the service's log says why".into();
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "view-unreadable",
        "The view cannot be read",
        detail,
    )
}

/// The answer would be about another time than what was asked about.
pub(crate) fn no_history(asked: &AsOf, held: Option<&AsOf>) -> Problem {
    let is = match held {
        None => "this view holds what is now, and no former states".to_owned(),
        Some(held) => format!("this view holds what was at {held}"),
    };
    let detail = format!("{is}; a materializer with --until {asked} builds a view of that position next to it, and answers there");
    let problem = Problem::new(StatusCode::NOT_FOUND, "no-history", "No history", detail).with("as_of", asked.to_string());
    match held {
        None => problem,
        Some(held) => problem.with("held", held.to_string()),
    }
}

/// The log cannot be reached, or not be read in time. The reason is for this service's log.
pub(crate) fn log_unavailable() -> Problem {
    let detail = "the log of events could not be read; the service's log says why".into();
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "log-unavailable", "The log cannot be read", detail)
}

pub(crate) fn out_of_time(seconds: u64) -> Problem {
    let detail = format!("the answer was not complete after {seconds} s; ask for less, or again when less is asked of this service");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "out-of-time", "Out of time", detail)
}
