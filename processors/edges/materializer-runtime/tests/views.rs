//! Several views of one process on a real broker, which KAFKA_BOOTSTRAP_SERVERS names.
// What cannot be set up ends the test.
#![allow(clippy::unwrap_used)]

use application::{Application, ProjectError, Refusal, Route, View, Views, document};
use decider::{Codec, Context, Domain, EventEnvelope, Rejection};
use end_to_end::{Cluster, eventually};
use json_codec::{Json, JsonCodec};
use keyvalue::{Mutation, Read};
use materializer_runtime::{Apply, Configuration, Http, Process, start};
use serde_json::{Value, json};
use service::Shutdown;
use std::collections::BTreeMap;
use std::path::Path;
use store::Sizing;

/// Every command is an event: a text.
struct Texts;

impl Domain for Texts {
    type Command = String;
    type Event = String;
    type State = ();
    type Representation = Json;

    fn initial(_: &str) {}

    fn decide(_: &Context<'_>, (): &(), command: &String) -> Result<Vec<String>, Rejection> {
        Ok(vec![command.clone()])
    }

    fn evolve((): &mut (), _: &String) {}
}

impl Application for Texts {
    const NAME: &'static str = "texts";

    type Codec = JsonCodec<Self>;

    fn views(views: &mut impl Views<Self>) {
        views.view::<Last<1>>();
        views.view::<Last<2>>();
        views.view::<Fragile>();
    }
}

/// The last text of each aggregate; in version 2, in capital letters.
#[derive(Default)]
struct Last<const VERSION: u32>;

impl<const VERSION: u32> View for Last<VERSION> {
    type Event = String;
    type Question = String;

    const NAME: &'static str = "last";
    const VERSION: u32 = VERSION;
    const ROUTES: &'static [Route<String>] = &[Route {
        template: "/last/{id}",
        parameters: &[],
        question: |asked| Ok(asked.text("id").to_owned()),
    }];

    fn project(&mut self, _: u32, event: &EventEnvelope<String>, _: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let text = match VERSION {
            1 => event.event.clone(),
            _ => event.event.to_uppercase(),
        };
        Ok(vec![Mutation::Put {
            key: event.aggregate_id.clone().into_bytes(),
            value: text.into_bytes(),
        }])
    }

    fn answer(id: &String, read: &impl Read) -> Result<Vec<u8>, Refusal> {
        let text = read.get(id.as_bytes(), |text| String::from_utf8_lossy(text).into_owned())?;
        document(&text.ok_or_else(|| Refusal::not_found("text", id))?)
    }
}

/// Stores nothing, and panics at the text `break`.
#[derive(Default)]
struct Fragile;

impl View for Fragile {
    type Event = String;
    type Question = ();

    const NAME: &'static str = "fragile";
    const VERSION: u32 = 1;
    const ROUTES: &'static [Route<()>] = &[];

    fn project(&mut self, _: u32, event: &EventEnvelope<String>, _: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        assert!(event.event != "break", "this text is too much");
        Ok(Vec::new())
    }

    fn answer((): &(), _: &impl Read) -> Result<Vec<u8>, Refusal> {
        document(&())
    }
}

const PARTITIONS: u32 = 2;

struct Log {
    log: end_to_end::Log<Texts>,
    sequence: u64,
}

impl Log {
    fn new() -> Self {
        Self {
            log: end_to_end::Log::new(PARTITIONS),
            sequence: 0,
        }
    }

    /// Appends a text of the aggregate to its partition, the only one that has any, and returns the position after it.
    fn say(&mut self, text: &str) -> String {
        self.sequence += 1;
        let partition = topology::partition_of(b"a", PARTITIONS);
        let mut value = Vec::new();
        let event = EventEnvelope {
            sequence: self.sequence,
            aggregate_id: "a".to_owned(),
            version: self.sequence,
            command_id: uuid::Uuid::from_u128(self.sequence.into()),
            command_offset: 0,
            decided_at_ms: 0,
            event: text.to_owned(),
        };
        JsonCodec::<Texts>::default().encode_event(&event, &mut value);
        self.log.append_event("a", partition, &value);
        format!("{partition}:{}", self.sequence)
    }
}

struct Running {
    process: Process,
    shutdown: Shutdown,
}

