//! The materializer builds its view from the log, compared with reading the same records and writing the same mutations and nothing else.

use crate::Plan;
use crate::backlog::Shape;
use crate::cluster::{Cluster, Schedule};
use crate::drain::settled;
use crate::http::Connection;
use crate::process::{LOOK_EVERY, Process, cpu_seconds};
use crate::report::{Report, Wanted};
use airline::Airline;
use anyhow::{Context, ensure};
use decider::Codec;
use keyvalue::{Mutation, Overlay};
use schemas::AvroCodec;
use service::clock;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use store::{Sizing, Store};
use stream::reader::Reader;
use views::{Fact, Projector};

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const REBUILD_WAIT_MAX: Duration = Duration::from_secs(300);
/// As the materializer's `events_max` is by default.
const RUN_EVENTS: usize = 4096;

/// What was got through.
struct Pass {
    events: f64,
    megabytes: f64,
    seconds: f64,
    cpu_seconds: f64,
}

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "rebuild",
        "The materializer's rebuild (R) compared with consuming (C) and writing (W) the same bytes",
    );
    let shape = nodes(plan);
    let commands = shape.commands()?;
    let events = commands.iter().filter(|planned| planned.accepted).count();
    report.doing(&format!("deciding {} commands", commands.len()));
    let schedule = settled(plan, "rebuild", &commands)?;
    let runs = mutations(plan, &schedule, events)?;
    let (mut consumed, mut written, mut rebuilt) = (Vec::new(), Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("repetition {}", repetition + 1));
        consumed.push(consume(&plan.cluster, &schedule, events, |_, _| Ok(()))?);
        written.push(write(plan, &runs, events)?);
        rebuilt.push(rebuild(plan, &schedule, events)?);
    }
    let mut rows = |letter: &str, passes: &[Pass]| {
        let of = |figure: fn(&Pass) -> f64| passes.iter().map(figure).collect::<Vec<_>>();
        report.figure(
            &format!("{letter}: CPU-seconds for 100,000 events"),
            "s",
            &of(|pass| pass.cpu_seconds / pass.events * 1e5),
        );
        report.figure(&format!("{letter}: bytes"), "MB", &of(|pass| pass.megabytes));
        report.figure(&format!("{letter}: events"), "/s", &of(|pass| pass.events / pass.seconds))
    };
    let (consumed, written, rebuilt) = (rows("C", &consumed), rows("W", &written), rows("R", &rebuilt));
    report.ratio(
        "R / the lower of C and W: events/s",
        rebuilt / consumed.min(written),
        Wanted::AtLeast(0.60),
    );
    Ok(())
}

/// A schedule of about 200,000 nodes.
pub(crate) fn nodes(plan: &Plan) -> Shape {
    if plan.quick {
        Shape { rotations: 100, legs: 20 }
    } else {
        Shape {
            rotations: 2000,
            legs: 102,
        }
    }
}

