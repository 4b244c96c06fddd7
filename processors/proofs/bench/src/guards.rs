//! What the guards of the transactions cost: the loop of the command processor with and without them, within this process.

use crate::Plan;
use crate::backlog::{self, Planned, Shape};
use crate::cluster::Schedule;
use crate::drain::DRAIN_WAIT_MAX;
use crate::process::{LOOK_EVERY, cpu_seconds};
use crate::report::{Report, Wanted};
use crate::validate::validate;
use airline::Airline;
use anyhow::{anyhow, ensure};
use decider::Tally;
use service::clock;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use store::{Sizing, Store};
use stream::processor::{Configuration, Guards, Observe, Processor, Restored, TransientFault};
use stream::registry::Registry;

/// The guards act once for each transaction: small ones, so that they weigh.
const BATCH: usize = 100;
const WITHOUT: Guards = Guards {
    renews_after_slow_end: false,
    sends_as_member_only: false,
    sends_owned_only: false,
};
const CACHE_BYTES_MAX: usize = 128 << 20;

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "guards",
        "The command processor's loop with (G) and without (N) its guards, at 100 commands in a transaction",
    );
    let shape = Shape {
        rotations: if plan.quick { 100 } else { 500 },
        legs: if plan.quick { 10 } else { 100 },
    };
    let commands = shape.commands()?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for repetition in 0..plan.repetitions {
        report.doing(&format!("with and without guards, repetition {}", repetition + 1));
        // What comes second finds a warmer broker: each of them comes first as often as the other.
        for turn in [repetition % 2, (repetition + 1) % 2] {
            let (guards, drained) = if turn == 0 {
                (Guards::default(), &mut with)
            } else {
                (WITHOUT, &mut without)
            };
            let schedule = plan.cluster.schedule(&format!("guards-{turn}-{repetition}"))?;
            backlog::write(&plan.cluster, &schedule, &commands)?;
            drained.push(drain(plan, &schedule, guards, &commands)?);
        }
    }
    let mut row = |name: &str, unit: &str, figure: fn(&Drained) -> f64| {
        let of = |drained: &[Drained]| drained.iter().map(figure).collect::<Vec<_>>();
        let guarded = report.figure(&format!("G: {name}"), unit, &of(&with));
        guarded / report.figure(&format!("N: {name}"), unit, &of(&without))
    };
    let wall = row("commands", "/s", |drained| drained.commands / drained.seconds);
    let cpu = row("commands per CPU-second", "/s", |drained| drained.commands / drained.cpu_seconds);
    report.ratio("G/N: commands/s", wall, Wanted::AtLeast(0.97));
    report.ratio("G/N: commands per CPU-second", cpu, Wanted::AtLeast(0.97));
    Ok(())
}

struct Drained {
    commands: f64,
    seconds: f64,
    cpu_seconds: f64,
}

/// What the loop has done so far.
#[derive(Clone, Default)]
struct Done(Arc<Counts>);

#[derive(Default)]
struct Counts {
    commands: AtomicU64,
    owned: AtomicBool,
}

impl Observe for Done {
    fn committed(&self, tally: &Tally, _: Duration, _: i64) {
        let commands = tally.accepted + tally.rejected + tally.repeated;
        self.0.commands.fetch_add(commands, Ordering::Relaxed);
    }
    fn dead_letter(&self, _: &'static str) {}
    fn trouble(&self, _: TransientFault) {}
    fn owned(&self, partitions: usize) {
        self.0.owned.store(partitions > 0, Ordering::Relaxed);
    }
    fn restored(&self, _: Restored, _: Duration) {}
    fn cache(&self, _: usize, _: usize) {}
    fn held_up(&self, _: Option<&str>) {}
}

/// From the moment in which the partitions are owned until the last commit.
fn drain(plan: &Plan, schedule: &Schedule, guards: Guards, commands: &[Planned]) -> anyhow::Result<Drained> {
    let state = tempfile::tempdir_in(plan.work.path())?;
    let (done, over) = (Done::default(), Arc::new(AtomicBool::new(false)));
    let processor = Processor {
        settings: plan.cluster.settings()?,
        topology: schedule.topology.clone(),
        configuration: Configuration {
            group: format!("{}-command-processor", schedule.name),
            instance_id: "bench".to_owned(),
            batch_records_max: BATCH,
            pace: Duration::ZERO,
            cache_bytes_max: CACHE_BYTES_MAX,
            warm_partitions_max: 0,
            leaves_when_stopped: false,
            guards,
        },
        codec: schedule.codec(),
        store: Arc::new(Store::open(state.path(), Sizing::default())?),
        schemas: Registry::new(&plan.cluster.registry)?,
        observe: done.clone(),
        domain: PhantomData::<fn() -> Airline>,
    };
    let stopping = Arc::clone(&over);
    let running = thread::spawn(move || {
        processor.run(&|wait| {
            if !stopping.load(Ordering::Relaxed) && !wait.is_zero() {
                clock::rest(wait.min(LOOK_EVERY));
            }
            stopping.load(Ordering::Relaxed)
        })
    });
    let drained = watch(&done, commands.len() as u64);
    over.store(true, Ordering::Relaxed);
    running.join().map_err(|_panic| anyhow!("the loop failed"))??;
    let drained = drained?;
    validate(&plan.cluster, schedule, commands)?;
    Ok(drained)
}

fn watch(done: &Done, commands: u64) -> anyhow::Result<Drained> {
    let waiting = clock::monotonic();
    while !done.0.owned.load(Ordering::Relaxed) {
        ensure!(waiting.elapsed() < DRAIN_WAIT_MAX, "the loop owns nothing");
        clock::rest(Duration::from_millis(1));
    }
    let own = std::process::id();
    let (began, cpu_began) = (clock::monotonic(), cpu_seconds(own)?);
    let before = done.0.commands.load(Ordering::Relaxed);
    while done.0.commands.load(Ordering::Relaxed) < commands {
        ensure!(began.elapsed() < DRAIN_WAIT_MAX, "the loop has not emptied the backlog");
        clock::rest(LOOK_EVERY);
    }
    Ok(Drained {
        commands: (commands - before) as f64,
        seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds(own)? - cpu_began,
    })
}
