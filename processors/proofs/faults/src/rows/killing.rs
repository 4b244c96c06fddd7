//! A processor is killed at each step of a transaction, in taking over, and at random; and it is asked to stop.

use super::{Needs, Row};
use crate::{Ground, Scene, Shape};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 1,
        name: "kill-with-open-transaction",
        what: "killed when records are produced and not committed, six times: nothing of it is seen, the commands are decided again",
        needs: Needs::Broker,
        run: |ground| killed_at(ground, "produced", 6),
    },
    Row {
        number: 1,
        name: "kill-at-begin",
        what: "killed when a transaction is begun and empty, four times: nothing is lost, nothing is decided twice",
        needs: Needs::Broker,
        run: |ground| killed_at(ground, "begun", 4),
    },
    Row {
        number: 1,
        name: "kill-at-random",
        what: "killed at twelve random moments under load: every command has one outcome, the state equals a rebuilt one",
        needs: Needs::Broker,
        run: killed_at_random,
    },
    Row {
        number: 2,
        name: "kill-after-commit",
        what: "killed between Kafka's commit and the write of the state, six times: the gap is replayed from the log",
        needs: Needs::Broker,
        run: |ground| killed_at(ground, "committed", 6),
    },
    Row {
        number: 2,
        name: "kill-after-store",
        what: "killed right after the write of the state, four times: nothing is decided twice",
        needs: Needs::Broker,
        run: |ground| killed_at(ground, "stored", 4),
    },
    Row {
        number: 3,
        name: "kill-before-commit",
        what: "killed between sending the offsets and the commit, six times: neither records nor offsets are seen",
        needs: Needs::Broker,
        run: |ground| killed_at(ground, "offsets-sent", 6),
    },
    Row {
        number: 4,
        name: "kill-while-restoring",
        what: "killed during replay twenty times, from an empty directory: each restart restores again, and is not ready before",
        needs: Needs::Broker,
        run: killed_while_restoring,
    },
    Row {
        number: 5,
        name: "stop-under-load",
        what: "SIGTERM under load, five times: it ends within 5 s with status 0, and the next one goes on where it stopped",
        needs: Needs::Broker,
        run: stopped_under_load,
    },
];

const PARTITIONS: u32 = 4;
/// Outcomes between two faults.
const SOME: u64 = 40;

/// A failpoint kills the processor, again and again; each time it has decided something in between.
fn killed_at(ground: &Ground, point: &str, times: u32) {
    let mut scene = Scene::begin(ground, &format!("kill-{point}"), PARTITIONS);
    scene.load(Shape::default());
    for time in 0..times {
        // Early and late: in the first transaction after a start, and in later ones.
        let failpoint = format!("{point}:kill:{}", 1 + 3 * (time % 3));
        scene.start_processor("one", &[("AEROLOG_FAILPOINT", &failpoint)]);
        scene.fleet.wait_until_killed("one");
    }
    scene.processor("one");
    scene.progress(SOME);
    scene.finish_with_state_of("one");
}

fn killed_at_random(ground: &Ground) {
    let mut chance = crate::Chance::from_seed(ground.seed());
    let mut scene = Scene::begin(ground, "kill-random", PARTITIONS);
    scene.load(Shape::default());
    for _ in 0..12 {
        scene.processor("one");
        scene.progress(1);
        scene.pass(chance.millis(0, 400));
        scene.fleet.kill("one");
    }
    scene.processor("one");
    scene.finish_with_state_of("one");
}

fn killed_while_restoring(ground: &Ground) {
    let mut scene = Scene::begin(ground, "kill-restoring", PARTITIONS);
    scene.load(Shape {
        rate: 2000,
        ..Shape::default()
    });
    scene.processor("one");
    scene.progress(4000);
    scene.drain();
    scene.fleet.kill("one");
    for time in 0..20 {
        // Each partition's events and outcomes are a piece at least. Every other time a half-restored state is restored on.
        let is_anew = time % 2 == 0;
        if is_anew {
            std::fs::remove_dir_all(scene.fleet.state("one")).unwrap();
        }
        let failpoint = format!("restoring:kill:{}", if is_anew { 1 + time / 2 % 4 } else { 1 });
        scene.start_processor("one", &[("AEROLOG_FAILPOINT", &failpoint)]);
        scene.fleet.wait_until_killed("one");
    }
    scene.load(Shape {
        first: 1000,
        ..Shape::default()
    });
    scene.processor("one");
    scene.progress(SOME);
    scene.finish_with_state_of("one");
}

fn stopped_under_load(ground: &Ground) {
    let mut scene = Scene::begin(ground, "stop", PARTITIONS);
    scene.load(Shape {
        rate: 500,
        ..Shape::default()
    });
    for _ in 0..5 {
        scene.processor("one");
        scene.progress(SOME);
        scene.pass(Duration::from_millis(200));
        scene.fleet.stop("one");
    }
    scene.processor("one");
    scene.progress(SOME);
    scene.finish_with_state_of("one");
}
