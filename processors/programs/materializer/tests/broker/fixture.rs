//! A log of its own for each test, events to write into it, and a materializer that follows it.

use airline::Airline;
use decider::{Codec, EventEnvelope};
use domain::airplane::Event as Airplane;
use domain::{AircraftType, Event};
use materializer_runtime::{Apply, Configuration, Failure, Http, Process, start};
use schemas::{AvroCodec, Content, SchemaIds};
use serde_json::{Value, json};
use service::{Shutdown, clock};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use store::Sizing;
use stream::Settings;
use stream::admin::Admin;
use stream::registry::{Applied, Registry, Subject};
use stream::writer::{Outgoing, Writer};
use tempfile::TempDir;
use topology::Topology;

const PATIENCE: Duration = Duration::from_secs(30);

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through scripts/test"))
}

pub(crate) fn kafka() -> BTreeMap<String, String> {
    BTreeMap::from([("bootstrap.servers".to_owned(), variable("KAFKA_BOOTSTRAP_SERVERS"))])
}

/// Topics of one test.
pub(crate) struct Log {
    pub(crate) topology: Topology,
    writer: Writer,
    codec: AvroCodec,
    sequences: BTreeMap<u32, u64>,
    /// In partition 0.
    commands: i64,
    /// Of the events that are appended next.
    pub(crate) decided_at_ms: i64,
}

impl Log {
    pub(crate) fn new(name: &str) -> Self {
        let mut topology = Topology::with_prefix("schedule", Some(2)).unwrap();
        let unique = format!("materializer-{name}-{}", std::process::id());
        let topics = &mut topology.topics;
        for topic in [
            &mut topics.commands,
            &mut topics.events,
            &mut topics.outcomes,
            &mut topics.dead_letters,
            &mut topics.metadata,
        ] {
            topic.name = format!("{unique}.{}", topic.name);
        }
        let settings = Settings::new(&kafka()).unwrap();
        Admin::new(&settings).unwrap().apply(&topology).unwrap();
        Self {
            writer: Writer::new(&settings).unwrap(),
            codec: AvroCodec::new(schema_ids()),
            topology,
            sequences: BTreeMap::new(),
            commands: 0,
            decided_at_ms: 0,
        }
    }

    /// Appends the next event of a partition: an airplane is registered.
    pub(crate) fn register_airplane(&mut self, partition: u32, registration: &str) {
        let sequence = self.sequences.entry(partition).or_default();
        *sequence += 1;
        let sequence = *sequence;
        self.register_airplane_as(partition, sequence, registration);
    }

    /// The same with a sequence that may be wrong.
    pub(crate) fn register_airplane_as(&mut self, partition: u32, sequence: u64, registration: &str) {
        let event = EventEnvelope {
            sequence,
            aggregate_id: format!("airplane/{registration}"),
            version: 1,
            command_id: uuid::Uuid::from_u128(u128::from(sequence)),
            command_offset: 0,
            decided_at_ms: self.decided_at_ms,
            event: Event::Airplane(Airplane::Registered {
                aircraft_type: AircraftType::parse("763").unwrap(),
            }),
        };
        let mut value = Vec::new();
        Codec::<Airline>::encode_event(&mut self.codec, &event, &mut value);
        self.append(partition, &value);
    }

    /// Appends a command for an airplane of partition 0, and the event that it is decided with.
    pub(crate) fn decided(&mut self, registration: &str, version: u64, event: Airplane, issued_by: Option<&str>) {
        let sequence = self.sequences.entry(0).or_default();
        *sequence += 1;
        let sequence = *sequence;
        let payload = match &event {
            Airplane::Registered { aircraft_type } | Airplane::Reregistered { aircraft_type } => {
                json!({ "RegisterAirplane": { "aircraft_type": aircraft_type.as_str() } })
            }
            Airplane::Corrected { aircraft_type, .. } => json!({ "CorrectAirplane": { "aircraft_type": aircraft_type.as_str() } }),
            Airplane::Retired => json!({ "RetireAirplane": {} }),
        };
        let aggregate_id = format!("airplane/{registration}");
        let command_id = uuid::Uuid::from_u128(u128::from(sequence) << 64 | 1);
        let command = json!({ "command_id": command_id, "aggregate_id": aggregate_id, "issued_by": issued_by, "payload": payload });
        let commands = &self.topology.topics.commands.name;
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
        self.append_to(commands, 0, command.to_string().as_bytes(), &headers);
        let event = EventEnvelope {
            sequence,
            aggregate_id,
            version,
            command_id,
            command_offset: self.commands,
            decided_at_ms: 0,
            event: Event::Airplane(event),
        };
        self.commands += 1;
        let mut value = Vec::new();
        Codec::<Airline>::encode_event(&mut self.codec, &event, &mut value);
        self.append(0, &value);
    }

    pub(crate) fn append(&self, partition: u32, value: &[u8]) {
        self.append_to(&self.topology.topics.events.name, partition, value, &[]);
    }

    fn append_to(&self, topic: &str, partition: u32, value: &[u8], headers: &[(&str, &[u8])]) {
        let record = Outgoing {
            topic,
            key: None,
            value: Some(value),
            headers,
            tag: 0,
            partition: Some(partition),
        };
        self.writer.send(&record).unwrap();
        self.writer.flush(PATIENCE).unwrap();
    }
}

