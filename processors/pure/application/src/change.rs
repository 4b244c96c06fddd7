//! The changes that a view sends to its followers.

use serde::Serialize;

/// One change. Followers see it under its kind, with its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// One of [`View::CHANGE_KINDS`](crate::View::CHANGE_KINDS).
    pub kind: &'static str,
    /// What it is about, by name and value. Followers filter changes by these.
    pub about: Vec<(&'static str, String)>,
    /// JSON on one line.
    pub document: Vec<u8>,
}

/// A name by whose values followers ask for changes.
#[derive(Debug, Clone, Copy)]
pub struct ChangeFilter {
    pub name: &'static str,
    /// Refuses what is no value of it, and says what was expected.
    pub check: fn(&str) -> Result<(), &'static str>,
}

/// The name of an aggregate, by which the changes of every view can be asked for.
pub const AGGREGATE: ChangeFilter = ChangeFilter {
    name: "aggregate",
    check: |text| if text.is_empty() { Err("the id of an aggregate") } else { Ok(()) },
};

/// The kind of changes of views that do not name theirs.
pub const EVENT: &str = "event";

impl Change {
    /// # Errors
    /// When the document cannot be written as JSON, which is a bug.
    pub fn new(kind: &'static str, about: Vec<(&'static str, String)>, document: &impl Serialize) -> Result<Self, String> {
        Ok(Self {
            kind,
            about,
            document: serde_json::to_vec(document).map_err(|error| format!("a change could not be written as JSON: {error}"))?,
        })
    }

    /// Whether it is about one of these values.
    pub fn is_about(&self, name: &str, values: &[String]) -> bool {
        self.about.iter().any(|(known, value)| *known == name && values.contains(value))
    }
}
