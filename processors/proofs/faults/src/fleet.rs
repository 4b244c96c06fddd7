//! The processes of a scenario by name: started, killed, suspended, counted.

use end_to_end::{Metrics, PATIENCE, Program, Schedule, find_sum, within};
use service::clock;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Variables of short timeouts and small transactions: faults show sooner, and more of them.
pub const QUICK: &[(&str, &str)] = &[
    ("AEROLOG_KAFKA__TRANSACTION_TIMEOUT_MS", "5000"),
    ("AEROLOG_KAFKA__MESSAGE_TIMEOUT_MS", "5000"),
    ("AEROLOG_KAFKA__SESSION_TIMEOUT_MS", "6000"),
    ("AEROLOG_KAFKA__MAX_POLL_INTERVAL_MS", "10000"),
    ("AEROLOG_BATCH_RECORDS_MAX", "50"),
];

/// What a process that is stopped in an orderly way may take.
const STOP_WAIT_MAX: Duration = Duration::from_secs(5);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
const SIGKILL: i32 = 9;

/// The variable that makes a process end itself, or stop running, at some point.
const FAILPOINT: &str = "AEROLOG_FAILPOINT";

/// All processes of one schedule.
pub struct Fleet {
    folder: PathBuf,
    variables: Vec<(String, String)>,
    members: BTreeMap<String, Member>,
    /// Counters of processes that have ended, as they were when they were last looked at.
    past: Metrics,
}

/// Which program a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Processor,
    Materializer,
    Gateway,
}

impl Kind {
    fn binary(self) -> &'static str {
        match self {
            Self::Processor => "command-processor",
            Self::Materializer => "materializer",
            Self::Gateway => "command-gateway",
        }
    }
}

struct Member {
    kind: Kind,
    program: Option<Program>,
    suspended: bool,
    /// A failpoint is to kill it: it may end by itself.
    doomed: bool,
    latest: Metrics,
}

impl Fleet {
    /// No process yet. State directories and logs will lie in `folder`.
    pub fn new(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self {
            folder: folder.to_owned(),
            variables: owned(variables),
            members: BTreeMap::new(),
            past: Metrics::new(),
        }
    }

    /// Sets a variable of all processes that are started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Starts a command processor whose instance id is its name.
    pub fn start_processor(&mut self, schedule: &Schedule, name: &str, variables: &[(&str, &str)]) {
        let mut all = vec![("AEROLOG_INSTANCE_ID", name)];
        all.extend_from_slice(variables);
        self.start(schedule, Kind::Processor, Kind::Processor.binary(), name, &all);
    }

    /// Starts the command processor of another build, by the name of its binary.
    pub fn start_build(&mut self, binary: &str, schedule: &Schedule, name: &str) {
        let variables = [("AEROLOG_INSTANCE_ID", name)];
        self.start(schedule, Kind::Processor, binary, name, &variables);
    }

    /// Starts a materializer.
    pub fn start_materializer(&mut self, schedule: &Schedule, name: &str, variables: &[(&str, &str)]) {
        self.start(schedule, Kind::Materializer, Kind::Materializer.binary(), name, variables);
    }

    /// Starts a command gateway that any client on this machine may use.
    pub fn start_gateway(&mut self, schedule: &Schedule, name: &str, variables: &[(&str, &str)]) {
        self.start(schedule, Kind::Gateway, Kind::Gateway.binary(), name, variables);
    }

    fn start(&mut self, schedule: &Schedule, kind: Kind, binary: &str, name: &str, variables: &[(&str, &str)]) {
        assert!(!self.runs(name), "{name} runs already");
        let state = self.state(name);
        let mine = variables.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        // Of a processor only: the readers of a materializer know no transaction.
        let shared = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut all: Vec<(&str, &str)> = shared.filter(|(name, _)| kind == Kind::Processor && !mine.contains(name)).collect();
        all.extend_from_slice(variables);
        let program = Program::start(binary, schedule, &state, &all);
        let member = Member {
            kind,
            program: Some(program),
            suspended: false,
            doomed: mine.contains(&FAILPOINT),
            latest: Metrics::new(),
        };
        self.members.insert(name.to_owned(), member);
    }

    /// Where a process keeps its state.
    pub fn state(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether it was started and not ended by us.
    pub fn runs(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|member| member.program.is_some())
    }

    /// Names of the processes that run, of one kind.
    pub fn names(&self, kind: Kind) -> Vec<String> {
        let running = self
            .members
            .iter()
            .filter(|(_, member)| member.kind == kind && member.program.is_some());
        running.map(|(name, _)| name.clone()).collect()
    }

    fn member(&mut self, name: &str) -> &mut Member {
        self.members.get_mut(name).unwrap_or_else(|| panic!("there is no process {name}"))
    }

    /// A process that runs.
    pub fn program(&mut self, name: &str) -> &mut Program {
        let program = self.member(name).program.as_mut();
        program.unwrap_or_else(|| panic!("{name} does not run"))
    }

