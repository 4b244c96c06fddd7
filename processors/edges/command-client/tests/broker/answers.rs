//! What clients get, alone and many at a time.

use airline::Airline;
use command_client::{Answer, Client, ContentType, Limits, NewCommand, OutcomeDecoder, OutcomeReader, SendError, StartAt, WaitError};
use decider::CommandEnvelope;
use domain::rotation::{Command, Mode};
use end_to_end::{PATIENCE, Program, Schedule};
use schemas::{AvroCodec, SchemaIds, command_to_avro};
use std::time::Duration;
use stream::registry::Registry;
use uuid::Uuid;

struct Running {
    schedule: Schedule,
    state: tempfile::TempDir,
}

impl Running {
    fn new(name: &str) -> Self {
        Self {
            schedule: Schedule::new(name, 4),
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn processor(&self) -> Program {
        let mut processor = Program::processor(&self.schedule, &self.state.path().join("state"), "one");
        processor.wait_until_ready();
        processor
    }

    fn decoder(&self) -> OutcomeDecoder {
        let registry = Registry::new(&self.schedule.cluster().registry).unwrap();
        OutcomeDecoder::new::<Airline, _>(AvroCodec::new(SchemaIds::UNKNOWN), registry)
    }

    fn client(&self, commands_max: usize) -> Client {
        self.client_of(Limits {
            commands_max,
            ..Limits::default()
        })
    }

    fn client_of(&self, limits: Limits) -> Client {
        let settings = self.schedule.cluster().settings();
        Client::start(&settings, self.schedule.topology(), self.decoder(), limits).unwrap()
    }

    /// Creates a rotation; of the same number, it is the same command.
    fn create(&self, number: u32) -> NewCommand {
        let envelope = CommandEnvelope {
            command_id: Uuid::from_u64_pair(9, u64::from(number)),
            aggregate_id: format!("rotation/R{number}"),
            expected_version: None,
            issued_by: None,
            command: domain::Command::Rotation(Command::Create { mode: Mode::Active }),
        };
        NewCommand {
            value: command_to_avro(&envelope, self.schedule.ids().command),
            command_id: envelope.command_id,
            aggregate_id: envelope.aggregate_id,
            content_type: ContentType::Framed,
            type_name: "CreateRotation".to_owned(),
            traceparent: None,
        }
    }

    fn json(&self, aggregate_id: &str, value: &str) -> NewCommand {
        NewCommand {
            command_id: Uuid::from_u128(77),
            aggregate_id: aggregate_id.to_owned(),
            value: value.as_bytes().to_vec(),
            content_type: ContentType::Json,
            type_name: String::new(),
            traceparent: None,
        }
    }
}

#[test]
fn commands_that_wait_together_get_an_answer_each() {
    let running = Running::new("client-many");
    let _processor = running.processor();
    let client = running.client(2_000);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        // Each is sent twice: the second has an outcome of its own, which repeats the first.
        let pending: Vec<_> = (0..500)
            .flat_map(|number| [number, number])
            .map(|number| (number, client.send(&running.create(number)).unwrap()))
            .collect();
        let mut offsets = std::collections::BTreeSet::new();
        let mut repeated = 0;
        for (number, pending) in pending {
            let answer = tokio::time::timeout(PATIENCE, pending).await.unwrap().unwrap();
            let Answer::Outcome { partition, outcome } = answer else {
                panic!("{answer:?}");
            };
            assert_eq!(outcome.aggregate_id, format!("rotation/R{number}"));
            assert!(
                offsets.insert((partition, outcome.command_offset)),
                "{outcome:?} answers two commands"
            );
            repeated += usize::from(outcome.repeated);
        }
        assert_eq!((offsets.len(), repeated), (1_000, 500));
    });
    assert_eq!(client.waiting(), 0);

