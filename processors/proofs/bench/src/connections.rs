//! Connections within a day of a schedule of 200,000 nodes, with at most three legs, one question after the other.

use crate::Plan;
use crate::http::Connection;
use crate::network::{BEGIN_MS, DAY_MS, HUBS, Network, SPOKES, code};
use crate::report::{Percentiles, Report, Wanted};
use anyhow::{Context, ensure};
use domain::Instant;
use serde_json::Value;
use service::clock;
use std::collections::BTreeMap;

const QUESTIONS: u32 = 400;
/// Coprime to the number of spokes: all pairs come up.
const STRIDE: u32 = 7;

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "connections",
        "Connections between airports within a day, with at most three legs, over HTTP",
    );
    let network = Network::of(plan);
    let served = network.served(plan, report, "connections")?;
    report.figure("nodes of the view", "", &[served.materializer.metric("aerolog_view_nodes")?]);
    let mut connection = Connection::open(served.materializer.http())?;
    let questions: Vec<String> = (0..QUESTIONS).map(|number| question(network, number)).collect();
    // The first round warms up, and looks at what is answered.
    let mut by_legs = BTreeMap::new();
    for question in &questions {
        for legs in legs_of(&connection.get(question)?.body)? {
            *by_legs.entry(legs).or_insert(0_u32) += 1;
        }
    }
    for legs in 1..=3 {
        let found = by_legs.get(&legs).copied().unwrap_or(0);
        report.figure(
            &format!("connections of {legs} legs among {QUESTIONS} answers"),
            "",
            &[found.into()],
        );
    }
    ensure!(
        by_legs.values().sum::<u32>() >= QUESTIONS / 2,
        "few connections were found: {by_legs:?}"
    );
    let (mut medians, mut slowest, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("asking, repetition {}", repetition + 1));
        let mut spent_ms = Vec::new();
        let cpu_began = served.materializer.cpu_seconds()?;
        for question in &questions {
            let began = clock::monotonic();
            let answer = connection.get(question)?;
            spent_ms.push(began.elapsed().as_secs_f64() * 1e3);
            ensure!(answer.status == 200, "a question was not answered");
        }
        cpu.push((served.materializer.cpu_seconds()? - cpu_began) / f64::from(QUESTIONS) * 1e3);
        let spent = Percentiles::of(spent_ms);
        medians.push(spent.p50_ms);
        slowest.push(spent.p99_ms);
    }
    let median = report.figure("connections: answer, p50", "ms", &medians);
    report.figure("connections: answer, p99", "ms", &slowest);
    report.figure("connections: CPU of the process for an answer", "ms", &cpu);
    report.ratio("connections: answer, p50, in ms", median, Wanted::AtMost(5.0));
    served.stop()?;
    Ok(())
}

/// From one spoke to another, on any day but the last, which has no evening after it.
fn question(network: Network, number: u32) -> String {
    let from = number % SPOKES;
    let to = (from + 1 + number * STRIDE % (SPOKES - 1)) % SPOKES;
    let begins = BEGIN_MS + i64::from(number % (network.days - 1)) * DAY_MS;
    format!(
        "/connections?from={}&to={}&depart_after={}&arrive_before={}&legs_max=3",
        code(HUBS + from),
        code(HUBS + to),
        Instant(begins),
        Instant(begins + DAY_MS)
    )
}

/// How many legs each connection of an answer has. Each leg departs from where the one before arrives, after its arrival.
fn legs_of(body: &[u8]) -> anyhow::Result<Vec<usize>> {
    let body: Value = serde_json::from_slice(body)?;
    let connections = body["connections"].as_array().with_context(|| body.to_string())?;
    let mut counts = Vec::new();
    for connection in connections {
        let legs = connection["legs"].as_array().context("no legs")?;
        for pair in legs.windows(2) {
            let meets = pair[0]["destination"] == pair[1]["origin"];
            ensure!(meets && pair[0]["arrival"].as_str() < pair[1]["departure"].as_str(), "{connection}");
        }
        counts.push(legs.len());
    }
    Ok(counts)
}
