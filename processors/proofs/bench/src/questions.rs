//! Questions about a schedule of 200,000 nodes: over HTTP compared with a route that answers a constant, and within the process.

use crate::Plan;
use crate::backlog::{Shape, leg_id, rotation_id};
use crate::http::Connection;
use crate::process::{Process, memory_mb};
use crate::rebuild::nodes;
use crate::report::{Report, Wanted};
use crate::served::Served;
use anyhow::{Context, ensure};
use domain::{LegId, RotationId};
use serde_json::Value;
use service::clock;
use std::path::Path;
use std::time::Duration;
use store::{Sizing, Store};
use views::Check;
use views::ask::{Filter, Span, leg, violations};

/// Requests that are under way at once.
const CONNECTIONS: usize = 16;
const CONSTANT: &str = "/health/live";
const CHECK_TEMPLATE: &str = "/checks/{check}";
const AIRPORT: &str = "/airports/HNL";
const AIRPORT_TEMPLATE: &str = "/airports/{code}";
const LEG_TEMPLATE: &str = "/rotations/{id}/legs/{leg}";
/// Coprime to the number of rotations: all are asked about, and neighbours are not asked about one after the other.
const STRIDE: u32 = 769;
/// What is wanted of answers a second as parts of those of a constant route, and of the reads of a check: decision 0042.
const POINT_PART_MIN: f64 = 0.70;
/// Of a check that is asked once: a scan for each of its violations.
const SCANNED_PART_MIN: f64 = 0.25;
const CHECK_US_MAX: f64 = 20.0;
const PAGE: Span<'_> = Span { after: None, limit: 500 };

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section("questions", "Questions to the materializer, over HTTP and within the process");
    let shape = nodes(plan);
    let served = Served::start(plan, report, "questions", &shape.commands()?)?;
    let materializer = &served.materializer;
    report.figure("nodes of the view", "", &[materializer.metric("aerolog_view_nodes")?]);
    report.doing("comparing every check and some legs with the plan");
    answers_are_right(materializer, shape)?;
    over_http(plan, report, materializer, shape)?;
    let resident = [memory_mb(materializer.pid(), "VmRSS")?];
    let resident = report.figure("resident memory after the questions", "MB", &resident);
    report.ratio("resident memory in MB", resident, Wanted::AtMost(200.0));
    report.figure("resident memory at its most", "MB", &[memory_mb(materializer.pid(), "VmHWM")?]);
    let state = served.stop()?;
    within(plan, report, &state.path().join(views::edition()), shape)
}

/// Rotations in an order without a pattern.
fn shuffled(shape: Shape) -> impl Iterator<Item = u32> {
    (0..shape.rotations).map(move |number| number * STRIDE % shape.rotations)
}

fn check_path(rotation: u32) -> String {
    format!("/checks/ground-time?rotation={}", rotation_id(rotation))
}

/// Of legs that are not rejected.
fn leg_path(rotation: u32) -> String {
    format!("/rotations/{}/legs/{}", rotation_id(rotation), leg_id(1))
}

fn answers_are_right(materializer: &Process, shape: Shape) -> anyhow::Result<()> {
    let mut connection = Connection::open(materializer.http())?;
    for rotation in 0..shape.rotations {
        let answer = connection.get(&check_path(rotation))?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        let found = body["violations"].as_array().context("no violations")?.len();
        let planned = shape.short_grounds(rotation);
        ensure!(
            answer.status == 200 && found == planned,
            "rotation {rotation}: {found} violations, not {planned}"
        );
        let answer = connection.get(&leg_path(rotation))?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        ensure!(answer.status == 200 && body["id"] == leg_id(1), "rotation {rotation}: {body}");
    }
    Ok(())
}

/// How the process comes by its answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Each is worked out: no question is the same as another.
    Once,
    /// At an unchanged position, so that they are kept from the first time on.
    Again,
}

