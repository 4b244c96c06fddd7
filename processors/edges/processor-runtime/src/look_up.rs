//! The ids of the latest schemas at the start, and whether the registry still means by the ids of the log what was written with them.

use crate::{RunError, START_PAUSE};
use application::{Application, RecordKind, SchemaIds, latest_schema, subject};
use service::{Shutdown, clock};
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;
use stream::Settings;
use stream::processor::ProcessorError;
use stream::registry::{InUse, Lookup, Registry, RegistryError, SchemaSource, Subject, WatchedRegistry, schemas_in_log};
use topology::Topology;

/// How long a topic that was found before may be missing until that is an error.
const MISSING_WAIT_MAX: Duration = Duration::from_secs(30);

/// Where a processor's codec learns schemas.
#[derive(Clone)]
pub(crate) enum Schemas {
    Watched(WatchedRegistry),
    /// The values have none, and no registry is needed.
    None,
}

impl SchemaSource for Schemas {
    fn schema(&mut self, schema_id: u32) -> Result<Lookup, RegistryError> {
        match self {
            Self::Watched(registry) => registry.schema(schema_id),
            Self::None => Ok(Lookup::Absent("the values of this application have no schema".to_owned())),
        }
    }

    fn contradiction(&self) -> Option<String> {
        match self {
            Self::Watched(registry) => registry.contradiction(),
            Self::None => None,
        }
    }
}

/// Waits until the registry has the latest schemas and agrees with the log, which then is watched. `None` when the shutdown came first.
pub(crate) fn schemas<A: Application>(
    registry: &Registry,
    settings: &Settings,
    topology: &Topology,
    shutdown: &Shutdown,
    waiting: &dyn Fn(&str),
) -> Result<Option<(SchemaIds, Schemas)>, RunError> {
    if A::schemas().is_empty() {
        return Ok(Some((SchemaIds::UNKNOWN, Schemas::None)));
    }
    let (found, logged) = thread::scope(|scope| {
        let logged = scope.spawn(|| in_log(settings, topology, shutdown));
        (ids::<A>(registry, topology, shutdown, waiting), logged.join())
    });
    let logged = logged.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let mut found = Some(found);
    loop {
        let found = found.take().unwrap_or_else(|| ids::<A>(registry, topology, shutdown, waiting));
        match registry.contradicts(&logged, A::fingerprint) {
            Ok(None) => {
                let Some(ids) = found? else { return Ok(None) };
                let latest = [RecordKind::Event, RecordKind::Outcome].into_iter().filter_map(|kind| {
                    let fingerprint = latest_schema::<A>(kind)?.fingerprint;
                    Some(InUse {
                        id: kind.id_in(&ids),
                        fingerprint,
                    })
                });
                let in_use = logged.into_iter().chain(latest).collect();
                let stopping = shutdown.clone();
                let watched = WatchedRegistry::watch(registry.clone(), in_use, A::fingerprint, move |wait| stopping.wait_timeout(wait));
                let watched = watched.map_err(|error| ProcessorError::Thread(error.to_string()))?;
                return Ok(Some((ids, Schemas::Watched(watched))));
            }
            Ok(Some(contradiction)) => {
                tracing::error!(contradiction, "waiting for the schemas of the log");
                waiting(&contradiction);
            }
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "waiting for the schema registry");
                waiting(&error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
        if shutdown.wait_timeout(START_PAUSE) {
            return Ok(None);
        }
    }
}

/// What the last events and outcomes say of their schemas. Both topics are read at once: each takes a tenth of a second.
fn in_log(settings: &Settings, topology: &Topology, shutdown: &Shutdown) -> Result<BTreeSet<InUse>, RunError> {
    let [events, outcomes] = thread::scope(|scope| {
        let topics = [&topology.topics.events.name, &topology.topics.outcomes.name];
        let reading = topics.map(|topic| scope.spawn(|| in_topic(settings, topic, shutdown)));
        reading.map(|reading| reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    Ok(events?.into_iter().chain(outcomes?).collect())
}

/// What the last records of a topic say of their schemas; nothing when the shutdown came first.
fn in_topic(settings: &Settings, topic: &str, shutdown: &Shutdown) -> Result<BTreeSet<InUse>, RunError> {
    let began = clock::monotonic();
    loop {
        match schemas_in_log(settings, topic) {
            Ok(logged) => return Ok(logged),
            // The topics were there a moment ago: a broker that has just started may not know of them yet.
            Err(failure) if failure.is_transient() || (failure.is_of_missing_topic() && began.elapsed() < MISSING_WAIT_MAX) => {
                tracing::warn!(%failure, "waiting for the last records of the log");
                if shutdown.wait_timeout(START_PAUSE) {
                    return Ok(BTreeSet::new());
                }
            }
            Err(failure) => return Err(ProcessorError::from(failure).into()),
        }
    }
}

/// Waits for the registry to have the latest schemas, and asks it for their ids. `None` when the shutdown came first.
fn ids<A: Application>(
    registry: &Registry,
    topology: &Topology,
    shutdown: &Shutdown,
    waiting: &dyn Fn(&str),
) -> Result<Option<SchemaIds>, RunError> {
    let go_on = |pause: Duration, error: &RegistryError| {
        tracing::warn!(%error, "waiting for the schema registry");
        waiting(&error.to_string());
        !shutdown.wait_timeout(pause)
    };
    let id_of = |topic: &str, kind: RecordKind| {
        let name = subject(topic);
        let schema = latest_schema::<A>(kind).ok_or_else(|| RunError::NoSchema(name.clone()))?;
        let wanted = Subject {
            name: name.clone(),
            schema_json: schema.json.to_owned(),
            compatibility: schema.compatibility.to_owned(),
        };
        registry.wait_for_id(&wanted, &go_on)?.ok_or(RunError::NoSchema(name))
    };
    let topics = &topology.topics;
    let ids = || -> Result<SchemaIds, RunError> {
        Ok(SchemaIds {
            command: id_of(&topics.commands.name, RecordKind::Command)?,
            event: id_of(&topics.events.name, RecordKind::Event)?,
            outcome: id_of(&topics.outcomes.name, RecordKind::Outcome)?,
        })
    };
    loop {
        match ids() {
            Err(_) if shutdown.is_requested() => return Ok(None),
            // They are being registered, or an operator has to register them: a registry that was restored from the log gets those of
            // commands last.
            Err(error @ RunError::NoSchema(_)) => {
                tracing::error!(%error, "waiting for the schemas");
                waiting(&error.to_string());
                if shutdown.wait_timeout(START_PAUSE) {
                    return Ok(None);
                }
            }
            ids => return ids.map(Some),
        }
    }
}
