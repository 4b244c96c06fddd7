//! What fuzzing begins with: records, states and views as the product writes them, made by running the machine on one command of each kind.

mod requests;

use crate::fields::joined;
use airline::Airline;
use application::{EventPlace, history};
use auditor::Topic;
use decider::{Codec, CommandEnvelope, Cursor, EventEnvelope, Incoming, Limits, Machine, Outgoing};
use domain::rotation::{Leg, Mode};
use domain::{
    AircraftType, AirportCode, Command, Event, FlightDesignator, Instant, InvalidValue, LegId, Registration, ZoneName, airplane, airport,
    rotation,
};
use keyvalue::Memory;
use schemas::{AvroCodec, RELEASED, SchemaIds, command_to_avro, command_to_json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Uuid;
use views::Fact;

pub(crate) const IDS: SchemaIds = SchemaIds {
    command: 1,
    event: 2,
    outcome: 3,
};
pub(crate) const LIMITS: Limits = Limits {
    partitions: 1,
    command_bytes_max: 512_000,
    batch_bytes_max: 1 << 20,
    cache_bytes_max: 1 << 20,
    remembered_ms: 7 * 24 * 60 * 60 * 1000,
};
pub(crate) const NOW_MS: i64 = 1_201_700_000_000;
const DEPARTURE_MS: i64 = 1_201_802_700_000;
const HOUR_MS: i64 = 3_600_000;
/// The topic of a record in an input of the target `log`, by its first byte.
pub(crate) const TOPICS: [Topic; 4] = [Topic::Commands, Topic::Events, Topic::Outcomes, Topic::DeadLetters];
const TOPIC_ID: &str = "7Kb3xwAAQaSHq1w2l8y3Zg";

/// The inputs that fuzzing of a target begins with.
pub fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    let written = &*WRITTEN;
    let avro = || written.commands.iter().map(|(_, value)| value.clone());
    match target {
        "command" => avro().collect(),
        "command-json" => written.json.clone(),
        "command-foreign" => foreign(),
        "event" => written.events.clone(),
        "outcome" => written.outcomes.clone(),
        "schema" => RELEASED.iter().map(|released| joined([released.json().as_bytes(), b""])).collect(),
        "json" => json(),
        "fact" => facts(),
        "query" => requests::requests(),
        "names" => requests::names(),
        "dead-letter" => vec![written.letter.clone(), written.loss.clone()],
        "log" | "replay" => vec![written.log.clone()],
        "headers" => [
            "7Kb3xwAAQaSHq1w2l8y3Zg/1203/9f00aa0123456789",
            "7Kb3xwAAQaSHq1w2l8y3Zg/1203/-",
            "0123456789abcdef",
            "0:12,1:7",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        "state" => vec![entries(&written.state)],
        "view" => vec![entries(&written.view)],
        "offset-metadata" => offsets(),
        _ => vec![b"t".to_vec()],
    }
}

/// Key and value of a command of each kind, in an order in which most are accepted.
pub(crate) fn commands() -> &'static [(String, Vec<u8>)] {
    &WRITTEN.commands
}

/// The events of all of them, in the log of [`view`].
pub(crate) fn events() -> &'static [EventEnvelope<Event>] {
    &WRITTEN.decoded
}

/// Where an event of that sequence is in the log.
pub(crate) fn place(sequence: u64) -> EventPlace {
    EventPlace {
        partition: 0,
        sequence,
        offset: sequence.cast_signed() * 2,
    }
}

/// The view of the events of all of them, with what a process keeps of their places in the log.
pub(crate) fn view() -> Memory {
    WRITTEN.view.clone()
}

#[derive(Default)]
struct Written {
    commands: Vec<(String, Vec<u8>)>,
    json: Vec<Vec<u8>>,
    events: Vec<Vec<u8>>,
    decoded: Vec<EventEnvelope<Event>>,
    outcomes: Vec<Vec<u8>>,
    /// For the target `log`.
    log: Vec<u8>,
    letter: Vec<u8>,
    loss: Vec<u8>,
    state: Memory,
    view: Memory,
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| written().expect("the values of the seeds are valid"));

