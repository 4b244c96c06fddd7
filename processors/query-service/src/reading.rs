//! The words that questions are made of, read from parameters and paths: values of the domain, spans of time, pages.

use crate::cursor::{self, ListMark};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::route::Route;
use domain::{Instant, InvalidValue};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1000;
const LIMIT_EXPECTED: &str = "a number from 1 to 1000";

/// The instants of a question: `from` is in it, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) from: Option<Instant>,
    pub(crate) to: Option<Instant>,
}

impl Span {
    pub(crate) fn read(parameters: &Parameters<'_>) -> Result<Self, Problem> {
        let from = value(parameters, "from", Instant::parse)?;
        let to = value(parameters, "to", Instant::parse)?;
        match (from, to) {
            (Some(from), Some(to)) if to < from => Err(Problem::bad_parameter(
                "to",
                parameters.get("to").unwrap_or_default(),
                format!("an instant that is not before from, {from}"),
            )),
            _ => Ok(Self { from, to }),
        }
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: usize,
    /// The last key that was shown.
    pub(crate) after: Option<Vec<u8>>,
    list: ListMark,
}

impl Page {
    /// `list` is what the list is called, with the names in its path.
    pub(crate) fn read(list: &str, parameters: &Parameters<'_>) -> Result<Self, Problem> {
        let limit = parameters.read("limit", |text| match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
            _ => Err(LIMIT_EXPECTED),
        })?;
        let list = ListMark::new(list, parameters.sorted_without(&["limit", "cursor", "at_least"]));
        let after = parameters.read("cursor", |text| cursor::decode(list, text).ok_or(cursor::EXPECTED))?;
        Ok(Self {
            limit: limit.unwrap_or(LIMIT_DEFAULT),
            after,
            list,
        })
    }

    /// The cursor of the page after the one that ends with `last_key`.
    pub(crate) fn cursor(&self, last_key: &[u8]) -> String {
        cursor::encode(self.list, last_key)
    }
}

/// A parameter that is a value of the domain.
pub(crate) fn value<T>(
    parameters: &Parameters<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, Problem> {
    parameters.read(name, |text| parse(text).map_err(|invalid| invalid.expected))
}

/// A name in a path that is a value of the domain. What cannot be one is not a name of anything.
pub(crate) fn name<T>(name: &'static str, text: &str, parse: impl FnOnce(&str) -> Result<T, InvalidValue>) -> Result<T, Problem> {
    parse(text).map_err(|invalid| Problem::bad_parameter(name, text, invalid.expected))
}

/// `true` or `false`; absent is false.
pub(crate) fn flag(parameters: &Parameters<'_>, name: &'static str) -> Result<bool, Problem> {
    let read = parameters.read(name, |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false"),
    })?;
    Ok(read.unwrap_or(false))
}

/// What a list is called in its cursors.
pub(crate) fn list_name(route: &Route<'_>) -> String {
    match route {
        Route::Departures { code } | Route::Arrivals { code } => format!("{} {code}", route.template()),
        Route::Rotation { id } => format!("{} {id}", route.template()),
        Route::Airplane { registration } => format!("{} {registration}", route.template()),
        Route::Check { name } => format!("{} {name}", route.template()),
        _ => route.template().to_owned(),
    }
}