    pub fn wait_until_ready(&mut self, name: &str) {
        self.program(name).wait_until_ready();
    }

    /// Waits until a process gives all of these words as the reason why it is not ready, and returns the reason. All processes run meanwhile.
    pub fn wait_until_it_says(&mut self, name: &str, patience: Duration, words: &[&str]) -> String {
        let mut said = String::new();
        within(patience, &format!("{name} says {words:?}"), || {
            self.check_running();
            said = self.program(name).not_ready_because();
            words.iter().all(|word| said.contains(word))
        });
        said
    }

    /// SIGKILL. Returns what it had counted, as far as it still answered.
    pub fn kill(&mut self, name: &str) {
        self.count(name);
        let program = self.take(name);
        program.kill();
    }

    /// SIGTERM: it must end with status 0 within its time.
    pub fn stop(&mut self, name: &str) {
        self.count(name);
        let program = self.take(name);
        let log = program.log_path().to_owned();
        let began = clock::monotonic();
        let status = program.stop();
        let took = began.elapsed();
        assert!(
            status.success(),
            "{name} ended with {status} after SIGTERM; its log is {}",
            log.display()
        );
        assert!(
            took < STOP_WAIT_MAX,
            "{name} took {:.1} s to stop; its log is {}",
            took.as_secs_f64(),
            log.display()
        );
    }

    /// Waits until a failpoint kills it.
    pub fn wait_until_killed(&mut self, name: &str) {
        let killed = self.is_killed_within(name, PATIENCE);
        assert!(killed, "no failpoint killed {name}:\n{}", self.program(name).log());
    }

    /// Whether a failpoint kills it in this time. It is not counted among the processes then.
    pub fn is_killed_within(&mut self, name: &str, patience: Duration) -> bool {
        let deadline = clock::monotonic() + patience;
        let program = self.program(name);
        let status = loop {
            match program.ended() {
                Some(status) => break status,
                None if clock::monotonic() >= deadline => return false,
                None => clock::rest(BETWEEN_LOOKS),
            }
        };
        assert_eq!(status.signal(), Some(SIGKILL), "{name} ended with {status}:\n{}", program.log());
        drop(self.take(name));
        true
    }

    /// Is no member any more: it has ended, as it had to.
    pub fn forget(&mut self, name: &str) {
        drop(self.take(name));
    }

    /// SIGSTOP.
    pub fn suspend(&mut self, name: &str) {
        self.count(name);
        self.program(name).signal("STOP");
        self.member(name).suspended = true;
    }

    /// SIGCONT.
    pub fn resume(&mut self, name: &str) {
        self.program(name).signal("CONT");
        self.member(name).suspended = false;
    }

    /// Notes that a failpoint has suspended it.
    pub fn is_suspended_now(&mut self, name: &str) {
        self.member(name).suspended = true;
    }

    pub fn is_suspended(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|member| member.suspended)
    }

    /// Whether a failpoint is to kill it.
    pub fn is_doomed(&self, name: &str) -> bool {
        self.members
            .get(name)
            .is_some_and(|member| member.doomed && member.program.is_some())
    }

    /// Resumes whatever is suspended.
    pub fn resume_all(&mut self) {
        for member in self.members.values_mut().filter(|member| member.suspended) {
            if let Some(program) = &member.program {
                program.signal("CONT");
            }
            member.suspended = false;
        }
    }

    /// A process must not end unless the row ends it.
    pub fn check_running(&mut self) {
        for (name, member) in &mut self.members {
            let Some(program) = &mut member.program else { continue };
            if member.doomed {
                continue;
            }
            if let Some(status) = program.ended() {
                panic!("{name} ended with {status} without being asked to:\n{}", program.log());
            }
        }
    }

    /// The sum of a counter over all processes that have it, those that have ended as they were last looked at.
    ///
    /// # Panics
    /// When no process has a counter of this name.
    pub fn counted(&mut self, metric: &str) -> f64 {
        for name in self.members.keys().cloned().collect::<Vec<_>>() {
            self.count(&name);
        }
        let looked_at = self.members.values().map(|member| &member.latest).chain([&self.past]);
        let counted = looked_at
            .filter_map(|metrics| find_sum(metrics, metric))
            .reduce(|sum, value| sum + value);
        counted.unwrap_or_else(|| panic!("no process that was looked at has the metric {metric}"))
    }

    /// Looks at the counters of one process.
    pub fn count(&mut self, name: &str) {
        let member = self.member(name);
        if member.suspended {
            return;
        }
        if let Some(metrics) = member.program.as_ref().and_then(Program::metrics) {
            member.latest = metrics;
        }
    }

    fn take(&mut self, name: &str) -> Program {
        let member = self.member(name);
        member.suspended = false;
        let latest = std::mem::take(&mut member.latest);
        let program = member.program.take().unwrap_or_else(|| panic!("{name} does not run"));
        for (metric, value) in latest {
            *self.past.entry(metric).or_default() += value;
        }
        program
    }
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    let each = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    each.collect()
}
