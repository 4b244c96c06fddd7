//! Commands over HTTP compared with the same commands sent straight to Kafka: how many a second, and how much later their answers come.

use crate::Plan;
use crate::backlog::{self, Planned, Shape};
use crate::cluster::Schedule;
use crate::http::{Connection, LineStream};
use crate::latency::{Load, Sent, outcome};
use crate::process::Process;
use crate::report::{Percentiles, Report, Wanted};
use anyhow::{Context, ensure};
use decider::CommandEnvelope;
use schemas::{Content, Schema, command_to_avro};
use service::clock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

const ROTATIONS: u32 = 500;
/// Streams of commands that a gateway is given side by side.
const STREAMS: usize = 2;
/// Requests that are under way at once, at most: more than a rate of 1,000/s needs where an answer takes 50 ms.
const CONNECTIONS: usize = 64;
const RATE: u32 = 1000;
const SECONDS: u32 = 12;

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "gateway",
        "Commands over HTTP (G) compared with the same sent straight to Kafka (K), with all processes on this machine",
    );
    throughput(plan, report)?;
    latency(plan, report)
}

/// The processor and a gateway of one schedule.
struct Pipeline {
    schedule: Schedule,
    processor: Process,
    gateway: Process,
    _state: tempfile::TempDir,
}

impl Pipeline {
    fn start(plan: &Plan, name: &str) -> anyhow::Result<Self> {
        let schedule = plan.cluster.schedule(&format!("gateway-{name}"))?;
        let state = tempfile::tempdir_in(plan.work.path())?;
        let mut processor = Process::processor(plan, &schedule, state.path(), &[])?;
        let mut gateway = Process::gateway(plan, &schedule, state.path())?;
        processor.wait_until_ready()?;
        gateway.wait_until_ready()?;
        Ok(Self {
            schedule,
            processor,
            gateway,
            _state: state,
        })
    }

    fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop()?;
        self.processor.stop()
    }
}

fn throughput(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let legs = if plan.quick { 10 } else { 200 };
    let shape = Shape {
        rotations: ROTATIONS,
        legs,
    };
    let load = Load::of(RATE, shape.commands()?);
    let commands = load.commands();
    let count = commands.len() as f64;
    let (mut straight, mut over_http, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("as many commands as it takes, repetition {}", repetition + 1));
        let pipeline = Pipeline::start(plan, &format!("straight-{repetition}"))?;
        let (began, answered) = load.run(plan, &pipeline.schedule, &pipeline.schedule, outcome, |begins| {
            write_at(plan, &pipeline.schedule, commands, begins)
        })?;
        let last = answered.iter().map(|answered| answered.at).max().context("no command")?;
        straight.push(count / (last - began).as_secs_f64());
        pipeline.stop()?;

        let pipeline = Pipeline::start(plan, &format!("streams-{repetition}"))?;
        let cpu_before = pipeline.gateway.cpu_seconds()?;
        let seconds = streamed(pipeline.gateway.http(), commands)?;
        over_http.push(count / seconds);
        cpu.push((pipeline.gateway.cpu_seconds()? - cpu_before) / count * 100_000.0);
        pipeline.stop()?;
    }
    let straight = report.figure("K: commands, to the last outcome", "/s", &straight);
    let over_http = report.figure("G: commands as x-ndjson, to the last answer", "/s", &over_http);
    report.figure("G: CPU-seconds of the gateway for 100,000 commands", "s", &cpu);
    report.ratio("G/K: commands/s", over_http / straight, Wanted::AtLeast(0.6));
    Ok(())
}

fn write_at(plan: &Plan, schedule: &Schedule, commands: &[Planned], begins: Instant) -> anyhow::Result<()> {
    clock::rest(begins.saturating_duration_since(clock::monotonic()));
    backlog::write(&plan.cluster, schedule, commands)
}

/// Sends all commands in as many requests as there are streams, each rotation in one of them; how long that took, in seconds.
fn streamed(port: u16, commands: &[Planned]) -> anyhow::Result<f64> {
    let schema = Schema::parse(Content::Command.latest().json()).map_err(anyhow::Error::msg)?;
    let mut bodies = vec![String::new(); STREAMS];
    let mut accepted = vec![0; STREAMS];
    for Planned {
        envelope,
        accepted: is_accepted,
    } in commands
    {
        // All commands of an aggregate are in one stream, which keeps their order.
        let stream = envelope.aggregate_id.bytes().map(usize::from).sum::<usize>() % bodies.len();
        bodies[stream].push_str(&json(&schema, envelope)?);
        bodies[stream].push('\n');
        accepted[stream] += usize::from(*is_accepted);
    }
    let began = clock::monotonic();
    thread::scope(|scope| {
        let streams: Vec<_> = bodies.iter().map(|body| scope.spawn(move || answers_of(port, body))).collect();
        for (stream, planned) in streams.into_iter().zip(&accepted) {
            let answers = stream.join().map_err(|_panic| anyhow::anyhow!("a stream failed"))??;
            ensure!(answers == *planned, "{answers} commands were accepted, not {planned}");
        }
        Ok(())
    })?;
    Ok(began.elapsed().as_secs_f64())
}

