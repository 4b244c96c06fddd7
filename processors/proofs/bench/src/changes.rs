//! Events per second sent to 1, 100 and 1,000 subscribers of one materializer, while a processor decides a backlog.
//!
//! The processor is faster than what many subscribers receive: the figure is from the first event that a subscriber receives to the last one.

use crate::Plan;
use crate::backlog::{self, Planned, Shape};
use crate::cluster::Schedule;
use crate::http::Connection;
use crate::process::{LOOK_EVERY, Process, memory_mb};
use crate::report::Report;
use anyhow::{Context, ensure};
use service::{clock, open_files};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// How many subscribers there are, and of how many commands each receives the events: each load is about as much work.
const LOADS: [(usize, u32); 3] = [(1, 40_000), (100, 20_000), (1000, 4000)];
const QUICK_PART: u32 = 20;
const ROTATIONS: u32 = 200;
const BEGIN_WAIT_MAX: Duration = Duration::from_secs(30);
const RUN_WAIT_MAX: Duration = Duration::from_secs(180);
/// More than the longest message with the id before it.
const TAIL_BYTES: usize = 4096;
const HEARTBEAT_BYTES_MAX: usize = 1024;
const BUFFER_BYTES: usize = 256 << 10;

/// What one run has shown.
struct Run {
    /// Events a second that each subscriber received.
    events: f64,
    megabytes: f64,
    cpu_seconds: f64,
    memory_mb: f64,
    /// The longest time that a point question took meanwhile.
    point_ms_max: f64,
}

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "changes",
        "Events sent to subscribers of the changes of one materializer, while they are decided",
    );
    let most = LOADS.iter().map(|(followers, _)| *followers).max().unwrap_or(0);
    open_files::allow(open_files::needed(most, 0))?;
    for (followers, commands) in LOADS {
        let commands = if plan.quick { commands / QUICK_PART } else { commands };
        let shape = Shape {
            rotations: ROTATIONS.min(commands / 2),
            legs: (commands / ROTATIONS).max(1),
        };
        let commands = shape.commands()?;
        let mut runs = Vec::new();
        for repetition in 0..plan.repetitions {
            report.doing(&format!("{followers} subscribers, repetition {}", repetition + 1));
            let schedule = plan.cluster.schedule(&format!("changes-{followers}-{repetition}"))?;
            runs.push(followed(plan, &schedule, &commands, followers)?);
        }
        let of = |figure: fn(&Run) -> f64| runs.iter().map(figure).collect::<Vec<_>>();
        report.figure(&format!("to each of {followers}: events"), "/s", &of(|run| run.events));
        let all = |run: &Run| run.events * followers as f64;
        report.figure(
            &format!("to all of {followers}: events"),
            "/s",
            &runs.iter().map(all).collect::<Vec<_>>(),
        );
        report.figure(&format!("to all of {followers}: bytes"), "MB", &of(|run| run.megabytes));
        report.figure(
            &format!("{followers}: CPU-seconds of the materializer"),
            "s",
            &of(|run| run.cpu_seconds),
        );
        report.figure(
            &format!("{followers}: peak memory of the materializer"),
            "MB",
            &of(|run| run.memory_mb),
        );
        report.figure(
            &format!("{followers}: slowest point question meanwhile"),
            "ms",
            &of(|run| run.point_ms_max),
        );
    }
    Ok(())
}

fn followed(plan: &Plan, schedule: &Schedule, commands: &[Planned], count: usize) -> anyhow::Result<Run> {
    let (state, decided) = (tempfile::tempdir_in(plan.work.path())?, tempfile::tempdir_in(plan.work.path())?);
    let mut materializer = Process::materializer(plan, schedule, state.path())?;
    materializer.wait_until_ready()?;
    let mut followers = (0..count)
        .map(|_| Follower::open(materializer.http()))
        .collect::<Result<Vec<_>, _>>()?;
    for follower in &mut followers {
        follower.wait_until_live()?;
    }
    backlog::write(&plan.cluster, schedule, commands)?;
    let events = commands.iter().filter(|planned| planned.accepted).count();
    let cpu_before = materializer.cpu_seconds()?;
    let last = OnceLock::new();
    let mut processor = Process::processor(plan, schedule, decided.path(), &[])?;
    let point_ms_max = thread::scope(|scope| {
        let reading = scope.spawn(|| read(&mut followers, &last));
        let settled = settled(materializer.http(), events);
        let _first = last.set(settled.as_ref().ok().map(|(position, _)| format!("id: {position}\n")));
        reading.join().map_err(|_panic| anyhow::anyhow!("the reading thread failed"))??;
        settled.map(|(_, point_ms_max)| point_ms_max)
    })?;
    let began = followers.iter().filter_map(|follower| follower.began).min();
    let ended = followers.iter().map(|follower| follower.moved).max();
    let (began, ended) = began.zip(ended).context("nothing was received")?;
    let seconds = ended.saturating_duration_since(began).as_secs_f64();
    let run = Run {
        events: events as f64 / seconds,
        megabytes: followers.iter().map(|follower| follower.bytes as f64).sum::<f64>() / 1e6,
        cpu_seconds: materializer.cpu_seconds()? - cpu_before,
        memory_mb: memory_mb(materializer.pid(), "VmHWM")?,
        point_ms_max,
    };
    drop(followers);
    processor.wait_until_alive()?;
    processor.stop()?;
    materializer.stop()?;
    Ok(run)
}

