//! The errors of the registry. No message shows a user or a password.

/// Why the registry has not done what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    #[error(
        "the schema registry's address cannot be used: {0}. It has to be like http://localhost:8081 or https://user:password@host/path, with \
         the special characters of user and password percent-encoded ('/' as %2F, '@' as %40, '#' as %23, '?' as %3F). It is not shown here, because \
         it may hold a secret"
    )]
    Address(String),
    /// No answer, or one that says so itself: 408, 429, 5xx.
    #[error("the schema registry at {url} does not answer: {reason}")]
    Away { url: String, reason: String },
    /// An answer, but none of a registry's: a proxy's page, a redirect, an empty body.
    #[error(
        "what answers at {url} is not a schema registry: {reason}. Is there a proxy or a login page before it? Check schema_registry_url"
    )]
    Foreign { url: String, reason: String },
    /// 401 or 403, and not only for one schema.
    #[error(
        "the schema registry at {url} refuses us: {status} to {what}: {reason}. Check the user and the password in schema_registry_url, and their \
         rights to read"
    )]
    Denied {
        url: String,
        what: String,
        status: u16,
        reason: String,
    },
    #[error("the schema registry at {url} refuses {what}: {status} {reason}")]
    Refused {
        url: String,
        what: String,
        status: u16,
        reason: String,
    },
}

impl RegistryError {
    /// It may pass, or be mended, while a process waits.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Away { .. } | Self::Foreign { .. } | Self::Denied { .. } => true,
            Self::Address(_) | Self::Refused { .. } => false,
        }
    }

    /// What is there does not let it happen: an incompatible schema, or what another client has just done.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }
}
