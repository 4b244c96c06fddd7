//! A bell that is rung: an application without schemas, or with some, and a view of which bells were rung.

use crate::*;
use decider::{CommandEnvelope, Context, DecodeError, Outcome, Parts, Rejection, Representation};
use keyvalue::{Memory, Mutation, Read};

#[derive(Debug)]
struct Bell<const HAS_SCHEMAS: bool>;

type Plain = Bell<false>;
type WithSchemas = Bell<true>;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Rung;

impl<const HAS_SCHEMAS: bool> Domain for Bell<HAS_SCHEMAS> {
    type Command = ();
    type Event = Rung;
    type State = u64;
    type Representation = Self;

    fn initial(_: &str) -> u64 {
        0
    }

    fn decide(_: &Context<'_>, _: &u64, (): &()) -> Result<Vec<Rung>, Rejection> {
        Ok(vec![Rung])
    }

    fn evolve(times: &mut u64, _: &Rung) {
        *times += 1;
    }
}

impl<const HAS_SCHEMAS: bool> Representation<Self> for Bell<HAS_SCHEMAS> {
    fn size_bytes(_: &u64) -> usize {
        size_of::<u64>()
    }

    fn store(times: &u64, _: &Rung, parts: &mut Parts<'_>) {
        parts.put(b"times", times.to_be_bytes().to_vec());
    }

    fn load(_: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<u64, String> {
        let times = parts.next().and_then(|(_, value)| value.try_into().ok());
        times.map(u64::from_be_bytes).ok_or("the number of times is missing".to_owned())
    }

    fn command_type((): &()) -> &'static str {
        "Ring"
    }

    fn event_type(_: &Rung) -> &'static str {
        "Rung"
    }
}

/// A bell writes no bytes.
#[derive(Debug, Clone, Default)]
struct Silence;

fn silent<T>() -> Result<T, DecodeError> {
    Err(DecodeError::Malformed("a bell writes no records".to_owned()))
}

impl<const HAS_SCHEMAS: bool> Codec<Bell<HAS_SCHEMAS>> for Silence {
    fn decode_command(&mut self, _: Option<&[u8]>, _: &[u8]) -> Result<CommandEnvelope<()>, DecodeError> {
        silent()
    }

    fn encode_meaning(&mut self, (): &(), _: &mut Vec<u8>) {}

    fn learn(&mut self, _: u32, _: &WriterSchema) -> Result<(), String> {
        Ok(())
    }

    fn encode_event(&mut self, _: &EventEnvelope<Rung>, _: &mut Vec<u8>) {}

    fn decode_event(&mut self, _: &[u8]) -> Result<EventEnvelope<Rung>, DecodeError> {
        silent()
    }

    fn encode_outcome(&mut self, _: &Outcome, _: &mut Vec<u8>) {}

    fn decode_outcome(&mut self, _: &[u8]) -> Result<Outcome, DecodeError> {
        silent()
    }
}

impl Application for Plain {
    const NAME: &'static str = "bell";
    type Codec = Silence;
}

fn schema(kind: RecordKind, version: u32) -> RecordSchema {
    RecordSchema {
        kind,
        version,
        json: "\"null\"",
        compatibility: "BACKWARD_TRANSITIVE",
        fingerprint: version.into(),
    }
}

impl Application for WithSchemas {
    const NAME: &'static str = "chime";
    type Codec = Silence;

    fn schemas() -> Vec<RecordSchema> {
        vec![
            schema(RecordKind::Command, 1),
            schema(RecordKind::Command, 2),
            schema(RecordKind::Event, 1),
        ]
    }
}

/// The bells that were rung, by their ids.
#[derive(Default)]
struct Rings;

impl View for Rings {
    type Event = Rung;
    type Question = String;

    const NAME: &'static str = "rings";
    const VERSION: u32 = 3;
    const ROUTES: &'static [Route<String>] = &[];

    fn project(&mut self, _: u32, event: &EventEnvelope<Rung>, _: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        Ok(vec![Mutation::Put {
            key: event.aggregate_id.clone().into_bytes(),
            value: Vec::new(),
        }])
    }

    fn answer(id: &String, read: &impl Read) -> Result<Vec<u8>, Refusal> {
        match read.get(id.as_bytes(), |_| ())? {
            Some(()) => document(id),
            None => Err(Refusal::not_found("bell", id)),
        }
    }
}

fn rung(id: &str) -> EventEnvelope<Rung> {
    EventEnvelope {
        sequence: 5,
        aggregate_id: id.to_owned(),
        version: 2,
        command_id: Default::default(),
        command_offset: 9,
        decided_at_ms: 0,
        event: Rung,
    }
}

#[test]
fn topics_begin_with_the_configured_prefix_or_else_with_the_name_of_the_application() {
    assert_eq!(prefix::<Plain>(""), "bell");
    assert_eq!(prefix::<Plain>("night"), "night");
}

#[test]
fn the_latest_schema_of_a_kind_is_the_last_that_the_application_names() {
    assert_eq!(
        latest_schema::<WithSchemas>(RecordKind::Command),
        Some(schema(RecordKind::Command, 2))
    );
    assert_eq!(latest_schema::<WithSchemas>(RecordKind::Event), Some(schema(RecordKind::Event, 1)));
    assert_eq!(latest_schema::<WithSchemas>(RecordKind::Outcome), None);
    assert_eq!(latest_schema::<Plain>(RecordKind::Command), None);
}

#[test]
fn an_application_without_schemas_knows_no_fingerprint_and_reads_nothing_that_has_one() {
    let schema = WriterSchema::from("\"null\"");
    let reason = r#"the values of this application have no schema, so not "\"null\"" either"#;
    assert_eq!(Plain::fingerprint(&schema).unwrap_err(), reason);
    assert_eq!(Plain::reads(RecordKind::Event, &schema).unwrap_err(), reason);
    assert!(Plain::shown(&schema).is_err_and(|said| said == reason));
}

#[test]
fn an_edition_is_the_name_and_the_version_of_a_view() {
    assert_eq!(edition::<Rings>(), "rings-3");
}

#[test]
fn a_view_that_says_nothing_more_follows_from_the_log_alone_and_counts_nothing() {
    assert_eq!(Rings::built_with(), None);
    assert_eq!(Rings::counts(&Memory::default()), Ok(Vec::new()));
    assert_eq!(Rings::work(&"bell/1".to_owned()), Work::Point);
}

#[test]
fn a_view_that_needs_no_events_for_an_answer_gives_the_same_one_with_them() {
    let mut memory = Memory::default();
    memory.apply(&Rings.project(0, &rung("bell/1"), &memory).unwrap());
    for (id, expected) in [
        ("bell/1", Ok(b"\"bell/1\"\n".to_vec())),
        ("bell/2", Err(Refusal::not_found("bell", "bell/2"))),
    ] {
        assert_eq!(Rings::answer(&id.to_owned(), &memory), expected);
        assert_eq!(Rings::answer_from_log(&id.to_owned(), &memory, &[]), expected);
    }
}

#[test]
fn followers_are_sent_each_event_with_its_place_under_the_id_of_its_aggregate() {
    let change = Rings::change(7, &rung("bell/1"), &Memory::default()).unwrap();
    assert_eq!(Rings::CHANGE_KINDS, [change.kind]);
    assert_eq!(change.about, [("aggregate", "bell/1".to_owned())]);
    assert_eq!(
        String::from_utf8_lossy(&change.document),
        r#"{"partition":7,"sequence":5,"aggregate_id":"bell/1","version":2,"command_id":"00000000-0000-0000-0000-000000000000"}"#
    );
}