/// Deletes the records of a partition that come before an offset, as retention does.
pub(crate) fn delete_records(topic: &str, partition: u32, before: i64) {
    let file = TempDir::new().unwrap();
    let file = file.path().join("delete-records.json");
    let wish = json!({ "partitions": [{ "topic": topic, "partition": partition, "offset": before }], "version": 1 });
    std::fs::write(&file, wish.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scripts/services");
    let output = std::process::Command::new(script)
        .args(["tool", "delete-records", "--offset-json-file"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("low_watermark"), "{said}");
}

/// Registered once: two registrations of one subject at the same time are a conflict to some registries.
fn schema_ids() -> SchemaIds {
    static IDS: OnceLock<SchemaIds> = OnceLock::new();
    *IDS.get_or_init(register)
}

fn register() -> SchemaIds {
    let registry = Registry::new(&variable("SCHEMA_REGISTRY_URL")).unwrap();
    let id = |content: Content| {
        let subject = Subject {
            name: format!("materializer-test-{}", content.record_name()),
            schema_json: content.latest().json().to_owned(),
            compatibility: content.compatibility().name().to_owned(),
        };
        match registry.apply(&subject).unwrap() {
            Applied::Registered { id } | Applied::Unchanged { id } => id,
        }
    };
    SchemaIds {
        command: id(Content::Command),
        event: id(Content::Event),
        outcome: id(Content::Outcome),
    }
}

pub(crate) fn configuration(state_directory: &Path) -> Configuration {
    Configuration {
        schema_registry_url: variable("SCHEMA_REGISTRY_URL"),
        state_directory: state_directory.to_owned(),
        topic_prefix: "schedule".into(),
        partitions: Some(2),
        until: None,
        operations_address: "127.0.0.1:0".parse().unwrap(),
        http: Http {
            address: "127.0.0.1:0".parse().unwrap(),
            connections_max: 16,
            position_wait_ms_max: 20_000,
            sign_in: String::new(),
            open_to_anyone: String::new(),
            origins: String::new(),
            tls_directory: String::new(),
        },
        apply: Apply { events_max: 100 },
        rocksdb: Sizing {
            block_cache_bytes: 8 << 20,
            write_buffer_bytes: 4 << 20,
        },
        otlp: Default::default(),
        kafka: kafka(),
    }
}

/// A materializer that runs.
pub(crate) struct Running {
    process: Process,
    shutdown: Shutdown,
    client: reqwest::blocking::Client,
}

/// Status, position and body of an answer.
pub(crate) type Seen = (u16, Option<String>, Value);

impl Running {
    pub(crate) fn start(log: &Log, state: &TempDir) -> Self {
        Self::start_with(log, &configuration(state.path())).unwrap()
    }

    pub(crate) fn start_with(log: &Log, configuration: &Configuration) -> Result<Self, Failure> {
        let shutdown = Shutdown::default();
        Ok(Self {
            process: start::<Airline>(configuration, log.topology.clone(), &shutdown)?,
            shutdown,
            client: reqwest::blocking::Client::new(),
        })
    }

    pub(crate) fn get(&self, path_and_query: &str) -> Seen {
        self.fetch(&format!("http://{}{path_and_query}", self.process.http_address()))
    }

    /// An answer that goes on, to a client that may have seen a part of it.
    pub(crate) fn open(&self, path_and_query: &str, last_id: Option<&str>) -> reqwest::blocking::Response {
        let request = self.client.get(format!("http://{}{path_and_query}", self.process.http_address()));
        let request = last_id.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        let response = request.timeout(4 * PATIENCE).send().unwrap();
        assert_eq!(response.status().as_u16(), 200);
        response
    }

    /// Whether the metrics of the view have a line: its name, its labels before that of the view, and its value.
    pub(crate) fn has_metric(&self, name: &str, labels: &str, value: u64) -> bool {
        let line = format!("{name}{{{labels}view=\"{}\"}} {value}\n", views::edition());
        self.metrics().contains(&line)
    }

    pub(crate) fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.process.operations_address());
        self.client.get(url).send().unwrap().text().unwrap()
    }

    pub(crate) fn is_live(&self) -> bool {
        self.fetch(&format!("http://{}/health/live", self.process.operations_address())).0 == 200
    }

    fn fetch(&self, url: &str) -> Seen {
        let response = self.client.get(url).send().unwrap();
        let position = response.headers().get("x-position").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, position, response.json().unwrap())
    }

    /// Waits until /health/ready answers with this status and, if it is not 200, with this in its detail.
    pub(crate) fn wait_for_readiness(&self, status: u16, detail: &str) {
        let began = clock::monotonic();
        loop {
            let (seen, _, document) = self.get("/health/ready");
            if seen == status && (status == 200 || document["detail"].as_str().unwrap_or_default().contains(detail)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{seen} {document}");
            clock::rest(Duration::from_millis(20));
        }
    }

    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.shutdown.request();
        self.join()
    }

    pub(crate) fn join(self) -> Result<(), Failure> {
        drop(self.client);
        self.process.join()
    }
}
