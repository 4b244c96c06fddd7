//! Processes that are measured, from outside: their CPU time and memory by /proc, their counters by their own metrics.

use crate::Plan;
use crate::cluster::{Cluster, Schedule};
use crate::http::Connection;
use anyhow::{Context, bail, ensure};
use end_to_end::free_port;
use serde_json::Value;
use service::clock;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const READY_WAIT_MAX: Duration = Duration::from_secs(120);
const STOP_WAIT_MAX: Duration = Duration::from_secs(30);
/// How often a process is asked how far it is. Its answer takes it some tens of microseconds.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What it took to get through a number of commands.
#[derive(Clone, Copy)]
pub(crate) struct Drained {
    pub(crate) commands: f64,
    pub(crate) transactions: f64,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) broker_cpu_seconds: f64,
}

/// A process of ours that runs, and ends with this.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    operations: u16,
    http: u16,
}

/// The directory of the programs: they are built together.
pub(crate) fn programs() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().context("this program lies nowhere")?.to_owned())
}

impl Process {
    pub(crate) fn processor(plan: &Plan, schedule: &Schedule, state: &Path, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let variables = [&[("AEROLOG_INSTANCE_ID", "bench")][..], variables].concat();
        Self::start(plan, "command-processor", schedule, state, 0, &variables)
    }

    pub(crate) fn materializer(plan: &Plan, schedule: &Schedule, state: &Path) -> anyhow::Result<Self> {
        let http = free_port();
        let address = format!("127.0.0.1:{http}");
        Self::start(plan, "materializer", schedule, state, http, &[("AEROLOG_HTTP__ADDRESS", &address)])
    }

    /// A command gateway that takes commands of anyone on this machine.
    pub(crate) fn gateway(plan: &Plan, schedule: &Schedule, folder: &Path) -> anyhow::Result<Self> {
        let http = free_port();
        let address = format!("127.0.0.1:{http}");
        Self::start(
            plan,
            "command-gateway",
            schedule,
            folder,
            http,
            &[("AEROLOG_HTTP__ADDRESS", &address)],
        )
    }

    fn start(plan: &Plan, name: &str, schedule: &Schedule, state: &Path, http: u16, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let operations = free_port();
        let log = plan.work.path().join(format!("{name}-{operations}.log"));
        let program = programs()?.join(name);
        let child = Command::new(&program)
            .env("AEROLOG_TOPIC_PREFIX", &schedule.name)
            .env("AEROLOG_PARTITIONS", schedule.topology.partitions.to_string())
            .env("AEROLOG_STATE_DIRECTORY", state)
            .env("AEROLOG_OPERATIONS_ADDRESS", format!("127.0.0.1:{operations}"))
            .env("KAFKA_BOOTSTRAP_SERVERS", &plan.cluster.brokers)
            .env("SCHEMA_REGISTRY_URL", &plan.cluster.registry)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        Ok(Self {
            child,
            log,
            operations,
            http,
        })
    }

    pub(crate) fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        self.wait_for("/health/ready")
    }

    /// Until it answers at all.
    pub(crate) fn wait_until_alive(&mut self) -> anyhow::Result<()> {
        self.wait_for("/health/live")
    }

    fn wait_for(&mut self, path: &str) -> anyhow::Result<()> {
        let began = clock::monotonic();
        loop {
            let answer = Connection::open(self.operations).and_then(|mut connection| connection.get(path));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || began.elapsed() > READY_WAIT_MAX {
                bail!("{path} was not answered with 200:\n{}", std::fs::read_to_string(&self.log)?);
            }
            clock::rest(LOOK_EVERY);
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        cpu_seconds(self.child.id())
    }

    /// Where questions are answered.
    pub(crate) fn http(&self) -> u16 {
        self.http
    }

    /// The value of a metric, summed over its labels.
    pub(crate) fn metric(&self, name: &str) -> anyhow::Result<f64> {
        self.metric_where(name, "")
    }

    /// The same of those lines only in which the labels hold `text`.
    pub(crate) fn metric_where(&self, name: &str, text_in_labels: &str) -> anyhow::Result<f64> {
        let answer = Connection::open(self.operations)?.get("/metrics")?;
        let text = String::from_utf8(answer.body)?;
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let meant = (rest.starts_with(' ') || rest.starts_with('{')) && rest.contains(text_in_labels);
            meant.then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        Ok(values.sum())
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the wait for the end.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        ensure!(
            sent.success(),
            "the process has ended by itself:\n{}",
            std::fs::read_to_string(&self.log)?
        );
        let began = clock::monotonic();
        while self.child.try_wait()?.is_none() {
            ensure!(began.elapsed() < STOP_WAIT_MAX, "the process does not end");
            clock::rest(LOOK_EVERY);
        }
        Ok(())
    }
}

