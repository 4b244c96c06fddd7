//! The words that questions are made of, read from parameters and paths: values of the domain, spans of time, pages.

use crate::cursor::{self, ListMark};
use crate::route::Route;
use domain::{Instant, InvalidValue};
use http_server::{Parameters, Problem};
use views::ask::{Page, Span, Time};

/// A month of an airplane's legs fits.
const LIMIT_DEFAULT: usize = 500;
const LIMIT_MAX: usize = 1000;
const LIMIT_EXPECTED: &str = "a number from 1 to 1000";

/// The instants of a question: `from` is in it, `to` is not.
pub(crate) fn time(parameters: &Parameters<'_>) -> Result<Time, Problem> {
    let from = value(parameters, "from", Instant::parse)?;
    let to = value(parameters, "to", Instant::parse)?;
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(Problem::bad_parameter(
            "to",
            parameters.get("to").unwrap_or_default(),
            format!("an instant that is not before from, {from}"),
        )),
        _ => Ok(Time { from, to }),
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paging {
    limit: usize,
    /// The last key that was shown.
    after: Option<Vec<u8>>,
    list: ListMark,
}

impl Paging {
    /// Of the list of a route, as far as its parameters say.
    pub(crate) fn read(route: &Route<'_>, parameters: &Parameters<'_>) -> Result<Self, Problem> {
        let limit = parameters.read("limit", |text| match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
            _ => Err(LIMIT_EXPECTED),
        })?;
        let list = ListMark::new(&list_name(route), parameters.sorted_without(&["limit", "cursor", "at_least"]));
        let after = parameters.read("cursor", |text| cursor::decode(list, text).ok_or(cursor::EXPECTED))?;
        Ok(Self {
            limit: limit.unwrap_or(LIMIT_DEFAULT),
            after,
            list,
        })
    }

    pub(crate) fn span(&self) -> Span<'_> {
        Span {
            after: self.after.as_deref(),
            limit: self.limit,
        }
    }

    /// Whether this is the first page.
    pub(crate) fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// The cursor of the page that follows `page`, if any.
    pub(crate) fn next<T>(&self, page: &Page<T>) -> Option<String> {
        page.next.as_deref().map(|last_key| cursor::encode(self.list, last_key))
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
fn list_name(route: &Route<'_>) -> String {
    let template = route.template();
    match route {
        Route::Departures { code } | Route::Arrivals { code } | Route::Board { code } => format!("{template} {code}"),
        Route::Rotation { id } => format!("{template} {id}"),
        Route::Airplane { registration } => format!("{template} {registration}"),
        Route::Check { check } => format!("{template} {}", check.name()),
        Route::Rotations
        | Route::Leg { .. }
        | Route::Airplanes
        | Route::Airports
        | Route::Airport { .. }
        | Route::Legs
        | Route::Position
        | Route::Live
        | Route::Ready
        | Route::Metrics => template.to_owned(),
    }
}
