//! The schema registry away, slow, out of order; and schema ids that are none of ours.

use crate::rows::{Needs, Row};
use crate::stub::{StubBehaviour, StubRegistry};
use crate::{Ground, Scene, Shape};
use decider::CommandEnvelope;
use end_to_end::{History, command, eventually, within};
use schemas::{Content, command_to_avro};
use service::clock;
use std::time::Duration;
use stream::registry::{Applied, Registry, Subject};
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 33,
        name: "registry-away-in-run",
        what: "the registry is away, broken, slow, refuses us, or a page answers: known schemas go on; a command of an unknown one waits, is no dead letter, and is decided",
        needs: Needs::Broker,
        run: registry_away_in_run,
    },
    Row {
        number: 33,
        name: "registry-away-at-start",
        what: "the registry is away when a processor and a view start: the processor waits, not ready, until it is there; the view reads schemas that its build has, and is ready",
        needs: Needs::Broker,
        run: registry_away_at_start,
    },
    Row {
        number: 33,
        name: "registry-refuses-one-schema",
        what: "the registry answers 403 for one schema and gives the others: one dead letter that says so, and all partitions go on",
        needs: Needs::Broker,
        run: registry_refuses_one_schema,
    },
    Row {
        number: 57,
        name: "registry-other-ids",
        what: "the registry comes back with other ids under load: nothing more is written until it has the old ones, and all is read meanwhile",
        needs: Needs::Broker,
        run: registry_other_ids,
    },
    Row {
        number: 34,
        name: "unknown-ids-slowly",
        what: "2,000 schema ids that no registry has, 50 ms each: one dead letter each in time, the process stays ready, the other partitions go on",
        needs: Needs::Broker,
        run: unknown_ids_slowly,
    },
    Row {
        number: 34,
        name: "unknown-schema-ids",
        what: "hundreds of records name schemas that no registry has: each is one dead letter, and the registry is not stormed",
        needs: Needs::Broker,
        run: unknown_schema_ids,
    },
    Row {
        number: 35,
        name: "other-schemas",
        what: "schemas that exist and are of something else, or cannot be read as commands: one dead letter each",
        needs: Needs::Broker,
        run: other_schemas,
    },
];

/// A scene whose processes ask the stub.
fn begin<'g>(ground: &'g Ground, name: &str) -> (Scene<'g>, StubRegistry) {
    let stub = StubRegistry::start(&ground.cluster().registry);
    (Scene::begin(ground, name, 2), stub)
}

fn start(scene: &mut Scene<'_>, stub: &StubRegistry) {
    scene.start_processor("one", &[("SCHEMA_REGISTRY_URL", stub.url())]);
}

/// The commands' schema with another explanation: other text, so another id; the same bytes.
fn same_bytes(times: usize) -> String {
    Content::Command
        .latest()
        .json()
        .replacen("\"doc\":", &format!("\"doc\": \"{}\", \"was\":", "again ".repeat(times)), 1)
}

fn register(ground: &Ground, subject: &str, json: &str) -> u32 {
    let registry = Registry::new(&ground.cluster().registry).unwrap();
    let subject = Subject {
        name: subject.to_owned(),
        schema_json: json.to_owned(),
        compatibility: "NONE".to_owned(),
    };
    match registry.apply(&subject).unwrap() {
        Applied::Registered { id } | Applied::Unchanged { id } => id,
    }
}

fn unique(scene: &Scene<'_>, name: &str) -> String {
    format!("{}-{name}", scene.schedule.name())
}

/// The first command of a rotation that no other client uses.
fn creation(rotation: u32) -> CommandEnvelope<domain::Command> {
    command(rotation, 0)
}

fn registry_away_in_run(ground: &Ground) {
    let (mut scene, stub) = begin(ground, "registry");
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    let mut answered = Vec::new();
    for (rotation, behaviour, said) in [
        (9_000, StubBehaviour::Away, "does not answer"),
        (9_001, StubBehaviour::Broken, "does not answer"),
        (9_002, StubBehaviour::Slow(Duration::from_secs(8)), "schema registry"),
        (9_003, StubBehaviour::DenyAll, "refuses us"),
        (9_004, StubBehaviour::Page, "is not a schema registry"),
    ] {
        let id = register(
            ground,
            &unique(&scene, &rotation.to_string()),
            &same_bytes(rotation as usize - 8_998),
        );
        stub.be(behaviour);
        // Nothing is asked about schemas that are known.
        scene.progress(100);
        let envelope = creation(rotation);
        let value = command_to_avro(&envelope, id);
        scene.schedule.write(
            &scene
                .schedule
                .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None),
        );
        scene.schedule.flush();
        let program = scene.fleet.program("one");
        within(Duration::from_secs(20), "the processor says what it waits for", || {
            program.not_ready_because().contains(said)
        });
        assert!(program.is_running() && !program.is_dead());
        // The other partitions do not wait.
        scene.progress(100);
        stub.be(StubBehaviour::PassOn);
        answered.push(envelope.command_id);
        within(Duration::from_secs(20), "the command of the unknown schema is decided", || {
            let history = History::read(&scene.schedule);
            history
                .outcomes
                .values()
                .flatten()
                .any(|outcome| outcome.command_id == envelope.command_id)
        });
        scene.fleet.wait_until_ready("one");
        scene.progress(50);
    }
    let history = History::read(&scene.schedule);
    assert!(history.dead_letters.is_empty(), "{:?}", history.dead_letters);
    scene.also_sent(sent(answered, true));
    scene.finish();
}

