//! Who may change the schedule, who may see it, and who is on record for it.

use crate::services::provider::Provider;
use end_to_end::{Program, Schedule, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Read;
use tempfile::TempDir;

struct Running {
    provider: Provider,
    view: Program,
    gateway: Program,
    schedule: Schedule,
    _processor: Program,
    _folder: TempDir,
}

impl Running {
    /// The provider is away when the services start.
    fn new(name: &str) -> Self {
        let provider = Provider::away();
        let schedule = Schedule::new(name, 2);
        let folder = tempfile::tempdir().unwrap();
        let sign_in = format!("issuer = \"{}\"\naudience = \"aerolog\"\n", provider.issuer());
        let file = folder.path().join("sign-in.toml");
        std::fs::write(&file, sign_in).unwrap();
        let variables = [("AEROLOG_HTTP__SIGN_IN_FILE", file.to_str().unwrap())];
        let state = |name: &str| folder.path().join(name);
        let mut programs = [
            Program::processor(&schedule, &state("processor"), "one"),
            Program::start("materializer", &schedule, &state("materializer"), &variables),
            Program::gateway(&schedule, &state("gateway"), &variables),
        ];
        programs.iter_mut().for_each(Program::wait_until_ready);
        let [processor, view, gateway] = programs;
        Self {
            provider,
            view,
            gateway,
            schedule,
            _processor: processor,
            _folder: folder,
        }
    }

    fn create(&self, rotation: &str, token: Option<&str>) -> (u16, Value) {
        let body = json!({
            "aggregate_id": format!("rotation/{rotation}"),
            "issued_by": "someone else",
            "payload": { "CreateRotation": { "mode": "draft" } },
        });
        asked(&self.gateway, Method::POST, "/commands", token, Some(&body))
    }

    fn see(&self, path: &str, token: Option<&str>) -> u16 {
        asked(&self.view, Method::GET, path, token, None).0
    }

    /// Asks for the outcome of a command that was never sent.
    fn see_outcome(&self, token: Option<&str>) -> u16 {
        let path = "/commands/0f6f8a52-3c1e-4a5e-9a35-0d6c1fb0a1c4";
        asked(&self.gateway, Method::GET, path, token, None).0
    }
}

fn asked(program: &Program, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, Value) {
    let mut request = program.request(method, path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().unwrap();
    (answer.status().as_u16(), answer.json().unwrap_or_default())
}

#[test]
fn a_token_decides_who_may_do_what_and_who_is_on_record() {
    let running = Running::new("tokens-roles");
    let early = running.provider.token("ada", "planner");
    assert_eq!(running.create("R1", Some(&early)).0, 503);
    assert_eq!(running.see_outcome(Some(&early)), 503);
    assert_eq!(running.see("/rotations", Some(&early)), 503);
    running.provider.serve();
    eventually("the keys are fetched", || running.create("R1", Some(&early)).0 == 200);
    let (viewer, bystander) = (running.provider.token("eve", "viewer"), running.provider.token("bob", "none"));
    for (token, write, outcome, read) in [
        (Some(early.as_str()), 200, 404, 200),
        (Some(viewer.as_str()), 403, 404, 200),
        (Some(bystander.as_str()), 403, 403, 403),
        (None, 401, 401, 401),
    ] {
        assert_eq!(running.create(&format!("R{write}{read}"), token).0, write);
        assert_eq!(running.see_outcome(token), outcome);
        eventually("the view has the keys", || running.see("/rotations", token) == read);
    }
    for path in ["/position", "/views", "/metrics", "/views/schedule-graph-3/rotations"] {
        assert_eq!(running.see(path, None), 401, "{path}");
    }
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(running.see(path, None), 200, "{path}");
    }
    // The operations port asks for no token.
    assert!(running.view.metrics().is_some());
    assert_eq!(asked(&running.gateway, Method::GET, "/openapi.json", None, None).0, 200);

    // A rotation of the keys: the new one is fetched when a token names it, and the old one is withdrawn with it.
    running.provider.rotate();
    let rotated = running.provider.token("ada", "planner");
    eventually("the new key is known", || running.create("R2", Some(&rotated)).0 != 401);
    assert_eq!(running.create("R3", Some(&early)).0, 401);

    let records = commands(&running.schedule);
    assert!(records.len() >= 3, "{records:?}");
    for record in records {
        assert_eq!(record["issued_by"], "ada", "{record}");
    }
    for program in [&running.gateway, &running.view] {
        let log = program.log();
        for token in [&early, &viewer, &rotated] {
            let signature = token.rsplit('.').next().unwrap();
            assert!(!log.contains(signature), "a token is in the log");
        }
    }
}

#[test]
fn a_token_that_does_not_hold_is_refused_by_both_services() {
    let running = Running::new("tokens-refused");
    running.provider.serve();
    let good = running.provider.token("ada", "planner");
    eventually("the keys are fetched", || running.create("R1", Some(&good)).0 == 200);
    eventually("by the view, too", || running.see("/rotations", Some(&good)) == 200);
    let with = |name: &str, value: Value| {
        let mut claims = running.provider.claims("ada", "planner");
        claims[name] = value;
        running.provider.signed(claims)
    };
    let payload = good.split('.').nth(1).unwrap();
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    let other = Provider::away();
    for (what, token) in [
        ("alg none", unsigned),
        ("expired", with("exp", json!(service::clock::unix_ms() / 1000 - 60))),
        ("another audience", with("aud", json!("other"))),
        ("another issuer", with("iss", json!(other.issuer()))),
        ("another key", other.signed(running.provider.claims("ada", "planner"))),
        (
            "another payload under the signature",
            spliced(&good, &running.provider.token("eve", "planner")),
        ),
    ] {
        let (status, problem) = running.create("R2", Some(&token));
        assert_eq!(status, 401, "{what}: {problem}");
        assert!(!problem.to_string().contains(&token), "{what}");
        assert_eq!(running.see_outcome(Some(&token)), 401, "{what}");
        assert_eq!(running.see("/rotations", Some(&token)), 401, "{what}");
    }
}

#[test]
fn a_stream_of_commands_is_taken_for_as_long_as_its_token_holds() {
    let running = Running::new("tokens-stream");
    running.provider.serve();
    let good = running.provider.token("ada", "planner");
    eventually("the keys are fetched", || running.create("R1", Some(&good)).0 == 200);
    let now_seconds = || service::clock::unix_ms() / 1000;
    // Clocks may differ by 30 s: this one is believed for another 10.
    let expires = now_seconds() - 20;
    let mut claims = running.provider.claims("ada", "planner");
    claims["exp"] = json!(expires);
    let line = |rotation: &str| {
        let command = json!({ "aggregate_id": format!("rotation/{rotation}"), "payload": { "CreateRotation": { "mode": "draft" } } });
        std::io::Cursor::new(format!("{command}\n"))
    };
    let body = line("R2").chain(Later(expires + 30)).chain(line("R3"));
    let request = running
        .gateway
        .request(Method::POST, "/commands")
        .bearer_auth(running.provider.signed(claims));
    let answer = request
        .header("content-type", "application/x-ndjson")
        .body(reqwest::blocking::Body::new(body))
        .send()
        .unwrap();
    let lines: Vec<Value> = answer
        .text()
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let statuses: Vec<&Value> = lines.iter().map(|line| &line["status"]).collect();
    assert_eq!(statuses, [200, 401], "{lines:?}");
}

/// Nothing, which is only known to end at this second.
struct Later(i64);

impl Read for Later {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        eventually("the time has come", || service::clock::unix_ms() / 1000 >= self.0);
        Ok(0)
    }
}

/// The payload of one token with the header and the signature of the other.
fn spliced(signed: &str, payload: &str) -> String {
    let parts: Vec<&str> = signed.split('.').collect();
    format!("{}.{}.{}", parts[0], payload.split('.').nth(1).unwrap(), parts[2])
}

/// The commands in the log, as JSON.
fn commands(schedule: &Schedule) -> Vec<Value> {
    let topic = &schedule.topology().topics.commands.name;
    let wait = std::time::Duration::from_secs(20);
    let mut reader = stream::reader::Reader::new(&schedule.cluster().settings(), topic).unwrap();
    let mut found = Vec::new();
    reader
        .assign(&(0..schedule.partitions()).map(|partition| (partition, 0)).collect(), wait)
        .unwrap();
    let mut ended = std::collections::BTreeSet::new();
    eventually("the commands are read", || {
        let polled = reader.poll(10_000, std::time::Duration::from_millis(200), |record| {
            found.push(serde_json::from_slice(record.value.unwrap_or_default()).unwrap());
        });
        ended.extend(polled.unwrap().ended);
        ended.len() == schedule.partitions() as usize
    });
    found
}
