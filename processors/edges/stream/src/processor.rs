//! The command processor's loop on Kafka: poll, decide, one transaction, store; and what to do when any of it fails.
//!
//! One thread does all of it, so that nothing happens to the partitions while a transaction is open: the group's callbacks run
//! inside the poll, and the poll is never reached with an open transaction.

mod catching_up;
mod consumer;
mod evidence;
mod follower;
pub(crate) mod group_inspector;
mod instance_id_taken;
mod leaving;
mod observe;
mod records;
mod resolver;
mod restore;
mod sending;
mod session;
mod transaction;
mod wiring;

pub use observe::{BatchTimes, Observe, Point, Restored, TracedCommand, Traceparent, TransientFault};
use resolver::Resolver;
use restore::Readers;
pub use restore::RestoreError;

pub use crate::registry::SchemaSource;

use crate::closing::close_together;
use crate::failure::Failure;
use crate::reader::ReadFailure;
use crate::{Settings, SettingsError};
use consumer::GroupConsumer;
use decider::{Codec, Domain, Limits, Machine, ReplayError};
use evidence::Evidence;
use follower::{Ending, Follower, Following};
use group_inspector::GroupInspector;
use keyvalue::{Fault, Read, Write, WriteError};
use session::{Clients, Session};
use std::thread;
use std::time::Duration;
use topology::Topology;
use transaction::TransactionalProducer;

/// How a processor takes part.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The consumer group; all processors of one topology are in it.
    pub group: String,
    /// Different for each process, the same after a restart: a pod's or a host's name.
    pub instance_id: String,
    /// Most commands in one transaction.
    pub batch_records_max: usize,
    /// Least time between the beginnings of two transactions, while they are not full: what a transaction costs the broker does not
    /// depend on how much is in it.
    pub pace: Duration,
    /// Decoded aggregates are kept in memory up to about this size.
    pub cache_bytes_max: usize,
    /// Most partitions of other instances that are followed, to take them over without a replay. With any, a processor that starts where others
    /// decide joins the group once its state is up to the log.
    pub warm_partitions_max: usize,
    /// Whether the member leaves the group when the processor is stopped, so that others own its partitions at once. Otherwise they wait for it to
    /// come back until its session is over.
    pub leaves_when_stopped: bool,
    pub guards: Guards,
}

/// What keeps a transaction from being torn, lost or committed by a client that may not. Always all of them, but for tests that show what
/// happens without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// The producer is recreated when its EndTxn may have been retried: a late one would end the next transaction.
    pub renews_after_slow_end: bool,
    /// Offsets are sent only as a member of a generation: from anybody else the broker takes them unasked.
    pub sends_as_member_only: bool,
    /// Offsets are sent only for partitions that are owned at that moment: the broker asks for the member, not for its partitions.
    pub sends_owned_only: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            renews_after_slow_end: true,
            sends_as_member_only: true,
            sends_owned_only: true,
        }
    }
}

/// What ends a processor. It recovers from everything else by itself.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the Kafka client could not be created: {0}")]
    Client(Failure),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error("what was committed to Kafka could not be written to the state directory: {0}; it comes back from the log at the next start")]
    Write(#[from] WriteError),
    #[error("the state directory cannot be read: {0}")]
    State(#[from] keyvalue::ReadError),
    #[error(transparent)]
    Read(#[from] ReadFailure),
    #[error("a thread could not be started: {0}")]
    Thread(String),
    #[error(
        "another process has taken part in the group as {instance_id}: each needs an instance_id of its own. This one ends, the other goes on"
    )]
    InstanceTaken { instance_id: String },
}

impl ProcessorError {
    /// What is wrong with the state directory, if it was that which failed.
    pub fn state_fault(&self) -> Option<Fault> {
        match self {
            Self::Write(error) | Self::Restore(RestoreError::Write(error)) => Some(error.fault),
            Self::State(error) | Self::Restore(RestoreError::State(error) | RestoreError::Replay(ReplayError::Read { error, .. })) => {
                Some(error.fault)
            }
            _ => None,
        }
    }
}

/// A command value larger than this is a dead letter: its events and its outcome have to fit into records, too.
pub const COMMAND_BYTES_MAX: usize = 512 << 10;
/// A transaction that has more than this to write ends early.
pub const BATCH_BYTES_MAX: usize = 32 << 20;
/// After a fault the consumer or the producer is recreated; not more often than this.
const RENEWAL_PAUSE: Duration = Duration::from_millis(250);

/// For a client's first answer from the brokers, while the group is joined.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(2);

/// Everything that a processor works with. `run` is called once.
pub struct Processor<D: Domain, C, S, R, O> {
    pub settings: Settings,
    pub topology: Topology,
    pub configuration: Configuration,
    pub codec: C,
    pub store: S,
    pub schemas: R,
    pub observe: O,
    pub domain: std::marker::PhantomData<fn() -> D>,
}

/// Why a consumer's session is over.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Stopped,
    /// The consumer is not usable any more.
    Renew(String),
    /// Another process has this one's instance id.
    Taken,
}

