//! Dead letters that are looked at and sent again.

use crate::command_line::fixture::Running;
use end_to_end::{History, eventually};
use serde_json::Value;
use stream::writer::Outgoing;

impl Running {
    fn lines(&self, line: &str) -> Vec<Value> {
        let run = self.run(line);
        assert_eq!(run.status, 0, "{run:?}");
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn results(&self, line: &str) -> Vec<(String, String)> {
        let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        self.lines(line)
            .iter()
            .map(|line| (text(line, "command_id"), text(line, "result")))
            .collect()
    }

    fn write(&self, key: &str, command_id: &str, payload: &str) {
        let value = command(key, command_id, payload);
        let json: &[(&str, &[u8])] = &[("content-type", b"application/json")];
        self.schedule
            .write(&self.schedule.record(Some(key.as_bytes()), Some(value.as_bytes()), json, None));
        self.schedule.flush();
    }

    /// A dead letter as a processor wrote it that did not know the command.
    fn plant(&self, key: &str, command_id: &str, payload: &str) {
        let value = command(key, command_id, payload);
        let length = value.len().to_string();
        let headers: &[(&str, &[u8])] = &[
            ("content-type", b"application/json"),
            ("header-count", b"1"),
            ("topic", b"theirs"),
            ("partition", b"0"),
            ("offset", b"7"),
            ("value-bytes", length.as_bytes()),
            ("cut", b"nothing"),
            ("reason", b"an older build"),
            ("command-id", command_id.as_bytes()),
        ];
        self.schedule.write(&Outgoing {
            topic: &self.schedule.topology().topics.dead_letters.name,
            partition: Some(0),
            ..self.schedule.record(Some(key.as_bytes()), Some(value.as_bytes()), headers, None)
        });
        self.schedule.flush();
    }
}

fn command(key: &str, command_id: &str, payload: &str) -> String {
    format!(r#"{{"command_id": "{command_id}", "aggregate_id": "{key}", "payload": {payload}}}"#)
}

fn id(number: u32) -> String {
    format!("6f1d3a52-94c8-4e0b-9a57-{number:012x}")
}

#[test]
fn letters_of_a_key_are_decided_in_their_order_when_they_are_sent_again_and_only_once() {
    let running = Running::new("line-redrive");
    let planted = [
        ("rotation/R1", r#"{"CreateRotation": {"mode": "draft"}}"#),
        ("airplane/N1AB", r#"{"RegisterAirplane": {"aircraft_type": "717"}}"#),
        ("rotation/R1", r#"{"ActivateRotation": {}}"#),
        ("rotation/R1", r#"{"RemoveRotation": {}}"#),
    ];
    for (number, (key, payload)) in (1..).zip(planted) {
        running.plant(key, &id(number), payload);
    }
    let ids: Vec<Value> = running
        .lines("dead-letters list")
        .iter()
        .map(|line| line["command_id"].clone())
        .collect();
    assert_eq!(ids, [id(1), id(2), id(3), id(4)]);
    assert_eq!(
        running.lines(&format!("dead-letters list --command-id {}", id(2)))[0]["key"],
        "airplane/N1AB"
    );
    assert_eq!(running.lines("dead-letters list --reason nothing-like-it").len(), 0);
    let shown = running.run("dead-letters show 0/2");
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(
        (&shown["value"]["command_id"], &shown["obstacle"]),
        (&id(3).into(), &Value::Null),
        "{shown}"
    );
    let none = running.run("dead-letters show 0/9");
    assert!(none.status == 1 && none.err.contains("dead-letters list"), "{none:?}");
    let unasked = running.run("dead-letters redrive");
    assert!(unasked.status == 1 && unasked.err.contains("--all"), "{unasked:?}");

    let of_rotation = |result: &str| [1, 3, 4].map(|number| (id(number), result.to_owned()));
    for _ in 0..2 {
        let line = "dead-letters redrive --key rotation/R1 --dry-run";
        assert_eq!(running.results(line), of_rotation("would be redriven"));
    }
    assert_eq!(running.results("dead-letters redrive --key rotation/R1"), of_rotation("redriven"));
    assert_eq!(
        running.results("dead-letters redrive --key rotation/R1"),
        of_rotation("redriven before")
    );
    eventually("the rotation was created, activated and removed", || {
        let found = |number| running.run(&format!("outcomes {}", id(number)));
        [1, 3, 4].into_iter().map(found).all(|outcome| outcome.status == 0)
    });
    assert_eq!(running.run(&format!("outcomes {}", id(2))).status, 4);
    let all = running.results("dead-letters redrive --all");
    let result_of = |number| {
        all.iter()
            .find(|(command_id, _)| *command_id == id(number))
            .map(|(_, result)| result.as_str())
    };
    assert_eq!((result_of(1), result_of(2)), (Some("redriven before"), Some("redriven")));
}

#[test]
fn a_letter_whose_cause_is_still_there_is_a_dead_letter_again_and_the_audit_agrees() {
    let running = Running::new("line-redrive-again");
    running.write("rotation/R2", &id(1), r#""UnassignAirplane""#);
    let list = format!("dead-letters list --command-id {}", id(1));
    eventually("it is a dead letter", || running.lines(&list).len() == 1);
    assert_eq!(running.results("dead-letters redrive --all"), [(id(1), "redriven".to_owned())]);
    eventually("it is a dead letter again", || running.lines(&list).len() == 2);
    let letters = running.lines(&list);
    let found_at = |index: usize| letters[index]["found_at"].as_str().unwrap().to_owned();
    assert_ne!(found_at(0), found_at(1));
    let shown = running.run(&format!("dead-letters show {}", letters[1]["letter"].as_str().unwrap()));
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let names: Vec<&Value> = shown["record_headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| &header["name"])
        .collect();
    assert_eq!(names, ["content-type", "redriven-from"]);
    let audit = running.run("audit --drained");
    assert_eq!(audit.status, 0, "{audit:?}");
}

/// A command in JSON without its content type, which is a dead letter; returns the headers of that.
fn letter_of_a_forgotten_content_type(running: &Running, key: &str, payload: &str) -> Vec<(String, String)> {
    let value = command(key, &id(1), payload);
    let record = running.schedule.record(Some(key.as_bytes()), Some(value.as_bytes()), &[], None);
    running.schedule.write(&record);
    running.schedule.flush();
    let mut headers = Vec::new();
    eventually("it is a dead letter", || {
        headers = History::read(&running.schedule)
            .answers
            .into_iter()
            .next()
            .unwrap_or_default()
            .into_iter()
            .collect();
        !headers.is_empty()
    });
    headers
}

/// A tool that moves records knows nothing of their headers: it copies them, changes some, repeats itself, and has a partitioner of its own.
#[test]
fn a_letter_that_a_foreign_tool_publishes_with_its_headers_is_decided_once_wherever_it_lies_and_the_audit_agrees() {
    let running = Running::new("line-foreign-redrive");
    let (key, payload) = ("rotation/R1", r#"{"CreateRotation": {"mode": "draft"}}"#);
    let copied = letter_of_a_forgotten_content_type(&running, key, payload);
    let of = |name: &str| copied.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!(
        (of("command-id"), of("type"), of("status")),
        (Some(id(1).as_str()), Some("CreateRotation"), Some("dead-letter")),
        "{copied:?}"
    );
    let at_home = format!("{}/{}", of("partition").unwrap(), of("offset").unwrap());
    let large = "x".repeat(600);
    let altered: [&[(&str, &str)]; 4] = [
        &[],
        &[
            ("forwarded-from", &at_home),
            ("status", "accepted"),
            ("command-id", "00000000-0000-0000-0000-000000000009"),
        ],
        &[
            ("forwarded-from", "1/0"),
            ("redriven-from", "0/0"),
            ("partition", "1"),
            ("offset", "99"),
        ],
        &[
            ("forwarded-from", "7/7"),
            ("correlation-id", &large),
            ("owner", "somebody"),
            ("schema-fingerprint", "none"),
        ],
    ];
    let value = command(key, &id(1), payload);
    for more in altered {
        for partition in [0, 1, 0, 1] {
            let headers = copied.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let more = more.iter().map(|(name, value)| (*name, value.as_bytes()));
            let headers: Vec<_> = headers.chain(more).chain([("Content-Type", &b"application/json"[..])]).collect();
            let record = running
                .schedule
                .record(Some(key.as_bytes()), Some(value.as_bytes()), &headers, Some(partition));
            running.schedule.write(&record);
        }
    }
    running.schedule.flush();
    eventually("each has an answer", || History::read(&running.schedule).answers.len() == 17);
    let history = History::read(&running.schedule);
    let outcomes: Vec<_> = history.outcomes.values().flatten().collect();
    assert!(outcomes.iter().all(|outcome| outcome.rejection.is_none()), "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.repeated).count(), 1, "{outcomes:?}");
    let answers = || history.answers.iter().filter(|answer| answer["status"] == "accepted");
    assert_eq!(answers().count(), 16);
    assert!(answers().all(|answer| answer["command-id"] == id(1) && !answer.contains_key("correlation-id")));
    let audit = running.run("audit --drained");
    assert_eq!(audit.status, 0, "{audit:?}");
}
