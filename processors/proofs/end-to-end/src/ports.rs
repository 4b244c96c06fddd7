//! Ports for programs that are started a moment later.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below those that the kernel gives to connections (32,768 and above, on Linux), which take a port between two moments; `scripts/services` takes
/// from 20,000 on.
const PORTS: Range<u32> = 10_000..20_000;
/// Two test programs that run at the same time begin at different places.
const STRIDE: u32 = 61;

/// A port that no process listens on now. A process is given each of them once, so that two of its programs never have the same.
///
/// # Panics
/// When none is free.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id() % (PORTS.end - PORTS.start) * STRIDE;
    let mut ports = PORTS.map(|_| {
        let number = first + GIVEN.fetch_add(1, Ordering::Relaxed);
        u16::try_from(PORTS.start + number % (PORTS.end - PORTS.start)).unwrap()
    });
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.expect("no port is free")
}

#[cfg(test)]
mod tests;
