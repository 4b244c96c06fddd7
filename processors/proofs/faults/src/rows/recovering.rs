//! What is lost with a commands topic, with its records or with the group's offsets: each advice that is printed is followed, then audited.

use crate::Ground;
use crate::audit;
use crate::kafka::{delete_group, delete_records, delete_topic};
use crate::rows::topics::{NOTICE_WAIT_MAX, Running, group_and_commands};
use crate::rows::{Needs, Row};
use end_to_end::{History, Schedule, binary, eventually, load, within};
use std::collections::BTreeSet;
use std::process::Command;
use stream::admin::Admin;
use stream::reader::Reader;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 60,
        name: "commands-recreated",
        what: "the commands topic is deleted and created again under load: stopped with its reason, recovered as advised, no command of the new topic skipped",
        needs: Needs::Broker,
        run: commands_recreated,
    },
    Row {
        number: 60,
        name: "commands-recreated-bare",
        what: "the same with the state lost, with the group lost, and with both: the log itself tells that the topic is another one",
        needs: Needs::Broker,
        run: commands_recreated_bare,
    },
    Row {
        number: 61,
        name: "commands-gone",
        what: "commands are deleted before they were decided: stopped, recovered as advised, the loss on record; with and without state and group",
        needs: Needs::Broker,
        run: commands_gone,
    },
    Row {
        number: 62,
        name: "group-lost",
        what: "the group's offsets expire or are deleted, with and without a state: it goes on by itself where the outcomes end",
        needs: Needs::Broker,
        run: group_lost,
    },
];

/// What is lost in addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) state: bool,
    pub(super) group: bool,
}

pub(super) const NEITHER: Lost = Lost {
    state: false,
    group: false,
};
pub(super) const BARE: [Lost; 3] = [
    Lost { state: true, group: false },
    Lost { state: false, group: true },
    Lost { state: true, group: true },
];

impl Lost {
    pub(super) fn lose(self, running: &mut Running, ground: &Ground) {
        if self.state {
            running.lose_state("one");
        }
        if self.group {
            delete_group(ground.cluster(), &group_and_commands(running).0);
        }
    }
}

/// Needs a recovery, as `aerolog --help` says.
const NEEDS_RECOVERY: i32 = 6;

