//! Limits of what clients can take of a server.

use std::time::Duration;

/// How many connections are served, how long each may take over what, and how much of the answers may be unread.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that are served at once.
    pub connections_max: usize,
    /// Connections that are accepted and wait for another to end; more are left to the operating system's backlog.
    pub connections_pending_max: usize,
    /// How long such a connection waits before it is answered with 503.
    pub connection_wait_max: Duration,
    /// How long a connection may be silent before its first request and between two.
    pub idle_wait_max: Duration,
    /// How long a client may take over the head of a request, from its first byte.
    pub head_wait_max: Duration,
    /// How long a body may be waited for, all in all, that comes more slowly than 4 KiB a second, or not at all.
    pub body_stall_max: Duration,
    /// How long a client may take over a body that is read as a whole.
    pub body_wait_max: Duration,
    /// How long a request may take to be answered, whatever its handler does.
    pub answer_wait_max: Duration,
    /// How long a client may take no byte of an answer.
    pub write_stall_max: Duration,
    /// How long a client may take to read a whole answer.
    pub write_wait_max: Duration,
    /// While connections or bytes are short, those that have waited this long for their client are closed, longest first.
    pub spared_wait_max: Duration,
    /// Bytes of large answers that clients have not read yet, over all connections.
    pub answer_bytes_max: usize,
    /// Bytes of large bodies that have come and are not used yet, over all connections.
    pub body_bytes_max: usize,
    /// How long requests that are being answered may go on after the order to stop.
    pub shutdown_wait_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            connections_pending_max: 256,
            connection_wait_max: Duration::from_secs(5),
            idle_wait_max: Duration::from_secs(60),
            head_wait_max: Duration::from_secs(10),
            body_stall_max: Duration::from_secs(30),
            body_wait_max: Duration::from_secs(30),
            answer_wait_max: Duration::from_secs(90),
            write_stall_max: Duration::from_secs(10),
            write_wait_max: Duration::from_secs(60),
            spared_wait_max: Duration::from_secs(1),
            answer_bytes_max: 64 << 20,
            body_bytes_max: 64 << 20,
            shutdown_wait_max: Duration::from_secs(3),
        }
    }
}
