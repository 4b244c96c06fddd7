//! The real registry, which forgets its schemas and comes back with other ids: restored as docs/operations.md says, step by step.

use crate::rows::migrating::{Run, aerolog};
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Sent, Services, Shape};
use end_to_end::{Cluster, Schedule, command, within};
use schemas::Content;
use std::time::Duration;
use stream::registry::{Registry, Subject, schemas_in_log};

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 67,
        name: "registry-restored",
        what: "the registry itself is killed under load and comes back empty, then with other ids: nothing is written; restored from its export as advised",
        needs: Needs::BrokerOfItsOwn,
        run: registry_restored,
    },
    Row {
        number: 67,
        name: "registry-restored-from-log",
        what: "the same without an export: restored from the log as advised",
        needs: Needs::BrokerOfItsOwn,
        run: registry_restored_from_log,
    },
];

const PARTITIONS: u32 = 2;
const SAID_WITHIN: Duration = Duration::from_secs(60);
/// The registry is looked at every 5 s.
const GOES_ON_WITHIN: Duration = Duration::from_secs(30);
const NOTHING_IS_WRITTEN: Duration = Duration::from_secs(8);
const CONTRADICTED: &str = "come back with other ids";

/// A broker and a registry of the row's own: the registry keeps its schemas in memory only.
struct Forgetful(Services);

impl Forgetful {
    fn start(ground: &Ground) -> (Self, Ground) {
        let services = Services::in_directory(&ground.folder().join("services"));
        services.run(&["start", "--registry-memory"]);
        let cluster = Cluster {
            brokers: services.brokers(),
            registry: services.registry(),
        };
        (Self(services), ground.on(cluster))
    }

    /// It comes back without its schemas.
    fn forget(&self) {
        self.0.run(&["kill-registry"]);
        self.0.run(&["start-registry"]);
    }
}

impl Drop for Forgetful {
    fn drop(&mut self) {
        self.0.run(&["stop"]);
    }
}

/// Runs `aerolog schemas` as a person does: whether it succeeds, and what it says.
fn run(scene: &Scene<'_>, arguments: &[&str]) -> (bool, String) {
    let schedule = &scene.schedule;
    let Run { status, said } = aerolog(schedule.cluster(), schedule.name(), &[&["schemas"][..], arguments].concat());
    (status == 0, said)
}

fn succeeds(scene: &Scene<'_>, arguments: &[&str]) {
    let (succeeded, said) = run(scene, arguments);
    assert!(succeeded, "aerolog schemas {arguments:?}: {said}");
}

fn refuses(scene: &Scene<'_>, arguments: &[&str], words: &str) {
    let (succeeded, said) = run(scene, arguments);
    assert!(!succeeded && said.contains(words), "aerolog schemas {arguments:?}: {said}");
}

/// The same schemas in another order, as clients register them that have auto.register.schemas.
fn register_in_another_order(scene: &Scene<'_>) {
    let registry = Registry::new(&scene.schedule.cluster().registry).unwrap();
    let topics = &scene.schedule.topology().topics;
    for (topic, content) in [
        (&topics.outcomes.name, Content::Outcome),
        (&topics.commands.name, Content::Command),
        (&topics.events.name, Content::Event),
    ] {
        let versions: Vec<_> = content.versions().collect();
        for released in versions.into_iter().rev() {
            let subject = Subject {
                name: application::subject(topic),
                schema_json: released.json().to_owned(),
                compatibility: "NONE".to_owned(),
            };
            registry.apply(&subject).unwrap();
        }
    }
}

/// Both processes say what the registry has done, and write nothing.
fn holds_back(scene: &mut Scene<'_>) {
    for name in ["one", "two"] {
        let said = scene.fleet.wait_until_it_says(name, SAID_WITHIN, &[CONTRADICTED]);
        assert!(said.contains("aerolog schemas import"), "{said}");
    }
    let before = scene.watch.outcomes();
    scene.pass(NOTHING_IS_WRITTEN);
    assert_eq!(
        scene.watch.outcomes(),
        before,
        "outcomes were written while the registry had other ids"
    );
}

