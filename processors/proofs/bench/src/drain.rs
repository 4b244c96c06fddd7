//! The command processor empties a backlog, compared with a loop on the same client that copies and does nothing else.

use crate::Plan;
use crate::backlog::{self, Planned, Shape};
use crate::cluster::Schedule;
use crate::process::{CopyLoop, Drained, LOOK_EVERY, Process, broker_cpu};
use crate::report::{Report, Wanted};
use crate::validate::validate;
use anyhow::ensure;
use service::clock;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(crate) const DRAIN_WAIT_MAX: Duration = Duration::from_secs(300);
const SETTLED_BATCH: usize = 2000;

impl Drained {
    pub(crate) fn per_second(&self) -> f64 {
        self.commands / self.seconds
    }

    fn per_cpu_second(&self) -> f64 {
        self.commands / self.cpu_seconds
    }
}

pub(crate) fn drain(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let shape = Shape {
        rotations: if plan.quick { 100 } else { 1000 },
        legs: if plan.quick { 10 } else { 100 },
    };
    let commands = shape.commands()?;
    let copies = plan.cluster.schedule("copies")?;
    report.section(
        "drain",
        "The command processor (P) compared with a loop that copies (F), at N commands in a transaction",
    );
    for size in [100, 1000, 10_000] {
        let (mut floors, mut processors) = (Vec::new(), Vec::new());
        for repetition in 0..plan.repetitions {
            report.doing(&format!("{size} commands in a transaction, repetition {}", repetition + 1));
            let schedule = plan.cluster.schedule(&format!("drain-{size}-{repetition}"))?;
            backlog::write(&plan.cluster, &schedule, &commands)?;
            floors.push(CopyLoop::start(&plan.cluster, &schedule, &copies, size, commands.len(), None)?.finish()?);
            processors.push(process(plan, &schedule, size, &commands)?);
        }
        rows(report, size, &floors, &processors);
    }
    Ok(())
}

fn rows(report: &mut Report, size: usize, floors: &[Drained], processors: &[Drained]) {
    let of = |drained: &[Drained], figure: fn(&Drained) -> f64| drained.iter().map(figure).collect::<Vec<_>>();
    let mut row = |name: &str, unit: &str, figure: fn(&Drained) -> f64| {
        let floor = report.figure(&format!("F, {size}: {name}"), unit, &of(floors, figure));
        let processor = report.figure(&format!("P, {size}: {name}"), unit, &of(processors, figure));
        processor / floor
    };
    let wall = row("commands", "/s", Drained::per_second);
    row("commands in a transaction, on average", "", |drained| {
        drained.commands / drained.transactions
    });
    let cpu = row("commands per CPU-second of the process", "/s", Drained::per_cpu_second);
    row("CPU of the broker for 100,000 commands", "s", |drained| {
        drained.broker_cpu_seconds / drained.commands * 100_000.0
    });
    if size == 1000 {
        report.ratio("P/F, 1000: commands/s", wall, Wanted::AtLeast(0.40));
        report.ratio("P/F, 1000: commands per CPU-second", cpu, Wanted::AtLeast(0.25));
    }
}

/// Commands per CPU-second for short and for long rotations.
pub(crate) fn flat(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section("flat", "The command processor's cost by the length of rotations");
    let total = if plan.quick { 2000 } else { 100_000 };
    // With a small total the longest are the same: each length once.
    let lengths: BTreeSet<u32> = [10, 100, 1000, 10_000].map(|legs: u32| legs.min(total / 2)).into();
    let mut drained: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    // One length after the other, and all of them again: so a slow minute of the machine is not taken for a slow length.
    for repetition in 0..plan.repetitions {
        for legs in &lengths {
            let rotations = total / legs;
            let commands = Shape { rotations, legs: *legs }.commands()?;
            report.doing(&format!("{legs} legs for each rotation, repetition {}", repetition + 1));
            let schedule = plan.cluster.schedule(&format!("flat-{legs}-{repetition}"))?;
            backlog::write(&plan.cluster, &schedule, &commands)?;
            let rate = process(plan, &schedule, 1000, &commands)?.per_cpu_second();
            drained.entry(*legs).or_default().push(rate);
        }
    }
    let rates: Vec<f64> = drained
        .iter()
        .map(|(legs, rates)| report.figure(&format!("{legs} legs: commands per CPU-second"), "/s", rates))
        .collect();
    let (least, most) = (
        rates.iter().copied().fold(f64::MAX, f64::min),
        rates.iter().copied().fold(0.0, f64::max),
    );
    report.ratio("slowest / fastest length", least / most, Wanted::AtLeast(0.80));
    Ok(())
}

/// A schedule of this name, on which the commands were decided, and rightly.
pub(crate) fn settled(plan: &Plan, name: &str, commands: &[Planned]) -> anyhow::Result<Schedule> {
    let schedule = plan.cluster.schedule(name)?;
    backlog::write(&plan.cluster, &schedule, commands)?;
    process(plan, &schedule, SETTLED_BATCH, commands)?;
    Ok(schedule)
}

/// The processor is measured from when it is ready until its last commit; its outcomes are checked after that.
pub(crate) fn process(plan: &Plan, schedule: &Schedule, size: usize, commands: &[Planned]) -> anyhow::Result<Drained> {
    process_with(plan, schedule, size, commands, &[], |_| Ok(()))
}

/// The same with further variables; `look` sees the processor once it is done.
pub(crate) fn process_with(
    plan: &Plan,
    schedule: &Schedule,
    size: usize,
    commands: &[Planned],
    variables: &[(&str, &str)],
    look: impl FnOnce(&Process) -> anyhow::Result<()>,
) -> anyhow::Result<Drained> {
    let state = tempfile::tempdir_in(plan.work.path())?;
    let size = size.to_string();
    let variables = [&[("AEROLOG_BATCH_RECORDS_MAX", size.as_str())][..], variables].concat();
    let mut processor = Process::processor(plan, schedule, state.path(), &variables)?;
    processor.wait_until_ready()?;
    let (began, cpu_began, broker_began) = (clock::monotonic(), processor.cpu_seconds()?, broker_cpu(&plan.cluster)?);
    let done_before = processor.metric("aerolog_commands_total")?;
    let transactions_before = processor.metric("aerolog_transactions_total")?;
    let all = commands.len() as f64;
    let mut done = done_before;
    while done < all {
        ensure!(began.elapsed() < DRAIN_WAIT_MAX, "the processor has not emptied the backlog");
        // A look costs the processor what some hundred commands do: few of them, and often only towards the end.
        let left_seconds = (all - done) / (done - done_before).max(1.0) * began.elapsed().as_secs_f64();
        clock::rest(Duration::from_secs_f64(left_seconds / 2.0).clamp(LOOK_EVERY, LOOK_EVERY * 25));
        done = processor.metric("aerolog_commands_total")?;
    }
    let drained = Drained {
        commands: all - done_before,
        transactions: processor.metric("aerolog_transactions_total")? - transactions_before,
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: processor.cpu_seconds()? - cpu_began,
        broker_cpu_seconds: broker_cpu(&plan.cluster)? - broker_began,
    };
    look(&processor)?;
    processor.stop()?;
    validate(&plan.cluster, schedule, commands)?;
    Ok(drained)
}
