//! The port on which a process answers its clients: it listens, and serves on threads of its own.

use crate::certificates::{CertificateError, Certificates};
use crate::listener::{ListenError, Listener, listen};
use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use tokio::runtime;

/// Where a process answers its clients, as it is configured.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'c> {
    /// Port 0 stands for any free one.
    pub address: SocketAddr,
    /// The directory of the certificate; without a name, connections are not encrypted.
    pub tls_directory: &'c str,
    /// Its clients send bearer tokens.
    pub takes_tokens: bool,
}

/// Why a process cannot answer its clients.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("http.tls_directory: {0}")]
    Certificate(#[from] CertificateError),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
}

impl Endpoint<'_> {
    /// Listens, and runs `serve` on threads of their own until it returns. Returns the address with the port in use, and the thread to wait for.
    ///
    /// # Errors
    /// When the address cannot be listened on, the certificate cannot be read, or no thread can be started.
    pub fn start<F: Future<Output = ()>>(
        self,
        serve: impl FnOnce(Listener) -> F + Send + 'static,
    ) -> Result<(SocketAddr, JoinHandle<()>), EndpointError> {
        let runtime = runtime::Builder::new_multi_thread().thread_name("http").enable_all().build()?;
        let socket = {
            let _inside = runtime.enter();
            listen(self.address)?
        };
        let bound = socket.local_addr()?;
        let certificates = Certificates::configured(self.tls_directory)?;
        if certificates.is_none() && self.takes_tokens && !bound.ip().is_loopback() {
            tracing::warn!(address = %bound, "tokens come over connections that are not encrypted here: set http.tls_directory, or encrypt in front");
        }
        let listener = Listener::from(socket).with_certificates(certificates);
        let work = move || runtime.block_on(serve(listener));
        Ok((bound, thread::Builder::new().name("http-accept".to_owned()).spawn(work)?))
    }
}