fn written() -> Result<Written, InvalidValue> {
    let mut written = Written::default();
    let mut codec = AvroCodec::new(IDS);
    let mut machine = Machine::<Airline>::new(LIMITS);
    machine.open(0, Cursor::default());
    for (number, (id, command)) in (1..).zip(samples()?) {
        let envelope = CommandEnvelope {
            command_id: Uuid::from_u64_pair(number, number),
            aggregate_id: id.to_owned(),
            expected_version: None,
            issued_by: (number % 2 == 0).then(|| "ops".to_owned()),
            command,
        };
        written.json.push(command_to_json(&envelope).to_string().into_bytes());
        let value = command_to_avro(&envelope, IDS.command);
        written.commands.push((id.to_owned(), value));
    }
    for (offset, (key, value)) in (0..).zip(written.commands.clone()) {
        decide(&mut written, &mut machine, &mut codec, offset, (&key, &value));
    }
    project(&mut written, &mut codec);
    let header = |name: &'static str, value: &str| [name.as_bytes().to_vec(), value.as_bytes().to_vec()];
    let letter = [b"rotation/r1".to_vec(), b"no command".to_vec()].into_iter();
    let says = [
        ("partition", "0"),
        ("offset", "3"),
        ("reason", "is empty"),
        ("forwarded-from", "1/7"),
    ];
    let letter = letter.chain(says.into_iter().flat_map(|(name, value)| header(name, value)));
    written.letter = joined(letter.collect::<Vec<_>>().iter().map(Vec::as_slice));
    let says = [
        ("recovery", "lost-commands"),
        ("partition", "0"),
        ("topic-id", TOPIC_ID),
        ("from", "5"),
        ("to", "9"),
        ("by", "ops"),
    ];
    let loss = [Vec::new(), Vec::new()].into_iter();
    let loss = loss.chain(says.into_iter().flat_map(|(name, value)| header(name, value)));
    written.loss = joined(loss.collect::<Vec<_>>().iter().map(Vec::as_slice));
    Ok(written)
}

fn decide(written: &mut Written, machine: &mut Machine<Airline>, codec: &mut AvroCodec, offset: i64, (key, value): (&str, &[u8])) {
    let incoming = Incoming {
        partition: 0,
        offset,
        timestamp_ms: NOW_MS + offset,
        key: Some(key.as_bytes()),
        value: Some(value),
        content_type: None,
        command_type: None,
    };
    append(written, Topic::Commands, key, value);
    let decided = machine.decide(&written.state, codec, &[incoming], &BTreeMap::new());
    let batch = decided.expect("the machine decides the seeds");
    for outgoing in &batch.outgoing {
        match outgoing {
            Outgoing::Event { value, .. } => {
                let value = batch.value(value).to_vec();
                append(written, Topic::Events, key, &value);
                written.events.push(value);
            }
            Outgoing::Outcome { value, .. } => {
                let value = batch.value(value).to_vec();
                append(written, Topic::Outcomes, key, &value);
                written.outcomes.push(value);
            }
            Outgoing::Forward { .. } | Outgoing::DeadLetter { .. } => {}
        }
    }
    let mutations = machine.committed(batch, &BTreeMap::new());
    written.state.apply(&mutations);
}

/// A record for the target `log`, without headers.
fn append(written: &mut Written, topic: Topic, key: &str, value: &[u8]) {
    let index = TOPICS.iter().position(|of| *of == topic).and_then(|index| u8::try_from(index).ok());
    let head = [index.unwrap_or_default(), 0, 0, 0];
    written.log.extend(joined([&head[..], key.as_bytes(), value]));
}

fn project(written: &mut Written, codec: &mut AvroCodec) {
    for value in &written.events {
        let envelope = Codec::<Airline>::decode_event(codec, value).expect("an event that was just written");
        let place = place(envelope.sequence);
        written.view.apply(&[history::entry(&envelope.aggregate_id, place)]);
        written.decoded.push(envelope.clone());
        let fact = Fact::from_envelope(0, envelope).expect("an id that was just written");
        let mutations = views::project(&fact, &written.view).expect("an event that fits the view");
        written.view.apply(&mutations);
    }
}

fn leg(id: &str, hours: i64) -> Result<Leg, InvalidValue> {
    Ok(Leg {
        id: LegId::parse(id)?,
        designator: FlightDesignator::parse("HA11")?,
        origin: AirportCode::parse(if hours % 2 == 0 { "HNL" } else { "LAX" })?,
        destination: AirportCode::parse(if hours % 2 == 0 { "LAX" } else { "HNL" })?,
        departure: Instant(DEPARTURE_MS + hours * 6 * HOUR_MS),
        arrival: Instant(DEPARTURE_MS + hours * 6 * HOUR_MS + 5 * HOUR_MS),
    })
}