    let mut reader = OutcomeReader::open(
        &running.schedule.cluster().settings(),
        running.schedule.topology(),
        running.decoder(),
        StartAt::Beginning,
    )
    .unwrap();
    let mut found = 0;
    end_to_end::eventually("every outcome is read from the beginning", || {
        let polled = reader.poll(Duration::from_millis(100)).unwrap();
        assert!(polled.unreadable.is_empty(), "{:?}", polled.unreadable);
        found += polled.outcomes.len();
        found >= 1_000
    });
    assert_eq!(found, 1_000);
}

#[test]
fn what_is_no_command_is_answered_by_its_dead_letter_only() {
    let running = Running::new("client-letter");
    let _processor = running.processor();
    let client = running.client(10);
    let wrong = running.json("rotation/R1", r#"{"aggregate_id": "rotation/R1", "mood": 1}"#);
    let right = running.create(1);
    let (wrong, right) = (client.send(&wrong).unwrap(), client.send(&right).unwrap());
    let answer = wrong.wait(PATIENCE).unwrap();
    let Answer::DeadLetter { reason, .. } = answer else {
        panic!("{answer:?}");
    };
    assert!(reason.contains("mood") || reason.contains("command_id"), "{reason}");
    assert!(matches!(right.wait(PATIENCE).unwrap(), Answer::Outcome { .. }));
}

#[test]
fn a_command_waits_within_bounds_and_is_found_again_by_its_id() {
    let running = Running::new("client-bounds");
    let client = running.client(2);
    // Nothing decides yet.
    let kept = client.send(&running.create(1)).unwrap();
    let given_up = client.send(&running.create(2)).unwrap();
    let refused = client.send(&running.create(3)).err().unwrap();
    assert!(matches!(refused, SendError::Busy { commands_max: 2 }), "{refused}");
    end_to_end::eventually("the broker has the command", || given_up.place().is_some());
    let late = given_up.wait(Duration::from_millis(10)).unwrap_err();
    assert!(matches!(late, WaitError::Late { place: Some(_), .. }), "{late}");
    // It is waited for no longer, so that another one can be.
    let place = client.write(&running.create(2)).unwrap().wait(PATIENCE).unwrap();
    let attached = client.attach(running.create(2).command_id, Some("rotation/R2")).unwrap();
    let _processor = running.processor();
    assert!(matches!(kept.wait(PATIENCE).unwrap(), Answer::Outcome { .. }));
    let Answer::Outcome { partition, outcome } = attached.wait(PATIENCE).unwrap() else {
        panic!("the command is in the log");
    };
    // The first of the two that lie in the log.
    assert!(
        partition == place.partition && outcome.command_offset < place.offset,
        "{outcome:?} {place:?}"
    );
}

#[test]
fn an_outcome_that_has_come_already_is_found_by_every_client_that_keeps_some() {
    let running = Running::new("client-recent");
    let _processor = running.processor();
    let limits = Limits {
        outcomes_kept_max: 100,
        ..Limits::default()
    };
    let first = running.client_of(limits);
    let command = running.create(1);
    let answer = first.send(&command).unwrap().wait(PATIENCE).unwrap();
    // A second one, which starts after it was decided.
    let second = running.client_of(limits);
    end_to_end::eventually("the outcomes are read", || second.is_caught_up());
    for client in [&first, &second] {
        for aggregate_id in [Some("rotation/R1"), None] {
            let found = client.attach(command.command_id, aggregate_id).unwrap();
            assert_eq!(found.wait(Duration::ZERO).unwrap(), answer);
        }
        let other = client.attach(command.command_id, Some("rotation/R2")).unwrap();
        assert!(matches!(other.wait(Duration::from_millis(50)), Err(WaitError::Late { .. })));
    }
}

#[test]
fn a_client_that_stops_says_so_to_those_who_wait() {
    let running = Running::new("client-stops");
    let client = running.client(2);
    let pending = client.send(&running.create(1)).unwrap();
    drop(client);
    assert_eq!(pending.wait(PATIENCE).unwrap_err(), WaitError::Stopped);
}
