//! One command a request: every outcome, repeats, and outcomes that are asked for later.

use crate::gateway::fixture::{Running, Seen, create, get, id, post};
use end_to_end::eventually;
use reqwest::Method;
use serde_json::json;

#[test]
fn a_command_is_answered_with_its_outcome_and_seen_at_its_position() {
    let running = Running::new("gateway-accepted");
    let (_processor, view, gateway) = (running.processor(), running.materializer(), running.gateway());
    let seen = post(&gateway, &create(1, "R1"));
    assert_eq!(seen.header("etag"), "\"1\"");
    let position = seen.header("x-position").to_owned();
    let outcome = seen.with(200);
    assert_eq!((&outcome["status"], &outcome["position"]), (&json!("accepted"), &json!(position)));
    let question = view.request(Method::GET, "/rotations/R1").header("x-min-position", position);
    assert_eq!(Seen::of(question.send().unwrap()).with(200)["id"], "R1");
}

#[test]
fn a_rejected_command_says_why_and_a_stale_version_is_a_conflict() {
    let running = Running::new("gateway-rejected");
    let (_processor, gateway) = (running.processor(), running.gateway());
    post(&gateway, &create(1, "R1")).with(200);
    let seen = post(&gateway, &create(2, "R1"));
    assert_eq!(seen.header("content-type"), "application/problem+json");
    assert_eq!(seen.header("etag"), "\"1\"");
    let problem = seen.with(422);
    assert!(problem["rule"].is_string() && problem["facts"].is_array(), "{problem}");
    assert_eq!(problem["outcome"]["status"], "rejected");
    let mut stale = create(3, "R2");
    stale["expected_version"] = json!(7);
    let problem = post(&gateway, &stale).with(409);
    assert_eq!(problem["rule"], "expected-version");
    let mut invalid = create(4, "R1");
    invalid["payload"] = json!({ "AssignAirplane": { "registration": "not one" } });
    assert_eq!(post(&gateway, &invalid).with(422)["rule"], "invalid-value");
}

#[test]
fn a_repeated_key_gets_the_same_answer_and_a_reused_one_is_refused() {
    let running = Running::new("gateway-keys");
    let (_processor, one, two) = (running.processor(), running.gateway(), running.gateway());
    let body = json!({ "aggregate_id": "rotation/R1", "payload": { "CreateRotation": { "mode": "draft" } } });
    let keyed = |gateway: &end_to_end::Program, body: &serde_json::Value, key: &str| {
        let request = gateway.request(Method::POST, "/commands").header("idempotency-key", key);
        Seen::of(request.json(body).send().unwrap())
    };
    let first = keyed(&one, &body, &id(1).to_string()).with(200);
    assert_eq!(first["command_id"], id(1).to_string());
    // From the other one, and in quotation marks as a structured field has them.
    let again = keyed(&two, &body, &format!("\"{}\"", id(1))).with(200);
    assert_eq!((&again["repeated"], &again["position"]), (&json!(true), &first["position"]));
    let other = json!({ "aggregate_id": "rotation/R1", "payload": { "RemoveRotation": {} } });
    assert_eq!(keyed(&two, &other, &id(1).to_string()).with(422)["rule"], "command-id-reused");
    // The id keeps its first outcome.
    let outcome = get(&two, &format!("/commands/{}?aggregate_id=rotation%2FR1", id(1))).with(200);
    assert_eq!(outcome["position"], first["position"]);
}

#[test]
fn an_outcome_is_found_later_at_any_instance_also_at_one_that_starts_later() {
    let running = Running::new("gateway-later");
    let (_processor, one) = (running.processor(), running.gateway());
    let request = one.request(Method::POST, "/commands").header("prefer", "respond-async");
    let seen = Seen::of(request.json(&create(1, "R1")).send().unwrap());
    assert_eq!(seen.header("preference-applied"), "respond-async");
    let location = seen.header("location").to_owned();
    assert_eq!(seen.with(202)["status"], "pending");
    let outcome = get(&one, &location).with(200);
    let two = running.gateway();
    assert_eq!(get(&two, &location).with(200), outcome);
    assert_eq!(get(&two, &format!("/commands/{}", id(1))).with(200), outcome);
    // A rejection, too, keeps its status.
    post(&one, &create(2, "R1")).with(422);
    get(&two, &format!("/commands/{}", id(2))).with(422);
}

#[test]
fn an_outcome_is_forgotten_when_enough_others_have_come() {
    let running = Running::new("gateway-window");
    let _processor = running.processor();
    let gateway = running.gateway_with(&[("AEROLOG_COMMANDS__OUTCOMES_KEPT_MAX", "4")]);
    for number in 1..=5 {
        post(&gateway, &create(number, &format!("R{number}"))).with(200);
    }
    let ask = |number| {
        let path = format!("/commands/{}", id(number));
        Seen::of(gateway.request(Method::GET, &path).header("prefer", "wait=0").send().unwrap())
    };
    let problem = ask(1).with(404);
    assert_eq!(problem["type"], "urn:aerolog:problem:no-outcome");
    ask(5).with(200);
    // What the answer advises.
    assert_eq!(post(&gateway, &create(1, "R1")).with(200)["repeated"], true);
}

#[test]
fn without_a_processor_a_command_is_pending_and_decided_when_there_is_one() {
    let running = Running::new("gateway-alone");
    let gateway = running.gateway_with(&[("AEROLOG_COMMANDS__WAIT_MS", "300")]);
    let seen = post(&gateway, &create(1, "R1"));
    let location = seen.header("location").to_owned();
    assert!(seen.with(202)["command_offset"].is_number());
    let unknown = Seen::of(gateway.request(Method::GET, &location).header("prefer", "wait=0").send().unwrap());
    unknown.with(404);
    let _processor = running.processor();
    eventually("it is decided", || get(&gateway, &location).status == 200);
}
