//! Open loop: commands are sent at a fixed rate, whatever the processor does. Each is timed from when it was due until a read_committed
//! reader has its outcome, and until the view has what the outcome tells of.

use crate::Plan;
use crate::backlog::{self, Planned, Shape};
use crate::cluster::Schedule;
use crate::http::Connection;
use crate::process::{CopyLoop, Process, broker_cpu};
use crate::report::{Percentiles, Report, Wanted};
use airline::Airline;
use anyhow::{Context, ensure};
use decider::{Codec, Status};
use schemas::{AvroCodec, command_to_avro};
use service::clock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use stream::reader::Reader;
use stream::writer::Writer;
use uuid::Uuid;

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long the last answers may take.
const TAIL: Duration = Duration::from_secs(20);
/// How long the view may take to show the last of them.
const VIEW_TAIL: Duration = Duration::from_secs(2);
/// Commands that have become due are sent so often, and the view is asked for its position.
const TICK: Duration = Duration::from_millis(1);
/// Of the rate: nothing is timed of the first commands, which create the rotations.
const WARM_UP_SECONDS: u32 = 2;
/// As the command processor's `batch_records_max` and `pace_ms` are by default.
const BATCH: usize = 2000;
const PACE_MS: u32 = 10;
const ROTATIONS: u32 = 500;

/// What one run has shown, in milliseconds and cores.
struct Run {
    answered: Percentiles,
    /// Where a materializer took part.
    visible: Option<Percentiles>,
    process_cores: f64,
    broker_cores: f64,
}

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let seconds = WARM_UP_SECONDS + if plan.quick { 2 } else { 10 };
    let copies = plan.cluster.schedule("latency-copies")?;
    report.section(
        "latency",
        "From a command to its committed outcome, by a loop that copies (F), by the processor (P), and next to a materializer (V)",
    );
    for rate in [1000, 5000] {
        let load = Load::new(rate, seconds)?;
        let (mut floors, mut alone, mut viewed) = (Vec::new(), Vec::new(), Vec::new());
        for repetition in 0..plan.repetitions {
            report.doing(&format!("{rate} commands/s, repetition {}", repetition + 1));
            let schedule = |name: &str| plan.cluster.schedule(&format!("latency-{name}-{rate}-{repetition}"));
            floors.push(copied(plan, &load, &schedule("floor")?, &copies)?);
            alone.push(decided(plan, &load, &schedule("alone")?)?.0);
            viewed.push(seen(plan, &load, &schedule("viewed")?)?);
        }
        rows(report, rate, [&floors, &alone, &viewed]);
    }
    Ok(())
}

fn rows(report: &mut Report, rate: u32, [floors, alone, viewed]: [&[Run]; 3]) {
    let mut row = |name: &str, unit: &str, runs: &[Run], figure: &dyn Fn(&Run) -> f64| {
        report.figure(&format!("{name}, at {rate}/s"), unit, &runs.iter().map(figure).collect::<Vec<_>>())
    };
    let mut answered = |letter: &str, runs: &[Run]| {
        row(&format!("{letter}: cores of the process"), "", runs, &|run| run.process_cores);
        row(&format!("{letter}: cores of the broker"), "", runs, &|run| run.broker_cores);
        let p50 = row(&format!("{letter}: outcome p50"), "ms", runs, &|run| run.answered.p50_ms);
        (p50, row(&format!("{letter}: outcome p99"), "ms", runs, &|run| run.answered.p99_ms))
    };
    let (floor, processor, beside) = (answered("F", floors), answered("P", alone), answered("V", viewed));
    let visible = |of: fn(&Percentiles) -> f64| move |run: &Run| run.visible.as_ref().map_or(f64::NAN, of);
    let p50 = row("V: visible p50", "ms", viewed, &visible(|visible| visible.p50_ms));
    let p99 = row("V: visible p99", "ms", viewed, &visible(|visible| visible.p99_ms));
    report.ratio(
        &format!("P/F: outcome p50, at {rate}/s"),
        processor.0 / floor.0,
        Wanted::AtMost(1.3),
    );
    report.ratio(
        &format!("P/F: outcome p99, at {rate}/s"),
        processor.1 / floor.1,
        Wanted::AtMost(1.3),
    );
    report.ratio(
        &format!("visible - outcome, p50 in ms, at {rate}/s"),
        p50 - beside.0,
        Wanted::AtMost(20.0),
    );
    report.ratio(
        &format!("visible - outcome, p99 in ms, at {rate}/s"),
        p99 - beside.1,
        Wanted::AtMost(20.0),
    );
}

/// Commands with their numbers in the order in which they were answered, and when.
pub(crate) type Sent = Vec<(usize, Instant)>;

/// Commands at a fixed rate.
pub(crate) struct Load {
    rate: u32,
    commands: Vec<Planned>,
    /// The place of each command.
    numbers: HashMap<Uuid, usize>,
}

