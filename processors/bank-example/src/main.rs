//! Wires the process.
fn main() {}
