//! What the processes count: names as Prometheus has them, the same ones for the same thing in every process, on one port.

#[cfg(test)]
mod metrics {
    mod names;
}