/// Runs `aerolog recover` on a schedule: its status, and what it says.
fn recover(schedule: &Schedule, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(binary("aerolog"))
        .arg("recover")
        .args(arguments)
        .env("KAFKA_BOOTSTRAP_SERVERS", &schedule.cluster().brokers)
        .env("SCHEMA_REGISTRY_URL", &schedule.cluster().registry)
        .env("AEROLOG_TOPIC_PREFIX", schedule.name())
        .env("AEROLOG_PARTITIONS", schedule.partitions().to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

/// As the processor advises, and as the plan advises then.
fn follow_the_advice(running: &mut Running) {
    let name = running.schedule.name().to_owned();
    running.start_processor("one");
    running.refuses_saying("one", &[&format!("`aerolog recover --topic-prefix {name}`")]);
    let (status, said) = recover(&running.schedule, &[]);
    assert_eq!(status, NEEDS_RECOVERY, "{said}");
    assert!(said.contains("LOST") && said.contains("nothing was changed"), "{said}");
    let (status, said) = recover(&running.schedule, &["--execute", "--by", "the row"]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = recover(&running.schedule, &[]);
    assert_eq!(status, 0, "{said}");
}

pub(super) fn ids(commands: &[decider::CommandEnvelope<domain::Command>]) -> BTreeSet<Uuid> {
    commands.iter().map(|command| command.command_id).collect()
}

/// Each of these commands has an outcome.
pub(super) fn wait_for(schedule: &Schedule, wanted: &BTreeSet<Uuid>) {
    let mut missing = wanted.clone();
    eventually("every command that the log has is decided", || {
        let history = History::read(schedule);
        for outcome in history.outcomes.values().flatten() {
            missing.remove(&outcome.command_id);
        }
        missing.is_empty()
    });
}

/// Rotations of the load that goes on while the topic is deleted, and of the one that comes after.
const FLOOD: u32 = 60;

fn commands_recreated(ground: &Ground) {
    recreate(ground, NEITHER);
}

fn commands_recreated_bare(ground: &Ground) {
    for lost in BARE {
        recreate(ground, lost);
    }
}

fn recreate(ground: &Ground, lost: Lost) {
    let name = format!("recreated-{}-{}", u8::from(lost.state), u8::from(lost.group));
    let mut running = Running::begin(ground, &name);
    // Not waited for: it is in the middle of them.
    running.schedule.send(&load(1_000, FLOOD, 10));
    let commands = group_and_commands(&running).1;
    delete_topic(ground.cluster(), &commands);
    let topology = running.schedule.topology().clone();
    let admin = Admin::new(&ground.cluster().settings()).unwrap();
    within(NOTICE_WAIT_MAX, "the topic is gone", || {
        admin.live(&topology).unwrap().iter().all(|live| live.name != commands)
    });
    admin.apply(&topology).unwrap();
    within(NOTICE_WAIT_MAX, "the topic is there again", || {
        admin.check(&topology).unwrap().is_empty()
    });
    running.schedule.renew_writer();
    let first = load(2_000, FLOOD, 10);
    running.schedule.send(&first);
    running.ends_saying("one", &["deleted and created again"]);
    lost.lose(&mut running, ground);
    follow_the_advice(&mut running);
    running.processor("one");
    let second = load(3_000, FLOOD, 10);
    running.schedule.send(&second);
    let sent: BTreeSet<Uuid> = ids(&first).union(&ids(&second)).copied().collect();
    wait_for(&running.schedule, &sent);
    let said = audit::audit(&running.schedule, ground.folder(), sent.len() as u64, &[]);
    assert!(said.contains("on record as lost"), "{said}");
    ground.tell(&said);
    // The next start asks for nothing more, whatever it has.
    running.fleet.stop("one");
    running.lose_state("one");
    running.processor("one");
    running.fleet.stop("one");
}

fn commands_gone(ground: &Ground) {
    for lost in [NEITHER, BARE[0], BARE[1], BARE[2]] {
        lose_commands(ground, lost);
    }
}

fn lose_commands(ground: &Ground, lost: Lost) {
    let name = format!("gone-{}-{}", u8::from(lost.state), u8::from(lost.group));
    let mut running = Running::begin(ground, &name);
    running.fleet.stop("one");
    let commands = group_and_commands(&running).1;
    let decided = ends(&running.schedule);
    running.schedule.send(&load(1_000, FLOOD, 10));
    let gone = decided[0] + 100;
    delete_records(ground.cluster(), ground.folder(), &commands, 0, gone);
    lost.lose(&mut running, ground);
    let left = retained(&running.schedule);
    follow_the_advice(&mut running);
    running.processor("one");
    let more = load(3_000, 10, 10);
    running.schedule.send(&more);
    wait_for(&running.schedule, &left.union(&ids(&more)).copied().collect());
    let said = audit::audit(&running.schedule, ground.folder(), left.len() as u64, &[]);
    assert!(said.contains("\"lost\":100"), "{said}");
    ground.tell(&said);
    running.fleet.stop("one");
}

/// Where the commands of each partition end.
pub(super) fn ends(schedule: &Schedule) -> Vec<i64> {
    let reader = Reader::new(&schedule.cluster().settings(), &schedule.topology().topics.commands.name).unwrap();
    let partitions: Vec<u32> = (0..schedule.partitions()).collect();
    reader.ends(&partitions, NOTICE_WAIT_MAX).unwrap().into_values().collect()
}

/// The ids of the commands that the log has.
fn retained(schedule: &Schedule) -> BTreeSet<Uuid> {
    use decider::Codec;
    let mut codec = schemas::AvroCodec::new(schedule.ids());
    let mut reader = Reader::new(&schedule.cluster().settings(), &schedule.topology().topics.commands.name).unwrap();
    let partitions: Vec<u32> = (0..schedule.partitions()).collect();
    let marks = reader.all_watermarks(&partitions, NOTICE_WAIT_MAX).unwrap();
    let from = marks.iter().map(|(partition, marks)| (*partition, marks.low)).collect();
    reader.assign(&from, NOTICE_WAIT_MAX).unwrap();
    let (mut found, mut open) = (BTreeSet::new(), partitions.len());
    while open > 0 {
        let polled = reader.poll(1_000, std::time::Duration::from_millis(100), |record| {
            let command = Codec::<airline::Airline>::decode_command(&mut codec, None, record.value.unwrap()).unwrap();
            found.insert(command.command_id);
        });
        open -= polled.unwrap().ended.len();
    }
    found
}

fn group_lost(ground: &Ground) {
    for state in [false, true] {
        let mut running = Running::begin(ground, &format!("group-lost-{state}"));
        running.send_more();
        running.fleet.stop("one");
        running.send_more();
        Lost { state: false, group: true }.lose(&mut running, ground);
        running.goes_on(ground, !state);
    }
}
