//! Commands over HTTP while one of two gateways is killed.

use crate::rows::recovering::ends;
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Sent};
use end_to_end::within;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::time::Duration;
use uuid::Uuid;

pub(super) const ROWS: &[Row] = &[Row {
    number: 71,
    name: "gateway-killed",
    what: "100,000 commands through two gateways of which one is killed: clients send what was not answered to the other, each command is decided once",
    needs: Needs::Broker,
    run: gateway_killed,
}];

const PARTITIONS: u32 = 4;
const CLIENTS: u64 = 4;
const COMMANDS_EACH: u64 = 25_000;
/// Lines of one request.
const LINES: usize = 2_500;
/// A client that gets no answer asks the other gateway, so many times in all.
const TRIES_MAX: usize = 20;
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(60);
const DECIDE_WAIT_MAX: Duration = Duration::from_secs(200);

fn gateway_killed(ground: &Ground) {
    let mut scene = Scene::begin(ground, "gateways", PARTITIONS);
    // The load is as much as it can be: short timeouts are not what is shown here.
    scene.start_processor("one", &[("AEROLOG_BATCH_RECORDS_MAX", "1000")]);
    scene.fleet.wait_until_ready("one");
    scene.materializer("view");
    let gateways = ["first", "second"].map(|name| {
        scene.gateway(name);
        scene.fleet.program(name).url("/commands")
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let gateways = gateways.clone();
            std::thread::spawn(move || send_all(number, &gateways))
        })
        .collect();
    let killed_at = CLIENTS * COMMANDS_EACH / 3;
    within(DECIDE_WAIT_MAX, "a third of the commands is decided", || {
        scene.fleet.check_running();
        scene.watch.outcomes() >= killed_at
    });
    scene.fleet.kill("first");
    let resent: usize = clients
        .into_iter()
        .map(|client| client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        .sum();
    assert!(resent > 0, "commands were under way in the gateway that was killed");
    let commands = (0..CLIENTS).flat_map(|client| (0..COMMANDS_EACH).map(move |number| (id(client, number), is_accepted(number))));
    // None is deleted, and none is written in a transaction.
    let records = ends(&scene.schedule).into_iter().sum::<i64>().unsigned_abs();
    // A command is written once for each time that it is sent, at most.
    let sent = CLIENTS * COMMANDS_EACH;
    assert!(
        (sent..=sent + resent as u64).contains(&records),
        "{records} records for {sent} commands, {resent} of them sent again"
    );
    scene.also_sent(Sent {
        commands: commands.collect(),
        records,
    });
    ground.tell(&format!(
        "{sent} commands, {records} records; {resent} were sent again to the other gateway"
    ));
    scene.finish();
}

fn id(client: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(client + 1, number + 1)
}

/// Each rotation is created twice: the second time it exists.
fn is_accepted(number: u64) -> bool {
    number.is_multiple_of(2)
}

fn command(client: u64, number: u64) -> Value {
    let rotation = format!("rotation/G{client}-{}", number / 2);
    json!({"command_id": id(client, number), "aggregate_id": rotation, "payload": {"CreateRotation": {"mode": "draft"}}})
}

/// Sends all commands of a client, those without an answer once more, and returns how many that were.
fn send_all(client: u64, gateways: &[String; 2]) -> usize {
    let http = Client::builder().timeout(REQUEST_WAIT_MAX).no_proxy().build().unwrap();
    let (mut resent, mut at) = (0, usize::try_from(client).unwrap() % 2);
    let all: Vec<u64> = (0..COMMANDS_EACH).collect();
    for lines in all.chunks(LINES) {
        let mut open = lines.to_vec();
        for _ in 0..TRIES_MAX {
            let answered = send(&http, &gateways[at], client, &open);
            open.retain(|number| !answered.contains(number));
            if open.is_empty() {
                break;
            }
            resent += open.len();
            at = 1 - at;
        }
        assert!(open.is_empty(), "client {client}: {} commands were never answered", open.len());
    }
    resent
}

/// Sends these commands in one request; which of them were answered with an outcome. Each has the one that is expected of it.
fn send(http: &Client, gateway: &str, client: u64, numbers: &[u64]) -> BTreeSet<u64> {
    let body: String = numbers.iter().map(|number| format!("{}\n", command(client, *number))).collect();
    let mut answered = BTreeSet::new();
    let Ok(response) = http.post(gateway).header("content-type", "application/x-ndjson").body(body).send() else {
        return answered;
    };
    for line in BufReader::new(response).lines() {
        // It breaks off where the gateway is killed.
        let Some(answer) = line.ok().and_then(|line| serde_json::from_str::<Value>(&line).ok()) else {
            break;
        };
        let (Some(line), Some(status)) = (answer["line"].as_u64(), answer["status"].as_u64()) else {
            break;
        };
        let number = numbers[usize::try_from(line).unwrap() - 1];
        match status {
            200 | 422 => {
                assert_eq!(status == 200, is_accepted(number), "client {client}, command {number}: {answer}");
                answered.insert(number);
            }
            // Not decided in time, or the broker has not acknowledged it: it is sent again.
            202 | 429 | 503 => {}
            _ => panic!("client {client}, command {number}: {answer}"),
        }
    }
    answered
}
