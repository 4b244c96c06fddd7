//! State directories that are lost, old, damaged or full: they come back from the log, and no answer is ever wrong.

use crate::rows::topics::copy;
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::within;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 28,
        name: "states-deleted",
        what: "processor and view are killed and their directories deleted: both are rebuilt from the log and equal those that were kept",
        needs: Needs::Broker,
        run: states_deleted,
    },
    Row {
        number: 29,
        name: "states-from-a-backup",
        what: "directories are replaced by older copies of themselves: the gap is replayed, and nothing else",
        needs: Needs::Broker,
        run: states_from_a_backup,
    },
    Row {
        number: 30,
        name: "state-damaged-stopped",
        what: "a processor's files are flipped, cut, deleted while it is down: it rebuilds what it cannot read",
        needs: Needs::Broker,
        run: state_damaged_stopped,
    },
    Row {
        number: 30,
        name: "view-damaged-stopped",
        what: "a view's files are flipped, cut, deleted while it is down: it rebuilds what it cannot read",
        needs: Needs::Broker,
        run: view_damaged_stopped,
    },
    Row {
        number: 30,
        name: "state-damaged-running",
        what: "a processor's files are flipped under it: what it then reads is an error, never a state to decide on; it is rebuilt",
        needs: Needs::Broker,
        run: state_damaged_running,
    },
    Row {
        number: 48,
        name: "view-damaged-running",
        what: "a view's files are flipped under it: questions get 503 with Retry-After, the process asks for a restart, which rebuilds it",
        needs: Needs::Broker,
        run: view_damaged_running,
    },
];

/// Caches so small that files are read, and buffers that are not so small that writing waits for files.
const SMALL: &[(&str, &str)] = &[
    ("AEROLOG_ROCKSDB__WRITE_BUFFER_BYTES", "1048576"),
    ("AEROLOG_ROCKSDB__BLOCK_CACHE_BYTES", "65536"),
    ("AEROLOG_CACHE_BYTES", "1"),
];
/// The same for a view, which has no cache of aggregates.
const SMALL_VIEW: &[(&str, &str)] = &[SMALL[0], SMALL[1]];
const RATE: u32 = 400;
/// Where states are rebuilt many times, with buffers that make that slow.
const LOW_RATE: u32 = 100;

fn begin<'g>(ground: &'g Ground, name: &str, rate: u32) -> Scene<'g> {
    let mut scene = Scene::begin(ground, name, 2);
    scene.start_processor("one", SMALL);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape { rate, ..Shape::default() });
    scene
}

fn restart(scene: &mut Scene<'_>, name: &str) {
    scene.start_processor(name, SMALL);
    scene.fleet.wait_until_ready(name);
}

fn start_view(scene: &mut Scene<'_>, name: &str) {
    scene.fleet.start_materializer(&scene.schedule, name, SMALL_VIEW);
}

fn states_deleted(ground: &Ground) {
    let mut scene = begin(ground, "deleted-states", RATE);
    scene.materializer("view-1");
    scene.materializer("view-2");
    scene.progress(1_000);
    scene.fleet.kill("one");
    scene.fleet.kill("view-1");
    for name in ["one", "view-1"] {
        std::fs::remove_dir_all(scene.fleet.state(name)).unwrap();
    }
    restart(&mut scene, "one");
    let restored = scene.fleet.program("one").metric("aerolog_restored_records_total");
    assert!(restored >= 1_000.0, "it was ready after {restored} records");
    scene.materializer("view-1");
    let applied = scene.fleet.program("view-1").metric("aerolog_view_events_applied_total");
    assert!(applied >= 500.0, "it was ready after {applied} events");
    scene.progress(300);
    ground.tell(&format!("{restored} records restored, {applied} events applied again"));
    scene.finish_with_state_of("one");
}

fn states_from_a_backup(ground: &Ground) {
    let mut scene = begin(ground, "backup", RATE);
    scene.materializer("view-1");
    scene.materializer("view-2");
    scene.progress(500);
    let backup = |name: &str| ground.folder().join(format!("{name}-backup"));
    for name in ["one", "view-1"] {
        scene.fleet.stop(name);
        copy(&scene.fleet.state(name), &backup(name));
    }
    restart(&mut scene, "one");
    scene.materializer("view-1");
    scene.progress(800);
    for name in ["one", "view-1"] {
        scene.fleet.kill(name);
        std::fs::remove_dir_all(scene.fleet.state(name)).unwrap();
        copy(&backup(name), &scene.fleet.state(name));
    }
    let outcomes = scene.watch.outcomes() as f64;
    restart(&mut scene, "one");
    let restored = scene.fleet.program("one").metric("aerolog_restored_records_total");
    // An outcome and at most one event for each command.
    assert!(restored >= 800.0, "only {restored} records were replayed");
    assert!(
        restored <= 2.0 * (outcomes - 400.0),
        "{restored} records were replayed of {outcomes} outcomes"
    );
    scene.materializer("view-1");
    scene.progress(300);
    ground.tell(&format!("{restored} records replayed"));
    scene.finish_with_state_of("one");
}