/// The position at which the view has so many events, and how many milliseconds the slowest of the questions for it took.
fn settled(http: u16, events: usize) -> anyhow::Result<(String, f64)> {
    let mut connection = Connection::open(http)?;
    let began = clock::monotonic();
    let mut point_ms_max = 0.0_f64;
    loop {
        let asked = clock::monotonic();
        let position = connection.get("/position")?.position;
        point_ms_max = point_ms_max.max(asked.elapsed().as_secs_f64() * 1e3);
        let sequences = position
            .split(',')
            .filter_map(|reached| reached.split_once(':')?.1.parse::<usize>().ok());
        if sequences.sum::<usize>() == events {
            return Ok((position, point_ms_max));
        }
        ensure!(began.elapsed() < RUN_WAIT_MAX, "the view has not all {events} events: {position}");
        clock::rest(LOOK_EVERY);
    }
}

/// A subscriber that counts what it receives.
struct Follower {
    stream: TcpStream,
    bytes: u64,
    /// The end of what has come.
    tail: Vec<u8>,
    /// When the first event came, and when something came last.
    began: Option<Instant>,
    moved: Instant,
}

impl Follower {
    fn open(port: u16) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).context("a client cannot connect")?;
        stream.set_read_timeout(Some(BEGIN_WAIT_MAX))?;
        stream.write_all(b"GET /changes HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        Ok(Self {
            stream,
            bytes: 0,
            tail: Vec::new(),
            began: None,
            moved: clock::monotonic(),
        })
    }

    fn wait_until_live(&mut self) -> anyhow::Result<()> {
        let mut buffer = vec![0; TAIL_BYTES];
        while !self.has("event: live\n") {
            let length = self.stream.read(&mut buffer)?;
            ensure!(length > 0, "a stream has ended: {}", String::from_utf8_lossy(&self.tail));
            self.took(&buffer[..length]);
        }
        self.stream.set_nonblocking(true)?;
        (self.bytes, self.began) = (0, None);
        Ok(())
    }

    /// Takes what has come; `false` where nothing has.
    fn take(&mut self, buffer: &mut [u8]) -> anyhow::Result<bool> {
        match self.stream.read(buffer) {
            Ok(0) => anyhow::bail!("a stream has ended: {}", String::from_utf8_lossy(&self.tail)),
            Ok(length) => {
                self.took(&buffer[..length]);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn took(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        // A heartbeat is no event, and comes alone where nothing else does.
        let is_heartbeat = bytes.len() < HEARTBEAT_BYTES_MAX && bytes.windows(10).any(|window| window == b"heartbeat\n");
        if !is_heartbeat {
            self.moved = clock::monotonic();
            self.began.get_or_insert(self.moved);
        }
    }

    fn has(&self, text: &str) -> bool {
        self.tail.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// Reads from all until each has the last message, which is known once the view has every event: a thousand receive it long after that. There is none
/// where the view did not come so far.
fn read(followers: &mut [Follower], last: &OnceLock<Option<String>>) -> anyhow::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let mut has_come = false;
        for follower in &mut *followers {
            has_come |= follower.take(&mut buffer)?;
        }
        if has_come {
            continue;
        }
        match last.get() {
            Some(None) => return Ok(()),
            Some(Some(last)) => {
                let lacking = followers.iter().filter(|follower| !follower.has(last));
                match lacking.map(|follower| follower.moved.elapsed()).min() {
                    None => return Ok(()),
                    Some(silent) => ensure!(silent < BEGIN_WAIT_MAX, "subscribers have not received the event with {last}"),
                }
            }
            None => {}
        }
        clock::rest(Duration::from_millis(1));
    }
}
