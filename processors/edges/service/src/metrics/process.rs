//! CPU, memory, threads and open files of this process, read from /proc when they are asked for. Where there is no /proc they are
//! absent.
//!
//! The metrics crate has such a collector, which counts CPU in whole seconds: too coarse for measuring runs of a few seconds.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Error, Gauge, IntGauge};
use std::fs;

/// Linux tells CPU times to programs in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;
/// Where the fields of /proc/self/stat are, counted from the one after the name.
const FIELD_USER_TICKS: usize = 11;
const FIELD_SYSTEM_TICKS: usize = 12;
const FIELD_START_TICKS: usize = 19;

pub(super) struct Process {
    cpu_seconds: Counter,
    resident_bytes: IntGauge,
    resident_bytes_max: IntGauge,
    virtual_bytes: IntGauge,
    threads: IntGauge,
    open_files: IntGauge,
    open_files_max: IntGauge,
    /// Computed once: the kernel's `btime` moves with the clock, and a start time that changes reads as a restart.
    start_seconds: Option<Gauge>,
}

impl Process {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            cpu_seconds: Counter::new("process_cpu_seconds_total", "User and system CPU time of this process.")?,
            resident_bytes: IntGauge::new("process_resident_memory_bytes", "Resident memory of this process.")?,
            resident_bytes_max: IntGauge::new(
                "process_resident_memory_max_bytes",
                "The most resident memory that this process had.",
            )?,
            virtual_bytes: IntGauge::new("process_virtual_memory_bytes", "Virtual memory of this process.")?,
            threads: IntGauge::new("process_threads", "Threads of this process.")?,
            open_files: IntGauge::new("process_open_fds", "File descriptors that this process holds.")?,
            open_files_max: IntGauge::new("process_max_fds", "File descriptors that this process may hold.")?,
            start_seconds: started_gauge()?,
        })
    }
}

fn started_gauge() -> Result<Option<Gauge>, Error> {
    let (stat, boot) = (fs::read_to_string("/proc/self/stat"), fs::read_to_string("/proc/stat"));
    let Some(seconds) = start_seconds(&stat.unwrap_or_default(), &boot.unwrap_or_default()) else {
        return Ok(None);
    };
    let gauge = Gauge::new("process_start_time_seconds", "When this process started, in seconds since 1970.")?;
    gauge.set(seconds);
    Ok(Some(gauge))
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = [
            &self.resident_bytes,
            &self.resident_bytes_max,
            &self.virtual_bytes,
            &self.threads,
            &self.open_files,
            &self.open_files_max,
        ];
        let seconds = self
            .cpu_seconds
            .desc()
            .into_iter()
            .chain(self.start_seconds.iter().flat_map(Collector::desc));
        seconds.chain(gauges.into_iter().flat_map(Collector::desc)).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        families.extend(self.start_seconds.iter().flat_map(Collector::collect));
        if let Some(seconds) = cpu_seconds(&stat) {
            // Of two collections at once the later may have read first: a counter does not go back.
            self.cpu_seconds.inc_by((seconds - self.cpu_seconds.get()).max(0.0));
            families.extend(self.cpu_seconds.collect());
        }
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let files = fs::read_dir("/proc/self/fd")
            .ok()
            .and_then(|files| i64::try_from(files.count()).ok());
        let gauges = [
            (&self.resident_bytes, status_number(&status, "VmRSS:").map(|kib| kib << 10)),
            (&self.resident_bytes_max, status_number(&status, "VmHWM:").map(|kib| kib << 10)),
            (&self.virtual_bytes, status_number(&status, "VmSize:").map(|kib| kib << 10)),
            (&self.threads, status_number(&status, "Threads:")),
            (&self.open_files, files),
            (&self.open_files_max, files_max()),
        ];
        for (gauge, value) in gauges {
            if let Some(value) = value {
                gauge.set(value);
                families.extend(gauge.collect());
            }
        }
        families
    }
}

/// User and system time from the text of /proc/self/stat.
fn cpu_seconds(stat: &str) -> Option<f64> {
    Some(seconds_of(stat, FIELD_USER_TICKS)? + seconds_of(stat, FIELD_SYSTEM_TICKS)?)
}

/// When the process started: so long after the machine did, which /proc/stat has.
fn start_seconds(stat: &str, boot: &str) -> Option<f64> {
    let booted = boot
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse::<f64>()
        .ok()?;
    Some(booted + seconds_of(stat, FIELD_START_TICKS)?)
}

/// A field of /proc/self/stat. The name in it may hold spaces and parentheses; nothing after it does.
fn seconds_of(stat: &str, field: usize) -> Option<f64> {
    let ticks = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(field)?;
    Some(ticks.parse::<f64>().ok()? / TICKS_PER_SECOND)
}

/// Absent where there is no limit.
fn files_max() -> Option<i64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn status_number(status: &str, label: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;
