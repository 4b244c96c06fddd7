//! Commands that come twice, at once from two clients, or nearly all for one aggregate.

use crate::rows::records::begin;
use crate::rows::{Needs, Row};
use crate::{Chance, Ground, Scene, Sent, Shape, WatchedTopic};
use decider::CommandEnvelope;
use domain::rotation::Command;
use end_to_end::{History, command, within};
use schemas::command_to_avro;
use service::clock;
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 39,
        name: "duplicates",
        what: "each command twice in one batch, across batches, after a kill, after a take-over and after a rebuild: one decision, repeated",
        needs: Needs::Broker,
        run: duplicates,
    },
    Row {
        number: 40,
        name: "two-clients",
        what: "two clients race for every version of the same rotations: one of each two is accepted, the other is rejected with the current version",
        needs: Needs::Broker,
        run: two_clients,
    },
    Row {
        number: 41,
        name: "hot-key",
        what: "nine of ten commands are for one rotation: no other partition waits for more than a few seconds",
        needs: Needs::Broker,
        run: hot_key,
    },
];

fn duplicates(ground: &Ground) {
    let mut scene = begin(ground, "duplicates", 2);
    let commands: Vec<_> = (0..20)
        .flat_map(|number| (0..10).map(move |rotation| command(rotation, number)))
        .collect();
    // Twice in one batch, and once more across batches.
    for part in commands.chunks(20) {
        let schema_id = scene.schedule.ids().command;
        for envelope in part.iter().flat_map(|envelope| [envelope, envelope]) {
            let value = command_to_avro(envelope, schema_id);
            scene.schedule.write(
                &scene
                    .schedule
                    .record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None),
            );
        }
    }
    scene.schedule.flush();
    let count = commands.len() as u64;
    let wait = |scene: &Scene<'_>, rounds: u64| {
        within(Duration::from_secs(20), "every copy has its outcome", || {
            scene.watch.outcomes() >= rounds * count
        });
        let seen = scene.watch.counts();
        assert_eq!(
            (seen.accepted + seen.rejected, seen.repeated),
            (count, (rounds - 1) * count),
            "after {rounds} rounds"
        );
    };
    wait(&scene, 2);
    scene.schedule.send(&commands);
    wait(&scene, 3);
    scene.fleet.kill("one");
    scene.processor("one");
    scene.schedule.send(&commands);
    wait(&scene, 4);
    // Another instance takes over with nothing but the log.
    scene.start_processor("two", &[]);
    scene.fleet.kill("one");
    scene.fleet.wait_until_ready("two");
    scene.schedule.send(&commands);
    wait(&scene, 5);
    scene.fleet.kill("two");
    std::fs::remove_dir_all(scene.fleet.state("two")).unwrap();
    scene.processor("two");
    scene.schedule.send(&commands);
    wait(&scene, 6);
    History::read(&scene.schedule).check(commands.iter().map(|command| command.command_id));
    scene.fleet.stop("two");
}

