//! Whether the registry still means by a schema id what was written with it. One that came back with other ids makes the log unreadable for everybody who
//! reads it by them.

use super::{Lookup, Registry, RegistryError, SchemaSource};
use crate::reader::{ReadFailure, Reader};
use crate::{Settings, clock::Deadline, closing::close_aside};
use decider::WriterSchema;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Between two looks at the registry.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// So many offsets before the end of a partition are read for its last record: some may be markers or aborted.
const LAST_RECORDS_MAX: i64 = 200;
const READ_WAIT_MAX: Duration = Duration::from_secs(10);
const POLL_WAIT: Duration = Duration::from_millis(100);
const RECORDS_MAX: usize = 10_000;

/// A schema id and the schema that values were written with under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InUse {
    pub id: u32,
    pub fingerprint: u64,
}

/// Makes a schema's fingerprint of its text.
pub type FingerprintOf = fn(&WriterSchema) -> Result<u64, String>;

/// What the last records of a topic's partitions, of all that it has, say of their schemas. Records without a fingerprint are left out.
pub fn schemas_in_log(settings: &Settings, topic: &str) -> Result<BTreeSet<InUse>, ReadFailure> {
    let mut reader = Reader::configured(&settings.glancing_reader(), topic)?;
    let found = newest_schemas(&mut reader);
    close_aside(reader);
    found
}

fn newest_schemas(reader: &mut Reader) -> Result<BTreeSet<InUse>, ReadFailure> {
    // The first partition is asked for even of a topic that is missing: the answer says so.
    let all: Vec<u32> = (0..reader.partitions(READ_WAIT_MAX)?.max(1)).collect();
    let marks = reader.all_watermarks(&all, READ_WAIT_MAX)?;
    let from: BTreeMap<u32, i64> = (marks.into_iter())
        .filter(|(_, marks)| marks.low < marks.high)
        .map(|(partition, marks)| (partition, marks.low.max(marks.high - LAST_RECORDS_MAX)))
        .collect();
    if from.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut left: BTreeSet<u32> = from.keys().copied().collect();
    reader.assign(&from, READ_WAIT_MAX)?;
    let (deadline, mut last) = (Deadline::after(READ_WAIT_MAX), BTreeMap::new());
    while !left.is_empty() && !deadline.is_over() {
        let polled = reader.poll(RECORDS_MAX, POLL_WAIT, |record| {
            if let (Some([0, a, b, c, d, ..]), Some(fingerprint)) = (record.value, record.schema_fingerprint()) {
                let id = u32::from_be_bytes([*a, *b, *c, *d]);
                last.insert(record.partition, InUse { id, fingerprint });
            }
        })?;
        polled.ended.iter().for_each(|partition| _ = left.remove(partition));
    }
    Ok(last.into_values().collect())
}

impl Registry {
    /// What the registry has under these ids that is not what was written with them; `None` where it agrees.
    pub fn contradicts(&self, in_use: &BTreeSet<InUse>, fingerprint_of: FingerprintOf) -> Result<Option<String>, RegistryError> {
        for InUse { id, fingerprint } in in_use {
            let found = match self.schema(*id)? {
                Lookup::Found(schema) => fingerprint_of(&schema),
                Lookup::Absent(reason) => Err(reason),
            };
            let found = match found {
                Ok(found) if found == *fingerprint => continue,
                Ok(found) => format!("has there the schema of fingerprint {found:016x}"),
                Err(reason) => format!("has none there that can be used ({reason})"),
            };
            return Ok(Some(format!(
                "the log has records of schema id {id} with fingerprint {fingerprint:016x}, and the schema registry at {} {found}: it has come back with \
                 other ids. Nothing is written until it has the ids of the log again: put its backup back, or start it empty and run `aerolog schemas \
                 import` (see \"Schema registry: backup and restore\" in docs/operations.md)",
                self.address.shown()
            )));
        }
        Ok(None)
    }
}

/// A registry that is looked at again and again while schemas of it are in use.
#[derive(Clone)]
pub struct WatchedRegistry {
    registry: Registry,
    contradiction: Arc<Mutex<Option<String>>>,
}

impl WatchedRegistry {
    /// Looks at once in a thread of its own, and until `stop` says so, which waits for that.
    pub fn watch(
        registry: Registry,
        in_use: BTreeSet<InUse>,
        fingerprint_of: FingerprintOf,
        stop: impl Fn(Duration) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let contradiction = Arc::new(Mutex::new(None));
        let (asked, found) = (registry.clone(), Arc::clone(&contradiction));
        let look = move || {
            while !stop(LOOK_EVERY) {
                match asked.contradicts(&in_use, fingerprint_of) {
                    Ok(now) => {
                        let mut found = lock(&found);
                        match (&*found, &now) {
                            (None, Some(reason)) => tracing::error!(reason, "the schema registry contradicts the log"),
                            (Some(_), None) => tracing::info!("the schema registry agrees with the log again"),
                            _ => {}
                        }
                        *found = now;
                    }
                    // What is known of the schemas in use stays true meanwhile.
                    Err(error) => tracing::debug!(%error, "the schemas in use cannot be looked at now"),
                }
            }
        };
        thread::Builder::new().name("schemas-in-use".to_owned()).spawn(look)?;
        Ok(Self { registry, contradiction })
    }
}

impl SchemaSource for WatchedRegistry {
    fn schema(&mut self, schema_id: u32) -> Result<Lookup, RegistryError> {
        self.registry.schema(schema_id)
    }

    fn contradiction(&self) -> Option<String> {
        lock(&self.contradiction).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
