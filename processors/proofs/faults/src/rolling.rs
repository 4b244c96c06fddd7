//! Rolling restarts under steady load: how long each partition is silent while its owner is replaced.

use crate::fleet::Kind;
use crate::watch::WatchedTopic;
use crate::{Ground, Scene, Shape};
use end_to_end::within;
use service::clock;
use std::time::{Duration, Instant};

/// Which processors there are.
const NAMES: [&str; 3] = ["one", "two", "three"];
const PARTITIONS: u32 = 6;
/// Enough that every partition speaks many times a second.
const LOAD: Shape = Shape {
    first: 0,
    rotations: 60,
    rate: 300,
    resend_every: 50,
    seed: 1,
};
const SHARE_WAIT_MAX: Duration = Duration::from_secs(60);
/// Between two restarts, so that the silence of one is not taken for the other's.
const CALM: Duration = Duration::from_millis(1500);
/// As `QUICK` says.
const SESSION: Duration = Duration::from_secs(6);
/// What the pause may be beyond what cannot be avoided.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// What Kubernetes takes at least to put a pod in another one's place.
const POD_REPLACEMENT: Duration = Duration::from_secs(3);

/// How one processor is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replacement {
    /// SIGTERM, and started again at once.
    Stop,
    /// SIGTERM to a processor that then leaves the group, and started again only after a pod's time.
    Leave,
    /// SIGKILL, and started again at once, as a supervisor does.
    KillAndRestart,
    /// SIGKILL, and started again only when the others have taken over.
    KillAndStayDead,
}

/// With which signal processors are restarted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Restarts {
    /// With SIGTERM, then as often with SIGKILL.
    #[default]
    Both,
    Sigterm,
    Sigkill,
    /// With SIGTERM, as pods are replaced: each leaves the group, others own its partitions, and it comes back some seconds later.
    Leave,
}

impl Restarts {
    fn of(self, kind: Self, restarts: u32) -> u32 {
        if self == Self::Both || self == kind { restarts } else { 0 }
    }
}

/// So many rolling restarts of three processors with SIGTERM, then as many with SIGKILL, or as pods are replaced.
///
/// # Panics
/// When a process ends by itself, a command is lost or doubled, or a partition is silent for too long.
pub fn run(ground: &Ground, restarts: u32, by: Restarts) {
    let mut scene = Scene::begin(ground, "rolling", PARTITIONS);
    if by == Restarts::Leave {
        scene.fleet.set("AEROLOG_LEAVE_GROUP_WHEN_STOPPED", "true");
        scene.fleet.set("AEROLOG_WARM_PARTITIONS_MAX", "1000");
    }
    for name in NAMES {
        scene.processor(name);
    }
    scene.load(LOAD);
    shared(&mut scene);
    let mut graceful = Vec::new();
    let mut killed = Vec::new();
    let (gracefully, how) = match by {
        Restarts::Leave => (restarts, Replacement::Leave),
        Restarts::Both | Restarts::Sigterm | Restarts::Sigkill => (by.of(Restarts::Sigterm, restarts), Replacement::Stop),
    };
    for restart in 0..gracefully {
        for name in NAMES {
            graceful.extend(replace(&mut scene, name, how));
        }
        ground.tell(&format!("rolling restart {} of {restarts}: {}", restart + 1, said(&graceful)));
    }
    for restart in 0..by.of(Restarts::Sigkill, restarts) {
        let how = [Replacement::KillAndRestart, Replacement::KillAndStayDead][restart as usize % 2];
        for name in NAMES {
            killed.extend(replace(&mut scene, name, how));
        }
        ground.tell(&format!("kill -9 of all, {} of {restarts}: {}", restart + 1, said(&killed)));
    }
    scene.finish();
    println!("pause of a partition on SIGTERM: {}", said(&graceful));
    println!("pause of a partition on kill -9: {}", said(&killed));
    let (stop, kill) = (percentile(&graceful, 99), percentile(&killed, 99));
    assert!(
        stop <= PAUSE_MAX,
        "p99 on SIGTERM is {} ms, more than {} ms",
        stop.as_millis(),
        PAUSE_MAX.as_millis()
    );
    assert!(kill <= SESSION + PAUSE_MAX, "p99 on kill -9 is {} ms", kill.as_millis());
}

/// Replaces one processor; returns the longest silence of each partition in either topic meanwhile.
fn replace(scene: &mut Scene<'_>, name: &str, how: Replacement) -> Vec<Duration> {
    scene.pass(CALM);
    let began = clock::monotonic();
    scene.watch.forget_before(began);
    match how {
        Replacement::Stop => scene.fleet.stop(name),
        Replacement::Leave => {
            scene.fleet.stop(name);
            scene.pass(POD_REPLACEMENT);
        }
        Replacement::KillAndRestart => scene.fleet.kill(name),
        Replacement::KillAndStayDead => {
            scene.fleet.kill(name);
            shared(scene);
            scene.pass(CALM);
        }
    }
    scene.processor(name);
    shared(scene);
    scene.pass(CALM);
    silences(scene, began)
}

fn silences(scene: &Scene<'_>, began: Instant) -> Vec<Duration> {
    let now = clock::monotonic();
    let outcomes = scene.watch.silences(WatchedTopic::Outcomes, began, now);
    let events = scene.watch.silences(WatchedTopic::Events, began, now);
    assert_eq!(outcomes.len(), PARTITIONS as usize, "the load does not reach every partition");
    let longer = |(partition, silence): (u32, Duration)| silence.max(events.get(&partition).copied().unwrap_or_default());
    outcomes.into_iter().map(longer).collect()
}

/// Waits until the processors that run own everything together, and each of them something.
fn shared(scene: &mut Scene<'_>) {
    within(SHARE_WAIT_MAX, "the partitions are shared", || {
        scene.fleet.check_running();
        let names = scene.fleet.names(Kind::Processor);
        let owned: Vec<f64> = names
            .iter()
            .map(|name| scene.fleet.program(name).metric("aerolog_partitions_owned"))
            .collect();
        owned.iter().all(|owned| *owned > 0.5) && owned.iter().sum::<f64>() > f64::from(PARTITIONS) - 0.5
    });
}

fn percentile(pauses: &[Duration], part: usize) -> Duration {
    let mut sorted = pauses.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * part / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

fn said(pauses: &[Duration]) -> String {
    let of = |part| percentile(pauses, part).as_millis();
    format!("p50 {} ms, p99 {} ms, max {} ms ({} pauses)", of(50), of(99), of(100), pauses.len())
}
