//! Who may change the schedule, who may see it, and who is on record for it.

use crate::services::provider::Provider;
use end_to_end::{Program, Schedule, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
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

    /// A token that is believed for some seconds, as clocks may differ by 30, and the first second at which it is not.
    fn short(&self, subject: &str, role: &str) -> (String, i64) {
        let expires = service::clock::unix_ms() / 1000 - 20;
        let mut claims = self.provider.claims(subject, role);
        claims["exp"] = json!(expires);
        (self.provider.signed(claims), expires + 30)
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
    assert_eq!(running.see("/rotations", Some(&viewer)), 200);
    // The same question: its answer is kept.
    for (token, status) in [(Some(bystander.as_str()), 403), (None, 401)] {
        assert_eq!(running.see("/rotations", token), status);
    }
    for path in ["/position", "/views", "/views/schedule-graph-3/rotations"] {
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
    let (short, expired) = running.short("ada", "planner");
    let body = line("R2").chain(Later(expired)).chain(line("R3")).chain(line("R4"));
    let answer = sent_slowly(&running, "application/x-ndjson", &short, body);
    let lines: Vec<Value> = answer
        .text()
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let statuses: Vec<(&Value, &Value)> = lines.iter().map(|line| (&line["line"], &line["status"])).collect();
    assert_eq!(statuses, [(&json!(1), &json!(200)), (&json!(2), &json!(401))], "{lines:?}");
    let detail = lines[1]["answer"]["detail"].as_str().unwrap();
    assert!(detail.contains("this line and those after it were not read"), "{detail}");
    assert_eq!(issued(&running.schedule), ["rotation/R1", "rotation/R2"]);
}

#[test]
fn a_command_whose_body_comes_when_its_token_has_expired_is_refused() {
    let running = Running::new("tokens-slow");
    running.provider.serve();
    let good = running.provider.token("ada", "planner");
    eventually("the keys are fetched", || running.create("R1", Some(&good)).0 == 200);
    let (short, expired) = running.short("ada", "planner");
    let answer = sent_slowly(&running, "application/json", &short, Later(expired).chain(line("R2")));
    assert_eq!(answer.status(), 401, "{:?}", answer.text());
    assert_eq!(issued(&running.schedule), ["rotation/R1"]);
}

#[test]
fn a_stream_of_changes_ends_with_its_token_and_goes_on_with_a_new_one() {
    let running = Running::new("tokens-changes");
    running.provider.serve();
    let good = running.provider.token("ada", "planner");
    eventually("the keys are fetched", || running.create("R1", Some(&good)).0 == 200);
    eventually("by the view, too", || running.see("/rotations/R1", Some(&good)) == 200);
    let (short, expired) = running.short("eve", "viewer");
    let mut changes = Changes::open(&running, &short, "?after=0:0,1:0", None);
    changes.until("event: live");
    assert_eq!(running.create("R2", Some(&good)).0, 200);
    changes.until("rotation/R2");
    let rest = changes.rest();
    assert!(rest.starts_with("event: token-expired\ndata: "), "{rest}");
    assert!(service::clock::unix_ms() / 1000 >= expired, "it ended while the token held");

    // Nothing was said of this one, and the token is not believed any more.
    assert_eq!(running.create("R3", Some(&good)).0, 200);
    assert_eq!(running.see("/changes", Some(&short)), 401);
    let last = changes.last_id();
    let renewed = running.provider.token("eve", "viewer");
    let mut changes = Changes::open(&running, &renewed, "", Some(&last));
    changes.until("event: live");
    assert!(changes.text.contains("rotation/R3"), "{}", changes.text);
    for before in ["rotation/R1", "rotation/R2"] {
        assert!(!changes.text.contains(before), "{}", changes.text);
    }
}

/// A stream of changes as its client reads it.
struct Changes {
    response: BufReader<reqwest::blocking::Response>,
    text: String,
}

impl Changes {
    fn open(running: &Running, token: &str, query: &str, last_id: Option<&str>) -> Self {
        let request = running.view.request(Method::GET, &format!("/changes{query}")).bearer_auth(token);
        let request = last_id.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        let response = request.timeout(end_to_end::PATIENCE).send().unwrap();
        assert_eq!(response.status(), 200);
        Self {
            response: BufReader::new(response),
            text: String::new(),
        }
    }

    /// Reads up to the end of the message that has this.
    fn until(&mut self, expected: &str) {
        while !(self.text.contains(expected) && self.text.ends_with("\n\n")) {
            let read = self.response.read_line(&mut self.text).unwrap();
            assert!(read > 0, "{expected:?} does not come: {}", self.text);
        }
    }

    /// What follows up to the end, without comments and what has only an id.
    fn rest(&mut self) -> String {
        let begin = self.text.len();
        self.response.read_to_string(&mut self.text).unwrap();
        let messages = self.text[begin..].split_inclusive("\n\n");
        messages.filter(|message| message.contains("event: ")).collect()
    }

    fn last_id(&self) -> String {
        let mut ids = self.text.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.next_back().unwrap().to_owned()
    }
}

/// A command as one line.
fn line(rotation: &str) -> std::io::Cursor<String> {
    let command = json!({ "aggregate_id": format!("rotation/{rotation}"), "payload": { "CreateRotation": { "mode": "draft" } } });
    std::io::Cursor::new(format!("{command}\n"))
}

fn sent_slowly(running: &Running, content_type: &str, token: &str, body: impl Read + Send + 'static) -> reqwest::blocking::Response {
    let request = running.gateway.request(Method::POST, "/commands").bearer_auth(token);
    let request = request
        .header("content-type", content_type)
        .body(reqwest::blocking::Body::new(body));
    request.send().unwrap()
}

/// The aggregates of the commands in the log, each once.
fn issued(schedule: &Schedule) -> Vec<String> {
    let mut issued: Vec<String> = commands(schedule)
        .iter()
        .map(|command| command["aggregate_id"].as_str().unwrap().to_owned())
        .collect();
    issued.sort_unstable();
    issued.dedup();
    issued
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