/// Whether and where a command was answered.
pub(crate) struct Answered {
    pub(crate) at: Instant,
    partition: u32,
    /// What a view must have reached to have seen it; 0 of a copy.
    sequence: u64,
}

impl Load {
    pub(crate) fn new(rate: u32, seconds: u32) -> anyhow::Result<Self> {
        let count = rate * seconds;
        let shape = Shape {
            rotations: ROTATIONS,
            legs: count / ROTATIONS,
        };
        Ok(Self::of(rate, shape.commands()?.into_iter().take(count as usize).collect()))
    }

    pub(crate) fn of(rate: u32, commands: Vec<Planned>) -> Self {
        let numbers = commands
            .iter()
            .zip(0..)
            .map(|(planned, number)| (planned.envelope.command_id, number));
        Self {
            rate,
            numbers: numbers.collect(),
            commands,
        }
    }

    pub(crate) fn commands(&self) -> &[Planned] {
        &self.commands
    }

    pub(crate) fn due(&self, began: Instant, number: usize) -> Instant {
        began + Duration::from_secs_f64(number as f64 / f64::from(self.rate))
    }

    fn seconds(&self) -> f64 {
        self.commands.len() as f64 / f64::from(self.rate)
    }

    /// Sends every command when it is due.
    fn send(&self, plan: &Plan, schedule: &Schedule, began: Instant) -> anyhow::Result<()> {
        let encode = |planned: &Planned| command_to_avro(&planned.envelope, schedule.ids.command);
        let values: Vec<Vec<u8>> = self.commands.iter().map(encode).collect();
        let writer = Writer::new(&plan.cluster.settings()?)?;
        for (number, (Planned { envelope, .. }, value)) in self.commands.iter().zip(&values).enumerate() {
            while clock::monotonic() < self.due(began, number) {
                backlog::check(writer.reports(Duration::ZERO))?;
                clock::rest(TICK);
            }
            backlog::send(&writer, schedule, &envelope.aggregate_id, value)?;
        }
        backlog::finish(&writer)
    }

    /// Sends the commands straight to Kafka and reads a topic until each of them is answered there.
    fn run_straight(&self, plan: &Plan, schedule: &Schedule, answers: &Schedule, read: Read) -> anyhow::Result<(Instant, Vec<Answered>)> {
        self.run(plan, schedule, answers, read, |began| self.send(plan, schedule, began))
    }

    /// Calls `send` with the moment at which the first command is due, and reads a topic until each of them is answered there.
    pub(crate) fn run(
        &self,
        plan: &Plan,
        schedule: &Schedule,
        answers: &Schedule,
        read: Read,
        send: impl FnOnce(Instant) -> anyhow::Result<()> + Send,
    ) -> anyhow::Result<(Instant, Vec<Answered>)> {
        let topic = &answers.topology.topics.outcomes.name;
        let mut reader = Reader::new(&plan.cluster.settings()?, topic)?;
        reader.assign_ends(answers.topology.partitions, ASK_WAIT_MAX)?;
        let began = clock::monotonic() + Duration::from_secs(1);
        thread::scope(|scope| {
            let sending = scope.spawn(move || send(began));
            let answered = self.answers(&mut reader, &mut schedule.codec(), read, began);
            sending.join().map_err(|_panic| anyhow::anyhow!("the sending thread failed"))??;
            Ok((began, answered?))
        })
    }

    fn answers(&self, reader: &mut Reader, codec: &mut AvroCodec, read: Read, began: Instant) -> anyhow::Result<Vec<Answered>> {
        let mut answered: Vec<Option<Answered>> = self.commands.iter().map(|_| None).collect();
        let deadline = self.due(began, self.commands.len()) + TAIL;
        let mut left = self.commands.len();
        while left > 0 {
            ensure!(clock::monotonic() < deadline, "{left} commands were not answered");
            let mut values = Vec::new();
            reader.poll(BATCH, Duration::from_millis(100), |record| {
                values.push((record.partition, record.value.unwrap_or_default().to_vec()));
            })?;
            let at = clock::monotonic();
            for (partition, value) in values {
                let (id, sequence) = read(self, codec, &value)?;
                let number = *self.numbers.get(&id).context("an answer to nothing that was sent")?;
                let before = answered[number].replace(Answered { at, partition, sequence });
                ensure!(before.is_none(), "command {id} was answered twice");
                left -= 1;
            }
        }
        Ok(answered.into_iter().flatten().collect())
    }

    /// Of what was due after the warm-up.
    pub(crate) fn percentiles(&self, began: Instant, reached: impl Iterator<Item = Instant>) -> Percentiles {
        let skipped = (self.rate * WARM_UP_SECONDS) as usize;
        let took = reached
            .enumerate()
            .skip(skipped)
            .map(|(number, at)| at.saturating_duration_since(self.due(began, number)).as_secs_f64() * 1e3);
        Percentiles::of(took.collect())
    }
}

