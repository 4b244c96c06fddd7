//! A bank's processor in this process, behind a faulty network, and what a reader of committed records sees meanwhile.

use bank_example::{Bank, Codec, Command, Event};
use decider::{Codec as _, CommandEnvelope, EventEnvelope, Outcome, Tally};
use fault_proxy::Proxy;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use store::{Sizing, Store};
use stream::Settings;
use stream::admin::Admin;
use stream::processor::{Configuration, Guards, Observe, Point, Processor, ProcessorError, Restored, SchemaSource, TransientFault};
use stream::reader::Reader;
use stream::registry::{Lookup, RegistryError};
use stream::writer::{Outgoing, Writer};
use tempfile::TempDir;
use topology::Topology;
use uuid::Uuid;

pub(crate) const WAIT: Duration = Duration::from_secs(30);

pub(crate) fn brokers() -> String {
    std::env::var("KAFKA_BOOTSTRAP_SERVERS").expect("KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test")
}

pub(crate) fn settings(brokers: &str) -> Settings {
    Settings::new(&BTreeMap::from([("bootstrap.servers".to_owned(), brokers.to_owned())])).unwrap()
}

/// A bank of one partition.
pub(crate) struct BankRun {
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) topology: Topology,
    pub(crate) troubles: Arc<Mutex<Vec<TransientFault>>>,
    pub(crate) transactional_id: String,
    pub(crate) state: Arc<TempDir>,
    pub(crate) leaves_when_stopped: bool,
    stop: Option<Sender<()>>,
    running: Option<JoinHandle<Result<(), ProcessorError>>>,
}

/// Called at every point of the loop; runs in its thread.
pub(crate) type AtPoint = Box<dyn Fn(Point) + Send>;

impl BankRun {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("{name}-{}", Uuid::new_v4().simple());
        let topology = Topology::with_prefix(&name, Some(1)).unwrap();
        Admin::new(&settings(&brokers())).unwrap().apply(&topology).unwrap();
        Self {
            proxy: Arc::new(Proxy::start(&brokers()).unwrap()),
            topology,
            troubles: Arc::default(),
            transactional_id: format!("{name}-one"),
            state: Arc::new(tempfile::tempdir().unwrap()),
            leaves_when_stopped: false,
            stop: None,
            running: None,
        }
    }

    pub(crate) fn group(&self) -> &str {
        self.transactional_id.trim_end_matches("-one")
    }

    /// Starts the processor behind the proxy.
    pub(crate) fn start(&mut self, guards: Guards, at_point: AtPoint) {
        let group = self.group().to_owned();
        let processor = Processor {
            settings: settings(self.proxy.bootstrap()),
            topology: self.topology.clone(),
            configuration: Configuration {
                group,
                instance_id: "one".to_owned(),
                batch_records_max: 1,
                pace: Duration::ZERO,
                cache_bytes_max: 1 << 20,
                warm_partitions_max: 0,
                leaves_when_stopped: self.leaves_when_stopped,
                guards,
            },
            codec: Codec::default(),
            store: Arc::new(Store::open(self.state.path(), Sizing::default()).unwrap()),
            schemas: NoSchemas,
            observe: Watcher {
                troubles: Arc::clone(&self.troubles),
                at_point,
            },
            domain: PhantomData::<fn() -> Bank>,
        };
        let (stop, stopped) = channel();
        self.stop = Some(stop);
        self.running = Some(std::thread::spawn(move || processor.run(&|wait| is_over(&stopped, wait))));
    }

    /// Opens an account: each number is a command of its own.
    pub(crate) fn open_account(&self, number: u128) {
        let aggregate_id = format!("account/{number}");
        let value = Codec::command(&CommandEnvelope {
            command_id: Uuid::from_u128(number),
            aggregate_id: aggregate_id.clone(),
            expected_version: None,
            issued_by: None,
            command: Command::Open { holder: "Ada".to_owned() },
        });
        write(&self.topology.topics.commands.name, &aggregate_id, &value);
    }

    pub(crate) fn wait_for_outcomes(&self, count: usize) -> Vec<Outcome> {
        let began = std::iter::repeat_with(|| outcomes(&self.topology));
        began
            .take(300)
            .find(|outcomes| outcomes.len() >= count)
            .expect("the outcomes are committed in time")
    }

    /// Ends the processor; a `Result` that is an error fails the test.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            running.join().unwrap().unwrap();
        }
    }
}

/// Writes one record, not in any transaction.
pub(crate) fn write(topic: &str, key: &str, value: &[u8]) {
    let writer = Writer::new(&settings(&brokers())).unwrap();
    let record = Outgoing {
        topic,
        key: Some(key.as_bytes()),
        value: Some(value),
        headers: &[],
        tag: 0,
        partition: None,
    };
    writer.send(&record).unwrap();
    writer.flush(WAIT).unwrap();
}

pub(crate) fn is_over(stopped: &Receiver<()>, wait: Duration) -> bool {
    use std::sync::mpsc::RecvTimeoutError;
    stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout)
}

/// The committed events, as they are now.
pub(crate) fn events(topology: &Topology) -> Vec<EventEnvelope<Event>> {
    let mut codec = Codec::default();
    let values = committed(&topology.topics.events.name);
    values.iter().map(|value| codec.decode_event(value).unwrap()).collect()
}

/// The committed outcomes, as they are now.
pub(crate) fn outcomes(topology: &Topology) -> Vec<Outcome> {
    let mut codec = Codec::default();
    let values = committed(&topology.topics.outcomes.name);
    values.iter().map(|value| codec.decode_outcome(value).unwrap()).collect()
}

/// How many events and outcomes are committed now.
pub(crate) fn committed_records(topology: &Topology) -> usize {
    let topics = &topology.topics;
    committed(&topics.events.name).len() + committed(&topics.outcomes.name).len()
}

fn committed(topic: &str) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(&settings(&brokers()), topic).unwrap();
    reader.assign(&BTreeMap::from([(0, 0)]), WAIT).unwrap();
    let (mut found, mut ended) = (Vec::new(), BTreeSet::new());
    while ended.is_empty() {
        let polled = reader
            .poll(1000, Duration::from_millis(200), |record| {
                found.push(record.value.unwrap().to_vec())
            })
            .unwrap();
        ended.extend(polled.ended);
    }
    found
}

#[derive(Clone)]
pub(crate) struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn schema(&mut self, _: u32) -> Result<Lookup, RegistryError> {
        Ok(Lookup::Absent("there are no schemas".to_owned()))
    }
}

struct Watcher {
    troubles: Arc<Mutex<Vec<TransientFault>>>,
    at_point: AtPoint,
}

impl Observe for Watcher {
    fn committed(&self, _: &Tally, _: Duration, _: i64) {}
    fn dead_letter(&self, _: &'static str) {}
    fn trouble(&self, trouble: TransientFault) {
        self.troubles.lock().unwrap().push(trouble);
    }
    fn owned(&self, _: usize) {}
    fn restored(&self, _: Restored, _: Duration) {}
    fn cache(&self, _: usize, _: usize) {}
    fn reached(&self, point: Point) {
        (self.at_point)(point);
    }
    fn held_up(&self, _: Option<&str>) {}
}