fn two_clients(ground: &Ground) {
    const ROTATIONS: u32 = 5;
    const VERSIONS: u32 = 60;
    let mut scene = begin(ground, "two-clients", 2);
    let creations: Vec<_> = (0..ROTATIONS).map(|rotation| command(rotation, 0)).collect();
    scene.schedule.send(&creations);
    let client = |client: u64| -> Vec<CommandEnvelope<domain::Command>> {
        let each = (1..=VERSIONS).flat_map(|version| (0..ROTATIONS).map(move |rotation| (rotation, version)));
        each.map(|(rotation, version)| CommandEnvelope {
            command_id: Uuid::from_u64_pair(client, u64::from(rotation) << 32 | u64::from(version)),
            expected_version: Some(u64::from(version)),
            ..assign(rotation, client, version)
        })
        .collect()
    };
    let clients = [client(101), client(102)];
    let together = Barrier::new(clients.len());
    std::thread::scope(|scope| {
        for (commands, seed) in clients.iter().zip(ground.seed()..) {
            let (schedule, together) = (&scene.schedule, &together);
            scope.spawn(move || {
                let writer = stream::writer::Writer::new(&schedule.cluster().settings()).unwrap();
                let mut chance = Chance::from_seed(seed);
                for part in commands.chunks(ROTATIONS as usize) {
                    // Both want the same version at the same time, and now the one is quicker, now the other.
                    together.wait();
                    for envelope in part {
                        clock::rest(chance.millis(0, 4));
                        let value = command_to_avro(envelope, schedule.ids().command);
                        let record = schedule.record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &[], None);
                        writer.send(&record).unwrap();
                        writer.flush(Duration::from_secs(20)).unwrap();
                    }
                }
            });
        }
    });
    let all = clients.iter().flatten();
    let history = History::wait_for(&scene.schedule, creations.len() + clients.iter().map(Vec::len).sum::<usize>());
    history.check(all.clone().map(|command| command.command_id));
    let mut accepted: BTreeMap<(String, u64), u32> = BTreeMap::new();
    let mut by_client = [0; 2];
    for envelope in all {
        let outcome = history
            .outcomes
            .values()
            .flatten()
            .find(|outcome| outcome.command_id == envelope.command_id);
        let outcome = outcome.unwrap();
        let version = envelope.expected_version.unwrap();
        match &outcome.rejection {
            None => {
                *accepted.entry((envelope.aggregate_id.clone(), version)).or_default() += 1;
                by_client[usize::from(envelope.command_id.as_u64_pair().0 == 102)] += 1;
                assert_eq!(outcome.version, version + 1);
            }
            Some(rejection) => assert_eq!(rejection.rule, "expected-version", "{outcome:?}"),
        }
    }
    assert!(
        accepted.values().all(|count| *count == 1),
        "a version was given twice: {accepted:?}"
    );
    ground.tell(&format!("{by_client:?} accepted of {} versions", accepted.len()));
    assert!(by_client.iter().all(|count| *count > 20), "one client was always quicker");
    scene.fleet.stop("one");
}

/// Accepted at any version.
fn assign(rotation: u32, client: u64, version: u32) -> CommandEnvelope<domain::Command> {
    let registration = domain::Registration::parse(&format!("N{}V{}", client, version)).unwrap();
    CommandEnvelope {
        command: domain::Command::Rotation(Command::AssignAirplane { registration }),
        ..command(rotation, 0)
    }
}

fn hot_key(ground: &Ground) {
    const PARTITIONS: u32 = 4;
    const SILENCE_MAX: Duration = Duration::from_secs(5);
    let mut scene = begin(ground, "hot", PARTITIONS);
    scene.load(Shape {
        rotations: 80,
        rate: 200,
        ..Shape::default()
    });
    scene.progress(200);
    let began = clock::monotonic();
    let hot = 9_000;
    let mut sent_hot = Vec::new();
    // Faster than it can be read by a person, for ten seconds.
    for second in 0..10 {
        let part: Vec<_> = (0..1_800).map(|index| command(hot, second * 1_800 + index)).collect();
        scene.schedule.send(&part);
        sent_hot.extend(part);
        while began.elapsed() < Duration::from_secs(u64::from(second) + 1) {
            clock::rest(Duration::from_millis(10));
        }
    }
    let ended = clock::monotonic();
    let home = topology::partition_of(sent_hot[0].aggregate_id.as_bytes(), PARTITIONS);
    let silences = scene.watch.silences(WatchedTopic::Outcomes, began, ended);
    for (partition, longest) in &silences {
        if *partition != home {
            assert!(*longest < SILENCE_MAX, "partition {partition} said nothing for {longest:?}");
        }
    }
    assert_eq!(silences.len(), PARTITIONS as usize, "every partition has spoken");
    ground.tell(&format!(
        "{} hot commands; longest silences {silences:?}, hot is {home}",
        sent_hot.len()
    ));
    let accepted = sent_hot
        .iter()
        .zip(0..)
        .map(|(command, number)| (command.command_id, end_to_end::is_accepted(number)));
    scene.also_sent(Sent {
        records: sent_hot.len() as u64,
        commands: accepted.collect(),
    });
    scene.finish();
}
