//! How far each partition has come.

use std::collections::BTreeMap;

/// The sequence of each partition.
pub type Position = BTreeMap<u32, u64>;

/// `PARTITION:SEQUENCE`, with commas between them.
pub fn text(position: &Position) -> String {
    let parts: Vec<String> = position
        .iter()
        .map(|(partition, sequence)| format!("{partition}:{sequence}"))
        .collect();
    parts.join(",")
}
