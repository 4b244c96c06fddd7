//! A client that writes anything: each record has its answer, commands among them are not held up, and everything can be read afterwards.

use crate::hostile::{Hostile, with};
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape, audit};
use end_to_end::{Schedule, binary, within};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use stream::reader::{Reader, Record};
use stream::writer::{Foreign, Writer};

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 55,
        name: "hostile-writer",
        what: "200,000 records of any bytes, headers, sizes, compressions and times, commands among them: one answer each, in time, in steady memory",
        needs: Needs::Broker,
        run: |ground| hostile_writer(ground, 200_000),
    },
    Row {
        number: 55,
        name: "hostile-writer-short",
        what: "the same with 5,000 records",
        needs: Needs::Broker,
        run: |ground| hostile_writer(ground, 5_000),
    },
    Row {
        number: 55,
        name: "unreadable-batch",
        what: "a record of 150 MB that compresses to 5 kB, more than a client reads: its partition stops and says so, the others go on, a larger limit heals it",
        needs: Needs::Broker,
        run: unreadable_batch,
    },
    Row {
        number: 56,
        name: "foreign-records",
        what: "records of another program on the events and the outcomes: named and refused, two partitions stop, the others go on, nothing panics",
        needs: Needs::Broker,
        run: foreign_records,
    },
];

const PARTITIONS: u32 = 4;
/// Written before they are waited for.
const CHUNK: usize = 1_000;
/// From the acknowledgement of a chunk to the last outcome of its commands.
const DELAY_MAX: Duration = Duration::from_secs(30);
/// Of a topic of 200,000 records, on a busy machine.
const READ_WAIT_MAX: Duration = Duration::from_secs(300);
/// What `decode` is given of a topic: all of it would take gigabytes.
const DECODED_BYTES_MAX: usize = 128 << 20;
/// More than a process that has read the first chunk: what the client fetches, and one batch, of records that are 10 MB large.
const MEMORY_GROWTH_BYTES_MAX: f64 = 300e6;

fn hostile_writer(ground: &Ground, records: usize) {
    let mut scene = Scene::begin(ground, "hostile", PARTITIONS);
    scene.processor("one");
    scene.materializer("view");
    let mut hostile = Hostile::new(&scene.schedule, ground.seed());
    let (mut memory, mut slowest) = (Vec::new(), Duration::ZERO);
    while hostile.written() < records as u64 {
        hostile.write(CHUNK.min(records));
        let (watch, wanted) = (&scene.watch, hostile.sent().records);
        let fleet = &mut scene.fleet;
        let took = within(DELAY_MAX, "the commands among hostile records are answered", || {
            fleet.check_running();
            watch.outcomes() >= wanted
        });
        slowest = slowest.max(took);
        memory.push(scene.fleet.program("one").metric("process_resident_memory_bytes"));
    }
    let letters = scene.schedule.topology().topics.dead_letters.clone();
    let partitions = scene.schedule.topology().partitions_of(&letters);
    let expected = hostile.written() - hostile.sent().records;
    let mut counted = 0;
    within(DELAY_MAX, "every other record has its dead letter", || {
        counted = count(&scene.schedule, &letters.name, partitions, &mut |_| {});
        counted >= expected
    });
    assert_eq!(counted, expected, "one dead letter for each record that is no command");
    assert_eq!(scene.watch.outcomes(), hostile.sent().records, "one outcome for each command");
    assert!(memory[0] > 1e6, "the process says how much memory it has");
    let growth = memory.iter().copied().fold(0.0, f64::max) - memory[0];
    ground.tell(&format!(
        "{} records, {} commands; a chunk took at most {:.1} s; {:.0} MB, and at most {:.0} MB more",
        hostile.written(),
        hostile.sent().records,
        slowest.as_secs_f64(),
        memory[0] / 1e6,
        growth / 1e6
    ));
    assert!(growth < MEMORY_GROWTH_BYTES_MAX, "{growth} bytes more");
    scene.fleet.check_running();
    let view = scene.fleet.program("view").url("");
    ground.tell(&audit::audit(&scene.schedule, ground.folder(), hostile.written(), &[view]));
    reads_all(&scene, partitions);
    // What is read once more is answered already, and a state that is built from nothing is the same.
    scene.fleet.stop("one");
    std::fs::rename(scene.fleet.state("one"), scene.fleet.state("kept")).unwrap();
    scene.processor("one");
    scene.fleet.stop("one");
    crate::compare_states(&scene.fleet.state("kept"), &scene.fleet.state("one"));
    scene.fleet.stop("view");
}

