//! Views that are built up to a place in the past, by the program as an operator starts it: they hold what the living view held there.
#![allow(clippy::unwrap_used)]

use end_to_end::{History, Program, Schedule, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const PARTITIONS: u32 = 3;
const COMMANDS: usize = 30;
/// Places of each kind that are looked at.
const PLACES: usize = 3;

/// What the living view held after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    position: String,
    content_hash: String,
}

/// Numbers from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

/// A request that changes something, or is rejected: both happen.
fn any_command(chance: &mut Chance) -> (Method, String, Option<Value>) {
    let rotation = format!("R{}", chance.below(6));
    match chance.below(6) {
        0 | 1 => (
            Method::POST,
            "/rotations".to_owned(),
            Some(json!({ "rotation_id": rotation, "mode": "active" })),
        ),
        2 | 3 => {
            let day = 1 + chance.below(28);
            let leg = json!({
                "leg_id": format!("L{day}"), "designator": "HA11", "origin": "HNL", "destination": "LAX",
                "departure": format!("2026-03-{day:02}T18:00:00Z"), "arrival": format!("2026-03-{day:02}T23:00:00Z"),
            });
            (Method::POST, format!("/rotations/{rotation}/legs"), Some(json!({ "legs": [leg] })))
        }
        4 => {
            let registration = format!("N{}HA", 100 + chance.below(4));
            (
                Method::PUT,
                format!("/rotations/{rotation}/airplane"),
                Some(json!({ "registration": registration })),
            )
        }
        _ => (Method::DELETE, format!("/rotations/{rotation}"), None),
    }
}

fn held(view: &Program, at_least: &str) -> Held {
    let document = view.ask(&format!("/position?content_hash=true{at_least}"));
    let text = |name: &str| document[name].as_str().unwrap_or_else(|| panic!("{document}")).to_owned();
    Held {
        position: text("position"),
        content_hash: text("content_hash"),
    }
}

/// Sends commands one after the other, and returns what the living view held after each.
fn living(view: &Program, gateway: &Program, chance: &mut Chance) -> Vec<Held> {
    let mut all = vec![held(view, "")];
    while all.len() <= COMMANDS {
        let (method, path, body) = any_command(chance);
        let request = gateway.request(method, &path);
        let answer = body.iter().fold(request, |request, body| request.json(body)).send().unwrap();
        assert!([200, 422].contains(&answer.status().as_u16()), "{:?}", answer.text());
        let position = answer.headers()["x-position"].to_str().unwrap();
        all.push(held(view, &format!("&at_least={position}")));
    }
    all
}

/// A frozen view comes to hold this, says so where it is asked with `as_of`, and nowhere else.
fn check(schedule: &Schedule, state: &Path, until: &str, expected: &Held, seed: u64) {
    let mut past = Program::materializer_until(schedule, state, until);
    past.wait_until_ready();
    // Events of before a time may still be on their way.
    eventually("the view is where it should end", || held(&past, "").position == expected.position);
    assert_eq!(held(&past, ""), *expected, "until {until}, seed {seed}");
    let answer = past.answer(&format!("/rotations?as_of={until}")).unwrap();
    assert_eq!(
        (answer.status, answer.position.as_deref()),
        (200, Some(expected.position.as_str())),
        "until {until}, seed {seed}"
    );
    assert_eq!(
        past.answer("/rotations?as_of=2001-01-01T00:00:00Z").unwrap().status,
        404,
        "until {until}"
    );
    assert!(past.stop().success());
}

#[test]
fn a_view_until_any_position_and_any_time_is_what_the_living_view_was_there() {
    let schedule = Schedule::new("past", PARTITIONS);
    let folder = tempfile::tempdir().unwrap();
    let state = |name: &str| folder.path().join(name);
    let mut programs = [
        Program::processor(&schedule, &state("processor"), "one"),
        Program::materializer(&schedule, &state("living")),
        Program::gateway(&schedule, &state("gateway"), &[]),
    ];
    programs.iter_mut().for_each(Program::wait_until_ready);
    let [_processor, view, gateway] = &programs;
    let seed = uuid::Uuid::new_v4().as_u64_pair().1 | 1;
    let mut chance = Chance(seed);
    let all = living(view, gateway, &mut chance);

    for number in 0..PLACES {
        let then = &all[chance.below(all.len())];
        check(&schedule, &state(&format!("position-{number}")), &then.position, then, seed);
    }

    // Commands were sent one after the other, so that the time of the last of some events leads to them and no others.
    let decided = decided_at(&schedule);
    let mut times: Vec<i64> = decided.values().copied().collect();
    times.sort_unstable();
    for number in 0..PLACES {
        // The time of an event, which counts, and the millisecond before, at which it does not.
        let until_ms = times[chance.below(times.len())] - i64::from(number % 2 == 1);
        let then = all
            .iter()
            .rfind(|held| last_of(&held.position, &decided).is_none_or(|last_ms| last_ms <= until_ms));
        let until = domain::Instant(until_ms).to_string();
        check(&schedule, &state(&format!("time-{number}")), &until, then.unwrap(), seed);
    }
    let first = &all[0];
    let before_all = domain::Instant(times[0] - 1).to_string();
    check(&schedule, &state("before-all"), &before_all, first, seed);
}

/// When each event was decided, by partition and sequence.
fn decided_at(schedule: &Schedule) -> BTreeMap<(u32, u64), i64> {
    let history = History::wait_for(schedule, COMMANDS);
    let events = history.events.iter();
    let decided = events.flat_map(|(partition, events)| events.iter().map(|event| ((*partition, event.sequence), event.decided_at_ms)));
    decided.collect()
}

/// When the latest of the events up to a position was decided; `None` where there is none.
fn last_of(position: &str, decided: &BTreeMap<(u32, u64), i64>) -> Option<i64> {
    let pairs = position.split(',').map(|pair| pair.split_once(':').unwrap());
    let last = |(partition, sequence): (&str, &str)| decided.get(&(partition.parse().unwrap(), sequence.parse().unwrap())).copied();
    pairs.filter_map(last).max()
}

#[test]
fn a_place_that_is_none_or_not_past_ends_the_program_and_it_says_what_was_expected() {
    let schedule = Schedule::new("past-refused", PARTITIONS);
    let folder = tempfile::tempdir().unwrap();
    for (until, reason) in [
        (
            "yesterday",
            "expected a time such as 2026-03-01T12:00:00Z, or a position such as 0:12,1:7",
        ),
        ("2999-01-01T00:00:00Z", "which is not over yet"),
        ("0:1,1:1", "the log has partitions 0 to 2"),
    ] {
        let mut program = Program::materializer_until(&schedule, &folder.path().join(until), until);
        assert!(!program.wait().success(), "{until}");
        assert!(program.log().contains(reason), "{until}: {}", program.log());
    }
}