/// How many commands of a body are accepted; each of them has an outcome.
fn answers_of(port: u16, body: &str) -> anyhow::Result<usize> {
    let lines = body.lines().count();
    let mut stream = LineStream::open(port, "/commands", "application/x-ndjson", body)?;
    let (mut answers, mut accepted) = (0, 0);
    while let Some(line) = stream.next_line()? {
        let status = line.split("\"status\":").nth(1).and_then(|rest| rest.get(..3)).unwrap_or_default();
        ensure!(status == "200" || status == "422", "no outcome: {line}");
        answers += 1;
        accepted += usize::from(status == "200");
    }
    ensure!(answers == lines, "{answers} answers to {lines} commands");
    Ok(accepted)
}

fn json(schema: &Schema, envelope: &CommandEnvelope<domain::Command>) -> anyhow::Result<String> {
    let framed = command_to_avro(envelope, 0);
    let (_, body) = application::unframe(&framed).context("no frame")?;
    let value = schema.to_json(body).map_err(anyhow::Error::msg)?;
    Ok(value.to_string())
}

/// Commands at a fixed rate, each in a request of its own: its answer, and its outcome on the topic, from when it was due.
fn latency(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let seconds = if plan.quick { 4 } else { SECONDS };
    let load = Load::new(RATE, seconds)?;
    let schema = Schema::parse(Content::Command.latest().json()).map_err(anyhow::Error::msg)?;
    let bodies = load.commands().iter().map(|planned| json(&schema, &planned.envelope));
    let bodies = bodies.collect::<anyhow::Result<Vec<_>>>()?;
    let (mut outcomes, mut answers, mut cores) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("{RATE} requests/s, repetition {}", repetition + 1));
        let pipeline = Pipeline::start(plan, &format!("requests-{repetition}"))?;
        let cpu_before = pipeline.gateway.cpu_seconds()?;
        let mut answered = Vec::new();
        let (began, seen) = load.run(plan, &pipeline.schedule, &pipeline.schedule, outcome, |begins| {
            answered = posted(pipeline.gateway.http(), &load, &bodies, begins)?;
            Ok(())
        })?;
        cores.push((pipeline.gateway.cpu_seconds()? - cpu_before) / f64::from(seconds));
        outcomes.push(load.percentiles(began, seen.iter().map(|seen| seen.at)));
        answers.push(load.percentiles(began, answered.into_iter()));
        pipeline.stop()?;
    }
    report.figure(&format!("G: cores of the gateway, at {RATE}/s"), "", &cores);
    let mut row = |name: &str, runs: &[Percentiles], figure: fn(&Percentiles) -> f64| {
        report.figure(&format!("{name}, at {RATE}/s"), "ms", &runs.iter().map(figure).collect::<Vec<_>>())
    };
    let p50 = row("G: answer p50", &answers, |run| run.p50_ms) - row("its outcome p50", &outcomes, |run| run.p50_ms);
    let p99 = row("G: answer p99", &answers, |run| run.p99_ms) - row("its outcome p99", &outcomes, |run| run.p99_ms);
    report.ratio("G: answer - outcome, p50 in ms", p50, Wanted::AtMost(3.0));
    report.ratio("G: answer - outcome, p99 in ms", p99, Wanted::AtMost(3.0));
    Ok(())
}

/// Posts each command when it is due, over the next connection that is free; when each was answered.
fn posted(port: u16, load: &Load, bodies: &[String], begins: Instant) -> anyhow::Result<Vec<Instant>> {
    let next = AtomicUsize::new(0);
    let mut answered: Vec<Option<Instant>> = vec![None; bodies.len()];
    thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|_| scope.spawn(|| post_in_turn(port, load, bodies, begins, &next)))
            .collect();
        for connection in connections {
            for (number, at) in connection.join().map_err(|_panic| anyhow::anyhow!("a connection failed"))?? {
                answered[number] = Some(at);
            }
        }
        anyhow::Ok(())
    })?;
    answered.into_iter().map(|at| at.context("a command was not posted")).collect()
}

fn post_in_turn(port: u16, load: &Load, bodies: &[String], begins: Instant, next: &AtomicUsize) -> anyhow::Result<Sent> {
    let mut connection = Connection::open(port)?;
    let mut answered = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(body) = bodies.get(number) else {
            return Ok(answered);
        };
        clock::rest(load.due(begins, number).saturating_duration_since(clock::monotonic()));
        let answer = connection.post("/commands", "application/json", body)?;
        let wanted = if load.commands()[number].accepted { 200 } else { 422 };
        ensure!(
            answer.status == wanted,
            "command {number} was answered with {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        answered.push((number, clock::monotonic()));
    }
}
