//! Many commands in one request: in order, while they come, within bounds.

use crate::gateway::fixture::{Running, create, id};
use end_to_end::{PATIENCE, Program};
use reqwest::Method;
use reqwest::blocking::{Body, Response};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

fn stream(gateway: &Program, body: impl Into<Body>) -> Response {
    let request = gateway
        .request(Method::POST, "/commands")
        .header("content-type", "application/x-ndjson");
    request.body(body).timeout(Duration::from_secs(120)).send().unwrap()
}

fn lines(response: Response) -> Vec<Value> {
    assert_eq!(response.status(), 200);
    let lines = BufReader::new(response).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

#[test]
fn every_line_is_answered_by_one_in_the_same_order() {
    let running = Running::new("gateway-lines");
    let (_processor, gateway) = (running.processor(), running.gateway());
    let mut body = String::new();
    for number in 1..=3_000 {
        match number % 100 {
            0 => body.push_str("{\"no\": \"command\"}\n"),
            // Created before, under another id.
            1 if number > 1 => body.push_str(&format!("{}\n", create(number, "R1"))),
            _ => body.push_str(&format!("{}\n", create(number, &format!("R{number}")))),
        }
    }
    let answers = lines(stream(&gateway, body));
    assert_eq!(answers.len(), 3_000);
    for (index, answer) in answers.iter().enumerate() {
        let number = index as u64 + 1;
        assert_eq!(answer["line"], number);
        let status = match number % 100 {
            0 => 400,
            1 if number > 1 => 422,
            _ => 200,
        };
        assert_eq!(answer["status"], status, "{answer}");
        if status == 200 {
            assert_eq!(answer["answer"]["command_id"], id(u128::from(number)).to_string());
        }
    }
}

/// A stream that is written and read at the same time, which the client of the other tests does not do.
struct Conversation {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Conversation {
    fn begin(gateway: &Program) -> Self {
        let mut stream = TcpStream::connect(gateway.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "POST /commands HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let answers = BufReader::new(stream.try_clone().unwrap());
        Self { stream, answers }
    }

    fn say(&mut self, command: &Value) {
        let line = format!("{command}\n");
        self.stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).unwrap();
    }

    fn end(&mut self) {
        self.stream.write_all(b"0\r\n\r\n").unwrap();
    }

    /// The next line of the answer, without its head and the sizes of its chunks; `None` at the end.
    fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        loop {
            line.clear();
            match self.answers.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) if line.starts_with('{') => return Some(serde_json::from_str(&line).unwrap()),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_line_is_answered_before_the_next_one_is_sent() {
    let running = Running::new("gateway-progress");
    let (_processor, gateway) = (running.processor(), running.gateway());
    let mut conversation = Conversation::begin(&gateway);
    for number in 1..=5_u64 {
        conversation.say(&create(number.into(), &format!("R{number}")));
        let answer = conversation.hear().unwrap();
        assert_eq!((&answer["line"], &answer["status"]), (&number.into(), &200.into()), "{answer}");
    }
    conversation.end();
    assert_eq!(conversation.hear(), None);
}

#[test]
fn a_stream_waits_for_room_instead_of_being_refused() {
    let running = Running::new("gateway-room");
    let _processor = running.processor();
    let gateway = running.gateway_with(&[("AEROLOG_COMMANDS__WAITING_MAX", "3")]);
    let body: String = (1..=200)
        .map(|number| format!("{}\n", create(number, &format!("R{number}"))))
        .collect();
    let answers = lines(stream(&gateway, body));
    assert_eq!(answers.len(), 200);
    assert!(answers.iter().all(|answer| answer["status"] == 200), "{answers:?}");
}

#[test]
fn a_stopping_gateway_answers_what_it_has_read_and_says_where_it_stopped() {
    let running = Running::new("gateway-stop");
    let (_processor, mut gateway) = (running.processor(), running.gateway());
    let mut conversation = Conversation::begin(&gateway);
    conversation.say(&create(1, "R1"));
    assert_eq!(conversation.hear().unwrap()["status"], 200);
    gateway.signal("TERM");
    let last = conversation.hear().unwrap();
    assert_eq!((&last["line"], &last["status"]), (&2.into(), &503.into()), "{last}");
    assert_eq!(conversation.hear(), None);
    assert!(gateway.wait().success());
}