/// Calls `visit` on all that is committed in a topic; how many records that were.
fn count(schedule: &Schedule, topic: &str, partitions: u32, visit: &mut dyn FnMut(&Record<'_>)) -> u64 {
    let mut reader = Reader::new(&schedule.cluster().settings(), topic).unwrap();
    let all: Vec<u32> = (0..partitions).collect();
    let marks = reader.all_watermarks(&all, DELAY_MAX).unwrap();
    let mut left: BTreeMap<u32, i64> = marks
        .iter()
        .filter(|(_, marks)| marks.high > marks.low)
        .map(|(partition, marks)| (*partition, marks.low))
        .collect();
    if left.is_empty() {
        return 0;
    }
    reader.assign(&left, DELAY_MAX).unwrap();
    let mut records = 0;
    within(READ_WAIT_MAX, "the topic is read to its end", || {
        let polled = reader.poll(10_000, Duration::from_millis(200), |record| {
            records += 1;
            visit(record);
        });
        for partition in polled.unwrap().ended {
            left.remove(&partition);
        }
        left.is_empty()
    });
    records
}

/// The command line reads every topic.
fn reads_all(scene: &Scene<'_>, letter_partitions: u32) {
    let topics = scene.schedule.topology().topics.clone();
    let outcomes = aerolog(&scene.schedule, &["outcomes", "--from-beginning", "--exit-at-end"], Vec::new());
    assert!(outcomes.status.success(), "{}", String::from_utf8_lossy(&outcomes.stderr));
    for (topic, partitions) in [(&topics.commands.name, PARTITIONS), (&topics.dead_letters.name, letter_partitions)] {
        let mut input = Vec::new();
        let mut records = 0_u64;
        count(&scene.schedule, topic, partitions, &mut |record| {
            if input.len() > DECODED_BYTES_MAX {
                return;
            }
            records += 1;
            let length = record.value.map_or(-1, |value| i32::try_from(value.len()).unwrap());
            input.extend_from_slice(&length.to_be_bytes());
            input.extend_from_slice(record.value.unwrap_or_default());
        });
        let decoded = aerolog(&scene.schedule, &["decode"], input);
        assert!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
        let lines = decoded.stdout.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines as u64, records, "a line for each record of {topic}");
    }
}

