//! Rows of bars for a chart: 100,000 legs in one answer, compressed.

use crate::Plan;
use crate::http::Connection;
use crate::network::{BEGIN_MS, DAY_MS, LEGS, Network};
use crate::report::{Percentiles, Report, Wanted};
use anyhow::{Context, ensure};
use domain::Instant;
use serde_json::Value;
use service::clock;

const BARS: u32 = 100_000;
const QUESTIONS: usize = 10;
/// As many rows as a page may have.
const LIMIT: u32 = 1000;

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section("timeline", "Rows of 100,000 bars in one answer, over HTTP");
    let network = Network::of(plan);
    let served = network.served(plan, report, "timeline")?;
    // So many days that there are as many bars, or all there are.
    let days = BARS.div_ceil(network.airplanes * LEGS).min(network.days);
    let from = Instant(BEGIN_MS);
    let to = Instant(BEGIN_MS + i64::from(days) * DAY_MS);
    let path = format!("/timeline?from={from}&to={to}&limit={LIMIT}");
    let mut connection = Connection::open(served.materializer.http())?;
    let plain = connection.get(&path)?.body;
    let planned = network.airplanes * LEGS * days;
    let bars = bars_of(&plain)?;
    ensure!(bars == planned as usize, "{bars} bars, not {planned}");
    report.figure("bars", "", &[f64::from(planned)]);
    report.figure("bytes", "MB", &[plain.len() as f64 / 1e6]);
    let mut medians = Vec::new();
    for encoding in ["identity", "zstd", "gzip"] {
        let (mut spent, mut cpu, mut bytes) = (Vec::new(), Vec::new(), 0);
        for repetition in 0..plan.repetitions {
            report.doing(&format!("asking, {encoding}, repetition {}", repetition + 1));
            let mut spent_ms = Vec::new();
            let cpu_began = served.materializer.cpu_seconds()?;
            for _ in 0..QUESTIONS {
                let began = clock::monotonic();
                connection.ask_in(&path, encoding)?;
                let answer = connection.answer()?;
                spent_ms.push(began.elapsed().as_secs_f64() * 1e3);
                ensure!(answer.status == 200, "a question was not answered");
                bytes = answer.body.len();
            }
            cpu.push((served.materializer.cpu_seconds()? - cpu_began) / QUESTIONS as f64 * 1e3);
            spent.push(Percentiles::of(spent_ms).p50_ms);
        }
        medians.push(report.figure(&format!("timeline, {encoding}: answer, p50"), "ms", &spent));
        report.figure(&format!("timeline, {encoding}: CPU of the process for an answer"), "ms", &cpu);
        report.figure(&format!("timeline, {encoding}: bytes"), "MB", &[bytes as f64 / 1e6]);
    }
    report.ratio("timeline, zstd: answer, p50, in ms", medians[1], Wanted::AtMost(300.0));
    served.stop()?;
    Ok(())
}

fn bars_of(body: &[u8]) -> anyhow::Result<usize> {
    let body: Value = serde_json::from_slice(body)?;
    let rows = body["rows"].as_array().context("no rows")?;
    Ok(rows.iter().filter_map(|row| row["bars"].as_array()).map(Vec::len).sum())
}
