//! The routes of a view, a question as it was asked, and the reasons for refusing it.

use crate::Paging;
use keyvalue::ReadError;
use std::borrow::Cow;

/// One thing that can be asked of a view.
#[derive(Debug)]
pub struct Route<Q: 'static> {
    /// Such as `/accounts/{id}`; each name in braces is a name in the path.
    pub template: &'static str,
    /// The parameters of the query that it takes. A list that is asked for in pages takes `limit` and `cursor`.
    pub parameters: &'static [&'static str],
    /// Reads the question.
    pub question: fn(&Asked<'_>) -> Result<Q, Refusal>,
}

/// How much there is to read for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A few keys: answered at once, where it is asked.
    Point,
    /// A page of neighbouring keys.
    Page,
    /// As many keys as a budget allows, for those of them that pass a filter.
    Search,
    /// From node to node along edges, as many keys as a budget allows.
    Traversal,
    /// Everything in the view.
    FullScan,
    /// A few keys, and a bounded number of events of the log.
    Log,
}

/// A question as it was asked: the names in its path and its parameters, all of them decoded and known to its route.
#[derive(Debug)]
pub struct Asked<'q> {
    template: &'static str,
    names: &'q [(&'static str, Cow<'q, str>)],
    parameters: Vec<(&'q str, &'q str)>,
}

impl<'q> Asked<'q> {
    /// `parameters` are sorted by name, each at most once, without the minimum position.
    pub fn new(template: &'static str, names: &'q [(&'static str, Cow<'q, str>)], parameters: Vec<(&'q str, &'q str)>) -> Self {
        Self {
            template,
            names,
            parameters,
        }
    }

    /// A name in the path as it was given; empty where the template does not have it.
    pub fn text(&self, name: &str) -> &str {
        let found = self.names.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// A name in the path, read by `read`, which says what it expected when it refuses.
    ///
    /// # Errors
    /// A refusal that says what was expected: what cannot be a name is not a name of anything.
    pub fn name<T, E: Into<String>>(&self, name: &'static str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<T, Refusal> {
        let given = self.text(name);
        read(given).map_err(|expected| Refusal::bad_parameter(name, given, expected))
    }

    /// A parameter as it was given.
    pub fn given(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }

    /// A parameter, read by `read`, which says what it expected when it refuses; `None` where it was not given.
    ///
    /// # Errors
    /// A refusal that names the parameter and what was expected.
    pub fn parameter<T, E: Into<String>>(&self, name: &'static str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, Refusal> {
        let read = |given| read(given).map_err(|expected| Refusal::bad_parameter(name, given, expected));
        self.given(name).map(read).transpose()
    }

    /// A parameter that is `true` or `false`; absent is false.
    ///
    /// # Errors
    /// A refusal of anything else.
    pub fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        let read = self.parameter(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false"),
        })?;
        Ok(read.unwrap_or(false))
    }

    /// Which part of a list is asked for, by the parameters `limit` and `cursor`.
    ///
    /// # Errors
    /// A refusal of a limit or a cursor that cannot be.
    pub fn paging(&self) -> Result<Paging, Refusal> {
        Paging::read(self)
    }

    /// What a list is called in its cursors.
    pub(crate) fn list_name(&self) -> String {
        let values = self.names.iter().map(|(_, value)| value.as_ref());
        Vec::from_iter(std::iter::once(self.template).chain(values)).join(" ")
    }

    /// What decides which items a list has: all parameters but those that say which part of it is asked for.
    pub(crate) fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .copied()
            .filter(|(name, _)| !["limit", "cursor"].contains(name))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The view does not have it, at this position.
    NotFound { what: &'static str, id: String },
    /// A name in the path or a parameter cannot be read.
    BadParameter {
        name: &'static str,
        given: String,
        expected: String,
    },
    /// A name in the path is none of those that there are.
    NoSuchRoute,
    /// An answer would take more than it may, and what to ask for instead.
    BudgetExceeded(String),
    /// The log cannot be read now, and why. Not for the client.
    LogUnavailable(String),
    /// The view cannot be read. Not for the client.
    Unreadable(ReadError),
    /// A bug, and where. Not for the client.
    Internal(String),
}

impl Refusal {
    pub fn not_found(what: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { what, id: id.into() }
    }

    pub fn bad_parameter(name: &'static str, given: &str, expected: impl Into<String>) -> Self {
        Self::BadParameter {
            name,
            given: given.to_owned(),
            expected: expected.into(),
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error)
    }
}
