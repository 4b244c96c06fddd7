//! The source of events that all views of a process share.

use query_service::AsOf;
use service::failpoints::Failpoints;
use std::sync::Arc;
use stream::Settings;
use stream::registry::Registry;
use topology::Topology;
use traces::Tracer;

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) topology: Topology,
    /// The number of partitions that the log must have, if the configuration says one.
    pub(crate) partitions: Option<u32>,
    pub(crate) registry: Registry,
    pub(crate) events_max: usize,
    /// Where the views stop; `None` where they follow the log.
    pub(crate) until: Option<AsOf>,
    pub(crate) failpoints: Arc<Failpoints>,
    pub(crate) tracer: Tracer,
}