fn aerolog(schedule: &Schedule, arguments: &[&str], input: Vec<u8>) -> Output {
    let mut child = Command::new(binary("aerolog"))
        .args(arguments)
        .env("KAFKA_BOOTSTRAP_SERVERS", &schedule.cluster().brokers)
        .env("SCHEMA_REGISTRY_URL", &schedule.cluster().registry)
        .env("AEROLOG_TOPIC_PREFIX", schedule.name())
        .env("AEROLOG_PARTITIONS", schedule.partitions().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        // It may end without having read all.
        let _written = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

fn unreadable_batch(ground: &Ground) {
    const BYTES: usize = 150_000_000;
    let mut scene = Scene::begin(ground, "unreadable", PARTITIONS);
    scene.processor("one");
    scene.load(Shape::default());
    scene.progress(100);
    let topic = scene.schedule.topology().topics.commands.name.clone();
    let larger = [("compression.type", "zstd"), ("message.max.bytes", "1000000000")];
    let writer = Writer::new(&with(ground.cluster(), &larger)).unwrap();
    let record = Foreign {
        topic: &topic,
        key: Some(b"any"),
        value: Some(&vec![b' '; BYTES]),
        partition: Some(2),
        ..Foreign::default()
    };
    writer.send_foreign(&record).unwrap();
    writer.flush(DELAY_MAX).unwrap();
    let mut said = String::new();
    within(DELAY_MAX, "the processor says what it cannot read", || {
        scene.fleet.check_running();
        said = scene.fleet.program("one").not_ready_because();
        said.contains(&format!("{topic}/2 offset")) && said.contains("receive.message.max.bytes")
    });
    ground.tell(&said);
    let took = scene.progress(300);
    assert!(took < Duration::from_secs(20), "{took:?} for 300 outcomes of the others");
    scene.fleet.stop("one");
    scene.start_processor("one", &[("AEROLOG_KAFKA__RECEIVE_MESSAGE_MAX_BYTES", "400000000")]);
    scene.fleet.wait_until_ready("one");
    let letters = scene.schedule.topology().topics.dead_letters.clone();
    let partitions = scene.schedule.topology().partitions_of(&letters);
    within(DELAY_MAX, "the record has its dead letter", || {
        count(&scene.schedule, &letters.name, partitions, &mut |_| {}) == 1
    });
    scene.end_load();
    scene.drain();
    scene.fleet.stop("one");
}

fn foreign_records(ground: &Ground) {
    let mut scene = Scene::begin(ground, "foreign", PARTITIONS);
    scene.processor("one");
    scene.materializer("view");
    scene.load(Shape::default());
    scene.progress(300);
    scene.end_load();
    scene.drain();
    let topics = scene.schedule.topology().topics.clone();
    let (events, outcomes) = (&topics.events.name, &topics.outcomes.name);
    let writer = Writer::new(&with(ground.cluster(), &[])).unwrap();
    for (topic, partition) in [(events, 1), (outcomes, 2)] {
        let record = Foreign {
            topic,
            key: Some(b"rotation/R1"),
            value: Some(&[0, 0, 0, 0, 1, 0xff, 0xff, 0xff]),
            headers: &[(b"caf\xe9", Some(b"1")), (b"", None)],
            partition: Some(partition),
            timestamp_ms: Some(253_402_300_799_000),
            tag: 0,
        };
        writer.send_foreign(&record).unwrap();
    }
    writer.flush(DELAY_MAX).unwrap();
    let view = scene.fleet.program("view");
    let mut said = String::new();
    within(DELAY_MAX, "the view says what it cannot read", || {
        said = format!("{}{}", view.not_ready_because(), view.log());
        said.contains("partition 1") || said.contains(&format!("{events}/1"))
    });
    assert!(!said.contains("panicked"), "{said}");
    // Who reads the log of these partitions for the first time meets them.
    scene.fleet.stop("one");
    std::fs::remove_dir_all(scene.fleet.state("one")).unwrap();
    scene.start_processor("one", &[]);
    let one = scene.fleet.program("one");
    within(DELAY_MAX, "the processor says which record it cannot read", || {
        said = one.log();
        [(events, 1), (outcomes, 2)]
            .iter()
            .all(|(topic, partition)| said.contains(&format!("{topic}/{partition} offset")))
    });
    assert!(!said.contains("panicked"), "{said}");
    let mut ready = String::new();
    within(DELAY_MAX, "the processor names a record while it is not ready", || {
        ready = one.not_ready_because();
        ready.contains("offset")
    });
    ground.tell(&ready);
    assert!((one.metric("aerolog_partitions_stopped") - 2.0).abs() < 0.5);
    others_go_on(&scene, 7_000);
    let refused = aerolog(&scene.schedule, &["outcomes", "--from-beginning", "--exit-at-end"], Vec::new());
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && errors.contains(&format!("{outcomes}/2 offset")),
        "{errors}"
    );
    let audited = aerolog(&scene.schedule, &["audit"], Vec::new());
    let report = format!(
        "{}{}",
        String::from_utf8_lossy(&audited.stdout),
        String::from_utf8_lossy(&audited.stderr)
    );
    assert_eq!(audited.status.code(), Some(5), "{report}");
    assert!(
        report.contains("events 1/") && report.contains("outcomes 2/") && !report.contains("panicked"),
        "{report}"
    );
    scene.fleet.stop("one");
}

/// Commands for partitions that are not stopped get their outcomes.
fn others_go_on(scene: &Scene<'_>, first: u32) {
    let commands: Vec<_> = (first..first + 40)
        .map(|rotation| end_to_end::command(rotation, 0))
        .filter(|envelope| [0, 3].contains(&topology::partition_of(envelope.aggregate_id.as_bytes(), PARTITIONS)))
        .collect();
    assert!(!commands.is_empty());
    let outcomes = scene.schedule.topology().topics.outcomes.name.clone();
    let counted = || count(&scene.schedule, &outcomes, PARTITIONS, &mut |_| {});
    let before = counted();
    scene.schedule.send(&commands);
    within(DELAY_MAX, "the other partitions go on", || {
        counted() >= before + commands.len() as u64
    });
}
