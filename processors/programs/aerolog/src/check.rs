//! `aerolog check`: asks the query service what is wrong with the schedule, and prints a table or JSON.

use crate::{Verdict, say};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
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
    /// Violations shown of each check
    #[arg(long, default_value_t = 10)]
    limit: usize,
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

const REQUEST_WAIT_MAX: Duration = Duration::from_secs(60);

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let http = reqwest::blocking::Client::builder().timeout(REQUEST_WAIT_MAX).build()?;
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
        let answer = ask(&http, arguments, &name)?;
        if arguments.json {
            say(&answer)?;
        } else {
            show(arguments, &name, &answer)?;
        }
        if answer.pointer("/recomputed/agrees") == Some(&Value::Bool(false)) {
            eprintln!("aerolog: {name}: the index differs from a full recomputation; please report it, and rebuild the view");
            verdict = Verdict::Differs;
        }
    }
    Ok(verdict)
}

fn ask(http: &reqwest::blocking::Client, arguments: &Arguments, name: &str) -> anyhow::Result<Value> {
    let url = format!("{}/checks/{name}", arguments.url.trim_end_matches('/'));
    let given = [
        ("rotation", &arguments.rotation),
        ("rotation_prefix", &arguments.rotation_prefix),
        ("airplane", &arguments.airplane),
        ("airport", &arguments.airport),
        ("from", &arguments.from),
        ("to", &arguments.to),
        ("at_least", &arguments.at_least),
    ];
    let mut query: Vec<(&str, String)> = given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
    query.push(("limit", arguments.limit.clamp(1, 1000).to_string()));
    if arguments.recompute {
        query.push(("recompute", "true".to_owned()));
    }
    let target = reqwest::Url::parse_with_params(&url, &query).with_context(|| format!("{url} is no address"))?;
    let response = http
        .get(target)
        .send()
        .with_context(|| format!("{url}: is a materializer running there?"))?;
    let status = response.status();
    let body: Value = response.json().with_context(|| format!("{url} does not answer in JSON"))?;
    if !status.is_success() {
        let said = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        bail!("{url}: {status}: {} {}", said("title"), said("detail"));
    }
    Ok(body)
}

fn show(arguments: &Arguments, name: &str, answer: &Value) -> std::io::Result<()> {
    let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
    say(format_args!("{name:20} {total:>8}"))?;
    if arguments.count {
        return Ok(());
    }
    let violations = answer.get("violations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for violation in violations {
        say(format_args!("    {}", line(violation)))?;
    }
    if (violations.len() as u64) < total {
        say(format_args!("    … {} more; --limit shows them", total - violations.len() as u64))?;
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
