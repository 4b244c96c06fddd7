//! Records as no client of ours would write them: each has one defined outcome, and its partition goes on.

use crate::rows::{Needs, Row};
use crate::{Chance, Ground, Scene, Sent, Shape};
use decider::{CommandEnvelope, Status};
use domain::rotation::{Command, Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant, LegId};
use end_to_end::{History, command, eventually, within};
use schemas::command_to_avro;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 36,
        name: "damaged-commands",
        what: "thousands of commands with flipped, missing, added and random bytes: one answer or one dead letter each, and little memory",
        needs: Needs::Broker,
        run: damaged_commands,
    },
    Row {
        number: 37,
        name: "odd-records",
        what: "keys, values and headers that are missing, empty, double, huge or no text: one answer or one dead letter each",
        needs: Needs::Broker,
        run: odd_records,
    },
    Row {
        number: 37,
        name: "huge-headers",
        what: "a traceparent and other headers that fill a record up to what the topic takes: \
               each is answered or becomes a dead letter, and no other command is delayed",
        needs: Needs::Broker,
        run: huge_headers,
    },
    Row {
        number: 38,
        name: "largest-results",
        what: "commands whose events and rejections are as large as any can be: answered, and no transaction is too large to commit",
        needs: Needs::Broker,
        run: largest_results,
    },
];

pub(super) fn begin<'g>(ground: &'g Ground, name: &str, partitions: u32) -> Scene<'g> {
    let mut scene = Scene::begin(ground, name, partitions);
    scene.processor("one");
    scene
}

/// All dead letters and all outcomes of commands that are not part of the load.
fn answers(scene: &Scene<'_>) -> (Vec<String>, usize) {
    let history = History::read(&scene.schedule);
    let letters = history
        .dead_letters
        .into_iter()
        .map(|(reason, at)| format!("{at}: {reason}"))
        .collect();
    (letters, history.outcomes.values().map(Vec::len).sum())
}

/// What the process takes now, in bytes.
fn memory(scene: &mut Scene<'_>) -> f64 {
    scene.fleet.program("one").metric("process_resident_memory_bytes")
}

const MEMORY_GROWTH_BYTES_MAX: f64 = 150e6;

fn damaged_commands(ground: &Ground) {
    const RECORDS: usize = 4_000;
    let mut scene = begin(ground, "damaged-bytes", 2);
    scene.schedule.send(&[command(1, 0), command(1, 1)]);
    eventually("the processor is warm", || answers(&scene).1 == 2);
    let before = memory(&mut scene);
    let mut chance = Chance::from_seed(ground.seed());
    let schema_id = scene.schedule.ids().command;
    for index in 0..RECORDS {
        let envelope = command(1_000 + u32::try_from(index).unwrap(), 0);
        let value = damage(&command_to_avro(&envelope, schema_id), &mut chance);
        let json: &[(&str, &[u8])] = &[("content-type", b"application/json")];
        let headers = if chance.below(5) == 0 { json } else { &[] };
        let record = scene
            .schedule
            .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), headers, None);
        scene.schedule.write(&record);
    }
    scene.schedule.flush();
    let (mut letters, mut outcomes) = (Vec::new(), 0);
    within(Duration::from_secs(45), "each has its answer", || {
        (letters, outcomes) = answers(&scene);
        letters.len() + outcomes >= RECORDS + 2
    });
    // Nothing more comes of them.
    scene.pass(Duration::from_millis(500));
    (letters, outcomes) = answers(&scene);
    assert_eq!(letters.len() + outcomes, RECORDS + 2, "one answer each");
    let places: std::collections::BTreeSet<&str> = letters.iter().map(|letter| letter.split(": ").next().unwrap()).collect();
    assert_eq!(places.len(), letters.len(), "one letter for each place");
    assert!(
        letters.len() > RECORDS / 2 && outcomes > 20,
        "{} letters, {outcomes} outcomes",
        letters.len()
    );
    let grown = memory(&mut scene) - before;
    ground.tell(&format!(
        "{} dead letters, {outcomes} outcomes, {:.0} MB more memory",
        letters.len(),
        grown / 1e6
    ));
    assert!(grown < MEMORY_GROWTH_BYTES_MAX, "{grown} bytes more");
    scene.load(Shape::default());
    scene.progress(100);
    scene.end_load();
    scene.fleet.check_running();
    scene.fleet.stop("one");
}

