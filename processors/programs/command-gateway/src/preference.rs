//! How a client wants to be answered: the header `Prefer` (RFC 7240).

use http_server::{HeaderName, Problem, Request};
use std::time::Duration;

pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How long a request waits for an outcome, whatever its client prefers.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(30);

/// What was preferred and is known here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Preference {
    pub(crate) is_async: bool,
    pub(crate) wait: Option<Duration>,
}

impl Preference {
    /// Reads the header. What is not known in it is ignored, as the RFC wants it; of a preference that is given twice, the first holds.
    pub(crate) fn of(request: &Request<'_>) -> Result<Self, Problem> {
        let expected = "preferences such as wait=10 or respond-async";
        let mut preference = Self::default();
        for text in request.list(&PREFER, expected)?.iter().flat_map(|list| list.split(',')) {
            // What follows a semicolon are parameters, of which these have none.
            let text = text.split(';').next().unwrap_or_default().trim();
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => preference.is_async = true,
                "wait" if preference.wait.is_none() => {
                    let seconds: Option<u64> = value.trim().trim_matches('"').parse().ok();
                    let seconds = seconds.ok_or_else(|| Problem::bad_parameter("Prefer", text, "wait=N with whole seconds"))?;
                    preference.wait = Some(Duration::from_secs(seconds).min(WAIT_MAX));
                }
                _ => {}
            }
        }
        Ok(preference)
    }

    /// What is said to have been applied, if anything was.
    pub(crate) fn applied(&self) -> Option<String> {
        let wait = self.wait.map(|wait| format!("wait={}", wait.as_secs()));
        let all: Vec<String> = self.is_async.then(|| "respond-async".to_owned()).into_iter().chain(wait).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

#[cfg(test)]
mod tests;
