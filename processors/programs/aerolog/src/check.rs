//! `aerolog check`: asks the query service what is wrong with the schedule, and prints a table or JSON.

use anyhow::bail;
use clap::{Args, ValueEnum};
use command_line::{Answer, Query, Verdict, complain, say};
use serde_json::Value;
use std::time::Duration;

#[derive(Args)]
pub(crate) struct Arguments {
    /// What is checked; all of them if none is named
    #[arg(value_enum)]
    checks: Vec<Check>,
    /// The query service's address
    #[arg(long, env = "AEROLOG_QUERY_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    #[arg(long)]
    rotation: Option<String>,
    /// Only rotations whose id begins so
    #[arg(long)]
    rotation_prefix: Option<String>,
    #[arg(long)]
    airplane: Option<String>,
    #[arg(long)]
    airport: Option<String>,
    /// RFC 3339
    #[arg(long)]
    from: Option<String>,
    /// RFC 3339, excluded
    #[arg(long)]
    to: Option<String>,
    /// Wait until the view has reached this position (partition:sequence,…), such as an outcome names
    #[arg(long, value_name = "POSITION")]
    at_least: Option<String>,
    /// Compare the index with a full recomputation
    #[arg(long)]
    recompute: bool,
    /// Violations shown of each check, read page by page
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Only how many there are
    #[arg(long)]
    count: bool,
    /// The answers as they are, one a line
    #[arg(long, conflicts_with = "count")]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Check {
    RotationContinuity,
    Overlap,
    GroundTime,
    FlightDesignator,
    RotationSeam,
    UnknownReference,
}

/// Longer than the service takes for its longest question.
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(100);

/// What one request gives at most.
const PAGE_MAX: u64 = 1000;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let query = Query::new(&arguments.url, REQUEST_WAIT_MAX)?;
    let checks = if arguments.checks.is_empty() {
        Check::value_variants()
    } else {
        &arguments.checks
    };
    let mut verdict = Verdict::Fine;
    for check in checks {
        let name = check
            .to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default();
        let answer = collect(arguments.limit, &name, |limit, cursor| {
            page(&query, arguments, &name, limit, cursor)
        })?;
        if arguments.json {
            say(&answer)?;
        } else {
            show(arguments, &name, &answer)?;
        }
        if answer.pointer("/recomputed/agrees") == Some(&Value::Bool(false)) {
            complain(format_args!(
                "{name}: the index differs from a full recomputation; please report it, and rebuild the view"
            ));
            verdict = Verdict::Differs;
        }
    }
    Ok(verdict)
}

/// One page, beginning at a cursor. Only the first asks for a recomputation.
fn page(query: &Query, arguments: &Arguments, name: &str, limit: u64, cursor: Option<&str>) -> anyhow::Result<Answer> {
    let given = [
        ("rotation", &arguments.rotation),
        ("rotation_prefix", &arguments.rotation_prefix),
        ("airplane", &arguments.airplane),
        ("airport", &arguments.airport),
        ("from", &arguments.from),
        ("to", &arguments.to),
        ("at_least", &arguments.at_least),
    ];
    let mut asked: Vec<(&str, String)> = given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
    asked.push(("limit", limit.to_string()));
    if arguments.recompute {
        asked.push(("recompute", "true".to_owned()));
    }
    if let Some(cursor) = cursor {
        asked.push(("cursor", cursor.to_owned()));
    }
    query.ask_for_success(&format!("/checks/{name}"), &asked)
}

/// One document with as many violations as asked for, from as many pages as that takes.
fn collect(limit: u64, name: &str, mut page: impl FnMut(u64, Option<&str>) -> anyhow::Result<Answer>) -> anyhow::Result<Value> {
    let first = page(limit.min(PAGE_MAX), None)?;
    let mut document = first.body;
    loop {
        let shown = document.get("violations").and_then(Value::as_array).map_or(0, Vec::len) as u64;
        let cursor = document.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        let Some(cursor) = cursor.filter(|_| shown < limit) else {
            return Ok(document);
        };
        let mut next = page((limit - shown).min(PAGE_MAX), Some(&cursor))?;
        if next.position != first.position {
            complain(format_args!(
                "{name}: the view went on while it was read; ask again, with --at-least if need be, for one moment"
            ));
        }
        let violations = next.body.get_mut("violations").map(Value::take);
        let Some(Value::Array(violations)) = violations else {
            bail!("{name}: a page holds no list of violations");
        };
        if let Some(Value::Array(all)) = document.get_mut("violations") {
            all.extend(violations);
        }
        document["next_cursor"] = next.body.get("next_cursor").cloned().unwrap_or(Value::Null);
    }
}

fn show(arguments: &Arguments, name: &str, answer: &Value) -> std::io::Result<()> {
    let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
    let is_least = answer.get("total_relation").and_then(Value::as_str) == Some("at-least");
    let or_more = if is_least { " or more" } else { "" };
    say(format_args!("{name:20} {total:>8}{or_more}"))?;
    if arguments.count {
        return Ok(());
    }
    let violations = answer.get("violations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for violation in violations {
        say(format_args!("    {}", line(violation)))?;
    }
    let more = total.saturating_sub(violations.len() as u64);
    if more > 0 {
        let all = if is_least { "them" } else { "them all" };
        say(format_args!("    … {more} more; --limit {total} shows {all}"))?;
    }
    Ok(())
}

/// Names and values of the flat fields; what is nested is for --json.
fn line(violation: &Value) -> String {
    let Some(fields) = violation.as_object() else {
        return violation.to_string();
    };
    let flat = fields.iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some(format!("{name}={text}")),
        Value::Number(number) => Some(format!("{name}={number}")),
        Value::Bool(flag) => Some(format!("{name}={flag}")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    flat.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
