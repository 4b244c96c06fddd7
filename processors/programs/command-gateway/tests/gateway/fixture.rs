//! A schedule with its processes, and requests to a gateway.

use end_to_end::{Program, Schedule};
use reqwest::Method;
use reqwest::blocking::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) struct Running {
    pub(crate) schedule: Schedule,
    folder: TempDir,
}

/// An answer as a client sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.json().unwrap_or_default(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks the status, and gives back the body.
    #[track_caller]
    pub(crate) fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.body
    }
}

impl Running {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            schedule: Schedule::new(name, 4),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn processor(&self) -> Program {
        let mut processor = Program::processor(&self.schedule, &self.folder.path().join("processor"), "one");
        processor.wait_until_ready();
        processor
    }

    pub(crate) fn materializer(&self) -> Program {
        let mut materializer = Program::materializer(&self.schedule, &self.folder.path().join("materializer"));
        materializer.wait_until_ready();
        materializer
    }

    pub(crate) fn gateway(&self) -> Program {
        self.gateway_with(&[])
    }

    pub(crate) fn gateway_with(&self, variables: &[(&str, &str)]) -> Program {
        // A slow and busy machine takes its time over an outcome.
        let variables = [&[("AEROLOG_COMMANDS__WAIT_MS", "25000")][..], variables].concat();
        let mut gateway = Program::gateway(&self.schedule, &self.folder.path().join("gateway"), &variables);
        gateway.wait_until_ready();
        gateway
    }
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

/// Creates a rotation.
pub(crate) fn create(number: u128, rotation: &str) -> Value {
    json!({
        "command_id": id(number),
        "aggregate_id": format!("rotation/{rotation}"),
        "payload": { "CreateRotation": { "mode": "draft" } },
    })
}

pub(crate) fn post(gateway: &Program, command: &Value) -> Seen {
    Seen::of(gateway.request(Method::POST, "/commands").json(command).send().unwrap())
}

pub(crate) fn get(program: &Program, path: &str) -> Seen {
    Seen::of(program.request(Method::GET, path).send().unwrap())
}
