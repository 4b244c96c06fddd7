//! Whatever a client sends, it finds what became of it by the id, the trace and the correlation that it sent.

use end_to_end::{History, Program, Schedule, eventually};
use std::collections::BTreeMap;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A command as a person types it, and what its answer is to say.
struct Sent {
    key: &'static str,
    aggregate_id: &'static str,
    payload: &'static str,
    header_type: Option<&'static str>,
    is_misrouted: bool,
    /// The headers `type` and `status`, and the rule where it is a rejection.
    expected: (&'static str, &'static str),
}

const fn sent(key: &'static str, payload: &'static str, expected: (&'static str, &'static str)) -> Sent {
    Sent {
        key,
        aggregate_id: key,
        payload,
        header_type: None,
        is_misrouted: false,
        expected,
    }
}

const REGISTER: &str = r#"{"RegisterAirplane": {"aircraft_type": "332"}}"#;

fn all() -> Vec<Sent> {
    let registered = ("RegisterAirplane", "accepted");
    vec![
        sent("airplane/N1AA", REGISTER, registered),
        sent("airplane/N1AA", REGISTER, ("RegisterAirplane", "rejected")),
        sent("airplane/N1AB", r#"{"Dance": {}}"#, ("Unknown", "rejected")),
        sent(
            "airplane/N1AC",
            r#"{"RetireAirplane": {"airplane_to_retire": "N1AA"}}"#,
            ("RetireAirplane", "rejected"),
        ),
        Sent {
            header_type: Some("RetireAirplane"),
            ..sent("airplane/N1AD", REGISTER, ("RegisterAirplane", "rejected"))
        },
        Sent {
            header_type: Some("aerolog.schedule.RegisterAirplane"),
            ..sent("airplane/N1AE", REGISTER, registered)
        },
        Sent {
            is_misrouted: true,
            ..sent("airplane/N1AF", REGISTER, registered)
        },
        // What is no command at all.
        sent("moon/base", REGISTER, ("RegisterAirplane", "dead-letter")),
        Sent {
            aggregate_id: "airplane/N1AH",
            ..sent("airplane/N1AG", REGISTER, ("RegisterAirplane", "dead-letter"))
        },
        sent(
            "airplane/N1AI",
            r#"{"RegisterAirplane": {"aircraft_typ": "332"}}"#,
            ("RegisterAirplane", "dead-letter"),
        ),
        sent("rotation/R1", r#""UnassignAirplane""#, ("UnassignAirplane", "dead-letter")),
        sent(
            "rotation/R1",
            r#"{"RescheduleLeg": {"leg_id": "1", "departure": 1201802700000, "arrival": 1201806300000}}"#,
            ("RescheduleLeg", "dead-letter"),
        ),
    ]
}

fn partition_of(schedule: &Schedule, sent: &Sent) -> u32 {
    let own = topology::partition_of(sent.key.as_bytes(), schedule.partitions());
    (own + u32::from(sent.is_misrouted)) % schedule.partitions()
}

fn write(schedule: &Schedule, sent: &Sent, command_id: &str) {
    let Sent {
        aggregate_id,
        payload,
        key,
        ..
    } = sent;
    let value = format!(r#"{{"command_id": "{command_id}", "aggregate_id": "{aggregate_id}", "payload": {payload}}}"#);
    // The header of the content type as HTTP clients write it.
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("Content-Type", b"application/json"),
        ("traceparent", TRACE.as_bytes()),
        ("tracestate", b"a=1"),
        ("X-Correlation-ID", command_id.as_bytes()),
    ];
    headers.extend(sent.header_type.map(|name| ("type", name.as_bytes())));
    let partition = Some(partition_of(schedule, sent));
    schedule.write(&schedule.record(Some(key.as_bytes()), Some(value.as_bytes()), &headers, partition));
}

#[test]
fn every_answer_says_by_its_headers_which_command_it_is_for_and_what_became_of_it() {
    let schedule = Schedule::new("answers", 3);
    let folder = tempfile::tempdir().unwrap();
    let mut processor = Program::processor(&schedule, &folder.path().join("state"), "one");
    processor.wait_until_ready();
    let all = all();
    let id = |index: usize| format!("6f1d3a52-94c8-4e0b-9a57-{index:012x}");
    for (index, sent) in all.iter().enumerate() {
        write(&schedule, sent, &id(index));
    }
    schedule.flush();
    let mut answers = Vec::new();
    eventually("each command has an answer", || {
        answers = History::read(&schedule).answers;
        answers.len() >= all.len()
    });
    assert_eq!(answers.len(), all.len(), "{answers:#?}");
    for (index, sent) in all.iter().enumerate() {
        let is_of_it = |answer: &&BTreeMap<String, String>| answer.get("command-id") == Some(&id(index));
        let [answer] = answers.iter().filter(is_of_it).collect::<Vec<_>>()[..] else {
            panic!("not one answer to {}: {answers:#?}", id(index));
        };
        let header = |name: &str| answer.get(name).map_or("", String::as_str);
        assert_eq!((header("type"), header("status")), sent.expected, "{answer:#?}");
        assert_eq!((header("traceparent"), header("tracestate")), (TRACE, "a=1"));
        assert_eq!(header("X-Correlation-ID"), id(index));
        let from = format!("{}/", partition_of(&schedule, sent));
        assert_eq!(header("forwarded-from").starts_with(&from), sent.is_misrouted, "{answer:#?}");
    }
    assert!(processor.is_running());
}