impl Running {
    fn start(log: &Log, state: &Path) -> Self {
        let cluster = Cluster::of_environment();
        let configuration = Configuration {
            schema_registry_url: cluster.registry,
            state_directory: state.to_owned(),
            topic_prefix: String::new(),
            partitions: Some(PARTITIONS),
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
                block_cache_bytes: 1 << 20,
                write_buffer_bytes: 1 << 20,
            },
            otlp: Default::default(),
            kafka: BTreeMap::from([("bootstrap.servers".to_owned(), cluster.brokers)]),
        };
        let shutdown = Shutdown::default();
        let process = start::<Texts>(&configuration, log.log.topology().clone(), &shutdown).unwrap();
        Self { process, shutdown }
    }

    /// Status, position and body of an answer.
    fn get(&self, path: &str) -> (u16, String, Value) {
        let response = reqwest::blocking::get(format!("http://{}{path}", self.process.http_address())).unwrap();
        let position = response.headers().get("x-position").map(|value| value.to_str().unwrap().to_owned());
        (
            response.status().as_u16(),
            position.unwrap_or_default(),
            response.json().unwrap_or_default(),
        )
    }

    fn wait_until_ready(&self) {
        eventually("every current view is ready", || self.get("/health/ready").0 == 200);
    }

    fn metrics(&self) -> String {
        let answer = reqwest::blocking::get(format!("http://{}/metrics", self.process.operations_address()));
        answer.unwrap().text().unwrap()
    }

    fn stop(self) {
        self.shutdown.request();
        self.process.join().unwrap();
    }
}

#[test]
fn views_and_versions_of_views_are_built_side_by_side_and_one_that_panics_leaves_the_others_alone() {
    let (mut log, state) = (Log::new(), tempfile::tempdir().unwrap());
    let first = log.say("first");
    let running = Running::start(&log, state.path());
    running.wait_until_ready();
    for view in ["last-1", "last-2", "fragile-1"] {
        assert!(state.path().join(view).is_dir());
        assert!(running.metrics().contains(&format!("aerolog_view_stopped{{view=\"{view}\"}} 0\n")));
    }
    assert_eq!(running.get(&format!("/last/a?at_least={first}")).2, "first");
    let next = running.get(&format!("/views/last-2/last/a?at_least={first}"));
    assert_eq!((next.0, next.2), (200, json!("FIRST")));
    assert_eq!(running.get("/views/fragile-1/last/a").0, 404);
    let hash = |view: &str| running.get(&format!("/views/{view}/position?content_hash=true")).2["content_hash"].clone();
    assert_ne!(hash("last-1"), hash("last-2"));
    let views = running.get("/views").2["views"].clone();
    let current: Vec<_> = views
        .as_array()
        .unwrap()
        .iter()
        .map(|view| (&view["view"], &view["current"]))
        .collect();
    let expected = [("last-1", true), ("last-2", false), ("fragile-1", true)].map(|(view, current)| (json!(view), json!(current)));
    assert_eq!(current, expected.each_ref().map(|(view, current)| (view, current)));

    let broken = log.say("break");
    let after = log.say("after");
    let seen = running.get(&format!("/last/a?at_least={after}"));
    assert_eq!((seen.0, seen.2), (200, json!("after")));
    eventually("the fragile view says why it is stopped", || {
        let (status, _, document) = running.get("/health/ready");
        let detail = document["detail"].as_str().unwrap_or_default().to_owned();
        let coordinates = format!("sequence {}, of a: this text is too much", broken.rsplit(':').next().unwrap());
        status == 503 && detail.contains("fragile-1: view partition") && detail.contains(&coordinates)
    });
    let (_, position, _) = running.get("/views/fragile-1/position");
    assert!(position.contains(&first), "it stays before the event: {position}");
    assert!(running.metrics().contains("aerolog_view_stopped{view=\"fragile-1\"} 1\n"));
    assert!(running.metrics().contains("aerolog_view_stopped{view=\"last-1\"} 0\n"));
    running.stop();

    let running = Running::start(&log, state.path());
    eventually("the others go on from where they were", || {
        running.get(&format!("/views/last-2/last/a?at_least={after}")).0 == 200
    });
    assert!(running.metrics().contains("aerolog_view_events_applied_total{view=\"last-2\"} 0\n"));
    running.stop();
}
