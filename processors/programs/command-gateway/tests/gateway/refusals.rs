//! What is no command, what there is no room for, and requests that mean something other than they say.

use crate::gateway::fixture::{Running, Seen, create, get, id, post};
use reqwest::Method;
use serde_json::json;

#[test]
fn what_is_no_command_is_refused_and_not_written() {
    let running = Running::new("gateway-refusals");
    let (_processor, gateway) = (running.processor(), running.gateway());
    let send = |content_type: &str, body: Vec<u8>| {
        let request = gateway.request(Method::POST, "/commands").header("content-type", content_type);
        Seen::of(request.body(body).send().unwrap())
    };
    for body in ["", "{", "[]", "{\"a\":1,\"a\":1}", "{\"aggregate_id\":\"rotation/R1\"}"] {
        let problem = send("application/json", body.into()).with(400);
        assert_eq!(problem["type"], "urn:aerolog:problem:no-command", "{body}");
    }
    send("text/plain", b"{}".to_vec()).with(415);
    send("application/json; charset=utf-8", b"{}".to_vec()).with(400);
    let large = send("application/json", vec![b' '; 600 << 10]);
    assert_eq!(large.with(413)["bytes_max"], 512 << 10);
    let none = gateway.request(Method::POST, "/commands").send().unwrap();
    assert_eq!(none.status(), 415);
    // Had one of them been written, it would be a dead letter by now.
    post(&gateway, &create(1, "R1")).with(200);
    let history = end_to_end::History::wait_for(&running.schedule, 1);
    assert_eq!(history.outcomes.values().flatten().count(), 1);
}

#[test]
fn a_request_that_would_be_misunderstood_is_refused() {
    let running = Running::new("gateway-meaning");
    let gateway = running.gateway();
    let request = |method, path: &str, name: &str, value: &str| {
        let request = gateway.request(method, path).header(name, value);
        Seen::of(request.json(&create(1, "R1")).send().unwrap())
    };
    request(Method::POST, "/commands", "if-match", "\"1\"").with(400);
    request(Method::POST, "/rotations", "if-none-match", "*").with(400);
    request(Method::POST, "/commands", "if-unmodified-since", "Sat, 28 Nov 2026 10:00:00 GMT").with(400);
    request(Method::POST, "/commands", "content-encoding", "gzip").with(415);
    request(Method::POST, "/commands", "expect", "something").with(417);
    request(Method::POST, "/commands", "idempotency-key", "7").with(400);
    request(Method::POST, "/commands", "idempotency-key", &id(2).to_string()).with(400);
    request(Method::POST, "/commands", "prefer", "wait=soon").with(400);
    request(Method::POST, "/commands?verbose=1", "accept", "*/*").with(400);
    request(Method::POST, "/rotations/R1/activation", "accept", "*/*").with(400);
    let problem = request(Method::POST, "/commands", "origin", "http://pages.example").with(403);
    assert_eq!(problem["type"], "urn:aerolog:problem:cross-origin");
    assert_eq!(get(&gateway, "/commands/none").with(400)["parameter"], "command_id");
    assert_eq!(get(&gateway, "/rotations/R1").with(405)["allowed"], json!(["DELETE", "OPTIONS"]));
    get(&gateway, "/").with(404);
}

#[test]
fn more_commands_than_may_wait_are_refused_with_429() {
    let running = Running::new("gateway-busy");
    let gateway = running.gateway_with(&[("AEROLOG_COMMANDS__WAITING_MAX", "1"), ("AEROLOG_COMMANDS__WAIT_MS", "3000")]);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| post(&gateway, &create(1, "R1")));
        end_to_end::eventually("it waits", || gateway.metric("aerolog_gateway_commands_waiting") == 1.0);
        let seen = post(&gateway, &create(2, "R2"));
        assert_eq!(seen.header("retry-after"), "1");
        assert_eq!(seen.with(429)["type"], "urn:aerolog:problem:too-many-commands");
        waiting.join().unwrap().with(202);
    });
    // There is room again.
    post(&gateway, &create(2, "R2")).with(202);
}

#[test]
fn the_document_describes_every_route_that_answers() {
    let running = Running::new("gateway-openapi");
    let gateway = running.gateway();
    let document = get(&gateway, "/openapi.json").with(200);
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 14, "{paths:?}");
    let methods = ["get", "put", "post", "patch", "delete"];
    for (path, operations) in paths {
        let path = path.replace(['{', '}'], "");
        for name in methods {
            let method = Method::from_bytes(name.to_uppercase().as_bytes()).unwrap();
            // A content type that no route takes keeps every request from being a command.
            let request = gateway
                .request(method, &path)
                .header("content-type", "text/plain")
                .header("origin", "x");
            let status = Seen::of(request.body(if name == "get" { "" } else { "-" }).send().unwrap()).status;
            let described = operations[name]["responses"].get(status.to_string());
            let is_described = described.is_some() || (status == 405 && operations.get(name).is_none());
            assert!(is_described, "{name} {path}: {status}");
        }
    }
}
