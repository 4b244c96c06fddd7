//! Outcomes that are lost while their commands are kept: they are written again, and nothing is decided otherwise.

use crate::Ground;
use crate::audit::{self, compare_states};
use crate::kafka::{delete_records, delete_topic};
use crate::rows::recovering::{BARE, Lost, NEITHER, ids};
use crate::rows::topics::{NOTICE_WAIT_MAX, Running, copy};
use crate::rows::{Needs, Row};
use end_to_end::{History, Schedule, eventually, load, within};
use std::collections::BTreeSet;
use stream::admin::Admin;
use stream::reader::Reader;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 64,
        name: "outcomes-emptied",
        what: "all outcomes are deleted under load, and the processor runs on: it notices, and writes those again whose commands are kept",
        needs: Needs::Broker,
        run: outcomes_emptied,
    },
    Row {
        number: 64,
        name: "outcomes-emptied-bare",
        what: "the same, and the processor is started again with its state lost, with the group lost, and with both",
        needs: Needs::Broker,
        run: outcomes_emptied_bare,
    },
    Row {
        number: 64,
        name: "outcomes-recreated",
        what: "the outcomes topic is deleted and created again under load: they are written again, with and without a state",
        needs: Needs::Broker,
        run: outcomes_recreated,
    },
    Row {
        number: 64,
        name: "outcomes-emptied-twice",
        what: "the outcomes are deleted again while they are being written again, and commands with them: those that can be written again are, and nothing stops",
        needs: Needs::Broker,
        run: outcomes_emptied_twice,
    },
];

/// Rotations of the load that goes on while the outcomes are deleted.
const FLOOD: u32 = 60;

/// What was sent, each command with its id, some of them twice, and records that are no commands.
struct MixedCommands {
    ids: BTreeSet<Uuid>,
    commands: usize,
}

impl MixedCommands {
    /// Not waited for: it is in the middle of them.
    fn send(running: &mut Running, first: u32) -> Self {
        let commands = load(first, FLOOD, 10);
        let again = load(first, 10, 10);
        running.schedule.send(&commands);
        running.schedule.send(&again);
        for partition in 0..running.schedule.partitions() {
            let record = running.schedule.record(Some(b"R0"), Some(b"no command"), &[], Some(partition));
            running.schedule.write(&record);
        }
        running.schedule.flush();
        Self {
            ids: ids(&commands),
            commands: commands.len() + again.len(),
        }
    }
}

/// Deletes all outcomes that are there.
fn empty(ground: &Ground, schedule: &Schedule) {
    let topic = schedule.topology().topics.outcomes.name.clone();
    let reader = Reader::new(&ground.cluster().settings(), &topic).unwrap();
    let partitions: Vec<u32> = (0..schedule.partitions()).collect();
    for (partition, end) in reader.ends(&partitions, NOTICE_WAIT_MAX).unwrap() {
        delete_records(ground.cluster(), ground.folder(), &topic, partition, end);
    }
}

/// A schedule whose processor has decided something and is in the middle of more.
fn under_load(ground: &Ground, name: &str) -> (Running, MixedCommands) {
    let mut running = Running::begin(ground, name);
    let mut mixed = MixedCommands::send(&mut running, 1_000);
    mixed.commands += running.decided();
    (running, mixed)
}

