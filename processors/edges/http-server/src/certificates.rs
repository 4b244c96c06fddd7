//! The certificate that a server shows, read again when its files change.

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

/// As a Kubernetes secret of the type `kubernetes.io/tls` names them.
const CHAIN_FILE: &str = "tls.crt";
const KEY_FILE: &str = "tls.key";
/// How often the files are looked at.
const CHECK_PERIOD: Duration = Duration::from_secs(1);
/// What is read of a file, at most.
const FILE_BYTES_MAX: u64 = 1 << 20;
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate chain and its key in PEM, in the files `tls.crt` and `tls.key` of a directory.
#[derive(Debug)]
pub struct Certificates {
    directory: PathBuf,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
    /// What was read last, whether or not it could be used.
    read: Mutex<Files>,
    /// Why the files could not be used when they were looked at last: it is logged once.
    logged: Mutex<Option<String>>,
}

/// Why a certificate cannot be used. Nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: expected certificates in PEM, the server's own first: {reason}", path.display())]
    NoCertificate { path: PathBuf, reason: String },
    #[error("{}: expected a private key in PEM, without a password", path.display())]
    NoKey { path: PathBuf },
    #[error("{CHAIN_FILE} and {KEY_FILE} in {} cannot be used together: {reason}", directory.display())]
    Unfit { directory: PathBuf, reason: String },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

#[derive(Debug, PartialEq, Eq)]
struct Files {
    chain: Vec<u8>,
    key: Vec<u8>,
}

/// The certificate of connections that begin now.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Certificates {
    /// # Errors
    /// Names the file that cannot be used, and why.
    pub fn read(directory: &Path) -> Result<Self, CertificateError> {
        let files = Files::read(directory)?;
        let certified = files.certified(directory)?;
        let shown = Arc::new(Shown(RwLock::new(Arc::new(certified))));
        Ok(Self {
            directory: directory.to_owned(),
            config: config(&shown)?,
            shown,
            read: Mutex::new(files),
            logged: Mutex::default(),
        })
    }

    /// Reads them where a directory is named, which is nothing where it is an empty text.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn configured(directory: &str) -> Result<Option<Self>, CertificateError> {
        if directory.is_empty() {
            return Ok(None);
        }
        Self::read(Path::new(directory)).map(Some)
    }

    /// How connections are encrypted. A later certificate holds for those that begin after it was read.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Reads the files again whenever they change, for as long as this future is polled.
    pub(crate) async fn keep_fresh(self: Arc<Self>) {
        let mut checks = interval(CHECK_PERIOD);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            checks.tick().await;
            let certificates = Arc::clone(&self);
            if let Err(error) = spawn_blocking(move || certificates.refresh_and_tell()).await {
                tracing::error!(%error, "the certificate could not be looked at: this is a bug");
            }
        }
    }

    fn refresh_and_tell(&self) {
        let refreshed = self.refresh();
        let directory = self.directory.display();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        match refreshed {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(%directory, "the certificate has changed; new connections are shown the new one");
                *logged = None;
            }
            Err(error) => {
                let reason = error.to_string();
                if logged.as_ref() != Some(&reason) {
                    tracing::warn!(%error, "the certificate has changed and cannot be used; the one before it stays until the files change again");
                }
                *logged = Some(reason);
            }
        }
    }

    /// Shows what the files hold, where they have changed and belong together: one of them may have been replaced before the other. What
    /// cannot be used is an error once.
    fn refresh(&self) -> Result<bool, CertificateError> {
        let files = Files::read(&self.directory)?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *read == files {
            return Ok(false);
        }
        let certified = files.certified(&self.directory);
        *read = files;
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified?);
        Ok(true)
    }
}

impl Files {
    fn read(directory: &Path) -> Result<Self, CertificateError> {
        let read = |name: &str| {
            let path = directory.join(name);
            bounded(&path).map_err(|error| CertificateError::Unreadable { path, error })
        };
        Ok(Self {
            chain: read(CHAIN_FILE)?,
            key: read(KEY_FILE)?,
        })
    }

    fn certified(&self, directory: &Path) -> Result<CertifiedKey, CertificateError> {
        let no_certificate = |reason: String| CertificateError::NoCertificate {
            path: directory.join(CHAIN_FILE),
            reason,
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.chain).collect();
        let chain = chain.map_err(|error| no_certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(no_certificate("there is none".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| CertificateError::NoKey {
            path: directory.join(KEY_FILE),
        })?;
        CertifiedKey::from_der(chain, key, &provider()).map_err(|error| CertificateError::Unfit {
            directory: directory.to_owned(),
            reason: error.to_string(),
        })
    }
}

fn config(shown: &Arc<Shown>) -> Result<Arc<ServerConfig>, CertificateError> {
    let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(shown) as _;
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let length = fs::metadata(path)?.len();
    if length > FILE_BYTES_MAX {
        let reason = format!("it has {length} bytes, and {FILE_BYTES_MAX} are read at most");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    fs::read(path)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests;
