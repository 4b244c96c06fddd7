//! One of our processes, with a state directory and ports of its own.

use crate::{Cluster, Schedule, eventually, free_port};
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

pub struct Program {
    child: Child,
    log: PathBuf,
    operations: u16,
    http: u16,
}

/// A log of any application.
#[derive(Debug, Clone, Copy)]
pub struct LogName<'l> {
    pub cluster: &'l Cluster,
    /// What the names of its topics begin with.
    pub name: &'l str,
    pub partitions: u32,
}

impl<'l> LogName<'l> {
    fn of(schedule: &'l Schedule) -> Self {
        Self {
            cluster: schedule.cluster(),
            name: schedule.name(),
            partitions: schedule.partitions(),
        }
    }
}

/// Metrics at one moment: name and labels as they are written, and the value.
pub type Metrics = BTreeMap<String, f64>;

/// An answer of the query service.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub position: Option<String>,
    pub body: Value,
}

/// A question to a process that is suspended is given up after this.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);

impl Program {
    /// Starts a command processor; not yet ready when this returns.
    pub fn processor(schedule: &Schedule, state: &Path, instance_id: &str) -> Self {
        Self::start("command-processor", schedule, state, &[("AEROLOG_INSTANCE_ID", instance_id)])
    }

    /// Starts a materializer; not yet ready when this returns.
    pub fn materializer(schedule: &Schedule, state: &Path) -> Self {
        Self::start("materializer", schedule, state, &[])
    }

    /// Starts a materializer whose view is built up to there and no further; not yet ready when this returns.
    pub fn materializer_until(schedule: &Schedule, state: &Path, until: &str) -> Self {
        Self::start_with_arguments("materializer", LogName::of(schedule), state, &["--until", until], &[])
    }

    /// Starts a command gateway, whose log is in `folder`; not yet ready when this returns.
    pub fn gateway(schedule: &Schedule, folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start("command-gateway", schedule, folder, variables)
    }

    /// Starts a program with further variables.
    ///
    /// The kernel kills it when the thread that calls this ends, so that it does not outlive a test that is itself killed: start
    /// programs from the thread that the test runs on.
    pub fn start(name: &str, schedule: &Schedule, state: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_on(name, LogName::of(schedule), state, variables)
    }

    /// The same for a log of any application.
    pub fn start_on(name: &str, log_name: LogName<'_>, state: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_with_arguments(name, log_name, state, &[], variables)
    }

    fn start_with_arguments(name: &str, log_name: LogName<'_>, state: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let (operations, http) = (free_port(), free_port());
        std::fs::create_dir_all(state).unwrap();
        let log = state.with_extension(format!("{operations}.log"));
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(binary(name))
            .args(arguments)
            .env("AEROLOG_TOPIC_PREFIX", log_name.name)
            .env("AEROLOG_PARTITIONS", log_name.partitions.to_string())
            .env("AEROLOG_OPERATIONS_ADDRESS", format!("127.0.0.1:{operations}"))
            .env("AEROLOG_HTTP__ADDRESS", format!("127.0.0.1:{http}"))
            .env("AEROLOG_STATE_DIRECTORY", state)
            .env("KAFKA_BOOTSTRAP_SERVERS", &log_name.cluster.brokers)
            .env("SCHEMA_REGISTRY_URL", &log_name.cluster.registry)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap());
        for (name, value) in variables {
            command.env(name, value);
        }
        Self {
            child: command.spawn().unwrap(),
            log,
            operations,
            http,
        }
    }

    pub fn wait_until_ready(&mut self) {
        eventually("the process is ready", || {
            assert!(self.is_running(), "it has ended:\n{}", self.log());
            self.is_ready()
        });
    }

    pub fn is_ready(&self) -> bool {
        let answer = client().get(format!("http://127.0.0.1:{}/health/ready", self.operations)).send();
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// The answer of the query service, as JSON.
    pub fn ask(&self, path: &str) -> Value {
        client().get(self.url(path)).send().unwrap().json().unwrap()
    }

    /// Where the query service answers to this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }

    /// Where the program serves, for a client that writes its own bytes.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.http).into()
    }

    /// A request to where the program serves, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, self.url(path))
    }

    /// The value of a metric, or the sum over its labels.
    pub fn metric(&self, name: &str) -> f64 {
        sum(&self.metrics().expect("the process answers"), name)
    }

    /// All metrics; `None` where the process does not answer.
    pub fn metrics(&self) -> Option<Metrics> {
        let text = self.metrics_text()?;
        let of_line = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Some(text.lines().filter(|line| !line.starts_with('#')).filter_map(of_line).collect())
    }

    /// The same as the process writes them.
    pub fn metrics_text(&self) -> Option<String> {
        let answer = client().get(format!("http://127.0.0.1:{}/metrics", self.operations)).send();
        answer.and_then(reqwest::blocking::Response::text).ok()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the status that it ends with.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal by its name, such as `STOP`, `CONT` or `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// The status that it ends with by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the process ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// The status that it has ended with, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        self.ended().is_none()
    }

    /// Why it is not ready, in its own words.
    pub fn not_ready_because(&self) -> String {
        let answer = client().get(format!("http://127.0.0.1:{}/health/ready", self.operations)).send();
        answer.and_then(reqwest::blocking::Response::text).unwrap_or_default()
    }

    /// Whether it says that only a restart helps.
    pub fn is_dead(&self) -> bool {
        let answer = client().get(format!("http://127.0.0.1:{}/health/live", self.operations)).send();
        answer.is_ok_and(|answer| answer.status().as_u16() == 503)
    }

    /// The whole answer of the query service; `None` where there is none.
    pub fn answer(&self, path: &str) -> Option<Answer> {
        let answer = client().get(self.url(path)).send().ok()?;
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        Some(Answer {
            status: answer.status().as_u16(),
            retry_after: header("retry-after"),
            position: header("x-position"),
            body: answer.json().ok()?,
        })
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Where its log is.
    pub fn log_path(&self) -> &Path {
        &self.log
    }
}

/// The sum of a metric over its labels, of those labels that begin as `name` says.
///
/// # Panics
/// When there is none of this name: a misspelled one must not pass for 0.
pub fn sum(metrics: &Metrics, name: &str) -> f64 {
    find_sum(metrics, name).unwrap_or_else(|| panic!("no metric is called {name}; there are {:?}", metrics.keys().collect::<Vec<_>>()))
}

/// The same; `None` where there is none of this name, as where the process is of another kind or was never looked at.
pub fn find_sum(metrics: &Metrics, name: &str) -> Option<f64> {
    let of_name = |whole: &str| {
        whole
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
    };
    let values = metrics.iter().filter(|(whole, _)| of_name(whole)).map(|(_, value)| *value);
    values.reduce(|sum, value| sum + value)
}

/// Sends a signal to a process that this one has started.
pub fn signal(pid: u32, name: &str) {
    let kill = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(kill.success(), "SIG{name} to {pid}");
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already in most tests.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// One for all: making one reads the system's certificates.
fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| Client::builder().timeout(ANSWER_WAIT_MAX).no_proxy().build().unwrap())
}

/// In the directory of the running program, or in its parent for a test; `cargo test` builds binaries of other packages only when asked to.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    beside.clone().find(|path| path.is_file()).unwrap_or_else(|| {
        let places: Vec<_> = beside.map(|path| path.display().to_string()).collect();
        panic!(
            "{} is missing: run scripts/test, or `cargo build --release --workspace` first",
            places.join(" or ")
        )
    })
}

#[cfg(test)]
mod tests;