/// Commands that were written next to the load.
fn sent(commands: impl IntoIterator<Item = Uuid>, accepted: bool) -> crate::Sent {
    let commands: std::collections::HashMap<Uuid, bool> = commands.into_iter().map(|id| (id, accepted)).collect();
    crate::Sent {
        records: commands.len() as u64,
        commands,
    }
}

fn registry_away_at_start(ground: &Ground) {
    let (mut scene, stub) = begin(ground, "registry-start");
    scene.processor("one");
    scene.load(Shape::default());
    scene.progress(200);
    scene.fleet.stop("one");
    for behaviour in [StubBehaviour::Away, StubBehaviour::Broken] {
        stub.be(behaviour);
        start(&mut scene, &stub);
        let registry = [("SCHEMA_REGISTRY_URL", stub.url())];
        scene.fleet.start_materializer(&scene.schedule, "view", &registry);
        within(Duration::from_secs(20), "the processor says what it waits for", || {
            scene.fleet.program("one").not_ready_because().contains("registry")
        });
        // Each event names its schema by a fingerprint, and the view's build has that schema.
        scene.fleet.wait_until_ready("view");
        let answer = scene.fleet.program("view").answer("/rotations").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let processor = scene.fleet.program("one");
        assert!(processor.is_running() && !processor.is_dead() && !processor.is_ready());
        stub.be(StubBehaviour::PassOn);
        scene.fleet.wait_until_ready("one");
        scene.progress(50);
        scene.fleet.stop("one");
        scene.fleet.kill("view");
        std::fs::remove_dir_all(scene.fleet.state("view")).unwrap();
    }
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.finish();
}

fn write(scene: &Scene<'_>, rotation: u32, id: u32) -> Uuid {
    let envelope = creation(rotation);
    let value = command_to_avro(&envelope, id);
    let record = scene
        .schedule
        .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None);
    scene.schedule.write(&record);
    envelope.command_id
}

fn registry_refuses_one_schema(ground: &Ground) {
    let (mut scene, stub) = begin(ground, "refused-schema");
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    let id = register(ground, &unique(&scene, "others"), &same_bytes(7));
    stub.be(StubBehaviour::ForbidFrom(id));
    write(&scene, 9_000, id);
    scene.schedule.flush();
    eventually("it has its dead letter", || !History::read(&scene.schedule).dead_letters.is_empty());
    let letters = History::read(&scene.schedule).dead_letters;
    assert_eq!(letters.len(), 1, "{letters:?}");
    let reason = &letters[0].0;
    assert!(is_about(reason, id) && reason.contains("lack the rights"), "{reason}");
    assert!(scene.fleet.program("one").is_ready());
    scene.progress(100);
    scene.finish();
}

fn registry_other_ids(ground: &Ground) {
    let (mut scene, stub) = begin(ground, "other-ids");
    let registry = [("SCHEMA_REGISTRY_URL", stub.url())];
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    scene.progress(200);
    let ids = scene.schedule.ids();
    for is_restarted in [false, true] {
        stub.be(StubBehaviour::Swapped(ids.event, ids.outcome));
        if is_restarted {
            scene.fleet.stop("one");
            start(&mut scene, &stub);
        }
        let program = scene.fleet.program("one");
        within(Duration::from_secs(30), "the processor says what it found", || {
            program.not_ready_because().contains("come back with other ids")
        });
        let before = History::read(&scene.schedule).outcomes.len();
        clock::rest(Duration::from_secs(2));
        assert_eq!(
            History::read(&scene.schedule).outcomes.len(),
            before,
            "nothing is written meanwhile"
        );
        // Views are rebuilt from the log all the same.
        scene.fleet.start_materializer(&scene.schedule, "view", &registry);
        scene.fleet.wait_until_ready("view");
        scene.fleet.stop("view");
        std::fs::remove_dir_all(scene.fleet.state("view")).unwrap();
        stub.be(StubBehaviour::PassOn);
        scene.fleet.wait_until_ready("one");
        scene.progress(100);
    }
    scene.finish();
}

