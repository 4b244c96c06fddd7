//! One topic that was tampered with, and the processor on it.

use super::{Case, Then, TopicChange, commands, dead_letters, outcomes};
use crate::Ground;
use crate::audit;
use crate::kafka::{alter_topic, delete_records, delete_topic, tool};
use crate::rows::migrating::{Run, aerolog};
use crate::rows::recovering::{ids, wait_for};
use crate::rows::topics::{NOTICE_WAIT_MAX, Running};
use end_to_end::{History, load, within};
use service::clock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use stream::admin::Admin;
use stream::reader::Reader;
use topology::Topics;

/// The watch looks every 10 s, and what it finds is found twice.
const NOTICE_WAIT: Duration = Duration::from_secs(25);
const HEALED_WITHIN: Duration = Duration::from_secs(90);

pub(super) struct Tampered<'t> {
    ground: &'t Ground,
    case: &'t Case,
    running: Running,
    topic: String,
    /// Rotations that were sent since.
    next: u32,
}

impl<'t> Tampered<'t> {
    pub(super) fn begin(ground: &'t Ground, case: &'t Case) -> Self {
        // Cases of several topics are called alike, and run in one process.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let running = Running::begin(ground, &format!("tampered-{number}-{}", case.name));
        let topic = (case.topic)(&running.schedule.topology().topics).to_owned();
        Self {
            ground,
            case,
            running,
            topic,
            next: 1_000,
        }
    }

    pub(super) fn run(&mut self) {
        // Records that are no commands, so that there are dead letters.
        let schedule = &self.running.schedule;
        schedule.write(&schedule.record(Some(b"R0"), Some(b"no command"), &[], Some(0)));
        schedule.flush();
        within(NOTICE_WAIT, "there is a dead letter", || {
            !History::read(schedule).dead_letters.is_empty()
        });
        self.tamper();
        match self.case.then {
            Then::GoesOn => {
                clock::rest(NOTICE_WAIT);
                self.decides("goes on");
            }
            Then::Restarts(words) => {
                self.running.refuses_saying("one", words);
                self.undo();
                self.running.processor("one");
                self.decides("goes on once it is undone");
            }
            Then::Heals(words) => {
                self.send();
                self.says(words);
                self.undo();
                let program = self.running.fleet.program("one");
                within(HEALED_WITHIN, "it is ready again", || program.is_ready());
                self.decides("heals");
            }
            Then::Applies(words) => {
                self.running.refuses_saying("one", words);
                if matches!(self.case.change, TopicChange::AddPartitions) {
                    delete_topic(self.ground.cluster(), &self.topic);
                }
                self.apply();
                self.running.processor("one");
                self.decides("goes on once the topic is there");
            }
            Then::Remade(words) => {
                clock::rest(NOTICE_WAIT);
                self.decides("goes on");
                self.running.fleet.stop("one");
                self.running.start_processor("one");
                self.running.refuses_saying("one", words);
                delete_topic(self.ground.cluster(), &self.topic);
                self.apply();
                self.running.processor("one");
                self.decides("goes on once the topic was made again");
            }
            Then::Rebuilt(words) => {
                self.running.refuses_saying("one", words);
                if matches!(self.case.change, TopicChange::Delete) {
                    self.apply();
                }
                self.running.start_processor("one");
                self.running.ends_saying("one", &["nothing gives them back but a backup"]);
                self.running.lose_state("one");
                self.running.processor("one");
                self.decides("goes on without its state");
            }
            Then::Refuses(words) => return self.stays_refused(words),
        }
        self.restarts();
    }

    fn tamper(&self) {
        let cluster = self.ground.cluster();
        match self.case.change {
            TopicChange::Empty => self.empty(&self.topic),
            TopicChange::Delete => delete_topic(cluster, &self.topic),
            TopicChange::Recreate | TopicChange::RecreateBare => {
                if matches!(self.case.change, TopicChange::RecreateBare) {
                    self.empty(commands(&self.topics()));
                }
                delete_topic(cluster, &self.topic);
                let (admin, topology) = (Admin::new(&cluster.settings()).unwrap(), self.running.schedule.topology());
                within(NOTICE_WAIT_MAX, "the topic is gone", || {
                    admin.live(topology).unwrap().iter().all(|live| live.name != self.topic)
                });
                admin.apply(topology).unwrap();
            }
            TopicChange::AddPartitions => {
                tool(cluster, &["topics", "--alter", "--topic", &self.topic, "--partitions", "5"]);
            }
            TopicChange::Set(setting, _) => alter_topic(cluster, &self.topic, setting),
        }
    }