/// A command of each kind, and some that are rejected.
fn samples() -> Result<Vec<(&'static str, Command)>, InvalidValue> {
    let airport = |command| ("airport/HNL", Command::Airport(command));
    let airplane = |command| ("airplane/N475HA", Command::Airplane(command));
    let rotation = |command| ("rotation/r1", Command::Rotation(command));
    let (zone, aircraft_type) = (ZoneName::parse("Pacific/Honolulu")?, AircraftType::parse("332")?);
    Ok(vec![
        airport(airport::Command::Register {
            name: "Honolulu".to_owned(),
            zone: zone.clone(),
            minimum_ground_time_minutes: 90,
        }),
        airport(airport::Command::SetMinimumGroundTime {
            aircraft_type: Some(aircraft_type.clone()),
            minutes: 40,
        }),
        airport(airport::Command::Correct {
            name: None,
            zone: Some(ZoneName::parse("UTC")?),
        }),
        airplane(airplane::Command::Register {
            aircraft_type: aircraft_type.clone(),
        }),
        airplane(airplane::Command::Correct {
            aircraft_type: AircraftType::parse("717")?,
        }),
        rotation(rotation::Command::Create { mode: Mode::Draft }),
        rotation(rotation::Command::AddLegs {
            legs: vec![leg("a", 0)?, leg("b", 1)?, leg("c", 2)?],
        }),
        rotation(rotation::Command::AddLegs { legs: vec![leg("a", 0)?] }),
        rotation(rotation::Command::ReplaceLegs {
            remove: vec![LegId::parse("c")?],
            add: vec![leg("d", 2)?],
        }),
        rotation(rotation::Command::RescheduleLeg {
            leg_id: LegId::parse("d")?,
            departure: Instant(DEPARTURE_MS + 13 * HOUR_MS),
            arrival: Instant(DEPARTURE_MS + 17 * HOUR_MS),
        }),
        rotation(rotation::Command::AssignAirplane {
            registration: Registration::parse("N475HA")?,
        }),
        rotation(rotation::Command::Activate),
        rotation(rotation::Command::RemoveLegs {
            leg_ids: vec![LegId::parse("d")?],
        }),
        rotation(rotation::Command::UnassignAirplane),
        airplane(airplane::Command::Retire),
        ("rotation/r2", Command::Rotation(rotation::Command::Create { mode: Mode::Active })),
        ("rotation/r2", Command::Rotation(rotation::Command::Remove)),
    ])
}

/// Values of each released schema, and of one that refers to another, each with its framing.
fn foreign() -> Vec<Vec<u8>> {
    const LEG: &str = r#"{"type":"record","name":"L","fields":[{"name":"id","type":"string"},{"name":"again","type":["null","L"]}]}"#;
    const ALIEN: &str = r#"{"type":"record","name":"Command","fields":[{"name":"command_id","type":"string"},{"name":"aggregate_id","type":"string"},
        {"name":"payload","type":["null",{"type":"record","name":"AddLegs","fields":[{"name":"legs","type":{"type":"array","items":"L"}}]},
        {"type":"map","values":{"type":"enum","name":"E","symbols":["A","B"]}},{"type":"fixed","name":"F","size":12}]}]}"#;
    let mut inputs = vec![joined([ALIEN.as_bytes(), LEG.as_bytes(), b"\x02a\x02b\x02\x02\x02a\x00\x00"])];
    for released in &RELEASED {
        for (_, value) in &WRITTEN.commands {
            inputs.push(joined([released.json().as_bytes(), b"", value.get(5..).unwrap_or_default()]));
        }
    }
    inputs
}

fn json() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"command_id":"00000000-0000-0001-0000-000000000001","aggregate_id":"account/1","payload":{"Open":{"holder":"Ada"}}}"#,
        r#"{"sequence":1,"aggregate_id":"account/1","version":1,"command_id":"00000000-0000-0001-0000-000000000001","command_offset":0,
            "decided_at":"2008-01-31T18:05:00.000Z","payload":{"Deposited":{"cents":7}}}"#,
        r#"{"command_id":"00000000-0000-0001-0000-000000000001","aggregate_id":"account/1","status":"rejected","version":0,"sequence":1,
            "event_count":0,"command_offset":3,"repeated":false,"fingerprint":"0123456789abcdef","clock":"2008-01-31T18:05:00.000Z",
            "rejection":{"rule":"account-unknown","message":"no","facts":[{"a":"b"}]}}"#,
        r#"[1e999,-0.0,18446744073709551616,"\ud800\u0000",null,true]"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

fn facts() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"fact":"begun","partitions":24,"migrated_from":"schedule"}"#,
        r#"{"fact":"filling","partitions":24,"from":"schedule"}"#,
        r#"{"fact":"closed","to":"schedule2"}"#,
        r#"{"fact":"abandoned"}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

fn offsets() -> Vec<Vec<u8>> {
    const SIGNED: &str = "schedule-command-processor-one answered=1204 last=7Kb3xwAAQaSHq1w2l8y3Zg/1203/9f00aa0123456789 torn=311/-";
    let text = |text: &str| [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
    let key = [&[0, 1][..], &text("processors"), &text("schedule.commands"), &[0, 0, 0, 3]].concat();
    let offset = 1204_i64.to_be_bytes();
    let old = [&[0, 3][..], &offset, &[0, 0, 0, 1], &text(SIGNED)].concat();
    let compact = [&[0, 4][..], &offset, &[0, 0, 0, 1], &[(SIGNED.len() + 1) as u8], SIGNED.as_bytes()].concat();
    vec![
        joined([SIGNED.as_bytes(), &key, &old]),
        joined([b"one".as_slice(), &key, &compact]),
        joined([b"".as_slice(), &key]),
    ]
}

fn entries(memory: &Memory) -> Vec<u8> {
    joined(memory.iter().flat_map(|(key, value)| [key, value]))
}
