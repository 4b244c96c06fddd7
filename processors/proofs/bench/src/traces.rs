//! What spans cost the command processor: off, and for none, 1 % and all of its commands, against a collector that takes everything at once.

use crate::Plan;
use crate::backlog::{self, Shape};
use crate::drain::process_with;
use crate::process::{Drained, Process};
use crate::report::{Report, Wanted};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const SIZE: usize = 1000;

/// How many of the commands are sampled, and whether spans go anywhere.
#[derive(Clone, Copy)]
struct Variant {
    name: &'static str,
    is_on: bool,
    /// One of so many; none for `None`.
    sampled_every: Option<usize>,
}

const VARIANTS: [Variant; 4] = [
    Variant {
        name: "off",
        is_on: false,
        sampled_every: Some(1),
    },
    Variant {
        name: "none",
        is_on: true,
        sampled_every: None,
    },
    Variant {
        name: "1 %",
        is_on: true,
        sampled_every: Some(100),
    },
    Variant {
        name: "all",
        is_on: true,
        sampled_every: Some(1),
    },
];

pub(crate) fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    report.section(
        "traces",
        "The command processor with spans off, and exported for none, 1 % and all of its commands, at 1,000 in a transaction; each has a traceparent",
    );
    let shape = Shape {
        rotations: if plan.quick { 100 } else { 1000 },
        legs: if plan.quick { 10 } else { 100 },
    };
    let commands = shape.commands()?;
    let endpoint = collector()?;
    let mut drained = VARIANTS.map(|_| Vec::new());
    let mut lost = VARIANTS.map(|_| Vec::new());
    for repetition in 0..plan.repetitions {
        for turn in 0..VARIANTS.len() {
            // What comes later finds a warmer broker: each comes first in turn.
            let index = (turn + repetition as usize) % VARIANTS.len();
            let variant = VARIANTS[index];
            report.doing(&format!("spans {}, repetition {}", variant.name, repetition + 1));
            let schedule = plan.cluster.schedule(&format!("traces-{index}-{repetition}"))?;
            backlog::write_with(&plan.cluster, &schedule, &commands, |number| {
                vec![("traceparent", variant.header(number))]
            })?;
            let endpoint = if variant.is_on { endpoint.as_str() } else { "" };
            let count = |processor: &Process| {
                lost[index].push(processor.metric_where("aerolog_trace_spans_total", "dropped")?);
                Ok(())
            };
            let variables = [("AEROLOG_OTLP__ENDPOINT", endpoint)];
            drained[index].push(process_with(plan, &schedule, SIZE, &commands, &variables, count)?);
        }
    }
    rows(report, &drained, &lost);
    Ok(())
}

impl Variant {
    fn header(&self, number: usize) -> String {
        let is_sampled = self.sampled_every.is_some_and(|every| number.is_multiple_of(every));
        format!("00-{:032x}-{:016x}-0{}", number + 1, number + 1, u8::from(is_sampled))
    }
}

fn rows(report: &mut Report, drained: &[Vec<Drained>], lost: &[Vec<f64>]) {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for (variant, (drained, lost)) in VARIANTS.iter().zip(drained.iter().zip(lost)) {
        let of = |figure: fn(&Drained) -> f64| drained.iter().map(figure).collect::<Vec<_>>();
        let name = variant.name;
        walls.push(report.figure(
            &format!("{name}: commands"),
            "/s",
            &of(|drained| drained.commands / drained.seconds),
        ));
        let per_cpu_second = of(|drained| drained.commands / drained.cpu_seconds);
        cpus.push(report.figure(&format!("{name}: commands per CPU-second of the process"), "/s", &per_cpu_second));
        report.figure(&format!("{name}: spans dropped"), "", lost);
    }
    report.ratio("none/off: commands/s", walls[1] / walls[0], Wanted::AtLeast(0.97));
    report.ratio("1 %/off: commands/s", walls[2] / walls[0], Wanted::AtLeast(0.95));
    report.ratio("1 %/off: commands per CPU-second", cpus[2] / cpus[0], Wanted::AtLeast(0.90));
    report.ratio("all/off: commands/s", walls[3] / walls[0], Wanted::AtLeast(0.50));
}

/// Takes spans and looks at none of them, until this program ends; returns its address.
fn collector() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(&stream));
        }
    });
    Ok(format!("http://{address}"))
}

/// Until the client closes the connection.
fn serve(stream: &TcpStream) -> Option<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.to_ascii_lowercase();
            if let Some(found) = line.strip_prefix("content-length: ") {
                length = found.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}
