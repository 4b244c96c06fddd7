//! The report of an audit: its progress, what it found, and how much it has seen.

use super::Arguments;
use crate::{Verdict, complain, say};
use auditor::{Counts, Loss, Place, Shown, Topic, Violation};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;
use topology::Topology;

/// Tells on standard error how far a long audit has come.
pub(super) struct Progress {
    bar: indicatif::ProgressBar,
    logged: std::time::Instant,
    shown: bool,
}

const LOG_EVERY: Duration = Duration::from_secs(10);

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            bar: indicatif::ProgressBar::new_spinner(),
            logged: service::clock::monotonic(),
            shown: std::io::stderr().is_terminal(),
        }
    }

    pub(super) fn partition(&mut self, number: u32, partitions: u32) {
        self.bar.set_prefix(format!("partition {} of {partitions}", number + 1));
    }

    pub(super) fn note(&mut self, counts: &Counts) {
        let line = format!(
            "{}: {} commands, {} events, {} outcomes",
            self.bar.prefix(),
            counts.commands,
            counts.events,
            counts.outcomes
        );
        if self.shown {
            self.bar.set_message(line);
            self.bar.tick();
        } else if self.logged.elapsed() >= LOG_EVERY {
            self.logged = service::clock::monotonic();
            complain(line);
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Prints the verdict; the status follows from it.
pub(super) fn show(arguments: &Arguments, topology: &Topology, verdict: &auditor::Verdict, notes: &[String]) -> anyhow::Result<Verdict> {
    let enough = verdict.counts.commands >= arguments.expect_commands;
    let holds = verdict.holds() && enough;
    if arguments.json {
        for violation in &verdict.kept {
            say(violation_json(topology, violation))?;
        }
        say(summary_json(arguments, verdict, notes, holds))?;
    } else {
        show_text(arguments, topology, verdict, notes)?;
    }
    Ok(if holds { Verdict::Fine } else { Verdict::Violated })
}

/// A loss that is on record, in words.
pub(super) fn loss(loss: &Loss) -> String {
    let end = match (loss.to, loss.offsets()) {
        (Some(to), Some(offsets)) => format!("to {to}, {offsets} offsets"),
        _ => "to the end of that topic, which is not known any more".to_owned(),
    };
    format!(
        "on record as lost: partition {}, commands of the topic with the id {} from offset {} {end}; by {}, {} ms since the epoch, at {}",
        loss.partition, loss.topic_id, loss.from, loss.by, loss.recorded_at_ms, loss.place
    )
}

fn show_text(arguments: &Arguments, topology: &Topology, verdict: &auditor::Verdict, notes: &[String]) -> std::io::Result<()> {
    for violation in &verdict.kept {
        say(format_args!("{} is violated: {}", violation.invariant.name(), violation.what))?;
        if let Some(place) = violation.place {
            say(format_args!("    at {}", located(topology, place)))?;
        }
        for shown in &violation.records {
            say(format_args!(
                "    {} key {:?}: {}",
                located(topology, shown.place),
                shown.key,
                shown.content
            ))?;
        }
    }
    let more = verdict.violations - verdict.kept.len() as u64;
    if more > 0 {
        say(format_args!("… and {more} more violations"))?;
    }
    for note in notes {
        say(format_args!("note: {note}"))?;
    }
    let seen: Vec<String> = verdict
        .counts
        .named()
        .iter()
        .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
        .collect();
    say(format_args!("seen: {}", seen.join(", ")))?;
    if verdict.counts.commands < arguments.expect_commands {
        say(format_args!(
            "only {} commands were seen where {} were expected: this proves nothing",
            verdict.counts.commands, arguments.expect_commands
        ))?;
    }
    if verdict.holds() {
        return say("everything that was checked holds");
    }
    for (invariant, count) in &verdict.by_invariant {
        say(format_args!("{} ({}): {count} violations", invariant.name(), invariant.promise()))?;
    }
    Ok(())
}

fn topic_name(topology: &Topology, topic: Topic) -> &str {
    let topics = &topology.topics;
    match topic {
        Topic::Commands => &topics.commands.name,
        Topic::Events => &topics.events.name,
        Topic::Outcomes => &topics.outcomes.name,
        Topic::DeadLetters => &topics.dead_letters.name,
        Topic::Offsets => "__consumer_offsets",
    }
}

fn located(topology: &Topology, place: Place) -> String {
    format!("{}/{}/{}", topic_name(topology, place.topic), place.partition, place.offset)
}

fn violation_json(topology: &Topology, violation: &Violation) -> Value {
    let record = |shown: &Shown| {
        json!({
            "topic": topic_name(topology, shown.place.topic),
            "partition": shown.place.partition,
            "offset": shown.place.offset,
            "timestamp_ms": shown.timestamp_ms,
            "key": shown.key,
            "content": shown.content,
        })
    };
    json!({
        "kind": "violation",
        "invariant": violation.invariant.name(),
        "promise": violation.invariant.promise(),
        "topic": violation.place.map(|place| topic_name(topology, place.topic)),
        "partition": violation.place.map(|place| place.partition).or(violation.partition),
        "offset": violation.place.map(|place| place.offset),
        "what": violation.what,
        "records": violation.records.iter().map(record).collect::<Vec<_>>(),
    })
}

fn summary_json(arguments: &Arguments, verdict: &auditor::Verdict, notes: &[String], holds: bool) -> Value {
    let by_invariant: BTreeMap<&str, u64> = verdict
        .by_invariant
        .iter()
        .map(|(invariant, count)| (invariant.name(), *count))
        .collect();
    json!({
        "kind": "summary",
        "holds": holds,
        "violations": verdict.violations,
        "by_invariant": by_invariant,
        "counts": BTreeMap::from(verdict.counts.named()),
        "expected_commands": arguments.expect_commands,
        "notes": notes,
    })
}
