//! Topics and offsets that people change by hand: whatever does not fit is refused with a reason, and no process starts over by itself.

use crate::audit;
use crate::kafka::{alter_topic, delete_records, delete_topic, reset_offset, topics};
use crate::rows::{Needs, Row};
use crate::{Fleet, Ground, QUICK};
use end_to_end::{History, Schedule, load, within};
use std::path::Path;
use std::time::Duration;
use stream::admin::Admin;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 22,
        name: "events-topic-deleted",
        what: "the events topic is deleted in mid-run: the processor ends, the view stops, both say why, and neither creates it again",
        needs: Needs::Broker,
        run: events_topic_deleted,
    },
    Row {
        number: 23,
        name: "events-deleted-behind",
        what: "records that a view and an old state have not read are deleted: both refuse and skip nothing",
        needs: Needs::Broker,
        run: events_deleted_behind,
    },
    Row {
        number: 24,
        name: "events-topic-compacted",
        what: "cleanup.policy of the events topic is altered in mid-run: noticed, reported, refused, and corrected without a restart of the view",
        needs: Needs::Broker,
        run: events_topic_compacted,
    },
    Row {
        number: 26,
        name: "topics-recreated",
        what: "all topics are deleted and recreated under the same names: nothing is built on what was there before",
        needs: Needs::Broker,
        run: topics_recreated,
    },
    Row {
        number: 27,
        name: "offset-reset-back",
        what: "the group's offset is set to the beginning: it is not believed, and nothing is decided twice, with and without a state",
        needs: Needs::Broker,
        run: offset_reset_back,
    },
    Row {
        number: 27,
        name: "offset-reset-forward",
        what: "the group's offset is set beyond commands that were not decided: it is not believed, and none of them is skipped, with and without a state",
        needs: Needs::Broker,
        run: offset_reset_forward,
    },
];

/// The topics are looked at every ten seconds, and what is found is found twice.
pub(super) const NOTICE_WAIT_MAX: Duration = Duration::from_secs(40);

/// A schedule with a processor, and commands that it has decided.
pub(super) struct Running {
    pub(super) schedule: Schedule,
    pub(super) fleet: Fleet,
    pub(super) sent: u32,
}

impl Running {
    pub(super) fn begin(ground: &Ground, name: &str) -> Self {
        let mut running = Self {
            schedule: Schedule::on(ground.cluster(), name, 2),
            fleet: Fleet::new(ground.folder(), QUICK),
            sent: 0,
        };
        // A row may begin several times.
        let state = running.fleet.state("one");
        if state.exists() {
            std::fs::remove_dir_all(state).unwrap();
        }
        running.processor("one");
        running.decide_more();
        running
    }

    pub(super) fn processor(&mut self, name: &str) {
        self.start_processor(name);
        self.fleet.wait_until_ready(name);
    }

    pub(super) fn start_processor(&mut self, name: &str) {
        self.fleet.start_processor(&self.schedule, name, &[]);
    }

    fn view(&mut self) {
        self.start_view();
        self.fleet.wait_until_ready("view");
    }

    fn start_view(&mut self) {
        self.fleet.start_materializer(&self.schedule, "view", &[]);
    }

    pub(super) fn send_more(&mut self) {
        let commands = load(self.sent, 10, 10);
        self.sent += 10;
        self.schedule.send(&commands);
    }

    /// Each of the rotations has a creation and ten legs.
    pub(super) fn decided(&self) -> usize {
        self.sent as usize * 11
    }

    pub(super) fn decide_more(&mut self) {
        self.send_more();
        History::wait_for(&self.schedule, self.decided());
    }

    fn events(&self) -> String {
        self.schedule.topology().topics.events.name.clone()
    }

