//! A registry between the processes and the real one: passes questions on, or is slow, broken or away, and counts what it was asked.

use service::clock;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How the stub answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StubBehaviour {
    PassOn,
    /// Passed on after this time.
    Slow(Duration),
    /// Answered with status 500.
    Broken,
    /// The connection ends without a word.
    Away,
    /// Schemas of this id and above are refused with status 403, as one without the rights to them is refused.
    ForbidFrom(u32),
    /// Everything is refused with status 401.
    DenyAll,
    /// Everything is answered with a page, as a proxy does.
    Page,
    /// Two ids have changed places, as in a registry that came back and was filled in another order.
    Swapped(u32, u32),
    /// Schemas by id are passed on after this time.
    SlowIds(Duration),
}

/// A registry of this process.
pub(crate) struct StubRegistry {
    address: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    behaviour: Mutex<StubBehaviour>,
    /// Method and path of every question.
    asked: Mutex<Vec<String>>,
    over: AtomicBool,
    client: reqwest::blocking::Client,
}

const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 64 << 10;

impl StubRegistry {
    /// In front of the registry at `upstream`.
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            behaviour: Mutex::new(StubBehaviour::PassOn),
            asked: Mutex::new(Vec::new()),
            over: AtomicBool::new(false),
            client: reqwest::blocking::Client::builder()
                .timeout(ANSWER_WAIT_MAX)
                .no_proxy()
                .build()
                .unwrap(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.over.load(Ordering::Relaxed) {
                    return;
                }
                let (serving, Ok(stream)) = (Arc::clone(&serving), stream) else {
                    continue;
                };
                // Who asks and goes away before the answer has had what it wanted.
                std::thread::spawn(move || serving.serve(stream).ok());
            }
        });
        Self { address, shared }
    }

    /// What a process is given as SCHEMA_REGISTRY_URL.
    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    pub(crate) fn be(&self, behaviour: StubBehaviour) {
        *lock(&self.shared.behaviour) = behaviour;
    }

    /// How many questions named this.
    pub(crate) fn asked(&self, path: &str) -> usize {
        lock(&self.shared.asked).iter().filter(|asked| asked.contains(path)).count()
    }
}

impl Drop for StubRegistry {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // Wakes the listener.
        drop(TcpStream::connect(self.address.trim_start_matches("http://")));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// One question on one connection.
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let Some((head, body)) = read_request(&mut stream)? else {
            return Ok(());
        };
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        lock(&self.asked).push(format!("{method} {path}"));
        let behaviour = *lock(&self.behaviour);
        let (status, answer) = match behaviour {
            StubBehaviour::Away => return Ok(()),
            StubBehaviour::Broken => (500, br#"{"error_code":50001,"message":"out of order"}"#.to_vec()),
            StubBehaviour::ForbidFrom(from) if id_in(path).is_some_and(|id| id >= from) => {
                (403, br#"{"error_code":40301,"message":"User is denied operation"}"#.to_vec())
            }
            StubBehaviour::DenyAll => (401, br#"{"error_code":401,"message":"Unauthorized"}"#.to_vec()),
            StubBehaviour::Page => (200, b"<html><body>Sign in</body></html>".to_vec()),
            StubBehaviour::SlowIds(time) => {
                if id_in(path).is_some() {
                    clock::rest(time);
                }
                self.pass_on(method, path, body)
            }
            StubBehaviour::Swapped(a, b) => self.pass_on_swapped((a, b), method, path, body),
            StubBehaviour::PassOn | StubBehaviour::ForbidFrom(_) => self.pass_on(method, path, body),
            StubBehaviour::Slow(time) => {
                clock::rest(time);
                self.pass_on(method, path, body)
            }
        };
        let head = format!(
            "HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&answer)
    }

    fn pass_on_swapped(&self, (a, b): (u32, u32), method: &str, path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        let swap = |id: u32| match id {
            id if id == a => b,
            id if id == b => a,
            id => id,
        };
        let path = match id_in(path) {
            Some(id) => path.replace(&format!("/ids/{id}"), &format!("/ids/{}", swap(id))),
            None => path.to_owned(),
        };
        let (status, answer) = self.pass_on(method, &path, body);
        let Ok(mut json) = serde_json::from_slice::<serde_json::Value>(&answer) else {
            return (status, answer);
        };
        if let Some(id) = json.get("id").and_then(serde_json::Value::as_u64) {
            json["id"] = swap(u32::try_from(id).unwrap_or(u32::MAX)).into();
        }
        (status, json.to_string().into_bytes())
    }

    fn pass_on(&self, method: &str, path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or(reqwest::Method::GET);
        let request = self
            .client
            .request(method, format!("{}{path}", self.upstream))
            .header("content-type", "application/json")
            .body(body);
        match request.send() {
            Ok(answer) => (
                answer.status().as_u16(),
                answer.bytes().map(|bytes| bytes.to_vec()).unwrap_or_default(),
            ),
            Err(_) => (502, Vec::new()),
        }
    }
}

/// The schema id that a path asks for.
fn id_in(path: &str) -> Option<u32> {
    path.rsplit_once("/schemas/ids/")?.1.parse().ok()
}

/// The head of a request and its body; `None` where the connection ends before.
fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    stream.set_read_timeout(Some(ANSWER_WAIT_MAX))?;
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 || read.len() > HEAD_BYTES_MAX {
            return Ok(None);
        }
        read.extend_from_slice(&buffer[..count]);
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = read.split_off(end);
    while body.len() < length {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        body.extend_from_slice(&buffer[..count]);
    }
    Ok(Some((head, body)))
}
