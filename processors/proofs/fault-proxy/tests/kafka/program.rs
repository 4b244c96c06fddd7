//! The program, driven over its socket.

use super::clients::{WAIT, begin, brokers, producer, topic, unique};
use rdkafka::producer::Producer;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn connect(path: &Path) -> UnixStream {
    let began = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return stream,
            Err(error) => assert!(began.elapsed() < WAIT, "{error}"),
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn a_rule_that_came_over_the_socket_is_kept_by_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("admin");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-proxy"));
    command.args(["--upstream", &brokers(), "--listen", "0", "--admin"]).arg(&socket);
    let _program = Program(command.spawn().unwrap());
    let stream = connect(&socket);
    let mut lines = BufReader::new(&stream).lines();
    let mut ask = |command: Value| -> Value {
        let mut out = &stream;
        out.write_all(format!("{command}\n").as_bytes()).unwrap();
        serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["ok"].clone()
    };
    let bootstrap = ask(json!({"do": "brokers"}))[brokers()].as_str().unwrap().to_owned();
    let id = unique("program");
    let rule = json!({"when": {"api": "EndTxn", "transactional-id": id, "times": 1}, "fault": {"hold": {"client": "reset"}}});
    ask(json!({"do": "add", "rule": rule}));
    let topic = topic("program");
    let (producer, _) = producer(&bootstrap, "program", &id);
    begin(&producer, &topic, &["a"]);
    producer.commit_transaction(WAIT).unwrap();
    let counts = ask(json!({"do": "counts"}));
    assert_eq!(counts["end_txns"][&id]["commits"], 2);
    assert_eq!(counts["apis"]["EndTxn"]["held"], 1);
    assert_eq!(ask(json!({"do": "held"}))[0]["transactional_id"], json!(id));
    let released = ask(json!({"do": "release-all"}));
    // The broker says again that it has committed, or that it is still writing the markers (CONCURRENT_TRANSACTIONS).
    assert!([json!(0), json!(51)].contains(&released[0]["error_code"]), "{released}");
    assert_eq!(released[0]["alone"], json!(true));
    assert_eq!(ask(json!({"do": "held"})), json!([]));
}
