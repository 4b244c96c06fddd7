//! A problem of a value, and where in it.

use std::fmt;

/// What was sent is quoted in outcomes and dead letters, and must not make them larger than the record that they answer.
const REASON_CHARS_MAX: usize = 300;
const NAME_CHARS_MAX: usize = 80;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The bytes or the text are no such value.
    Malformed,
    /// The value can be read, but one field holds what it may not.
    Invalid,
}

/// A problem finds its path on the way out: each level that it passes puts its own name in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// Such as `payload.AddLegs.legs[3].origin`; empty for the value as a whole.
    pub(crate) path: String,
    /// What the path is said to do (`is missing`) if malformed, a sentence of its own if invalid.
    pub(crate) reason: String,
}

impl Problem {
    pub(crate) fn malformed(reason: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Malformed,
            path: String::new(),
            reason: shortened(reason.to_string(), REASON_CHARS_MAX),
        }
    }

    pub(crate) fn invalid(reason: impl fmt::Display) -> Self {
        Self {
            kind: Kind::Invalid,
            ..Self::malformed(reason)
        }
    }

    /// It is within the field or the union branch `name`.
    pub(crate) fn within(mut self, name: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        let name = shortened(name.to_owned(), NAME_CHARS_MAX);
        self.path = format!("{name}{dot}{}", self.path);
        self
    }

    /// It is within the item at `index` of an array.
    pub(crate) fn at(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the value" } else { &self.path };
        match self.kind {
            Kind::Malformed => write!(f, "{path} {}", self.reason),
            Kind::Invalid => write!(f, "{path}: {}", self.reason),
        }
    }
}

/// At most `chars_max` characters of a text, and an ellipsis for the rest.
pub(crate) fn shortened(mut text: String, chars_max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars_max) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Names the field in which a reader failed.
pub(crate) trait Within {
    fn within(self, name: &str) -> Self;
}

impl<T> Within for Result<T, Problem> {
    fn within(self, name: &str) -> Self {
        self.map_err(|problem| problem.within(name))
    }
}
