//! The table as it grows, and the same figures as JSON. Progress goes to standard error, so that the table can be kept.
#![allow(clippy::print_stderr)]

use crate::Plan;
use serde_json::{Map, Value, json};
use std::path::Path;

pub(crate) struct Report {
    figures: Map<String, Value>,
    section: String,
}

/// Of what was timed, in milliseconds; NaN of nothing.
pub(crate) struct Percentiles {
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Percentiles {
    pub(crate) fn of(mut spent_ms: Vec<f64>) -> Self {
        spent_ms.sort_by(f64::total_cmp);
        let at = |hundredths: usize| spent_ms.get(spent_ms.len() * hundredths / 100).copied().unwrap_or(f64::NAN);
        Self {
            p50_ms: at(50),
            p99_ms: at(99),
        }
    }
}

impl Report {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut figures = Map::new();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        figures.insert("cores".to_owned(), json!(cores));
        figures.insert("partitions".to_owned(), json!(plan.cluster.partitions));
        figures.insert("repetitions".to_owned(), json!(plan.repetitions));
        figures.insert("quick".to_owned(), json!(plan.quick));
        Self {
            figures,
            section: String::new(),
        }
    }

    pub(crate) fn section(&mut self, name: &str, title: &str) {
        println!("\n{title}");
        self.section = name.to_owned();
        self.figures.insert(name.to_owned(), json!({}));
    }

    pub(crate) fn doing(&self, what: &str) {
        eprintln!("  … {what}");
    }

    /// One row: a figure of several repetitions, shown as its median and range.
    pub(crate) fn figure(&mut self, name: &str, unit: &str, values: &[f64]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let (least, most) = (
            sorted.first().copied().unwrap_or(f64::NAN),
            sorted.last().copied().unwrap_or(f64::NAN),
        );
        println!("  {name:<62} {:>12} {unit:<10} {} to {}", shown(median), shown(least), shown(most));
        self.keep(name, json!({ "median": median, "values": values, "unit": unit }));
        median
    }

    /// One row that compares two medians with what is wanted.
    pub(crate) fn ratio(&mut self, name: &str, found: f64, wanted: Wanted) {
        let (holds, target) = match wanted {
            Wanted::AtLeast(least) => (found >= least, format!("at least {least}")),
            Wanted::AtMost(most) => (found <= most, format!("at most {most}")),
        };
        let verdict = if holds { "met" } else { "MISSED" };
        println!("  {name:<62} {:>12} {:<10} {target}: {verdict}", shown(found), "");
        self.keep(name, json!({ "found": found, "target": target, "met": holds }));
    }

    fn keep(&mut self, name: &str, value: Value) {
        if let Some(Value::Object(section)) = self.figures.get_mut(&self.section) {
            section.insert(name.to_owned(), value);
        }
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, serde_json::to_string_pretty(&self.figures)? + "\n")?;
        Ok(())
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => {
            let digits = format!("{value:.0}");
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
            let groups: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .filter_map(|group| std::str::from_utf8(group).ok())
                .collect();
            format!("{sign}{}", groups.join(","))
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
