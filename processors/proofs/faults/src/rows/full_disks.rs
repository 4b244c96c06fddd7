//! Disks of states and views that fill up.

use crate::rows::small_disk::SmallDisk;
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::within;
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 31,
        name: "state-disk-full",
        what: "the disk of a processor's state fills up: it stops and says so, and goes on when there is space",
        needs: Needs::Broker,
        run: state_disk_full,
    },
    Row {
        number: 31,
        name: "view-disk-full",
        what: "the disk of a view fills up: it is not ready and says why, still tells what it has, and is whole again when there is space",
        needs: Needs::Broker,
        run: view_disk_full,
    },
];

const RATE: u32 = 400;

fn restart(scene: &mut Scene<'_>) {
    scene.start_processor(
        "one",
        &[
            ("AEROLOG_ROCKSDB__WRITE_BUFFER_BYTES", "1048576"),
            ("AEROLOG_ROCKSDB__BLOCK_CACHE_BYTES", "65536"),
            ("AEROLOG_CACHE_BYTES", "1"),
        ],
    );
    scene.fleet.wait_until_ready("one");
}

fn state_disk_full(ground: &Ground) {
    let mut scene = Scene::begin(ground, "disk", 2);
    let disk = SmallDisk::mount(&scene.fleet.state("one"), 24);
    restart(&mut scene);
    scene.load(Shape {
        rate: RATE,
        ..Shape::default()
    });
    scene.progress(300);
    disk.fill();
    let program = scene.fleet.program("one");
    let mut status = None;
    within(Duration::from_secs(30), "the processor stops because its disk is full", || {
        status = program.ended();
        status.is_some()
    });
    let log = program.log();
    assert!(!status.unwrap().success(), "{log}");
    assert!(log.contains("No space left") && log.contains("state directory"), "{log}");
    scene.fleet.forget("one");
    disk.make_space();
    disk.grow(200);
    restart(&mut scene);
    scene.progress(300);
    scene.drain();
    // What was kept through it equals what is built from nothing.
    scene.fleet.stop("one");
    let kept = scene.fleet.state("one");
    let fresh = scene.fleet.state("fresh");
    scene.start_processor("fresh", &[("AEROLOG_INSTANCE_ID", "one")]);
    scene.fleet.wait_until_ready("fresh");
    scene.fleet.stop("fresh");
    crate::audit::compare_states(&kept, &fresh);
    restart(&mut scene);
    scene.finish();
    drop(disk);
}

fn view_disk_full(ground: &Ground) {
    let mut scene = Scene::begin(ground, "view-disk", 2);
    scene.processor("one");
    scene.materializer("view-2");
    let disk = SmallDisk::mount(&scene.fleet.state("view-1"), 24);
    let small = [("AEROLOG_ROCKSDB__WRITE_BUFFER_BYTES", "65536")];
    scene.fleet.start_materializer(&scene.schedule, "view-1", &small);
    scene.fleet.wait_until_ready("view-1");
    scene.load(Shape {
        rate: 400,
        ..Shape::default()
    });
    scene.progress(300);
    disk.fill();
    let view = scene.fleet.program("view-1");
    within(Duration::from_secs(30), "the view says that there is no space", || {
        view.not_ready_because().contains("No space left")
    });
    assert!(
        view.is_running() && view.is_dead(),
        "only a restart helps, and the process lives to tell"
    );
    let answer = view.answer("/rotations").unwrap();
    assert_eq!(answer.status, 200, "what it has can still be read: {answer:?}");
    scene.fleet.kill("view-1");
    disk.make_space();
    disk.grow(200);
    scene.fleet.start_materializer(&scene.schedule, "view-1", &small);
    scene.fleet.wait_until_ready("view-1");
    scene.finish();
    drop(disk);
}