fn unknown_ids_slowly(ground: &Ground) {
    const RECORDS: u32 = 2_000;
    let (mut scene, stub) = begin(ground, "slow-ids");
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    stub.be(StubBehaviour::SlowIds(Duration::from_millis(50)));
    for id in 0..RECORDS {
        write(&scene, 9_000, 2_000_000 + id);
    }
    scene.schedule.flush();
    scene.progress(100);
    let in_time = Duration::from_secs(90);
    within(in_time, "each has its dead letter", || {
        assert!(scene.fleet.program("one").is_ready());
        History::read(&scene.schedule).dead_letters.len() >= RECORDS as usize
    });
    assert_eq!(History::read(&scene.schedule).dead_letters.len(), RECORDS as usize, "one each");
    let asked = stub.asked("/schemas/ids/2000");
    ground.tell(&format!("{RECORDS} ids; the registry was asked {asked} times"));
    scene.progress(100);
    scene.finish();
}

fn unknown_schema_ids(ground: &Ground) {
    const RECORDS: usize = 300;
    let (mut scene, stub) = begin(ground, "unknown-ids");
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    let mut written = 0;
    // One that comes again and again, some that no 32-bit registry can have, and many that come once.
    let odd = [0, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let ids = std::iter::repeat_n(999_999, RECORDS).chain(odd).chain(1_000_000..1_000_100);
    for id in ids {
        let envelope = creation(9_000 + u32::try_from(written % 7).unwrap());
        let value = command_to_avro(&envelope, id);
        scene.schedule.write(
            &scene
                .schedule
                .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None),
        );
        written += 1;
        if written % 10 == 0 {
            // In many batches.
            scene.schedule.flush();
            clock::rest(Duration::from_millis(20));
        }
    }
    scene.schedule.flush();
    eventually("each has its dead letter", || {
        History::read(&scene.schedule).dead_letters.len() >= written
    });
    let letters = History::read(&scene.schedule).dead_letters;
    assert_eq!(letters.len(), written, "one each");
    assert!(letters.iter().all(|(reason, _)| reason.starts_with("schema id ")), "{letters:?}");
    let asked = stub.asked("/schemas/ids/999999");
    ground.tell(&format!(
        "{written} dead letters; asked {asked} times for one id that came {RECORDS} times"
    ));
    assert!(asked <= 6, "the registry was asked {asked} times for an id that it does not have");
    scene.progress(100);
    scene.finish();
}

/// Whether a dead letter's reason begins with the schema's whole id: the beginning of another id is not this one.
fn is_about(reason: &str, id: u32) -> bool {
    let after = reason.strip_prefix(&format!("schema id {id}"));
    after.is_some_and(|after| !after.starts_with(|next: char| next.is_ascii_digit()))
}

fn other_schemas(ground: &Ground) {
    let (mut scene, stub) = begin(ground, "other-schemas");
    start(&mut scene, &stub);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    let schemas = [
        (
            "foreign",
            r#"{"type":"record","name":"Bird","fields":[{"name":"wings","type":"int"}]}"#.to_owned(),
            "is no command",
        ),
        ("event", Content::Event.latest().json().to_owned(), "is of "),
        (
            "incompatible",
            r#"{"type":"record","name":"Command","namespace":"aerolog.schedule","fields":[{"name":"command_id","type":"int"}]}"#.to_owned(),
            "schema id",
        ),
        ("plain", r#""string""#.to_owned(), "not of a record"),
    ];
    let written = schemas.len();
    let mut expected = Vec::new();
    for (name, json, said) in schemas {
        let id = register(ground, &unique(&scene, name), &json);
        let envelope = creation(9_000);
        let value = command_to_avro(&envelope, id);
        scene.schedule.write(
            &scene
                .schedule
                .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None),
        );
        expected.push((id, said));
    }
    scene.schedule.flush();
    eventually("each has its dead letter", || {
        History::read(&scene.schedule).dead_letters.len() >= written
    });
    let letters = History::read(&scene.schedule).dead_letters;
    assert_eq!(letters.len(), written, "{letters:?}");
    for (id, said) in expected {
        let of_id = letters.iter().filter(|(reason, _)| is_about(reason, id) && reason.contains(said));
        assert_eq!(of_id.count(), 1, "{id} {said}: {letters:?}");
    }
    scene.progress(100);
    scene.finish();
}