/// Some change of the bytes; rarely none.
fn damage(value: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = value.to_vec();
    match chance.below(8) {
        0 => bytes.truncate(chance.below(bytes.len())),
        1 => {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        2 => bytes.extend((0..=chance.below(20)).map(|_| random_byte(chance))),
        3 => bytes = (0..chance.below(200)).map(|_| random_byte(chance)).collect(),
        // Lengths that say that gigabytes follow.
        4 => {
            let at = 5 + chance.below(bytes.len() - 5);
            bytes.splice(at..at, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
        }
        5 => {
            let from = 5 + chance.below(bytes.len() - 5);
            bytes[from..].fill(0xff);
        }
        6 => bytes[0] = random_byte(chance),
        _ => {
            for _ in 0..3 {
                let at = 5 + chance.below(bytes.len() - 5);
                bytes[at] = random_byte(chance);
            }
        }
    }
    bytes
}

fn random_byte(chance: &mut Chance) -> u8 {
    u8::try_from(chance.below(256)).unwrap()
}

/// What is to become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answer,
    /// With this in its reason.
    Letter(&'static str),
}

type Headers = Vec<(&'static str, Vec<u8>)>;
/// Key, value and headers of a record, and what is to become of it.
type Odd = (Option<Vec<u8>>, Option<Vec<u8>>, Headers, Fate);

fn the_odd(schema_id: u32) -> Vec<Odd> {
    let avro = |rotation: u32| command_to_avro(&command(rotation, 0), schema_id);
    let key = |rotation: u32| format!("rotation/R{rotation}").into_bytes();
    let long_key = [b"rotation/".as_slice(), &[b'x'; 5_000]].concat();
    let json = ("content-type", b"application/json".to_vec());
    vec![
        (None, Some(avro(9_000)), vec![], Fate::Letter("the record has no key")),
        (None, None, vec![], Fate::Letter("the record has no key")),
        (Some(key(9_001)), None, vec![], Fate::Letter("the record has no value")),
        (Some(key(9_002)), Some(vec![]), vec![], Fate::Letter("is empty")),
        (Some(vec![]), Some(avro(9_003)), vec![], Fate::Letter("the key is not")),
        (
            Some(vec![0xff, 0xfe, 0xfd]),
            Some(avro(9_004)),
            vec![],
            Fate::Letter("the key is not"),
        ),
        (
            Some(b"rotation/R\n".to_vec()),
            Some(avro(9_005)),
            vec![],
            Fate::Letter("control character"),
        ),
        (Some(long_key), Some(avro(9_006)), vec![], Fate::Letter("the key has 5009 bytes")),
        (Some(key(9_007)), Some(vec![0; 600 << 10]), vec![], Fate::Letter("614400 bytes")),
        (Some(key(9_008)), Some(avro(9_008)), vec![json.clone()], Fate::Letter("JSON")),
        (
            Some(key(9_009)),
            Some(avro(9_009)),
            vec![("content-type", b"text/html".to_vec())],
            Fate::Letter("text/html"),
        ),
        // The last of several counts, as everywhere in Kafka.
        (
            Some(key(9_010)),
            Some(avro(9_010)),
            vec![json, ("content-type", Vec::new())],
            Fate::Answer,
        ),
        (
            Some(key(9_011)),
            Some(avro(9_011)),
            vec![("", b"nameless".to_vec()), ("bytes", vec![0xff; 300])],
            Fate::Answer,
        ),
        (
            Some(key(9_012)),
            Some(avro(9_012)),
            (0..500).map(|_| ("again", b"and again".to_vec())).collect(),
            Fate::Answer,
        ),
    ]
}

fn odd_records(ground: &Ground) {
    let mut scene = begin(ground, "odd", 2);
    scene.load(Shape::default());
    let records = the_odd(scene.schedule.ids().command);
    let expected: Vec<Fate> = records.iter().map(|record| record.3).collect();
    for (key, value, headers, _) in &records {
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        scene
            .schedule
            .write(&scene.schedule.record(key.as_deref(), value.as_deref(), &headers, None));
    }
    scene.schedule.flush();
    let letters = expected.iter().filter(|fate| matches!(fate, Fate::Letter(_))).count();
    within(Duration::from_secs(20), "every odd record has its dead letter", || {
        History::read(&scene.schedule).dead_letters.len() >= letters
    });
    let found = History::read(&scene.schedule).dead_letters;
    assert_eq!(found.len(), letters, "one each: {found:?}");
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for fate in &expected {
        if let Fate::Letter(said) = fate {
            *wanted.entry(said).or_default() += 1;
        }
    }
    for (said, count) in wanted {
        let has = found.iter().filter(|(reason, _)| reason.contains(said)).count();
        assert!(has >= count, "{said}: {has} of {count} in {found:?}");
    }
    let answered = [9_010, 9_011, 9_012].map(|rotation| command(rotation, 0).command_id);
    scene.also_sent(sent(answered, true));
    // Until some of the load was refused, too.
    scene.progress(300);
    scene.finish();
}

fn sent(commands: impl IntoIterator<Item = Uuid>, accepted: bool) -> Sent {
    let commands: std::collections::HashMap<Uuid, bool> = commands.into_iter().map(|id| (id, accepted)).collect();
    Sent {
        records: commands.len() as u64,
        commands,
    }
}

/// Key, value and headers of the largest record that the topic takes, about: what is around them takes the rest.
const RECORD_BYTES: usize = 1_048_588 - 60;

fn huge_headers(ground: &Ground) {
    let mut scene = begin(ground, "headers", 2);
    scene.load(Shape::default());
    scene.progress(100);
    let schema_id = scene.schedule.ids().command;
    let mut chance = Chance::from_seed(ground.seed());
    let mut answered = Vec::new();
    for (rotation, name, misrouted) in [(9_000, "traceparent", false), (9_001, "baggage", false), (9_002, "baggage", true)] {
        // Refused, because there is no such rotation: its outcome is longer than it is.
        let envelope = CommandEnvelope {
            command: domain::Command::Rotation(Command::Remove),
            ..command(rotation, 0)
        };
        let value = command_to_avro(&envelope, schema_id);
        let key = envelope.aggregate_id.as_bytes();
        // Nothing that could be compressed: the limit is of what is stored.
        let length = RECORD_BYTES - value.len() - key.len() - name.len() - 20;
        let filler: Vec<u8> = (0..length).map(|_| random_byte(&mut chance)).collect();
        let headers: &[(&str, &[u8])] = &[(name, &filler)];
        let right = topology::partition_of(key, scene.schedule.partitions());
        let partition = misrouted.then(|| (right + 1) % scene.schedule.partitions());
        scene
            .schedule
            .write(&scene.schedule.record(Some(key), Some(&value), headers, partition));
        scene.schedule.flush();
        within(
            Duration::from_secs(15),
            &format!("the record with a long {name} is answered or put aside"),
            || {
                let history = History::read(&scene.schedule);
                let is_answered = history
                    .outcomes
                    .values()
                    .flatten()
                    .any(|outcome| outcome.command_id == envelope.command_id);
                if is_answered {
                    answered.push(envelope.command_id);
                }
                is_answered || (misrouted && !history.dead_letters.is_empty())
            },
        );
        scene.progress(50);
    }
    assert!(answered.len() >= 2, "only a record that cannot be forwarded may be put aside");
    ground.tell(&format!("{} of 3 answered, the others put aside", answered.len()));
    answered.dedup();
    scene.also_sent(sent(answered, false));
    scene.finish();
}

fn largest_results(ground: &Ground) {
    const LEGS_IN_COMMAND: u32 = 500;
    const COMMANDS: u32 = 40;
    let mut scene = begin(ground, "largest", 1);
    let envelope = |number: u32, command: Command| CommandEnvelope {
        command_id: Uuid::from_u64_pair(77, u64::from(number)),
        aggregate_id: format!("rotation/{}", "R".repeat(64)),
        expected_version: None,
        issued_by: Some("x".repeat(100)),
        command: domain::Command::Rotation(command),
    };
    let mut commands = vec![envelope(0, Command::Create { mode: Mode::Draft })];
    for part in 0..COMMANDS {
        let legs = (0..LEGS_IN_COMMAND).map(|index| long_leg(part * LEGS_IN_COMMAND + index)).collect();
        commands.push(envelope(1 + part, Command::AddLegs { legs }));
    }
    // Every pair is discontinuous and overlaps: the longest list of problems that there can be.
    commands.push(envelope(50, Command::Activate));
    let remove = (0..LEGS_IN_COMMAND).map(|number| long_leg(number).id).collect();
    let add = (20_000..20_000 + LEGS_IN_COMMAND).map(long_leg).collect();
    commands.push(envelope(51, Command::ReplaceLegs { remove, add }));
    commands.push(envelope(52, Command::Remove));
    scene.schedule.send(&commands);
    let history = History::wait_for(&scene.schedule, commands.len());
    history.check(commands.iter().map(|command| command.command_id));
    let outcomes: Vec<_> = history.outcomes.values().flatten().collect();
    let activation = outcomes
        .iter()
        .find(|outcome| outcome.command_id == commands[41].command_id)
        .unwrap();
    assert_eq!(activation.status, Status::Rejected);
    let facts = activation.rejection.as_ref().unwrap().facts.len();
    // What is remembered of it has a bound: the last fact says how many do not fit.
    let more: usize = activation.rejection.as_ref().unwrap().facts[facts - 1]["more"].parse().unwrap();
    assert!(facts >= 100 && more >= 1_000, "{facts} facts, {more} more");
    let replaced = outcomes
        .iter()
        .find(|outcome| outcome.command_id == commands[42].command_id)
        .unwrap();
    assert_eq!((replaced.status, replaced.event_count), (Status::Accepted, 2 * LEGS_IN_COMMAND));
    let aborted = scene
        .fleet
        .program("one")
        .metric("aerolog_troubles_total{kind=\"transaction_aborted\"}");
    assert!(aborted < 1.0, "{aborted} transactions were aborted");
    ground.tell(&format!(
        "{} events in one command, {facts} facts in one rejection and {more} more",
        replaced.event_count
    ));
    scene.fleet.check_running();
    scene.fleet.stop("one");
}

fn long_leg(number: u32) -> Leg {
    let code = |text: &str| AirportCode::parse(text).unwrap();
    let departure = Instant(1_200_000_000_000 + i64::from(number) * 60_000);
    Leg {
        id: LegId::parse(&format!("{number:0>64}")).unwrap(),
        designator: FlightDesignator::parse("HA9999Z").unwrap(),
        origin: code("HNL"),
        destination: code("KOA"),
        departure,
        arrival: Instant(departure.0 + 3_600_000),
    }
}
