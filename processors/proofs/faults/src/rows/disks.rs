//! The broker's disk: full, or put back to an older copy of itself.

use crate::rows::small_disk::SmallDisk;
use crate::rows::topics::{copy, refuses_saying};
use crate::rows::{Needs, Row};
use crate::{Fleet, Ground, QUICK, Scene, Shape};
use end_to_end::{History, Schedule, eventually, load, within};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 19,
        name: "broker-disk-full",
        what: "the broker's disk fills up and the broker ends: the processor is not ready, no other process ends, and all go on when there is space",
        needs: Needs::BrokerOfItsOwn,
        run: broker_disk_full,
    },
    Row {
        number: 25,
        name: "log-cut-back",
        what: "the broker's disk is put back to an older copy: processor and view are ahead of the log, say so, and go no further",
        needs: Needs::BrokerOfItsOwn,
        run: log_cut_back,
    },
];

fn broker_disk_full(ground: &Ground) {
    let services = ground.services();
    let (kafka, aside) = (services.data().join("kafka"), services.data().join("kafka-aside"));
    services.stop_kafka();
    std::fs::rename(&kafka, &aside).unwrap();
    let disk = SmallDisk::mount(&kafka, 1_000);
    copy(&aside, &kafka);
    services.start_kafka();
    let mut scene = Scene::begin(ground, "broker-disk", 2);
    scene.processor("one");
    scene.materializer("view-1");
    let before = load(500, 10, 10);
    scene.schedule.send(&before);
    History::wait_for(&scene.schedule, before.len());
    disk.fill();
    // What is sent now is not acknowledged before there is space.
    scene.load(Shape::default());
    let program = scene.fleet.program("one");
    within(Duration::from_secs(60), "the processor is not ready", || !program.is_ready());
    scene.pass(Duration::from_secs(5));
    let answer = scene.fleet.program("view-1").answer("/rotations").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    services.kill_kafka();
    disk.make_space();
    services.start_kafka();
    scene.progress(100);
    for name in ["one", "view-1"] {
        scene.fleet.wait_until_ready(name);
    }
    let commands = before.iter().zip((0..=10).flat_map(|number| [number; 10]));
    scene.also_sent(crate::Sent {
        records: before.len() as u64,
        commands: commands
            .map(|(command, number)| (command.command_id, end_to_end::is_accepted(number)))
            .collect(),
    });
    scene.finish();
    services.stop_kafka();
    std::fs::remove_dir_all(&aside).unwrap();
    copy(&kafka, &aside);
    drop(disk);
    std::fs::remove_dir_all(&kafka).unwrap();
    std::fs::rename(&aside, &kafka).unwrap();
    services.start_kafka();
}

fn log_cut_back(ground: &Ground) {
    let services = ground.services();
    let (kafka, older) = (services.data().join("kafka"), services.data().join("kafka-older"));
    let mut schedule = Schedule::on(ground.cluster(), "cut-back", 2);
    let mut fleet = Fleet::new(ground.folder(), QUICK);
    fleet.start_processor(&schedule, "one", &[]);
    fleet.start_materializer(&schedule, "view", &[]);
    let (first, second) = (load(0, 20, 10), load(100, 20, 20));
    schedule.send(&first);
    History::wait_for(&schedule, first.len());
    services.stop_kafka();
    copy(&kafka, &older);
    services.start_kafka();
    schedule.send(&second);
    let whole = History::wait_for(&schedule, first.len() + second.len());
    let reached: u64 = whole.events.values().map(|events| events.len() as u64).sum();
    within(Duration::from_secs(30), "the view has it all", || {
        let position = fleet.program("view").ask("/position");
        let sequences = position["partitions"].as_object().unwrap().values();
        sequences.filter_map(serde_json::Value::as_u64).sum::<u64>() == reached
    });
    services.stop_kafka();
    std::fs::remove_dir_all(&kafka).unwrap();
    std::fs::rename(&older, &kafka).unwrap();
    services.start_kafka();

    refuses_saying(&mut fleet, "one", &["of cut-back-"]);
    let view = fleet.program("view");
    within(Duration::from_secs(60), "the view says that its log is gone", || {
        view.not_ready_because().contains("is not in the log")
    });
    assert!(view.is_running());
    let position = view.ask("/position")["position"].clone();
    fleet.kill("view");
    fleet.start_materializer(&schedule, "view", &[]);
    let view = fleet.program("view");
    within(Duration::from_secs(30), "nor does it begin there", || {
        view.not_ready_because().contains("is not in the log")
    });
    assert_eq!(view.ask("/position")["position"], position);
    fleet.kill("view");

    // An operator who takes the older log as the truth begins with empty states, and the log's history goes on.
    for name in ["one", "view"] {
        std::fs::remove_dir_all(fleet.state(name)).unwrap();
    }
    fleet.start_processor(&schedule, "one", &[]);
    fleet.start_materializer(&schedule, "view", &[]);
    schedule.renew_writer();
    schedule.send(&second);
    eventually(
        "the commands that were lost with the log are decided when they are sent again",
        || History::read(&schedule).decided() >= first.len() + second.len(),
    );
    History::read(&schedule).check(first.iter().chain(&second).map(|command| command.command_id));
    for name in ["one", "view"] {
        fleet.wait_until_ready(name);
        fleet.stop(name);
    }
}