impl<D, C, S, R, O> Processor<D, C, S, R, O>
where
    D: Domain,
    C: Codec<D> + Clone,
    S: Read + Write + Clone + Send,
    R: SchemaSource + Clone + Send + 'static,
    O: Observe,
{
    /// Takes part in the group until `stop` says so; then finishes what is open, hands over, and returns.
    ///
    /// `stop` waits up to the given time for the wish to stop, and returns whether there is one.
    pub fn run(mut self, stop: &dyn Fn(Duration) -> bool) -> Result<(), ProcessorError> {
        let following = Following::default();
        if self.configuration.warm_partitions_max == 0 {
            return self.take_part(stop, &following);
        }
        let follower = Follower {
            following: &following,
            settings: self.settings.clone(),
            topology: self.topology.clone(),
            codec: self.codec.clone(),
            store: self.store.clone(),
            schemas: self.schemas.clone(),
            machine: follower::machine::<D>(self.limits()),
            evidence: Evidence::default(),
        };
        thread::scope(|scope| {
            let spawned = thread::Builder::new()
                .name("follower".to_owned())
                .spawn_scoped(scope, move || follower.run());
            let thread = spawned.map_err(|error| ProcessorError::Thread(error.to_string()))?;
            // The thread ends with this, whatever becomes of the loop.
            let ending = Ending(&following);
            let result = self.take_part(stop, &following);
            drop(ending);
            if thread.join().is_err() {
                tracing::error!(
                    "the thread that followed other instances' partitions had panicked: they were taken over by a longer replay"
                );
            }
            result
        })
    }

    fn take_part(&mut self, stop: &dyn Fn(Duration) -> bool, following: &Following) -> Result<(), ProcessorError> {
        let mut producer =
            TransactionalProducer::new(&self.settings, &self.configuration, &self.topology)?.writing(self.codec.written_with());
        let mut readers = Readers::new(&self.settings, &self.topology)?;
        let mut schemas = Resolver::new(&self.schemas);
        while !stop(Duration::ZERO) {
            let inspector = GroupInspector::new(&self.settings, &self.configuration.group)?;
            let is_prepared = self.catch_up(&inspector, &mut producer, &mut readers, following, stop);
            let consumer = GroupConsumer::new(&self.settings, &self.configuration, &self.topology)?;
            let mut clients = Clients {
                consumer: &consumer,
                inspector: &inspector,
                producer: &mut producer,
                readers: &mut readers,
                schemas: &mut schemas,
            };
            self.connect(&mut clients, is_prepared);
            let machine = Machine::new(self.limits());
            let end = Session::<Self>::new(self, machine, clients, stop, following).run();
            match end? {
                End::Stopped => {
                    if self.configuration.leaves_when_stopped {
                        leaving::leave(&consumer, &inspector, &self.configuration);
                    }
                    close_together(vec![Box::new(consumer), Box::new(inspector), Box::new(producer), Box::new(readers)]);
                    return Ok(());
                }
                End::Taken => {
                    close_together(vec![Box::new(consumer)]);
                    let instance_id = self.configuration.instance_id.clone();
                    if instance_id_taken::stays(&inspector, &self.configuration, self.settings.session_timeout(), stop) {
                        return Err(ProcessorError::InstanceTaken { instance_id });
                    }
                    tracing::warn!(instance_id, "fenced by a member that is gone; the group is joined again");
                    self.observe.trouble(TransientFault::ConsumerRenewed);
                }
                End::Renew(reason) => {
                    tracing::warn!(reason, "recreating the group's consumer");
                    self.observe.trouble(TransientFault::ConsumerRenewed);
                    close_together(vec![Box::new(consumer), Box::new(inspector)]);
                    stop(RENEWAL_PAUSE);
                }
            }
        }
        Ok(())
    }

    /// What can be prepared before the group is joined, where others decide until then; `false` where nothing was.
    fn catch_up(
        &self,
        inspector: &GroupInspector,
        producer: &mut TransactionalProducer,
        readers: &mut Readers,
        following: &Following,
        stop: &dyn Fn(Duration) -> bool,
    ) -> bool {
        if !catching_up::begin(following, inspector, &self.configuration, &self.topology) {
            return false;
        }
        let _ready = producer.prepare();
        readers.connect(&self.topology);
        catching_up::wait(following, inspector, &self.configuration, &self.observe, stop);
        true
    }

    /// While the group is being joined. What cannot be reached yet is tried again where it is needed.
    fn connect(&self, clients: &mut Clients<'_>, is_prepared: bool) {
        let commands = &self.topology.topics.commands.name;
        let reached = clients.consumer.connect(CONNECT_WAIT_MAX);
        if let Err(failure) = reached.and_then(|()| clients.inspector.connect(commands, CONNECT_WAIT_MAX)) {
            tracing::warn!(%failure, "the brokers cannot be reached yet");
            return;
        }
        // It says itself what keeps it from being ready.
        let _ready = clients.producer.prepare();
        if !is_prepared {
            clients.readers.connect(&self.topology);
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            partitions: self.topology.partitions,
            command_bytes_max: COMMAND_BYTES_MAX,
            batch_bytes_max: BATCH_BYTES_MAX,
            cache_bytes_max: self.configuration.cache_bytes_max,
            remembered_ms: self.topology.topics.commands.retention_ms,
        }
    }
}