/// Reads all events and gives each value with its partition to `visit`.
fn consume(
    cluster: &Cluster,
    schedule: &Schedule,
    events: usize,
    mut visit: impl FnMut(u32, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<Pass> {
    let own = std::process::id();
    let mut reader = Reader::new(&cluster.settings()?, &schedule.topology.topics.events.name)?;
    let from: BTreeMap<u32, i64> = (0..schedule.topology.partitions).map(|partition| (partition, 0)).collect();
    let (began, cpu_began) = (clock::monotonic(), cpu_seconds(own)?);
    reader.assign(&from, ASK_WAIT_MAX)?;
    let (mut records, mut bytes, mut visited) = (0, 0, Ok(()));
    while records < events {
        ensure!(
            began.elapsed() < REBUILD_WAIT_MAX,
            "only {records} of {events} events are in the log"
        );
        let polled = reader.poll(RUN_EVENTS, Duration::from_millis(100), |record| {
            let value = record.value.unwrap_or_default();
            bytes += value.len() + record.key.unwrap_or_default().len();
            if visited.is_ok() {
                visited = visit(record.partition, value);
            }
        })?;
        records += polled.records;
    }
    visited?;
    ensure!(records == events, "{records} events are in the log, where {events} were decided");
    Ok(Pass {
        events: events as f64,
        megabytes: bytes as f64 / 1e6,
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds(own)? - cpu_began,
    })
}

/// What the events make of an empty view, in the batches in which the materializer writes them.
fn mutations(plan: &Plan, schedule: &Schedule, events: usize) -> anyhow::Result<Vec<Vec<Mutation>>> {
    let mut codec = schedule.codec();
    let mut facts = Vec::with_capacity(events);
    consume(&plan.cluster, schedule, events, |partition, value| {
        facts.push(fact(&mut codec, partition, value)?);
        Ok(())
    })?;
    let directory = tempfile::tempdir_in(plan.work.path())?;
    let view = Store::open(directory.path(), Sizing::default())?;
    let mut projector = Projector::default();
    let mut runs = Vec::new();
    for run in facts.chunks(RUN_EVENTS) {
        let mut overlay = Overlay::new(&view);
        for fact in run {
            let mutations = projector.project_uncounted(fact, &overlay)?;
            overlay.apply(mutations);
        }
        overlay.apply(projector.counts());
        let mutations = overlay.into_mutations();
        view.apply(&mutations)?;
        runs.push(mutations);
    }
    Ok(runs)
}

fn fact(codec: &mut AvroCodec, partition: u32, value: &[u8]) -> anyhow::Result<Fact> {
    let event = Codec::<Airline>::decode_event(codec, value)?;
    Fact::from_envelope(partition, event).context("an event of no aggregate")
}

fn write(plan: &Plan, runs: &[Vec<Mutation>], events: usize) -> anyhow::Result<Pass> {
    let own = std::process::id();
    let directory = tempfile::tempdir_in(plan.work.path())?;
    let store = Store::open(directory.path(), Sizing::default())?;
    let (began, cpu_began) = (clock::monotonic(), cpu_seconds(own)?);
    for mutations in runs {
        store.apply(mutations)?;
    }
    let size = |mutation: &Mutation| match mutation {
        Mutation::Put { key, value } => key.len() + value.len(),
        Mutation::Delete { key } => key.len(),
        Mutation::DeleteRange { from, to } => from.len() + to.len(),
    };
    let seconds = began.elapsed().as_secs_f64();
    Ok(Pass {
        events: events as f64,
        megabytes: runs.iter().flatten().map(size).sum::<usize>() as f64 / 1e6,
        seconds,
        cpu_seconds: cpu_seconds(own)? - cpu_began,
    })
}

/// From the first look at which the view holds something until it holds every event.
fn rebuild(plan: &Plan, schedule: &Schedule, events: usize) -> anyhow::Result<Pass> {
    let state = tempfile::tempdir_in(plan.work.path())?;
    let mut materializer = Process::materializer(plan, schedule, state.path())?;
    materializer.wait_until_alive()?;
    let started = clock::monotonic();
    // It is alive a moment before it answers questions.
    let mut connection = loop {
        match Connection::open(materializer.http()) {
            Err(error) if started.elapsed() > REBUILD_WAIT_MAX => return Err(error),
            Err(_) => clock::rest(LOOK_EVERY),
            Ok(connection) => break connection,
        }
    };
    let mut look = || {
        ensure!(
            started.elapsed() < REBUILD_WAIT_MAX,
            "the view does not come to hold {events} events"
        );
        clock::rest(LOOK_EVERY);
        events_seen(&mut connection)
    };
    let mut before = 0.0;
    while before == 0.0 {
        before = look()?;
    }
    let (mut began, mut cpu_began) = (clock::monotonic(), materializer.cpu_seconds()?);
    if before >= events as f64 {
        // So few that the first look sees them all: the start of the process is measured with them.
        (before, began, cpu_began) = (0.0, started, 0.0);
    }
    while look()? < events as f64 {}
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), materializer.cpu_seconds()? - cpu_began);
    materializer.wait_until_ready()?;
    materializer.stop()?;
    Ok(Pass {
        events: events as f64 - before,
        megabytes: directory_bytes(state.path())? as f64 / 1e6,
        seconds,
        cpu_seconds: cpu,
    })
}

/// The events that the view holds, by its position: asking for it costs a materializer less than all of its metrics do.
fn events_seen(connection: &mut Connection) -> anyhow::Result<f64> {
    let position = connection.get("/position")?.position;
    let sequences = position
        .split(',')
        .filter_map(|reached| reached.split_once(':')?.1.parse::<f64>().ok());
    Ok(sequences.sum())
}

fn directory_bytes(path: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            directory_bytes(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
