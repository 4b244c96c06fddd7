//! Gateways that stop or die, while others go on.

use crate::gateway::fixture::{Running, create, get, id, post};
use end_to_end::{History, Program, eventually};
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_waiting_request_is_answered_before_the_process_ends() {
    let running = Running::new("gateway-drain");
    // Nothing decides: the request waits.
    let mut gateway = running.gateway_with(&[("AEROLOG_COMMANDS__WAIT_MS", "30000")]);
    std::thread::scope(|scope| {
        let gateway = &gateway;
        let waiting = scope.spawn(|| post(gateway, &create(1, "R1")));
        eventually("it waits", || gateway.metric("aerolog_gateway_commands_waiting") == 1.0);
        gateway.signal("TERM");
        let seen = waiting.join().unwrap();
        assert!(seen.header("location").contains(&id(1).to_string()));
        seen.with(202);
    });
    assert!(gateway.wait().success());
}

#[test]
fn commands_through_two_gateways_of_which_one_is_killed_are_each_decided_once() {
    const COMMANDS: u128 = 2_000;
    const CLIENTS: u128 = 8;
    let running = Running::new("gateway-killed");
    let (_processor, one, two) = (running.processor(), running.gateway(), running.gateway());
    let is_killed = AtomicBool::new(false);
    let answered = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (one, two, is_killed, answered) = (&one, &two, &is_killed, &answered);
            scope.spawn(move || {
                for number in (1..=COMMANDS).filter(|number| number % CLIENTS == client) {
                    let command = create(number, &format!("R{number}"));
                    let first = if number % 2 == 0 && !is_killed.load(Ordering::Relaxed) {
                        one
                    } else {
                        two
                    };
                    // A client that gets no answer asks the other gateway with the same id.
                    let sent = first.request(reqwest::Method::POST, "/commands").json(&command).send();
                    let status = match sent {
                        Ok(response) if response.status() == 200 => 200,
                        Ok(_) | Err(_) => post(two, &command).status,
                    };
                    assert_eq!(status, 200, "{command}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        eventually("half of them are answered", || answered.load(Ordering::Relaxed) > 500);
        end_to_end::signal(one.pid(), "KILL");
        is_killed.store(true, Ordering::Relaxed);
    });
    // Every command has one outcome that is no repeat.
    let history = History::wait_for(&running.schedule, COMMANDS as usize);
    let first = history.outcomes.values().flatten().filter(|outcome| !outcome.repeated);
    assert_eq!(first.count(), COMMANDS as usize);
    audit(&running);
}

/// Nothing that the topics hold contradicts a promise.
fn audit(running: &Running) {
    let cluster = running.schedule.cluster();
    let audit = std::process::Command::new(end_to_end::binary("aerolog"))
        .args(["audit", "--topic-prefix", running.schedule.name()])
        .args(["--brokers", &cluster.brokers, "--registry", &cluster.registry])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout).into_owned() + &String::from_utf8_lossy(&audit.stderr);
    assert_eq!(audit.status.code(), Some(0), "{said}");
}

#[test]
fn a_gateway_whose_broker_is_away_says_so_and_is_alive() {
    let running = Running::new("gateway-away");
    let folder = tempfile::tempdir().unwrap();
    let gateway = Program::gateway(
        &running.schedule,
        &folder.path().join("away"),
        &[("AEROLOG_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:9")],
    );
    eventually("it answers", || gateway.metrics().is_some());
    let seen = post(&gateway, &create(1, "R1"));
    assert_eq!(seen.header("retry-after"), "1");
    assert_eq!(seen.with(503)["type"], "urn:aerolog:problem:not-ready");
    assert!(!gateway.is_ready() && !gateway.is_dead());
    get(&gateway, "/openapi.json").with(200);
    assert!(gateway.stop().success());
}