/// Each record that is a command has its one outcome, the auditor agrees, and a state that is built from the log is the one that is there.
fn all_is_there(ground: &Ground, running: &mut Running, mut mixed: MixedCommands) {
    let more = MixedCommands::send(running, 2_000);
    mixed.ids.extend(more.ids);
    mixed.commands += more.commands;
    eventually("every command has its outcome", || {
        let history = History::read(&running.schedule);
        let decided: BTreeSet<Uuid> = history.outcomes.values().flatten().map(|outcome| outcome.command_id).collect();
        let outcomes: usize = history.outcomes.values().map(Vec::len).sum();
        outcomes == mixed.commands && mixed.ids.is_subset(&decided)
    });
    let program = running.fleet.program("one");
    // A log that has lost nothing from its beginning is taken for one whose first transactions are torn.
    let again = ["outcomes_lost", "transaction_torn"].map(|kind| program.metric(&format!("aerolog_troubles_total{{kind=\"{kind}\"}}")));
    assert!(again.iter().sum::<f64>() > 0.0, "nothing was written again");
    running.fleet.stop("one");
    check(ground, running, mixed.commands);
    // It may have been stopped on its way through commands whose outcomes are all there: the next start brings its state up to the log.
    running.processor("one");
    running.fleet.stop("one");
    let kept = ground.folder().join(format!("kept-{}", running.schedule.name()));
    copy(&running.fleet.state("one"), &kept);
    running.lose_state("one");
    running.processor("one");
    running.fleet.stop("one");
    compare_states(&kept, &running.fleet.state("one"));
    // The next start writes nothing more.
    check(ground, running, mixed.commands);
}

fn check(ground: &Ground, running: &Running, commands: usize) {
    let said = audit::audit(&running.schedule, ground.folder(), commands as u64, &[]);
    ground.tell(&said);
}

fn outcomes_emptied(ground: &Ground) {
    let (mut running, mixed) = under_load(ground, "emptied");
    empty(ground, &running.schedule);
    all_is_there(ground, &mut running, mixed);
}

fn outcomes_emptied_bare(ground: &Ground) {
    for lost in BARE {
        let (mut running, mixed) = under_load(ground, &format!("emptied-{}-{}", u8::from(lost.state), u8::from(lost.group)));
        empty(ground, &running.schedule);
        restart(ground, &mut running, lost);
        all_is_there(ground, &mut running, mixed);
    }
}

fn restart(ground: &Ground, running: &mut Running, lost: Lost) {
    running.fleet.stop("one");
    lost.lose(running, ground);
    running.processor("one");
}

fn outcomes_recreated(ground: &Ground) {
    for lost in [NEITHER, BARE[0], BARE[2]] {
        let name = format!("outcomes-recreated-{}-{}", u8::from(lost.state), u8::from(lost.group));
        let (mut running, mixed) = under_load(ground, &name);
        let topology = running.schedule.topology().clone();
        let outcomes = topology.topics.outcomes.name.clone();
        delete_topic(ground.cluster(), &outcomes);
        let admin = Admin::new(&ground.cluster().settings()).unwrap();
        within(NOTICE_WAIT_MAX, "the topic is gone", || {
            admin.live(&topology).unwrap().iter().all(|live| live.name != outcomes)
        });
        admin.apply(&topology).unwrap();
        within(NOTICE_WAIT_MAX, "the topic is there again", || {
            admin.check(&topology).unwrap().is_empty()
        });
        running.ends_saying("one", &[&outcomes]);
        lost.lose(&mut running, ground);
        running.processor("one");
        all_is_there(ground, &mut running, mixed);
    }
}

fn outcomes_emptied_twice(ground: &Ground) {
    let (mut running, _) = under_load(ground, "emptied-twice");
    empty(ground, &running.schedule);
    restart(ground, &mut running, BARE[0]);
    empty(ground, &running.schedule);
    // Some of the commands are gone as well, and with them what later ones repeat.
    let commands = running.schedule.topology().topics.commands.name.clone();
    for partition in 0..running.schedule.partitions() {
        delete_records(ground.cluster(), ground.folder(), &commands, partition, 30);
    }
    running.fleet.kill("one");
    Lost { state: true, group: false }.lose(&mut running, ground);
    running.processor("one");
    let more = load(3_000, 10, 10);
    running.schedule.send(&more);
    eventually("every command has its outcome", || {
        let history = History::read(&running.schedule);
        let decided: BTreeSet<Uuid> = history.outcomes.values().flatten().map(|outcome| outcome.command_id).collect();
        ids(&more).is_subset(&decided)
    });
    running.fleet.stop("one");
    check(ground, &running, more.len());
}
