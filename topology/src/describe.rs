//! The topology for people: as a table and as a picture.

use crate::{Topic, Topology};
use std::collections::BTreeSet;
use std::fmt::Write;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One line for each topic.
pub fn table(topology: &Topology) -> String {
    let rows: Vec<[String; 7]> = topology
        .topics()
        .map(|topic| {
            [
                topic.name.clone(),
                topic.key.clone(),
                topology.partitions_of(topic).to_string(),
                format!("{}, {}", topic.cleanup.name(), retention(topic)),
                topic.timestamp.name().to_owned(),
                topic.writers.join(", "),
                topic.readers.join(", "),
            ]
        })
        .to_vec();
    let titles = ["topic", "key", "partitions", "cleanup", "timestamp", "written by", "read by"].map(str::to_owned);
    let widths: Vec<usize> = (0..7)
        .map(|column| {
            rows.iter()
                .chain([&titles])
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in [&titles].into_iter().chain(&rows) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A Mermaid flowchart: processes and topics, and who writes and reads what.
pub fn mermaid(topology: &Topology) -> String {
    let mut text = String::from("flowchart LR\n");
    let processes: BTreeSet<&str> = topology
        .topics()
        .into_iter()
        .flat_map(|topic| topic.writers.iter().chain(&topic.readers))
        .map(String::as_str)
        .collect();
    for process in processes {
        line(&mut text, format_args!("    {process}[{process}]"));
    }
    for topic in topology.topics() {
        let (name, partitions, purpose) = (&topic.name, topology.partitions_of(topic), &topic.purpose);
        line(
            &mut text,
            format_args!("    {name}[(\"{name}<br/>{partitions} partitions<br/>{purpose}\")]"),
        );
        for writer in &topic.writers {
            line(&mut text, format_args!("    {writer} --> {name}"));
        }
        for reader in &topic.readers {
            line(&mut text, format_args!("    {name} --> {reader}"));
        }
    }
    text
}

/// The same as plain text, for a terminal: each topic between those who write it and those who read it.
pub fn picture(topology: &Topology) -> String {
    let rows = topology
        .topics()
        .map(|topic| [topic.writers.join(", "), topic.name.clone(), topic.readers.join(", ")]);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (from, within) = (width(0), width(1));
    let mut text = String::new();
    for [writers, name, readers] in &rows {
        line(&mut text, format_args!("{writers:>from$} ──▶ {name:<within$} ──▶ {readers}"));
    }
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a string takes any text");
}

fn retention(topic: &Topic) -> String {
    match topic.retention_ms {
        forever if forever < 0 => "kept forever".to_owned(),
        days if days % DAY_MS == 0 => format!("{} days", days / DAY_MS),
        ms => format!("{ms} ms"),
    }
}
