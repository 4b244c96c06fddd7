//! The words that questions are made of, read from parameters and paths: values of the domain, windows of time.

use crate::ask::Time;
use crate::graph::{EdgeKind, NODE_ID_EXPECTED, NodeId};
use application::{Asked, Refusal};
use domain::{Instant, InvalidValue};
use std::ops::RangeInclusive;

/// The instants of a question: `from` is in it, `to` is not.
pub(crate) fn time(asked: &Asked<'_>) -> Result<Time, Refusal> {
    let from = value(asked, "from", Instant::parse)?;
    let to = value(asked, "to", Instant::parse)?;
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(Refusal::bad_parameter(
            "to",
            asked.given("to").unwrap_or_default(),
            format!("an instant that is not before from, {from}"),
        )),
        _ => Ok(Time { from, to }),
    }
}

/// A parameter that is a value of the domain.
pub(crate) fn value<T>(
    asked: &Asked<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, Refusal> {
    asked.parameter(name, |text| parse(text).map_err(|invalid| invalid.expected))
}

/// A name in a path that is a value of the domain.
pub(crate) fn name<T>(asked: &Asked<'_>, name: &'static str, parse: impl FnOnce(&str) -> Result<T, InvalidValue>) -> Result<T, Refusal> {
    asked.name(name, |text| parse(text).map_err(|invalid| invalid.expected))
}

/// A node id.
pub(crate) fn node(text: &str) -> Result<NodeId, &'static str> {
    NodeId::parse(text).map_err(|_| NODE_ID_EXPECTED)
}

/// Kinds of edges, by name, with commas between; all of them where none is named.
pub(crate) fn edge_kinds(asked: &Asked<'_>) -> Result<Vec<EdgeKind>, Refusal> {
    let named = asked.parameter("edges", |text| {
        let kinds = text.split(',').map(EdgeKind::named);
        kinds.collect::<Option<Vec<_>>>().ok_or_else(|| {
            let names = EdgeKind::ALL.map(EdgeKind::name).join(", ");
            format!("names with commas between, of {names}")
        })
    })?;
    Ok(named.unwrap_or_else(|| EdgeKind::ALL.to_vec()))
}

/// A parameter that a question cannot do without.
pub(super) fn required<T>(
    asked: &Asked<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
    expected: &'static str,
) -> Result<T, Refusal> {
    value(asked, name, parse)?.ok_or_else(|| Refusal::bad_parameter(name, "", expected))
}

/// A parameter that is a whole number of a range.
pub(super) fn number(asked: &Asked<'_>, name: &'static str, range: RangeInclusive<u32>) -> Result<Option<u32>, Refusal> {
    asked.parameter(name, |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("a whole number from {} to {}", range.start(), range.end())),
    })
}