fn over_http(plan: &Plan, report: &mut Report, materializer: &Process, shape: Shape) -> anyhow::Result<()> {
    let lasts = Duration::from_millis(if plan.quick { 200 } else { 3000 });
    let (checks, legs) = (
        shuffled(shape).map(check_path).collect::<Vec<_>>(),
        shuffled(shape).map(leg_path).collect::<Vec<_>>(),
    );
    let airports = vec![AIRPORT.to_owned()];
    let questions = [
        ("constant", CONSTANT, vec![CONSTANT.to_owned()], Asked::Again),
        ("point check", CHECK_TEMPLATE, checks.clone(), Asked::Once),
        ("point check, asked again", CHECK_TEMPLATE, checks, Asked::Again),
        ("airport", AIRPORT_TEMPLATE, airports.clone(), Asked::Once),
        ("airport, asked again", AIRPORT_TEMPLATE, airports, Asked::Again),
        ("leg with its neighbours", LEG_TEMPLATE, legs, Asked::Once),
    ];
    let mut rounds: [Vec<Round>; 6] = [const { Vec::new() }; 6];
    let mut number = 0;
    for repetition in 0..plan.repetitions {
        report.doing(&format!("asking over HTTP, repetition {}", repetition + 1));
        for ((_, template, paths, asked), rounds) in questions.iter().zip(&mut rounds) {
            let mut paths = paths.iter().cycle();
            let next = || {
                let path = paths.next().map_or("", String::as_str);
                match asked {
                    Asked::Again => path.to_owned(),
                    Asked::Once => {
                        // The view has come to these sequences, which make another question each time.
                        number += 1;
                        let separator = if path.contains('?') { '&' } else { '?' };
                        format!(
                            "{path}{separator}at_least=0:{},1:{},2:{}",
                            number % 100,
                            number / 100 % 100,
                            number / 10_000
                        )
                    }
                }
            };
            rounds.push(ask(materializer, template, next, lasts)?);
        }
    }
    let mut rates = Vec::new();
    for ((name, ..), rounds) in questions.iter().zip(&rounds) {
        let of = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
        rates.push(report.figure(&format!("{name}: answers"), "/s", &of(|round| round.answers / round.seconds)));
        report.figure(
            &format!("{name}: CPU of the process for an answer"),
            "us",
            &of(|round| round.cpu_seconds / round.answers * 1e6),
        );
        report.figure(
            &format!("{name}: from request to answer in the process"),
            "us",
            &of(|round| round.inside_us),
        );
    }
    report.ratio(
        "point check / constant: answers/s",
        rates[1] / rates[0],
        Wanted::AtLeast(SCANNED_PART_MIN),
    );
    report.ratio(
        "point check, asked again / constant: answers/s",
        rates[2] / rates[0],
        Wanted::AtLeast(POINT_PART_MIN),
    );
    report.ratio(
        "airport / constant: answers/s",
        rates[3] / rates[0],
        Wanted::AtLeast(POINT_PART_MIN),
    );
    Ok(())
}

struct Round {
    answers: f64,
    seconds: f64,
    cpu_seconds: f64,
    /// As the process itself measures it, on average.
    inside_us: f64,
}

fn ask(materializer: &Process, template: &str, mut next: impl FnMut() -> String, lasts: Duration) -> anyhow::Result<Round> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(materializer.http())?);
    }
    let label = format!("route=\"{template}\"");
    let spent = |what: &str| materializer.metric_where(&format!("aerolog_http_request_seconds_{what}"), &label);
    let (sum_before, count_before) = (spent("sum")?, spent("count")?);
    let (began, cpu_began) = (clock::monotonic(), materializer.cpu_seconds()?);
    let mut answers = 0;
    while began.elapsed() < lasts {
        for connection in &mut connections {
            connection.ask(&next())?;
        }
        for connection in &mut connections {
            ensure!(connection.answer()?.status == 200, "a question was not answered");
            answers += 1;
        }
    }
    let (seconds, cpu_seconds) = (began.elapsed().as_secs_f64(), materializer.cpu_seconds()? - cpu_began);
    let counted = spent("count")? - count_before;
    ensure!(
        counted == f64::from(answers),
        "the process has counted {counted} of {answers} answers"
    );
    Ok(Round {
        answers: f64::from(answers),
        seconds,
        cpu_seconds,
        inside_us: (spent("sum")? - sum_before) / counted * 1e6,
    })
}

/// The same questions to the same directory, as the query service asks them, without HTTP and JSON.
fn within(plan: &Plan, report: &mut Report, directory: &Path, shape: Shape) -> anyhow::Result<()> {
    let view = Store::open(directory, Sizing::default())?;
    let mut questions = Vec::new();
    for rotation in shuffled(shape) {
        let id = RotationId::parse(&rotation_id(rotation))?;
        let filter = Filter {
            rotation: Some(id.clone()),
            ..Filter::default()
        };
        questions.push((id, filter, shape.short_grounds(rotation)));
    }
    let first_leg = LegId::parse(&leg_id(1))?;
    let (mut checks, mut legs) = (Vec::new(), Vec::new());
    // The first round warms up.
    for _ in 0..=plan.repetitions {
        let began = clock::monotonic();
        for (_, filter, planned) in &questions {
            let found = violations(&view.snapshot(), Check::GroundTime, filter, PAGE)?.items.len();
            ensure!(found == *planned, "{found} violations, not {planned}");
        }
        checks.push(began.elapsed().as_secs_f64() / questions.len() as f64 * 1e6);
        let began = clock::monotonic();
        for (id, ..) in &questions {
            ensure!(leg(&view.snapshot(), id, &first_leg)?.is_some(), "a leg is missing");
        }
        legs.push(began.elapsed().as_secs_f64() / questions.len() as f64 * 1e6);
    }
    let check = report.figure("point check within the process", "us", &checks[1..]);
    report.figure("leg within the process", "us", &legs[1..]);
    report.ratio("point check within the process in us", check, Wanted::AtMost(CHECK_US_MAX));
    Ok(())
}