    /// Deletes all records of a topic.
    fn empty(&self, topic: &str) {
        let cluster = self.ground.cluster();
        let reader = Reader::new(&cluster.settings(), topic).unwrap();
        let partitions: Vec<u32> = (0..reader.partitions(NOTICE_WAIT_MAX).unwrap()).collect();
        for (partition, end) in reader.ends(&partitions, NOTICE_WAIT_MAX).unwrap() {
            delete_records(cluster, self.ground.folder(), topic, partition, end);
        }
    }

    fn undo(&self) {
        if let TopicChange::Set(_, undoing) = self.case.change {
            alter_topic(self.ground.cluster(), &self.topic, undoing);
        }
    }

    /// As the message says, with no other variable than the schedule's name.
    fn apply(&self) {
        let Run { status, said } = aerolog(self.ground.cluster(), self.running.schedule.name(), &["topics", "apply"]);
        assert_eq!(status, 0, "{said}");
    }

    fn send(&mut self) {
        self.running.schedule.renew_writer();
        self.running.schedule.send(&load(self.next, 10, 10));
        self.next += 10;
    }

    fn says(&mut self, words: &[&str]) {
        let said = self.running.fleet.wait_until_it_says("one", NOTICE_WAIT_MAX, words);
        self.ground.tell(&said);
    }

    /// All that was sent since is decided, and the process is ready.
    fn decides(&mut self, what: &str) {
        self.send();
        let sent = load(1_000, self.next - 1_000, 10);
        wait_for(&self.running.schedule, &ids(&sent));
        let program = self.running.fleet.program("one");
        within(HEALED_WITHIN, "it is ready", || program.is_ready());
        self.ground.tell(what);
    }

    /// What went on goes on after a restart, without a state, too, and the audit agrees.
    fn restarts(&mut self) {
        for loses_state in [false, true] {
            self.running.fleet.stop("one");
            if loses_state {
                self.running.lose_state("one");
            }
            self.running.processor("one");
            self.decides(if loses_state {
                "and without its state"
            } else {
                "and after a restart"
            });
        }
        // Where dead letters are gone, the audit cannot tell their commands from those that are lost.
        if !matches!(self.case.change, TopicChange::Empty | TopicChange::Delete | TopicChange::Recreate)
            || self.topic != *dead_letters(&self.topics())
        {
            self.ground
                .tell(&audit::audit(&self.running.schedule, self.ground.folder(), 100, &[]));
        }
        self.running.fleet.stop("one");
    }

    /// Nothing is decided, with a state and without one.
    fn stays_refused(&mut self, words: &[&str]) {
        self.running.refuses_saying("one", words);
        let before = self.outcomes();
        self.send();
        for loses_state in [false, true] {
            if loses_state {
                self.running.lose_state("one");
            }
            self.running.start_processor("one");
            clock::rest(NOTICE_WAIT);
            let program = self.running.fleet.program("one");
            let said = program.not_ready_because() + &program.log();
            self.ground.tell(said.lines().last().unwrap_or_default());
            match program.ended() {
                Some(status) => {
                    assert!(!status.success(), "{said}");
                    self.running.fleet.forget("one");
                }
                None => {
                    assert!(!program.is_ready(), "it is ready");
                    self.running.fleet.kill("one");
                }
            }
            assert_eq!(self.outcomes(), before, "something was decided: {said}");
        }
    }

    fn topics(&self) -> Topics {
        self.running.schedule.topology().topics.clone()
    }

    /// Where the outcomes end, of all partitions.
    fn outcomes(&self) -> i64 {
        let reader = Reader::new(
            &self.ground.cluster().settings(),
            outcomes(&self.running.schedule.topology().topics),
        )
        .unwrap();
        let partitions: Vec<u32> = (0..self.running.schedule.partitions()).collect();
        reader.ends(&partitions, NOTICE_WAIT_MAX).unwrap().into_values().sum()
    }
}
