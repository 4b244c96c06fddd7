//! The parts of the process whose condition `/health/ready` tells, those of each view apart from those of the others.

use service::{Health, State};

/// Follows the log and writes the view.
pub(crate) const VIEW: &str = "view";
/// Waits for the brokers.
pub(crate) const KAFKA: &str = "kafka";
/// Waits for the schema registry.
pub(crate) const REGISTRY: &str = "schema-registry";
/// Holds the view's files.
pub(crate) const FILES: &str = "files";

/// One partition of the view.
pub(crate) fn partition(partition: u32) -> String {
    format!("view partition {partition}")
}

/// The condition of one view, as itself and as a part of its process.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    view: Health,
    process: Health,
    /// What the parts are called in the process; nothing where it has no other view.
    prefix: String,
    /// Whether the process waits for this view: another version of a view may be built while the current one answers.
    is_waited_for: bool,
}

impl Condition {
    /// `edition` where the process has several views.
    pub(crate) fn new(process: Health, edition: Option<&str>, is_waited_for: bool) -> Self {
        Self {
            view: Health::default(),
            process,
            prefix: edition.map_or_else(String::new, |edition| format!("{edition}: ")),
            is_waited_for,
        }
    }

    pub(crate) fn set(&self, part: &str, state: State) {
        let of_process = match &state {
            State::Waiting(_) if !self.is_waited_for => State::Ready,
            State::Ready | State::Waiting(_) | State::Dead(_) => state.clone(),
        };
        self.process.set(&format!("{}{part}", self.prefix), of_process);
        self.view.set(part, state);
    }

    pub(crate) fn remove(&self, part: &str) {
        self.process.remove(&format!("{}{part}", self.prefix));
        self.view.remove(part);
    }

    /// What keeps the view from being ready; `None` where nothing does.
    pub(crate) fn not_ready(&self) -> Option<String> {
        let reasons = self.view.not_ready();
        let reasons: Vec<String> = reasons.iter().map(|(part, why)| format!("{part}: {why}")).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

#[cfg(test)]
mod tests;