/// The command that an answer belongs to, and the sequence that it tells of.
pub(crate) type Read = fn(&Load, &mut AvroCodec, &[u8]) -> anyhow::Result<(Uuid, u64)>;

fn copy(_: &Load, codec: &mut AvroCodec, value: &[u8]) -> anyhow::Result<(Uuid, u64)> {
    Ok((Codec::<Airline>::decode_command(codec, None, value)?.command_id, 0))
}

pub(crate) fn outcome(load: &Load, codec: &mut AvroCodec, value: &[u8]) -> anyhow::Result<(Uuid, u64)> {
    let outcome = Codec::<Airline>::decode_outcome(codec, value)?;
    let number = *load
        .numbers
        .get(&outcome.command_id)
        .context("an outcome of nothing that was sent")?;
    let accepted = outcome.status == Status::Accepted;
    ensure!(
        accepted == load.commands[number].accepted,
        "another outcome than was planned: {outcome:?}"
    );
    Ok((outcome.command_id, outcome.sequence))
}

fn copied(plan: &Plan, load: &Load, schedule: &Schedule, copies: &Schedule) -> anyhow::Result<Run> {
    let copying = CopyLoop::start(&plan.cluster, schedule, copies, BATCH, load.commands.len(), Some(PACE_MS))?;
    let (began, answered) = load.run_straight(plan, schedule, copies, copy)?;
    let drained = copying.finish()?;
    Ok(Run {
        answered: load.percentiles(began, answered.iter().map(|answered| answered.at)),
        visible: None,
        process_cores: drained.cpu_seconds / load.seconds(),
        broker_cores: drained.broker_cpu_seconds / load.seconds(),
    })
}

fn decided(plan: &Plan, load: &Load, schedule: &Schedule) -> anyhow::Result<(Run, Instant, Vec<Answered>)> {
    let state = tempfile::tempdir_in(plan.work.path())?;
    let (size, pace) = (BATCH.to_string(), PACE_MS.to_string());
    let variables = [("AEROLOG_BATCH_RECORDS_MAX", &*size), ("AEROLOG_PACE_MS", &*pace)];
    let mut processor = Process::processor(plan, schedule, state.path(), &variables)?;
    processor.wait_until_ready()?;
    let (cpu_before, broker_before) = (processor.cpu_seconds()?, broker_cpu(&plan.cluster)?);
    let (began, answered) = load.run_straight(plan, schedule, schedule, outcome)?;
    let run = Run {
        answered: load.percentiles(began, answered.iter().map(|answered| answered.at)),
        visible: None,
        process_cores: (processor.cpu_seconds()? - cpu_before) / load.seconds(),
        broker_cores: (broker_cpu(&plan.cluster)? - broker_before) / load.seconds(),
    };
    processor.stop()?;
    Ok((run, began, answered))
}

/// The same with a materializer, whose position is looked at all the while.
fn seen(plan: &Plan, load: &Load, schedule: &Schedule) -> anyhow::Result<Run> {
    let state = tempfile::tempdir_in(plan.work.path())?;
    let mut materializer = Process::materializer(plan, schedule, state.path())?;
    materializer.wait_until_ready()?;
    let over = AtomicBool::new(false);
    let (decided, watched) = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(materializer.http(), schedule.topology.partitions, &over));
        let decided = decided(plan, load, schedule);
        clock::rest(VIEW_TAIL);
        over.store(true, Ordering::Relaxed);
        (decided, watching.join())
    });
    let (mut run, began, answered) = decided?;
    let watched = watched.map_err(|_panic| anyhow::anyhow!("the watching thread failed"))??;
    let mut visible = Vec::with_capacity(answered.len());
    for Answered { partition, sequence, .. } in &answered {
        let steps = &watched[*partition as usize];
        let step = steps.partition_point(|(reached, _)| reached < sequence);
        visible.push(steps.get(step).context("an outcome tells of what the view never showed")?.1);
    }
    run.visible = Some(load.percentiles(began, visible.into_iter()));
    materializer.stop()?;
    Ok(run)
}

/// Of each partition the sequences that the view was seen to have reached, and when first.
fn watch(http: u16, partitions: u32, over: &AtomicBool) -> anyhow::Result<Vec<Vec<(u64, Instant)>>> {
    let mut connection = Connection::open(http)?;
    let mut watched: Vec<Vec<(u64, Instant)>> = (0..partitions).map(|_| Vec::new()).collect();
    while !over.load(Ordering::Relaxed) {
        let position = connection.get("/position")?.position;
        let at = clock::monotonic();
        for reached in position.split(',') {
            let (partition, sequence) = reached.split_once(':').context("no position")?;
            let (partition, sequence) = (partition.parse::<usize>()?, sequence.parse()?);
            let steps = watched.get_mut(partition).context("a partition too many")?;
            if steps.last().is_none_or(|(before, _)| *before < sequence) {
                steps.push((sequence, at));
            }
        }
        clock::rest(TICK);
    }
    Ok(watched)
}