    /// The processor ends by itself, not as if all were well, and says this.
    pub(super) fn ends_saying(&mut self, name: &str, said: &[&str]) {
        let program = self.fleet.program(name);
        let mut status = None;
        within(NOTICE_WAIT_MAX, &format!("{name} ends"), || {
            status = program.ended();
            status.is_some()
        });
        let log = program.log();
        assert!(!status.unwrap().success(), "{log}");
        for part in said {
            assert!(log.contains(part), "{part} is not in the log:\n{log}");
        }
        self.fleet.forget(name);
    }

    /// The processor does not go on with what does not fit, and says this: it is not ready, or has ended. It is started again by hand.
    pub(super) fn refuses_saying(&mut self, name: &str, said: &[&str]) {
        refuses_saying(&mut self.fleet, name, said);
    }

    /// The view is not ready and says this, and its process lives.
    fn view_stops_saying(&mut self, said: &str) {
        let view = self.fleet.program("view");
        within(NOTICE_WAIT_MAX, &format!("the view says {said}"), || {
            view.not_ready_because().contains(said)
        });
        assert!(view.is_running() && !view.is_ready());
    }

    /// The processor goes on by itself, every command is decided once, and the audit agrees.
    pub(super) fn goes_on(&mut self, ground: &Ground, keeps_state: bool) {
        if !keeps_state {
            self.lose_state("one");
        }
        self.processor("one");
        self.decide_more();
        check(self);
        ground.tell(&audit::audit(&self.schedule, ground.folder(), self.decided() as u64, &[]));
        self.fleet.stop("one");
    }

    /// The outcomes' topic and the group keep what they have while the state directory is lost.
    pub(super) fn lose_state(&mut self, name: &str) {
        std::fs::remove_dir_all(self.fleet.state(name)).unwrap();
    }
}

/// The processor does not go on with what does not fit, and says all of this: it is not ready, or has ended. Nothing of it runs then.
pub(super) fn refuses_saying(fleet: &mut Fleet, name: &str, said: &[&str]) {
    let program = fleet.program(name);
    let all_in = |text: &str| said.iter().all(|part| text.contains(part));
    within(NOTICE_WAIT_MAX, &format!("{name} says {said:?}"), || {
        program.ended().is_some() || (!program.is_ready() && all_in(&program.not_ready_because()))
    });
    match program.ended() {
        Some(status) => {
            assert!(!status.success() && all_in(&program.log()), "{status}: {}", program.log());
            fleet.forget(name);
        }
        None => fleet.kill(name),
    }
}

fn events_topic_deleted(ground: &Ground) {
    let mut running = Running::begin(ground, "deleted");
    running.view();
    let events = running.events();
    delete_topic(ground.cluster(), &events);
    running.ends_saying("one", &[&events, "missing"]);
    running.view_stops_saying("missing");
    // The view still answers with what it had, and with its position.
    let rotation = running.fleet.program("view").ask("/rotations/R0");
    assert_eq!(rotation["id"], "R0", "{rotation}");
    running.start_processor("one");
    running.ends_saying("one", &["missing", "aerolog topics apply"]);
    running.fleet.kill("view");
    running.start_view();
    running.ends_saying("view", &["missing"]);
    assert!(!topics(ground.cluster()).contains(&events), "somebody has created it again");
}

fn events_deleted_behind(ground: &Ground) {
    let mut running = Running::begin(ground, "behind");
    running.view();
    running.fleet.stop("one");
    running.fleet.stop("view");
    let backup = ground.folder().join("backup");
    copy(&running.fleet.state("one"), &backup);
    running.processor("one");
    running.decide_more();
    running.fleet.stop("one");
    let events = running.events();
    let history = History::read(&running.schedule);
    let ended = i64::try_from(history.events[&0].len()).unwrap();
    delete_records(ground.cluster(), ground.folder(), &events, 0, ended);

    running.start_view();
    running.view_stops_saying("is not in the log");
    let position = running.fleet.program("view").ask("/position")["position"].clone();
    running.fleet.kill("view");
    running.lose_state("view");
    // Nor does a view begin in the middle of the log.
    running.start_view();
    running.view_stops_saying("is not in the log");
    let begun = running.fleet.program("view").ask("/position")["position"].clone();
    assert_eq!(begun, "0:0,1:0", "and the other one had {position}");

    // The state that was kept has read them: it goes on. The one from before has not.
    running.processor("one");
    running.fleet.stop("one");
    running.lose_state("one");
    copy(&backup, &running.fleet.state("one"));
    running.start_processor("one");
    running.refuses_saying("one", &[&events, "what lies between is missing"]);
    running.lose_state("one");
    running.start_processor("one");
    running.refuses_saying("one", &[&events, "what lies between is missing"]);
}

