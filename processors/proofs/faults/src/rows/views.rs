//! Views far behind, killed, compared, and asked while they are not what they should be.

use crate::rows::{Needs, Row};
use crate::{Chance, Fleet, Ground, QUICK, Scene, Shape};
use decider::CommandEnvelope;
use domain::rotation::{Command, Leg, Mode};
use domain::{AirportCode, FlightDesignator, Instant, LegId};
use end_to_end::{History, Program, Schedule, within};
use service::clock;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 42,
        name: "view-far-behind",
        what: "a view is half a million events behind and is asked while it catches up: answers carry its lag, and positions never go back",
        needs: Needs::Broker,
        run: view_far_behind,
    },
    Row {
        number: 43,
        name: "view-killed",
        what: "a view is killed twenty times while it applies events: it resumes exactly where it was",
        needs: Needs::Broker,
        run: view_killed,
    },
    Row {
        number: 44,
        name: "views-compared",
        what: "two views are compared at equal positions all the time under load: never two contents of one position",
        needs: Needs::Broker,
        run: views_compared,
    },
    Row {
        number: 48,
        name: "questions-during-rebuild",
        what: "questions never stop while a view is rebuilt from nothing: all of the answer or 503 with Retry-After, never an empty list",
        needs: Needs::Broker,
        run: questions_during_rebuild,
    },
];

/// So many legs in so many rotations, in commands of 500: a large log in a short time.
fn many_legs(rotations: u32, commands_each: u32) -> Vec<CommandEnvelope<domain::Command>> {
    const LEGS: u32 = 500;
    let envelope = |rotation: u32, number: u32, command: Command| CommandEnvelope {
        command_id: Uuid::from_u64_pair(500 + u64::from(rotation), u64::from(number)),
        aggregate_id: format!("rotation/M{rotation}"),
        expected_version: None,
        issued_by: None,
        command: domain::Command::Rotation(command),
    };
    let numbers = (0..=commands_each).flat_map(|number| (0..rotations).map(move |rotation| (rotation, number)));
    numbers
        .map(|(rotation, number)| match number {
            0 => envelope(rotation, 0, Command::Create { mode: Mode::Active }),
            _ => {
                let legs = ((number - 1) * LEGS..number * LEGS).map(|leg| shuttle(rotation, leg)).collect();
                envelope(rotation, number, Command::AddLegs { legs })
            }
        })
        .collect()
}

fn shuttle(rotation: u32, number: u32) -> Leg {
    let stops = ["HNL", "KOA"].map(|code| AirportCode::parse(code).unwrap());
    let departure = Instant(1_200_000_000_000 + i64::from(number) * 7_200_000);
    Leg {
        id: LegId::parse(&format!("L{number}")).unwrap(),
        designator: FlightDesignator::parse(&format!("HA{}", 1 + (rotation * 7 + number) % 9_999)).unwrap(),
        origin: stops[number as usize % 2],
        destination: stops[(number as usize + 1) % 2],
        departure,
        arrival: Instant(departure.0 + 3_600_000),
    }
}

