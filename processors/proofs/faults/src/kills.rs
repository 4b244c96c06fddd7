//! SIGKILL over and over: a processor and a materializer, at random moments and at each failpoint in turn, under a load that never rests.

use crate::{Chance, Ground, Scene, Shape};
use service::clock;
use std::time::Duration;

/// How often each is killed.
#[derive(Debug, Clone, Copy)]
pub struct Kills {
    pub processor: u32,
    pub materializer: u32,
}

/// In each of them the process has something in its hands that it must neither lose nor do twice.
const POINTS: [&str; 7] = ["begun", "produced", "offsets-sent", "committed", "restoring", "restored", "stored"];
const VIEW_POINTS: [&str; 2] = ["applied", "written"];
/// At these a transaction is open.
const OPEN: [&str; 3] = ["begun", "produced", "offsets-sent"];
const PARTITIONS: u32 = 4;
/// A failpoint that is not reached by then is not on the way of this start: there was nothing to replay, mostly.
const FAILPOINT_WAIT_MAX: Duration = Duration::from_secs(4);
/// A start takes about as long: kills hit the start, the replay and the processing.
const LIFE_MS_MAX: usize = 1500;
/// After so many kills the processor must have decided something.
const PROGRESS_EVERY: u32 = 20;

/// Kills, then audits.
///
/// # Panics
/// When a command is lost or doubled, or too few of the kills hit an open transaction.
pub fn run(ground: &Ground, kills: Kills) {
    let mut chance = Chance::from_seed(ground.seed());
    let mut scene = Scene::begin(ground, "kills", PARTITIONS);
    scene.load(Shape {
        rate: 150,
        ..Shape::default()
    });
    let began = clock::monotonic();
    let mut tally = Tally::default();
    let mut views_left = kills.materializer;
    let cycles = kills.processor.max(kills.materializer);
    for cycle in 0..cycles {
        // Spread over the run, so that both kinds are killed in each other's company.
        let due = u64::from(kills.materializer) * u64::from(cycle + 1) / u64::from(cycles);
        while u64::from(kills.materializer - views_left) < due {
            kill_view(&mut scene, &mut chance, views_left);
            views_left -= 1;
        }
        if cycle < kills.processor {
            kill_processor(&mut scene, &mut chance, cycle, &mut tally);
        }
        if cycle % PROGRESS_EVERY == PROGRESS_EVERY - 1 {
            scene.processor("one");
            scene.progress(1);
            scene.fleet.kill("one");
            let each = began.elapsed().as_secs_f64() / f64::from(cycle + 1);
            ground.tell(&format!(
                "{} cycles, {each:.2} s each; {tally:?}; {} outcomes",
                cycle + 1,
                scene.watch.outcomes()
            ));
        }
    }
    scene.processor("one");
    if scene.fleet.runs("view") {
        scene.fleet.kill("view");
    }
    // A second replica that was never killed holds the same.
    scene.materializer("view");
    scene.materializer("witness");
    scene.finish_with_state_of("one");
    ground.tell(&format!(
        "{} kills of the processor, {} of the materializer in {:.0} s: {tally:?}",
        kills.processor,
        kills.materializer,
        began.elapsed().as_secs_f64()
    ));
    let wanted = kills.processor / 6;
    assert!(
        tally.open >= wanted,
        "{} kills met an open transaction, fewer than {wanted}",
        tally.open
    );
}

/// What the kills hit.
#[derive(Debug, Default)]
struct Tally {
    random: u32,
    failpoints: u32,
    open: u32,
    /// Failpoints that were not on the way of that start.
    missed: u32,
}

fn kill_processor(scene: &mut Scene<'_>, chance: &mut Chance, cycle: u32, tally: &mut Tally) {
    if cycle.is_multiple_of(2) {
        scene.start_processor("one", &[]);
        clock::rest(chance.millis(0, LIFE_MS_MAX));
        scene.fleet.kill("one");
        tally.random += 1;
        return;
    }
    let point = POINTS[(cycle / 2) as usize % POINTS.len()];
    let failpoint = format!("{point}:kill:{}", 1 + chance.below(3));
    scene.start_processor("one", &[("AEROLOG_FAILPOINT", &failpoint)]);
    if scene.fleet.is_killed_within("one", FAILPOINT_WAIT_MAX) {
        tally.failpoints += 1;
        tally.open += u32::from(OPEN.contains(&point));
    } else {
        scene.fleet.kill("one");
        tally.missed += 1;
    }
}

/// Ends the view that runs, and starts the next one.
fn kill_view(scene: &mut Scene<'_>, chance: &mut Chance, number: u32) {
    if scene.fleet.runs("view") {
        // It may have died at its failpoint already.
        scene.fleet.kill("view");
    }
    let (schedule, point) = (&scene.schedule, *chance.of(&VIEW_POINTS));
    let failpoint = format!("{point}:kill:{}", 1 + chance.below(20));
    let variables = [("AEROLOG_FAILPOINT", failpoint.as_str())];
    let variables: &[(&str, &str)] = if number.is_multiple_of(2) { &variables } else { &[] };
    scene.fleet.start_materializer(schedule, "view", variables);
}