/// What can become of files.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// One bit in the first third of every file of this kind.
    Flip(&'static str),
    /// Bits everywhere.
    FlipMany(&'static str),
    /// The second half of every file of this kind is gone.
    Cut(&'static str),
    Delete(&'static str),
}

const TABLE: &str = ".sst";
const LOG: &str = ".log";

const DAMAGES: [Damage; 8] = [
    Damage::Flip(TABLE),
    Damage::FlipMany(TABLE),
    Damage::Cut(TABLE),
    Damage::Delete(TABLE),
    Damage::Delete("CURRENT"),
    Damage::Delete("MANIFEST"),
    Damage::Cut("MANIFEST"),
    Damage::Cut(LOG),
];

impl Damage {
    /// Damages the files; how many.
    fn to(self, directory: &Path) -> usize {
        let (Self::Flip(kind) | Self::FlipMany(kind) | Self::Cut(kind) | Self::Delete(kind)) = self;
        let files = files(directory, kind);
        for file in &files {
            let mut bytes = std::fs::read(file).unwrap();
            match self {
                Self::Delete(_) => {
                    std::fs::remove_file(file).unwrap();
                    continue;
                }
                Self::Cut(_) => bytes.truncate(bytes.len() / 2),
                Self::Flip(_) => {
                    let at = bytes.len() / 3;
                    flip(&mut bytes, at);
                }
                Self::FlipMany(_) => (0..bytes.len()).step_by(FLIP_EVERY_BYTES).for_each(|at| flip(&mut bytes, at)),
            }
            // In place: a process that has the file open sees it.
            use std::io::Write;
            let opened = std::fs::OpenOptions::new()
                .write(true)
                .truncate(matches!(self, Self::Cut(_)))
                .open(file);
            opened.unwrap().write_all(&bytes).unwrap();
        }
        files.len()
    }
}

const FLIP_EVERY_BYTES: usize = 512;

fn flip(bytes: &mut [u8], at: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0x40;
    }
}

/// RocksDB's files whose names hold this; its own log of what it does is called LOG and is not among them.
fn files(directory: &Path, kind: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let of_kind = |path: &PathBuf| path.is_file() && path.file_name().unwrap().to_string_lossy().contains(kind);
    entries.filter(of_kind).collect()
}

fn set_aside(state: &Path) -> usize {
    let name = format!("{}.set-aside-", state.file_name().unwrap().to_string_lossy());
    let siblings = std::fs::read_dir(state.parent().unwrap()).unwrap();
    let is_of = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&name);
    siblings.filter(|entry| is_of(entry.as_ref().unwrap())).count()
}

fn state_damaged_stopped(ground: &Ground) {
    let mut scene = begin(ground, "damaged", LOW_RATE);
    let state = scene.fleet.state("one");
    for damage in DAMAGES {
        scene.progress(50);
        scene.fleet.kill("one");
        // What is found in the log of a store is in files when it is opened again.
        restart(&mut scene, "one");
        scene.fleet.kill("one");
        let files = damage.to(&state);
        assert!(files > 0, "{damage:?} has damaged nothing");
        let before = set_aside(&state);
        heal(&mut scene, "one", 50);
        ground.tell(&format!(
            "{damage:?} of {files} files: {}",
            if set_aside(&state) > before {
                "set aside and rebuilt"
            } else {
                "replayed"
            }
        ));
    }
    assert!(set_aside(&state) >= 5, "too little was noticed");
    scene.finish_with_state_of("one");
}

/// Starts the processor, again where it ends because of what it finds, until it makes progress.
fn heal(scene: &mut Scene<'_>, name: &str, outcomes: u64) {
    const STARTS_MAX: u32 = 3;
    let wanted = scene.watch.outcomes() + outcomes;
    scene.start_processor(name, SMALL);
    let mut starts = 1;
    within(Duration::from_secs(45), "the processor has mended its state and goes on", || {
        if let Some(status) = scene.fleet.program(name).ended() {
            assert!(
                starts < STARTS_MAX,
                "it ends at every start ({status}):\n{}",
                scene.fleet.program(name).log()
            );
            scene.fleet.forget(name);
            scene.start_processor(name, SMALL);
            starts += 1;
        }
        scene.watch.outcomes() >= wanted
    });
}

fn state_damaged_running(ground: &Ground) {
    let mut scene = begin(ground, "damaged-running", RATE);
    let state = scene.fleet.state("one");
    scene.progress(1_000);
    // What is found in the log of a store is in files when it is opened again.
    scene.fleet.kill("one");
    restart(&mut scene, "one");
    let files = Damage::FlipMany(TABLE).to(&state);
    assert!(files > 0, "nothing was in files yet");
    let wanted = scene.watch.outcomes() + 1_000;
    let mut ends = 0;
    within(Duration::from_secs(45), "the processor has mended its state and goes on", || {
        if scene.fleet.program("one").ended().is_some() {
            ends += 1;
            assert!(ends < 3, "it ends again and again:\n{}", scene.fleet.program("one").log());
            scene.fleet.forget("one");
            scene.start_processor("one", SMALL);
        }
        scene.watch.outcomes() >= wanted
    });
    assert!(set_aside(&state) > 0, "what was damaged was never noticed");
    ground.tell(&format!("{files} files damaged; the process ended {ends} times"));
    scene.finish_with_state_of("one");
}

fn view_damaged_stopped(ground: &Ground) {
    let mut scene = begin(ground, "damaged-view", LOW_RATE);
    scene.materializer("view-2");
    start_view(&mut scene, "view-1");
    scene.fleet.wait_until_ready("view-1");
    let state = scene.fleet.state("view-1").join("schedule-graph-3");
    for damage in DAMAGES {
        scene.progress(50);
        scene.fleet.kill("view-1");
        start_view(&mut scene, "view-1");
        scene.fleet.wait_until_ready("view-1");
        scene.fleet.kill("view-1");
        let files = damage.to(&state);
        assert!(files > 0, "{damage:?} has damaged nothing");
        let before = set_aside(&state);
        mend_view(&mut scene);
        ground.tell(&format!(
            "{damage:?} of {files} files: {}",
            if set_aside(&state) > before {
                "set aside and rebuilt"
            } else {
                "replayed"
            }
        ));
    }
    assert!(set_aside(&state) >= 5, "too little was noticed");
    scene.finish();
}

/// Starts the view; restarts it, as a watcher of its liveness does, where it says that only that helps; and reads all of it.
fn mend_view(scene: &mut Scene<'_>) {
    start_view(scene, "view-1");
    let mut restarts = 0;
    within(Duration::from_secs(45), "the view has mended itself and answers", || {
        let view = scene.fleet.program("view-1");
        let answer = view.answer("/position?content_hash=true");
        if view.is_ready() && answer.is_some_and(|answer| answer.status == 200) {
            return true;
        }
        if view.is_dead() {
            restarts += 1;
            assert!(restarts < 3, "it has to be restarted again and again:\n{}", view.log());
            scene.fleet.kill("view-1");
            start_view(scene, "view-1");
        }
        false
    });
}

fn view_damaged_running(ground: &Ground) {
    let mut scene = begin(ground, "damaged-running-view", RATE);
    scene.materializer("view-2");
    start_view(&mut scene, "view-1");
    scene.fleet.wait_until_ready("view-1");
    let state = scene.fleet.state("view-1").join("schedule-graph-3");
    scene.progress(1_000);
    scene.end_load();
    let drained = scene.drain();
    scene.fleet.kill("view-1");
    start_view(&mut scene, "view-1");
    scene.fleet.wait_until_ready("view-1");
    let complete = scene.fleet.program("view-2").ask("/rotations?limit=1000");
    let files = Damage::FlipMany(TABLE).to(&state);
    assert!(files > 0, "nothing was in files yet");
    let mut refused = 0;
    within(Duration::from_secs(30), "the view says that it has to be restarted", || {
        let view = scene.fleet.program("view-1");
        for path in [
            "/rotations?limit=1000",
            "/checks/overlap",
            "/legs?limit=1000",
            "/position?content_hash=true",
        ] {
            let Some(answer) = view.answer(path) else { continue };
            match answer.status {
                200 if path.starts_with("/rotations") => {
                    assert_eq!(answer.body["rotations"], complete["rotations"], "part of an answer");
                }
                200 => {}
                503 => {
                    assert!(answer.retry_after.is_some(), "{answer:?}");
                    refused += 1;
                }
                _ => panic!("{path}: {answer:?}"),
            }
        }
        view.is_dead()
    });
    assert!(refused > 0, "no question has met the damage");
    scene.fleet.kill("view-1");
    mend_view(&mut scene);
    assert!(set_aside(&state) > 0, "what was damaged is still in use");
    ground.tell(&format!(
        "{files} files damaged, {refused} questions refused; drained in {:.1} s",
        drained.as_secs_f64()
    ));
    scene.finish();
}
