//! Finding out whether the log is the right one, once the brokers can be reached.

use crate::bookkeeping::Progress;
use crate::directory::{self, Edition, Log};
use crate::failure::Failure;
use crate::kept::KeptView;
use crate::parts::{Condition, KAFKA};
use service::{Shutdown, State};
use std::collections::BTreeMap;
use std::time::Duration;
use stream::Settings;
use stream::admin::{Admin, AdminError, Identity};
use stream::facts::{self, FactsError, Role};
use stream::reader::{ReadFailure, Reader};
use topology::Topology;

const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Of asking whether a log without the view's place is another one.
const IDENTITY_TRIES_MAX: u32 = 5;
const ASK_WAIT_MAX: Duration = Duration::from_secs(5);

/// A reader that stands where the view has come to.
pub(crate) struct Connected {
    pub(crate) reader: Reader,
    pub(crate) progress: Progress,
    /// The ends of the partitions as they are now: the view is caught up when it has reached them.
    pub(crate) ends: BTreeMap<u32, i64>,
    /// The cluster and its topics, which are not to change while the view is kept.
    pub(crate) identity: Identity,
    /// With the log's number of partitions.
    pub(crate) topology: Topology,
}

/// Which log is to be followed.
pub(crate) struct Wanted<'k> {
    pub(crate) settings: &'k Settings,
    pub(crate) topology: &'k Topology,
    /// The number of partitions that it must have; `None` where it is to say that itself.
    pub(crate) partitions: Option<u32>,
}

/// Waits for the brokers, compares the topics with the topology and the log with what the view was built on.
/// `None` when the shutdown came first.
pub(crate) fn connect(
    view: &KeptView,
    edition: &Edition,
    wanted: &Wanted<'_>,
    condition: &Condition,
    shutdown: &Shutdown,
) -> Result<Option<Connected>, Failure> {
    while !shutdown.is_requested() {
        match try_connect(view, edition, wanted) {
            Ok(connected) => {
                condition.set(KAFKA, State::Ready);
                return Ok(Some(connected));
            }
            Err(Attempt::Failed(failure)) => return Err(failure),
            Err(Attempt::Away(reason)) => {
                tracing::warn!(reason, "the log cannot be read yet; waiting");
                condition.set(KAFKA, State::Waiting(reason));
                shutdown.wait_timeout(RETRY_PAUSE);
            }
        }
    }
    Ok(None)
}

/// Why there is no connection.
enum Attempt {
    /// Time may help.
    Away(String),
    /// Only a person can.
    Failed(Failure),
}

impl From<AdminError> for Attempt {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Unreachable(_) | AdminError::NoClusterId | AdminError::TopicIds(_) => Self::Away(error.to_string()),
            AdminError::Settings(_) | AdminError::Create { .. } | AdminError::Missing(_) => {
                Self::Failed(Failure::Topics(error.to_string()))
            }
        }
    }
}

impl From<FactsError> for Attempt {
    fn from(error: FactsError) -> Self {
        match error {
            FactsError::Admin(error) => error.into(),
            error if error.is_transient() => Self::Away(error.to_string()),
            error => Self::Failed(Failure::Topics(error.to_string())),
        }
    }
}

impl From<ReadFailure> for Attempt {
    fn from(failure: ReadFailure) -> Self {
        if failure.is_transient() {
            Self::Away(failure.to_string())
        } else {
            Self::Failed(Failure::Log(failure))
        }
    }
}

fn try_connect(view: &KeptView, edition: &Edition, wanted: &Wanted<'_>) -> Result<Connected, Attempt> {
    let Wanted { settings, partitions, .. } = *wanted;
    let admin = Admin::new(settings)?;
    let settled = facts::settle(settings, &admin, wanted.topology, partitions, Role::View)?;
    if let Some(fatal) = settled.fatal() {
        return Err(Attempt::Failed(Failure::Topics(format!("\n{fatal}"))));
    }
    for difference in &settled.differences {
        tracing::warn!(%difference, "a topic is not as the topology wants it");
    }
    let topology = settled.topology;
    let (identity, progress) = bind(view, edition, &admin, &topology)?;
    view.announce(&progress, None);
    let mut reader = Reader::new(settings, &topology.topics.events.name)?;
    let from = progress
        .iter()
        .map(|(partition, reached)| (partition, reached.next_offset))
        .collect();
    let marks = reader.assign(&from, ASK_WAIT_MAX)?;
    let ends = marks.into_iter().map(|(partition, marks)| (partition, marks.high)).collect();
    Ok(Connected {
        reader,
        progress,
        ends,
        identity,
        topology,
    })
}

/// Finds the view's place in the log, if it is the one that the view was built on.
fn bind(view: &KeptView, edition: &Edition, admin: &Admin, topology: &Topology) -> Result<(Identity, Progress), Attempt> {
    let identity = admin.identity(topology)?;
    let log = log_of(&identity, topology)?;
    let progress = directory::bind(view.store(), edition, &log).map_err(|error| Attempt::Failed(Failure::Directory(error)))?;
    Ok((identity, progress))
}

/// Whether it is for another log that the view's place in it is gone: recreated topics hold other records at the same
/// offsets, or none. `None` when the log is the same one, and when the brokers do not tell in time.
pub(crate) fn another_log(
    view: &KeptView,
    edition: &Edition,
    settings: &Settings,
    topology: &Topology,
    shutdown: &Shutdown,
) -> Option<Failure> {
    for _ in 0..IDENTITY_TRIES_MAX {
        let tried = Admin::new(settings)
            .map_err(Attempt::from)
            .and_then(|admin| bind(view, edition, &admin, topology));
        match tried {
            Ok(_) => return None,
            Err(Attempt::Failed(failure @ Failure::Directory(directory::Error::AnotherLog { .. }))) => return Some(failure),
            Err(Attempt::Failed(failure)) => tracing::warn!(%failure, "it is not known yet whether this is another log"),
            Err(Attempt::Away(reason)) => tracing::warn!(reason, "it is not known yet whether this is another log"),
        }
        if shutdown.wait_timeout(RETRY_PAUSE) {
            return None;
        }
    }
    None
}

fn log_of(identity: &Identity, topology: &Topology) -> Result<Log, Attempt> {
    let events = &topology.topics.events;
    let topic_id = identity
        .topics
        .iter()
        .find(|(name, _)| *name == events.name)
        .map(|(_, id)| id.clone());
    Ok(Log {
        cluster_id: identity.cluster_id.clone(),
        topic: events.name.clone(),
        topic_id: topic_id.ok_or_else(|| Attempt::Failed(Failure::Topics(format!("topic {} is missing", events.name))))?,
        partitions: topology.partitions_of(events),
    })
}
