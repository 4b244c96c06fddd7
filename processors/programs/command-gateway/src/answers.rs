//! From an outcome to an answer, and what is said where there is none.

use crate::preference::{PREFERENCE_APPLIED, Preference};
use crate::sent::Sent;
use command_client::{Answer as Decided, Place, SendError, WaitError, outcome_json};
use decider::{EXPECTED_VERSION, Outcome};
use http_server::{Answer, HeaderValue, JSON, Problem, StatusCode, X_POSITION, header, percent_encode};
use serde_json::json;
use uuid::Uuid;

/// What an answer to a command depends on, apart from its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The version, if any, stood in the command.
    InCommand,
    /// It stood in the header If-Match, whose answer is another one (RFC 9110, 13.1.1).
    InHeader,
}

/// The answer to a command that was decided, or that turned out to be none.
pub(crate) fn of_decided(decided: &Decided, expected: Expected) -> Answer {
    match decided {
        Decided::Outcome { partition, outcome } => of_outcome(*partition, outcome, expected),
        Decided::DeadLetter { reason, .. } => crate::incoming::no_command(reason).into(),
    }
}

fn of_outcome(partition: u32, outcome: &Outcome, expected: Expected) -> Answer {
    let answer = match &outcome.rejection {
        None => Answer::new(JSON, line(&outcome_json(partition, outcome))),
        Some(rejection) => {
            let (status, kind, title) = match (rejection.rule == EXPECTED_VERSION, expected) {
                (true, Expected::InCommand) => (StatusCode::CONFLICT, "other-version", "Other version"),
                (true, Expected::InHeader) => (StatusCode::PRECONDITION_FAILED, "other-version", "Other version"),
                (false, _) => (StatusCode::UNPROCESSABLE_ENTITY, "rejected", "Rejected"),
            };
            let problem = Problem::new(status, kind, title, rejection.message.clone())
                .with("rule", rejection.rule.as_str())
                .with("facts", json!(rejection.facts))
                .with("outcome", outcome_json(partition, outcome));
            problem.into()
        }
    };
    let position = HeaderValue::try_from(format!("{partition}:{}", outcome.sequence));
    let version = HeaderValue::try_from(format!("\"{}\"", outcome.version));
    [(X_POSITION, position), (header::ETAG, version)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.ok()?)))
        .fold(answer, |answer, (name, value)| answer.with_header(name, value))
}

/// The broker has the command, and its outcome is not known yet.
pub(crate) fn pending(command: &Sent, place: Place) -> Answer {
    let location = location(command.command_id, &command.aggregate_id);
    let body = json!({
        "command_id": command.command_id.to_string(),
        "aggregate_id": command.aggregate_id,
        "status": "pending",
        "partition": place.partition,
        "command_offset": place.offset,
        "outcome": location,
    });
    let answer = Answer::new(JSON, line(&body)).with_status(StatusCode::ACCEPTED);
    match HeaderValue::try_from(location) {
        Ok(location) => answer.with_header(header::LOCATION, location),
        Err(_) => answer,
    }
}

/// Says which preferences were applied.
pub(crate) fn with_preference(answer: Answer, preference: &Preference) -> Answer {
    match preference.applied().and_then(|applied| HeaderValue::try_from(applied).ok()) {
        Some(applied) => answer.with_header(PREFERENCE_APPLIED, applied),
        None => answer,
    }
}

/// Where an outcome can be asked for later.
fn location(command_id: Uuid, aggregate_id: &str) -> String {
    format!("/commands/{command_id}?aggregate_id={}", percent_encode(aggregate_id))
}

/// Nothing of the command is in the log.
pub(crate) fn not_sent(error: &SendError) -> Problem {
    match error {
        SendError::Busy { .. } => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-commands",
            "Too many commands",
            error.to_string(),
        ),
        SendError::NotFollowing { .. } | SendError::Write(_) => Problem::not_ready(&error.to_string()),
    }
}

/// What became of the command is not known here. To send it again is safe, and its id is needed for that.
pub(crate) fn unknown(command_id: Uuid, reason: &str) -> Problem {
    let detail =
        format!("{reason}. Send the same command again with the same command id: it is decided once, and answered with its outcome");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown", "Outcome unknown", detail).with("command_id", command_id.to_string())
}

pub(crate) fn wait_failed(command_id: Uuid, error: &WaitError) -> Problem {
    unknown(command_id, &error.to_string())
}

/// No outcome of this command came to this process within its memory.
pub(crate) fn no_outcome(command_id: Uuid) -> Problem {
    let detail = format!(
        "no outcome of command {command_id} is known here: it was not decided yet, or more outcomes have come since than are kept. The same \
         command, sent again under its id, is answered with its outcome for 7 days"
    );
    Problem::new(StatusCode::NOT_FOUND, "no-outcome", "No outcome", detail).with("command_id", command_id.to_string())
}

fn line(document: &serde_json::Value) -> Vec<u8> {
    format!("{document}\n").into_bytes()
}

#[cfg(test)]
mod tests;
