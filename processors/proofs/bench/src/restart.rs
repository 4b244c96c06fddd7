//! From the start of a command processor after kill -9 until the first outcome: with its state, and with its state deleted.

use crate::Plan;
use crate::backlog::{self, Planned, Shape};
use crate::cluster::Schedule;
use crate::process::{LOOK_EVERY, Process};
use crate::report::{Report, Wanted};
use crate::validate::validate;
use airline::Airline;
use anyhow::ensure;
use decider::{Codec, CommandEnvelope};
use domain::airport;
use service::clock;
use std::path::Path;
use std::time::Duration;
use stream::reader::Reader;
use uuid::Uuid;

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const OUTCOME_WAIT_MAX: Duration = Duration::from_secs(60);
const RECORDS_MAX: usize = 10_000;
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(300);

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "restart",
        "The command processor after kill -9, from its start to the first outcome",
    );
    let shape = Shape {
        rotations: if plan.quick { 100 } else { 1000 },
        legs: if plan.quick { 10 } else { 99 },
    };
    let mut commands = shape.commands()?;
    let schedule = plan.cluster.schedule("restart")?;
    report.doing(&format!("deciding {} commands", commands.len()));
    backlog::write(&plan.cluster, &schedule, &commands)?;
    let state = plan.work.path().join("restart");
    let mut processor = Process::processor(plan, &schedule, &state, &[])?;
    processor.wait_until_ready()?;
    let began = clock::monotonic();
    while processor.metric("aerolog_commands_total")? < commands.len() as f64 {
        ensure!(began.elapsed() < DRAIN_WAIT_MAX, "the processor has not emptied the backlog");
        clock::rest(LOOK_EVERY);
    }
    let (mut kept, mut deleted) = (Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("killing and starting, repetition {}", repetition + 1));
        processor.kill()?;
        let (seconds, restarted, waiting) = restart(plan, &schedule, &state, 2 * repetition)?;
        kept.push(seconds);
        commands.push(waiting);
        restarted.kill()?;
        std::fs::remove_dir_all(&state)?;
        let (seconds, restarted, waiting) = restart(plan, &schedule, &state, 2 * repetition + 1)?;
        deleted.push(seconds);
        commands.push(waiting);
        processor = restarted;
    }
    processor.stop()?;
    validate(&plan.cluster, &schedule, &commands)?;
    let kept = report.figure("with state kept", "s", &kept);
    let deleted = report.figure("with state deleted", "s", &deleted);
    report.ratio("with state kept, in s", kept, Wanted::AtMost(1.0));
    report.ratio("with state deleted, in s", deleted, Wanted::AtMost(2.0));
    Ok(())
}

/// Starts a processor, for which a command waits, and times it until the command's outcome can be read.
fn restart(plan: &Plan, schedule: &Schedule, state: &Path, number: u32) -> anyhow::Result<(f64, Process, Planned)> {
    let mut reader = Reader::new(&plan.cluster.settings()?, &schedule.topology.topics.outcomes.name)?;
    reader.assign_ends(schedule.topology.partitions, ASK_WAIT_MAX)?;
    let waiting = ground_time(number);
    backlog::write(&plan.cluster, schedule, std::slice::from_ref(&waiting))?;
    let began = clock::monotonic();
    let processor = Process::processor(plan, schedule, state, &[])?;
    let mut codec = schedule.codec();
    let mut outcome = None;
    while outcome.is_none() {
        ensure!(began.elapsed() < OUTCOME_WAIT_MAX, "no outcome after the restart");
        let mut values = Vec::new();
        reader.poll(RECORDS_MAX, Duration::from_millis(100), |record| {
            values.push(record.value.unwrap_or_default().to_vec());
        })?;
        for value in values {
            // The end of a transaction shows in a partition only a moment after its commit: some of the outcomes before can follow.
            let read = Codec::<Airline>::decode_outcome(&mut codec, &value)?;
            outcome = outcome.or((read.command_id == waiting.envelope.command_id).then_some(read));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok((seconds, processor, waiting))
}

/// A command that is always accepted: it changes what no rotation looks at.
fn ground_time(number: u32) -> Planned {
    let command = airport::Command::SetMinimumGroundTime {
        aircraft_type: None,
        minutes: 31 + number,
    };
    let envelope = CommandEnvelope {
        command_id: Uuid::from_u64_pair(u64::MAX - 1, number.into()),
        aggregate_id: "airport/HNL".to_owned(),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Airport(command),
    };
    Planned { envelope, accepted: true }
}
