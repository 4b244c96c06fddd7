//! Where the brokers are, as the cluster said last. `bootstrap.servers` may name addresses that all brokers have left since, one after the other: a
//! client that lives through that hears of each new address, and one that is created afterwards would find no broker.

use std::sync::{Arc, Mutex, PoisonError};

/// So many addresses are kept; each of them leads to all the others.
const BROKERS_MAX: usize = 32;

/// The addresses in the last metadata.
#[derive(Clone, Default)]
pub(super) struct KnownBrokers(Arc<Mutex<Vec<String>>>);

impl KnownBrokers {
    /// Replaces what was known. Metadata without any broker says nothing.
    pub(super) fn note(&self, brokers: impl Iterator<Item = (impl AsRef<str>, i32)>) {
        let now: Vec<String> = brokers.take(BROKERS_MAX).map(|(host, port)| address(host.as_ref(), port)).collect();
        if !now.is_empty() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }

    /// The configured addresses, and the others that are known.
    pub(super) fn and(&self, configured: &str) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_configured = |known: &String| configured.split(',').any(|address| address.trim() == known);
        let others = known.iter().filter(|known| !is_configured(known)).map(String::as_str);
        std::iter::once(configured).chain(others).collect::<Vec<_>>().join(",")
    }
}

fn address(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests;