fn events_topic_compacted(ground: &Ground) {
    let mut running = Running::begin(ground, "compacted");
    running.view();
    let events = running.events();
    alter_topic(ground.cluster(), &events, "cleanup.policy=compact");
    running.ends_saying("one", &["cleanup.policy is compact"]);
    running.view_stops_saying("cleanup.policy is compact");
    assert!(running.fleet.program("view").metric("aerolog_view_stopped") > 0.0);
    running.start_processor("one");
    running.ends_saying("one", &["cleanup.policy is compact", "kafka-configs --alter"]);
    alter_topic(ground.cluster(), &events, "cleanup.policy=delete");
    running.processor("one");
    running.decide_more();
    let view = running.fleet.program("view");
    within(NOTICE_WAIT_MAX, "the view goes on by itself", || view.is_ready());
    let count = view.ask("/rotations?limit=1000")["rotations"].as_array().unwrap().len();
    assert_eq!(count, 20);
    assert!(view.metric("aerolog_view_stopped") < 1.0);
}

fn topics_recreated(ground: &Ground) {
    let mut running = Running::begin(ground, "recreated");
    running.view();
    let topology = running.schedule.topology().clone();
    for topic in topology.topics() {
        delete_topic(ground.cluster(), &topic.name);
    }
    let admin = Admin::new(&ground.cluster().settings()).unwrap();
    within(NOTICE_WAIT_MAX, "the topics are gone", || {
        admin.check(&topology).unwrap().len() == topology.topics().len()
    });
    admin.apply(&topology).unwrap();
    running.ends_saying("one", &["topic"]);
    running.start_processor("one");
    running.ends_saying("one", &["nothing gives them back but a backup", "is not touched"]);
    running.view_stops_saying("another log");
    let position = running.fleet.program("view").ask("/position")["position"].clone();
    assert_ne!(position, "0:0,1:0", "the view keeps what it had");
    running.fleet.kill("view");
    running.start_view();
    running.ends_saying("view", &["was built on another log and is not touched"]);
}

fn offset_reset_back(ground: &Ground) {
    for keeps_state in [true, false] {
        let mut running = Running::begin(ground, &format!("reset-back-{keeps_state}"));
        running.fleet.stop("one");
        let (group, commands) = group_and_commands(&running);
        reset_offset(ground.cluster(), &group, &commands, 0, &["--to-earliest"]);
        running.goes_on(ground, keeps_state);
    }
}

fn offset_reset_forward(ground: &Ground) {
    for keeps_state in [true, false] {
        let mut running = Running::begin(ground, &format!("reset-on-{keeps_state}"));
        running.fleet.stop("one");
        let (group, commands) = group_and_commands(&running);
        running.send_more();
        reset_offset(ground.cluster(), &group, &commands, 0, &["--to-latest"]);
        running.goes_on(ground, keeps_state);
    }
}

pub(super) fn group_and_commands(running: &Running) -> (String, String) {
    let group = running.schedule.topology().processors_group();
    (group, running.schedule.topology().topics.commands.name.clone())
}

/// Every command was decided once.
fn check(running: &Running) {
    let sent = (0..running.sent / 10).flat_map(|part| load(part * 10, 10, 10));
    History::read(&running.schedule).check(sent.map(|command| command.command_id));
}

/// A copy of a state directory that no process has open.
pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
