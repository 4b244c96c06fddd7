//! One scenario from its first command to the last check.

use crate::audit;
use crate::fleet::Kind;
use crate::watch::Seen;
use crate::{Fleet, Ground, Load, QUICK, Sent, Shape, Watch};
use decider::Status;
use end_to_end::{History, Schedule, eventually, within};
use service::clock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A schedule of its own on the ground, with everything that acts on it.
pub struct Scene<'g> {
    pub ground: &'g Ground,
    pub schedule: Schedule,
    pub fleet: Fleet,
    pub watch: Watch,
    load: Option<Load>,
    sent: Sent,
}

/// What must have come about once everything is drained.
pub const DRAIN_WAIT_MAX: Duration = Duration::from_secs(200);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

impl<'g> Scene<'g> {
    /// Topics of its own with these partitions; processes will have short timeouts.
    pub fn begin(ground: &'g Ground, name: &str, partitions: u32) -> Self {
        // Two rows may be called alike, and run in one process.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let schedule = Schedule::on(ground.cluster(), &name, partitions);
        let (fleet, watch) = (Fleet::new(ground.folder(), QUICK), Watch::start(&schedule));
        Self {
            ground,
            schedule,
            fleet,
            watch,
            load: None,
            sent: Sent::default(),
        }
    }

    /// Starts a processor and waits until it is ready.
    pub fn processor(&mut self, name: &str) {
        self.start_processor(name, &[]);
        self.fleet.wait_until_ready(name);
    }

    /// Starts a processor, with further variables, and does not wait.
    pub fn start_processor(&mut self, name: &str, variables: &[(&str, &str)]) {
        self.fleet.start_processor(&self.schedule, name, variables);
    }

    /// Starts a materializer and waits until it is ready.
    pub fn materializer(&mut self, name: &str) {
        self.fleet.start_materializer(&self.schedule, name, &[]);
        self.fleet.wait_until_ready(name);
    }

    /// Starts a command gateway and waits until it is ready.
    pub fn gateway(&mut self, name: &str) {
        self.fleet.start_gateway(&self.schedule, name, &[]);
        self.fleet.wait_until_ready(name);
    }

    /// Begins the load.
    pub fn load(&mut self, shape: Shape) {
        assert!(self.load.is_none(), "there is a load already");
        self.load = Some(Load::start(&self.schedule, shape));
    }

    /// Ends the load, and waits until the broker has all of it.
    pub fn end_load(&mut self) {
        if let Some(load) = self.load.take() {
            self.sent.add(load.finish());
        }
    }

    /// Counts commands that were sent by other means; each of them is to be answered.
    pub fn also_sent(&mut self, sent: Sent) {
        self.sent.add(sent);
    }

    /// What was sent and acknowledged, without a load that still goes on.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Lets time pass. Nothing may end by itself meanwhile.
    pub fn pass(&mut self, time: Duration) {
        let began = clock::monotonic();
        while began.elapsed() < time {
            clock::rest(BETWEEN_LOOKS.min(time));
            self.fleet.check_running();
            self.load.iter_mut().for_each(Load::check);
        }
    }

    /// Waits until so many more outcomes are committed: the processors make progress.
    pub fn progress(&mut self, outcomes: u64) -> Duration {
        self.progress_to(self.watch.outcomes() + outcomes)
    }

    /// Waits until so many outcomes are committed in all.
    pub fn progress_to(&mut self, outcomes: u64) -> Duration {
        let (watch, fleet, load) = (&self.watch, &mut self.fleet, &mut self.load);
        within(DRAIN_WAIT_MAX, "commands are decided again", || {
            fleet.check_running();
            load.iter_mut().for_each(Load::check);
            watch.outcomes() >= outcomes
        })
    }

    /// Heals: suspended processes go on. Then no further command is sent, and all that were are waited for.
    pub fn drain(&mut self) -> Duration {
        self.fleet.resume_all();
        self.end_load();
        let (watch, fleet, records) = (&self.watch, &mut self.fleet, self.sent.records);
        within(DRAIN_WAIT_MAX, "every command has its outcome", || {
            fleet.check_running();
            watch.outcomes() >= records
        })
    }

    /// Heals, drains, and checks everything that must hold of what was committed.
    pub fn finish(mut self) -> Seen {
        let drained = self.drain();
        let views: Vec<String> = self.fleet.names(Kind::Materializer);
        let views = views.iter().map(|name| self.fleet.program(name).url("")).collect::<Vec<_>>();
        let audited = audit::audit(&self.schedule, self.ground.folder(), self.sent.records, &views);
        self.ground.tell(&audited);
        let history = History::read(&self.schedule);
        history.check(self.sent.commands.keys().copied());
        self.check_statuses(&history);
        self.check_views(&history);
        let seen = self.watch.counts();
        assert_eq!(
            seen.accepted + seen.rejected,
            self.sent.commands.len() as u64,
            "one outcome for each command"
        );
        assert_eq!(
            seen.accepted + seen.rejected + seen.repeated,
            self.sent.records,
            "one outcome for each record"
        );
        assert!(
            seen.accepted > 0 && seen.rejected > 0,
            "a load in which nothing is accepted or refused shows nothing"
        );
        for kind in [Kind::Gateway, Kind::Processor, Kind::Materializer] {
            for name in self.fleet.names(kind) {
                self.fleet.stop(&name);
            }
        }
        self.ground.tell(&format!(
            "{} accepted, {} rejected, {} repeated; drained in {:.1} s",
            seen.accepted,
            seen.rejected,
            seen.repeated,
            drained.as_secs_f64()
        ));
        seen
    }

    /// The same, and then the state of the only processor must equal a state that is built from nothing.
    pub fn finish_with_state_of(mut self, name: &str) -> Seen {
        self.drain();
        self.fleet.stop(name);
        let aside = self.fleet.state(&format!("{name}-kept"));
        std::fs::rename(self.fleet.state(name), &aside).unwrap();
        self.processor(name);
        self.fleet.stop(name);
        audit::compare_states(&aside, &self.fleet.state(name));
        self.processor(name);
        self.finish()
    }

    /// Each command was decided as it must be, given that those before it were.
    fn check_statuses(&self, history: &History) {
        for outcome in history.outcomes.values().flatten().filter(|outcome| !outcome.repeated) {
            let expected = self.sent.commands.get(&outcome.command_id).map(|accepted| match accepted {
                true => Status::Accepted,
                false => Status::Rejected,
            });
            assert!(expected.is_none_or(|expected| expected == outcome.status), "{outcome:?}");
        }
    }

    /// Views at the end of the log have one content, whichever replica is asked.
    fn check_views(&mut self, history: &History) {
        let last = history
            .events
            .iter()
            .map(|(partition, events)| format!("{partition}:{}", events.last().map_or(0, |event| event.sequence)));
        let question = format!("/position?content_hash=true&at_least={}", last.collect::<Vec<_>>().join(","));
        let mut hashes = Vec::new();
        for name in self.fleet.names(Kind::Materializer) {
            let program = self.fleet.program(&name);
            eventually(&format!("{name} has caught up"), || {
                program.ask(&question)["content_hash"].is_string()
            });
            hashes.push(program.ask(&question)["content_hash"].to_string());
        }
        hashes.dedup();
        assert!(hashes.len() <= 1, "views at one position differ: {hashes:?}");
    }
}