/// The sequences of a position, by partition.
fn sequences(position: &str) -> BTreeMap<u32, u64> {
    let pair = |pair: &str| {
        let (partition, sequence) = pair.split_once(':').unwrap();
        (partition.parse().unwrap(), sequence.parse().unwrap())
    };
    position.split(',').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// What a client holds a view to: positions do not go back, and a minimum is kept or refused.
#[derive(Default)]
struct Client {
    reached: BTreeMap<u32, u64>,
    answered: u32,
    refused: u32,
}

impl Client {
    /// Asks once; the answer's body if it is a success.
    fn ask(&mut self, view: &Program, path: &str) -> Option<serde_json::Value> {
        let answer = view.answer(path)?;
        // It is empty until the view has found its log.
        let position = sequences(answer.position.as_deref().expect("every answer has a position"));
        for (partition, sequence) in &position {
            let reached = self.reached.entry(*partition).or_default();
            assert!(
                *sequence >= *reached,
                "partition {partition} went back from {reached} to {sequence}"
            );
            *reached = *sequence;
        }
        match answer.status {
            200 => {
                self.answered += 1;
                Some(answer.body)
            }
            503 => {
                assert!(answer.retry_after.is_some(), "{answer:?}");
                self.refused += 1;
                None
            }
            _ => panic!("{path}: {answer:?}"),
        }
    }
}

fn view_far_behind(ground: &Ground) {
    const ROTATIONS: u32 = 26;
    const COMMANDS_EACH: u32 = 40;
    let schedule = Schedule::on(ground.cluster(), "far-behind", 4);
    let mut fleet = Fleet::new(ground.folder(), QUICK);
    fleet.set("AEROLOG_BATCH_RECORDS_MAX", "20");
    fleet.start_processor(&schedule, "one", &[]);
    fleet.start_materializer(&schedule, "view", &[]);
    let commands = many_legs(ROTATIONS, COMMANDS_EACH);
    let (first, rest) = commands.split_at(ROTATIONS as usize * 2);
    schedule.send(first);
    fleet.wait_until_ready("view");
    within(Duration::from_secs(20), "the view has the beginning", || {
        let answer = fleet.program("view").ask("/rotations?limit=1000");
        answer["rotations"].as_array().is_some_and(|list| list.len() == ROTATIONS as usize)
    });
    fleet.stop("view");
    schedule.send(rest);
    let history = History::wait_for(&schedule, commands.len());
    let last: BTreeMap<u32, u64> = history
        .events
        .iter()
        .map(|(partition, events)| (*partition, events.len() as u64))
        .collect();
    let events: u64 = last.values().sum();
    assert!(events > 500_000, "{events} events");
    let end = last
        .iter()
        .map(|(partition, sequence)| format!("{partition}:{sequence}"))
        .collect::<Vec<_>>()
        .join(",");

    let began = clock::monotonic();
    fleet.start_materializer(&schedule, "view", &[]);
    let view = fleet.program("view");
    let mut client = Client::default();
    let (mut old, mut ready) = (0, false);
    within(Duration::from_secs(60), "the view has caught up", || {
        let was_ready = view.is_ready();
        if let Some(rotation) = client.ask(view, "/rotations/M0?limit=1") {
            // An answer without a minimum position says how old it is.
            assert_eq!(rotation["id"], "M0");
            old += u32::from(client.reached != last);
            assert!(!was_ready || client.reached == last, "ready at {:?} of {last:?}", client.reached);
        }
        ready |= was_ready;
        client.reached == last && ready
    });
    let took = began.elapsed();
    assert!(old > 0, "the view was never behind while it was asked");
    let last_leg = format!("L{}", COMMANDS_EACH * 500 - 1);
    let leg = client
        .ask(view, &format!("/rotations/M0/legs/{last_leg}?at_least={end}"))
        .expect("it is there");
    assert_eq!(leg["id"], last_leg, "{leg}");
    assert!(leg["previous"].is_object() && leg["next"].is_null(), "{leg}");
    ground.tell(&format!(
        "{events} events, caught up in {:.1} s ({:.0}/s), {old} answers from before, {} refused",
        took.as_secs_f64(),
        events as f64 / took.as_secs_f64(),
        client.refused
    ));
    fleet.stop("view");
    fleet.stop("one");
}

fn view_killed(ground: &Ground) {
    const KILLS: u32 = 20;
    let mut scene = Scene::begin(ground, "killed-view", 3);
    scene.processor("one");
    scene.materializer("view-2");
    scene.load(Shape {
        rate: 300,
        ..Shape::default()
    });
    let mut chance = Chance::from_seed(ground.seed());
    let mut in_the_midst = 0;
    for _ in 0..KILLS {
        scene.fleet.start_materializer(&scene.schedule, "view-1", &[]);
        let view = scene.fleet.program("view-1");
        within(Duration::from_secs(20), "the view applies events", || {
            view.metrics()
                .is_some_and(|metrics| end_to_end::sum(&metrics, "aerolog_view_events_applied_total") > 0.0)
        });
        scene.pass(chance.millis(0, 300));
        let before = scene.fleet.program("view-1").answer("/position").and_then(|answer| answer.position);
        scene.fleet.kill("view-1");
        in_the_midst += u32::from(before.is_some());
    }
    scene.materializer("view-1");
    assert!(
        scene.fleet.counted("aerolog_view_events_repeated_total") < 1.0,
        "an event was read again"
    );
    ground.tell(&format!("{in_the_midst} of {KILLS} kills met a view that answered"));
    assert!(in_the_midst > KILLS / 2);
    scene.finish();
}

fn views_compared(ground: &Ground) {
    const EQUAL_LEAST: usize = 25;
    let mut scene = Scene::begin(ground, "compared", 3);
    scene.processor("one");
    scene.materializer("view-1");
    scene.materializer("view-2");
    scene.load(Shape {
        rate: 30,
        rotations: 3,
        ..Shape::default()
    });
    let mut hashes: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    let mut equal = 0;
    within(Duration::from_secs(50), "the views were seen at one position often enough", || {
        for (index, name) in ["view-1", "view-2"].into_iter().enumerate() {
            let answer = scene.fleet.program(name).ask("/position?content_hash=true");
            let (position, hash) = (answer["position"].as_str().unwrap(), answer["content_hash"].as_str().unwrap());
            let seen = hashes.entry(position.to_owned()).or_default();
            if let Some(before) = &seen[index] {
                assert_eq!(before, hash, "{name} has two contents at {position}");
            }
            seen[index] = Some(hash.to_owned());
            if let [Some(one), Some(two)] = &*seen {
                assert_eq!(one, two, "two contents at {position}");
            }
        }
        equal = hashes.values().filter(|seen| seen.iter().all(Option::is_some)).count();
        equal >= EQUAL_LEAST
    });
    ground.tell(&format!("equal at {equal} of {} positions, the others seen once", hashes.len()));
    scene.finish();
}

fn questions_during_rebuild(ground: &Ground) {
    const ROTATIONS: u32 = 20;
    let schedule = Schedule::on(ground.cluster(), "rebuild", 3);
    let mut fleet = Fleet::new(ground.folder(), QUICK);
    fleet.set("AEROLOG_BATCH_RECORDS_MAX", "20");
    fleet.start_processor(&schedule, "one", &[]);
    let commands = many_legs(ROTATIONS, 6);
    schedule.send(&commands);
    History::wait_for(&schedule, commands.len());
    fleet.start_materializer(&schedule, "view", &[]);
    fleet.wait_until_ready("view");
    let paths = [
        "/rotations?limit=1000",
        "/rotations/M7?limit=1",
        "/legs?designator=HA8&limit=1000",
        "/checks/flight-designator",
    ];
    let complete: Vec<_> = paths.iter().map(|path| fleet.program("view").ask(path)).collect();
    assert_eq!(complete[0]["rotations"].as_array().unwrap().len(), ROTATIONS as usize);
    fleet.kill("view");
    std::fs::remove_dir_all(fleet.state("view")).unwrap();
    // Once killed in the middle of it, too.
    let mut refused = 0;
    for kill in [true, false] {
        fleet.start_materializer(&schedule, "view", &[]);
        let view = fleet.program("view");
        let mut client = Client::default();
        within(Duration::from_secs(40), "the view is rebuilt", || {
            for (path, complete) in paths.iter().zip(&complete) {
                if let Some(answer) = client.ask(view, path) {
                    assert_eq!(answer, *complete, "{path}: part of the answer");
                }
            }
            let begun = client.reached.values().sum::<u64>() > 1_000;
            if kill {
                begun
            } else {
                client.answered as usize >= paths.len() && view.is_ready()
            }
        });
        refused += client.refused;
        assert!(client.refused > 0, "no question came while it was rebuilt");
        if kill {
            assert_eq!(client.answered, 0, "it was rebuilt before it was killed: nothing is shown");
            fleet.kill("view");
        }
    }
    ground.tell(&format!("{refused} questions refused while it was rebuilt"));
    fleet.stop("view");
    fleet.stop("one");
}
