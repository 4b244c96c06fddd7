//! Clocks that are wrong: times are recorded wrong, and nothing else is.

use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::History;
use service::clock;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const ROWS: &[Row] = &[Row {
    number: 46,
    name: "wrong-clocks",
    what: "processors and views whose clocks are hours wrong, and jump in mid-run: the same decisions, at the broker's times",
    needs: Needs::Broker,
    run: wrong_clocks,
}];

/// A library that is loaded into a process and answers its questions about the time.
const WRONG_CLOCK: &str = include_str!("../wrong_clock.c");
const HOUR_MS: i64 = 3_600_000;

/// The library, from the C compiler that RocksDB is built with.
fn compiled(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("wrong_clock.c"), folder.join("wrong_clock.so"));
    if library.exists() {
        return library;
    }
    std::fs::write(&source, WRONG_CLOCK).unwrap();
    let output = Command::new("cc")
        .args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    library
}

fn clock_file(ground: &Ground, name: &str) -> PathBuf {
    ground.folder().join(format!("{name}.clock"))
}

/// Makes the clock of a process wrong by so many hours, from now on.
pub(super) fn set_clock(ground: &Ground, name: &str, hours: i64) {
    // In place, because the process has it open.
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(clock_file(ground, name));
    file.unwrap().write_all(&(hours * HOUR_MS * 1_000_000).to_ne_bytes()).unwrap();
}

/// Starts a process that takes its time from the file, and waits until it is ready.
pub(super) fn start_with_clock(scene: &mut Scene<'_>, name: &str) {
    let library = compiled(scene.ground.folder());
    let file = clock_file(scene.ground, name);
    let variables = [("LD_PRELOAD", library.to_str().unwrap()), ("WRONG_CLOCK", file.to_str().unwrap())];
    if name.starts_with("view") {
        scene.fleet.start_materializer(&scene.schedule, name, &variables);
    } else {
        scene.start_processor(name, &variables);
    }
    scene.fleet.wait_until_ready(name);
}

fn wrong_clocks(ground: &Ground) {
    let mut scene = Scene::begin(ground, "clocks", 2);
    let set = |name: &str, hours: i64| set_clock(ground, name, hours);
    let start = start_with_clock;
    set("one", 1);
    set("view-1", -1);
    start(&mut scene, "one");
    start(&mut scene, "view-1");
    scene.materializer("view-2");
    let began_ms = clock::unix_ms();
    scene.load(Shape::default());
    scene.progress(200);
    // The log of a process tells what it takes the time to be.
    let hour = |name: &str, scene: &mut Scene<'_>| {
        let log = scene.fleet.program(name).log();
        let stamp = log.split("\"timestamp\":\"").nth(1).unwrap();
        domain::Instant::parse(&format!("{}Z", &stamp[.."2008-01-31T18:05:00".len()]))
            .unwrap()
            .0
            - began_ms
    };
    assert!(hour("one", &mut scene) > HOUR_MS / 2, "the processor's clock is right");
    assert!(hour("view-1", &mut scene) < -HOUR_MS / 2, "the view's clock is right");
    for (one, view) in [(-1, 1), (3, -3), (0, 0), (-5, 5)] {
        set("one", one);
        set("view-1", view);
        scene.progress(150);
    }
    scene.fleet.kill("one");
    set("one", 48);
    start(&mut scene, "one");
    scene.progress(150);
    scene.end_load();
    scene.drain();
    let ended_ms = clock::unix_ms();
    for event in History::read(&scene.schedule).events.values().flatten() {
        let decided = event.decided_at_ms;
        assert!(
            (began_ms - 60_000..=ended_ms + 60_000).contains(&decided),
            "decided at {decided}: {event:?}"
        );
    }
    scene.finish_with_state_of("one");
}
