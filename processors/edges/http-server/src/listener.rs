//! A socket that listens.

use crate::certificates::Certificates;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};

/// What the kernel holds of an answer for a client that does not read, for each connection; it doubles this for its bookkeeping.
const SEND_BUFFER_BYTES: u32 = 64 << 10;
/// Connections that the kernel holds until they are accepted.
const BACKLOG_CONNECTIONS: u32 = 1024;

/// The reason why a server could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}{}", hint(error))]
pub struct ListenError {
    pub address: SocketAddr,
    #[source]
    pub error: io::Error,
}

/// A socket that listens, and the certificate that its connections are encrypted with; without one, they are not.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) certificates: Option<Arc<Certificates>>,
}

impl Listener {
    pub fn with_certificates(self, certificates: Option<Certificates>) -> Self {
        let certificates = certificates.map(Arc::new);
        Self { certificates, ..self }
    }
}

impl From<TcpListener> for Listener {
    fn from(socket: TcpListener) -> Self {
        Self {
            socket,
            certificates: None,
        }
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => ": another process uses this port; stop it or configure another",
        _ => "",
    }
}

/// Listens on `address` (port 0: any free one). To be called inside a Tokio runtime.
///
/// # Errors
/// When the address cannot be listened on, because another process does so already for example.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        // Accepted connections inherit it.
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        socket.bind(address)?;
        socket.listen(BACKLOG_CONNECTIONS)
    };
    listen().map_err(|error| ListenError { address, error })
}