/// A loop that copies commands and does nothing else: the example `floor` of `stream`.
pub(crate) struct CopyLoop {
    child: Child,
    began: f64,
    broker: Option<u32>,
}

impl CopyLoop {
    /// Copies `count` commands of a schedule to the events and outcomes of another one. With a pace a transaction waits for more as
    /// the command processor's does, without one for as many as it may have.
    pub(crate) fn start(
        cluster: &Cluster,
        from: &Schedule,
        to: &Schedule,
        size: usize,
        count: usize,
        pace_ms: Option<u32>,
    ) -> anyhow::Result<Self> {
        let topics = &to.topology.topics;
        let mut command = Command::new(programs()?.join("examples/floor"));
        command
            .args([
                &cluster.brokers,
                &from.topology.topics.commands.name,
                &topics.events.name,
                &topics.outcomes.name,
            ])
            .args([cluster.partitions.to_string(), size.to_string(), count.to_string()])
            .args(pace_ms.map(|pace_ms| pace_ms.to_string()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(Self {
            began: broker_cpu(cluster)?,
            broker: cluster.broker_pid,
            child: command.spawn().context("the example `floor` cannot be started")?,
        })
    }

    /// Waits until all are copied.
    pub(crate) fn finish(mut self) -> anyhow::Result<Drained> {
        let (mut output, mut complaint) = (String::new(), String::new());
        // It says little, and one line at its end.
        self.child
            .stdout
            .take()
            .context("no standard output")?
            .read_to_string(&mut output)?;
        self.child
            .stderr
            .take()
            .context("no standard error")?
            .read_to_string(&mut complaint)?;
        ensure!(self.child.wait()?.success(), "{complaint}");
        let output: Value = serde_json::from_str(&output)?;
        let number = |name: &str| output[name].as_f64().with_context(|| format!("no {name}"));
        Ok(Drained {
            commands: number("records")?,
            transactions: number("transactions")?,
            seconds: number("seconds")?,
            cpu_seconds: number("cpu_seconds")?,
            broker_cpu_seconds: self.broker.map_or(Ok(f64::NAN), cpu_seconds)? - self.began,
        })
    }
}

impl Drop for CopyLoop {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The kernel counts in hundredths of a second (USER_HZ), on every architecture that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process so far.
pub(crate) fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Ok(ticks / TICKS_PER_SECOND)
}

/// NaN, and so shown as such, where it is not known which process the broker is.
pub(crate) fn broker_cpu(cluster: &Cluster) -> anyhow::Result<f64> {
    cluster.broker_pid.map_or(Ok(f64::NAN), cpu_seconds)
}

/// A line of /proc/PID/status in MB, such as `VmRSS` or `VmHWM`.
pub(crate) fn memory_mb(pid: u32, line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status.lines().find_map(|found| {
        found
            .strip_prefix(line)?
            .strip_prefix(':')?
            .trim()
            .strip_suffix(" kB")?
            .parse::<f64>()
            .ok()
    });
    Ok(kib.with_context(|| format!("no {line}"))? * 1024.0 / 1e6)
}
