//! Why the process ends, or its view does not go on, and what is done about it.

use crate::applying::Stop;
use crate::directory;
use http_server::{EndpointError, ListenError, OriginsError};
use keyvalue::{Fault, ReadError};
use service::failpoints::FailpointError;
use std::io;
use store::Kind;
use stream::SettingsError;
use stream::reader::ReadFailure;
use stream::registry::RegistryError;

/// Why the process cannot start, or its view cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Tokens(#[from] bearer_tokens::TokensError),
    #[error("http.origins: {0}")]
    Origins(#[from] OriginsError),
    #[error("a metric could not be registered: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
    #[error("{0}")]
    Until(String),
    #[error("the topics are not as the topology says: {0}")]
    Topics(String),
    #[error(transparent)]
    Log(#[from] ReadFailure),
    #[error(transparent)]
    Stopped(Stop),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Failpoint(#[from] FailpointError),
    #[error(transparent)]
    Traces(#[from] traces::TracesError),
    #[error("a thread of the process panicked; the log says where")]
    Panicked,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// End the process: it was set up for something else.
    Refuse,
    /// Try again.
    Reconnect,
    /// Keep the view as it is and say why.
    Stop,
    /// Say that only a restart helps.
    Restart,
}

impl Failure {
    /// What is to be done about it.
    pub(crate) fn kind(&self) -> FailureKind {
        match self {
            Self::Settings(_)
            | Self::Registry(_)
            | Self::Listen(_)
            | Self::Directory(_)
            | Self::Tokens(_)
            | Self::Origins(_)
            | Self::Endpoint(_)
            | Self::Metrics(_)
            | Self::Failpoint(_)
            | Self::Traces(_)
            | Self::Thread(_)
            | Self::Until(_)
            | Self::Topics(_) => FailureKind::Refuse,
            Self::Log(ReadFailure::Kafka { .. } | ReadFailure::Unheard { .. }) => FailureKind::Reconnect,
            Self::Stopped(Stop::Unreadable(_)) => FailureKind::Restart,
            Self::Log(ReadFailure::OutOfRange { .. }) | Self::Stopped(_) => FailureKind::Stop,
            Self::Store(_) | Self::Read(_) | Self::Panicked => FailureKind::Restart,
        }
    }

    /// Whether the state directory is corrupt, so that a restart has to rebuild it.
    pub(crate) fn is_corruption(&self) -> bool {
        match self {
            Self::Store(error) => error.kind == Kind::Corrupt,
            Self::Read(error) | Self::Stopped(Stop::Unreadable(error)) => error.fault == Fault::Corrupt,
            _ => false,
        }
    }
}