/// The last events and outcomes have the ids of before.
fn keeps_its_ids(scene: &Scene<'_>) {
    let (settings, topics, ids) = (
        scene.schedule.cluster().settings(),
        &scene.schedule.topology().topics,
        scene.schedule.ids(),
    );
    for (topic, expected) in [(&topics.events.name, ids.event), (&topics.outcomes.name, ids.outcome)] {
        let found = schemas_in_log(&settings, topic).unwrap();
        assert!(
            !found.is_empty() && found.iter().all(|in_use| in_use.id == expected),
            "{topic} has {found:?}, and its id is {expected}"
        );
    }
}

/// Two processors under load, whose registry comes back empty, and then with other ids. Nothing is written from then on.
fn lose_registry(registry: &Forgetful, scene: &mut Scene<'_>) {
    registry.forget();
    holds_back(scene);
    // The job of a deployment registers nothing there.
    refuses(scene, &["apply"], CONTRADICTED);
    register_in_another_order(scene);
    scene.fleet.stop("two");
    scene.start_processor("two", &[]);
    holds_back(scene);
    refuses(scene, &["check"], CONTRADICTED);
}

/// As docs/operations.md says.
fn restore(registry: &Forgetful, scene: &Scene<'_>, file: &str) {
    // It has other schemas under these ids.
    refuses(scene, &["import", file], "import into an empty registry");
    registry.forget();
    succeeds(scene, &["import", file]);
    succeeds(scene, &["apply"]);
    succeeds(scene, &["check"]);
}

fn goes_on(scene: &mut Scene<'_>) {
    for name in ["one", "two"] {
        let program = scene.fleet.program(name);
        let took = within(GOES_ON_WITHIN, &format!("{name} goes on by itself"), || program.is_ready());
        scene
            .ground
            .tell(&format!("{name} is ready {:.0} s after the import", took.as_secs_f64()));
    }
}

fn begin<'g>(ground: &'g Ground, name: &str) -> Scene<'g> {
    // Another program's schema has the first id: the schemas of this log come to other ids in a registry that is empty.
    let other = Subject {
        name: "of-another-program".to_owned(),
        schema_json: r#"{"type":"record","name":"Bird","fields":[{"name":"wings","type":"int"}]}"#.to_owned(),
        compatibility: "NONE".to_owned(),
    };
    Registry::new(&ground.cluster().registry).unwrap().apply(&other).unwrap();
    let mut scene = Scene::begin(ground, name, PARTITIONS);
    succeeds(&scene, &["apply"]);
    scene.processor("one");
    scene.processor("two");
    scene.load(Shape::default());
    scene.progress(200);
    scene
}

fn registry_restored(ground: &Ground) {
    let (registry, ground) = Forgetful::start(ground);
    let mut scene = begin(&ground, "registry-restored");
    let file = ground.folder().join("schemas.jsonl");
    let file = file.to_str().unwrap();
    succeeds(&scene, &["export", file]);
    lose_registry(&registry, &mut scene);
    restore(&registry, &scene, file);
    goes_on(&mut scene);
    scene.progress(200);
    keeps_its_ids(&scene);
    scene.finish();
}

fn registry_restored_from_log(ground: &Ground) {
    let (registry, ground) = Forgetful::start(ground);
    let mut scene = begin(&ground, "registry-from-log");
    // Commands that are not decided yet would become dead letters: their ids are lost.
    scene.drain();
    lose_registry(&registry, &mut scene);
    let file = ground.folder().join("schemas.jsonl");
    let file = file.to_str().unwrap();
    succeeds(&scene, &["export", "--from-log", file]);
    restore(&registry, &scene, file);
    goes_on(&mut scene);
    // A client that looks up the ids of commands again.
    let client = Schedule::named(ground.cluster(), scene.schedule.name().to_owned(), PARTITIONS);
    assert_ne!(
        client.ids().command,
        scene.schedule.ids().command,
        "commands have the id of before, by chance: nothing is shown"
    );
    let commands: Vec<_> = (0..40).map(|index| command(9_000 + index, 0)).collect();
    client.send(&commands);
    scene.also_sent(Sent {
        records: commands.len() as u64,
        commands: commands.iter().map(|envelope| (envelope.command_id, true)).collect(),
    });
    scene.drain();
    keeps_its_ids(&scene);
    scene.finish();
}
