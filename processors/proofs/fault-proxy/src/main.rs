//! Wires the proxy to a port and to a socket for its commands.

use anyhow::Context;
use clap::Parser;
use fault_proxy::{Proxy, admin};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Stands between Kafka clients and brokers, and does to requests what networks do on bad days.
///
/// Give clients the proxy's address as their bootstrap.servers: the brokers' own addresses are replaced in what they read. Plain TCP
/// only, on the loopback interface only.
#[derive(Parser)]
#[command(version, after_help = admin::HELP)]
struct Arguments {
    /// The brokers, host:port, several with commas
    #[arg(long)]
    upstream: String,
    /// The port for clients; 0 for one that is free
    #[arg(long, default_value_t = 0)]
    listen: u16,
    /// The path of a unix socket for commands, to be made here; what is there is replaced if it is a socket
    #[arg(long)]
    admin: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    let proxy = Arc::new(Proxy::start_on(&arguments.upstream, arguments.listen)?);
    let listener = listen(&arguments.admin).with_context(|| format!("{} cannot be listened on", arguments.admin.display()))?;
    tracing::info!(bootstrap = proxy.bootstrap(), upstream = arguments.upstream, admin = %arguments.admin.display(), "the proxy listens");
    for stream in listener.incoming() {
        let (stream, proxy) = (stream?, Arc::clone(&proxy));
        std::thread::spawn(move || {
            if let Err(error) = admin::serve(&proxy, &stream) {
                tracing::warn!(%error, "a connection with commands ended");
            }
        });
    }
    Ok(())
}

fn listen(path: &PathBuf) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt;
    // A socket that a process left behind; anything else stays, and the bind fails.
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}
