//! How many files and sockets a process may have open: what it needs at most is allowed at its start, or it does not start.
//!
//! A process that meets the limit later can accept no connection, open no file of its store, and reach no broker, all at once and under load.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sockets to brokers and the registry, logs, and what RocksDB opens while it compacts and is copied.
const OTHERS_MAX: u64 = 256;

/// How many open files a process needs that serves `connections_max` clients in addition to its operations port, and whose store has `store_files_max` files open.
pub fn needed(connections_max: usize, store_files_max: u16) -> u64 {
    let clients = connections_max + http_server::Limits::default().connections_pending_max;
    (clients + crate::CONNECTIONS_MAX) as u64 + u64::from(store_files_max) + OTHERS_MAX
}

/// Why a process may not open what it needs.
#[derive(Debug, thiserror::Error)]
pub enum OpenFilesError {
    #[error(
        "this process needs up to {needed} open files, and the system allows it {hard} (hard limit): raise that, with `ulimit -Hn {needed}`, \
         LimitNOFILE={needed} in a unit of systemd, or --ulimit nofile={needed} of a container"
    )]
    TooFew { needed: u64, hard: u64 },
    #[error("the limit of open files cannot be raised from {soft} to {hard}, its hard limit: {error}")]
    Refused { soft: u64, hard: u64, error: std::io::Error },
}

/// Sees to it that `needed` files and sockets can be open at once: raises the soft limit to the hard one where it is lower.
///
/// # Errors
/// When the hard limit is lower, too.
pub fn allow(needed: u64) -> Result<(), OpenFilesError> {
    let limit = getrlimit(Resource::Nofile);
    // No limit at all is enough.
    let (Some(soft), hard) = (limit.current, limit.maximum.unwrap_or(u64::MAX)) else {
        return Ok(());
    };
    if soft >= needed {
        return Ok(());
    }
    if hard < needed {
        return Err(OpenFilesError::TooFew { needed, hard });
    }
    let raised = Rlimit {
        current: limit.maximum.or(Some(needed)),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).map_err(|error| OpenFilesError::Refused {
        soft,
        hard,
        error: error.into(),
    })
}
