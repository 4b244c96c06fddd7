//! CPU, memory, threads and open files of this process, read from /proc when they are asked for. Where there is no /proc they are
//! absent.
//!
//! The metrics crate has such a collector, which counts CPU in whole seconds: too coarse for measuring runs of a few seconds.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Error, IntGauge};
use std::fs;

/// Linux tells CPU times to programs in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;
/// Where the fields of /proc/self/stat are, counted from the one after the name.
const FIELD_USER_TICKS: usize = 11;
const FIELD_SYSTEM_TICKS: usize = 12;

pub(super) struct Process {
    cpu_seconds: Counter,
    resident_bytes: IntGauge,
    resident_bytes_max: IntGauge,
    threads: IntGauge,
    open_files: IntGauge,
}

impl Process {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            cpu_seconds: Counter::new("aerolog_process_cpu_seconds_total", "User and system CPU time of this process.")?,
            resident_bytes: IntGauge::new("aerolog_process_resident_bytes", "Resident memory of this process.")?,
            resident_bytes_max: IntGauge::new(
                "aerolog_process_resident_bytes_max",
                "The most resident memory that this process had.",
            )?,
            threads: IntGauge::new("aerolog_process_threads", "Threads of this process.")?,
            open_files: IntGauge::new("aerolog_process_open_files", "File descriptors that this process holds.")?,
        })
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = [&self.resident_bytes, &self.resident_bytes_max, &self.threads, &self.open_files];
        self.cpu_seconds
            .desc()
            .into_iter()
            .chain(gauges.into_iter().flat_map(Collector::desc))
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        if let Some(seconds) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_seconds) {
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
            (&self.threads, status_number(&status, "Threads:")),
            (&self.open_files, files),
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

/// User and system time from the text of /proc/self/stat. The name in it may hold spaces and parentheses; nothing after it does.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(FIELD_USER_TICKS)? + ticks(FIELD_SYSTEM_TICKS)?) / TICKS_PER_SECOND)
}

fn status_number(status: &str, label: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests;
