//! Requests that are kept: on their own connection or on another, at once or when something else is answered.

use super::fixture::{Broker, Client, Found, Got, HEARTBEAT, LEAVE_GROUP, MOMENT, WAIT};
use fault_proxy::{ApiKey, Client as Notices, Fault, Proxy, ReleaseError, When};

fn hold(client: Notices, release_on: Option<When>) -> Fault {
    let release_on = release_on.map(Box::new);
    Fault::Hold { client, release_on }
}

fn heartbeat() -> When {
    When::api(ApiKey::HEARTBEAT).once()
}

#[test]
fn a_held_request_of_a_client_that_is_gone_is_sent_on_a_connection_of_its_own() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let rule = proxy.add(heartbeat(), hold(Notices::Reset, None));
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.send(LEAVE_GROUP, 1, b"");
    assert_eq!(client.read(), Found::Answer(1, Vec::new()));
    let held = client.send(HEARTBEAT, 2, b"held");
    assert_eq!(client.read(), Found::Reset);
    let id = proxy.wait_held(rule, WAIT).unwrap();
    assert_eq!(proxy.held()[0].client_id.as_deref(), Some("a"));
    // The client comes back and repeats it, and that passes.
    let mut again = Client::connect(proxy.bootstrap(), "a");
    again.ask(3);
    assert_eq!(broker.next_frame().0, 0);
    let (passed, _) = broker.next_frame();
    let released = proxy.release(id, WAIT).unwrap();
    let (number, frame) = broker.next_frame();
    assert_eq!(frame, held);
    assert!(number > passed, "on a connection of its own");
    assert!(released.alone);
    assert_eq!(released.answer, 2i32.to_be_bytes()[..]);
    let counts = proxy.counts().of(ApiKey::HEARTBEAT);
    assert_eq!((counts.seen, counts.held, counts.released, counts.resets), (2, 1, 1, 1));
    assert!(matches!(proxy.release(id, WAIT), Err(ReleaseError::NotHeld(_))));
}

#[test]
fn a_held_request_of_a_client_that_waits_goes_on_its_connection_and_is_answered_there() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let rule = proxy.add(heartbeat(), hold(Notices::Waits, None));
    let mut client = Client::connect(proxy.bootstrap(), "a");
    let held = client.send(HEARTBEAT, 1, b"held");
    client.ask(2);
    broker.next_frame();
    assert_eq!(client.read_within(MOMENT), Found::Nothing);
    let released = proxy.release(proxy.wait_held(rule, WAIT).unwrap(), WAIT).unwrap();
    assert!(!released.alone);
    assert_eq!(broker.next(), Got::Frame(0, held));
    assert_eq!(client.read(), Found::Answer(1, Vec::new()));
}

#[test]
fn a_held_request_is_released_before_the_answer_that_it_waits_for() {
    for client in [Notices::Reset, Notices::Waits] {
        let broker = Broker::start(b"");
        let proxy = Proxy::start(&broker.address).unwrap();
        let rule = proxy.add(heartbeat(), hold(client, Some(When::api(ApiKey::LEAVE_GROUP))));
        let mut first = Client::connect(proxy.bootstrap(), "a");
        let held = first.send(HEARTBEAT, 1, b"held");
        proxy.wait_held(rule, WAIT).unwrap();
        // On the same connection where that is still there: it must not wait for itself.
        let mut second = match client {
            Notices::Reset => Client::connect(proxy.bootstrap(), "a"),
            Notices::Waits => first,
        };
        second.ask(2);
        broker.next_frame();
        let trigger = second.send(LEAVE_GROUP, 3, b"");
        assert_eq!(second.read(), Found::Answer(3, Vec::new()));
        assert_eq!((broker.next_frame().1, broker.next_frame().1), (trigger, held));
        assert!(proxy.wait_released(rule, WAIT).unwrap().alone);
        assert!(proxy.held().is_empty());
    }
}

#[test]
fn healing_keeps_what_is_held_and_discarding_loses_it() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let rule = proxy.add(When::any(), hold(Notices::Waits, None));
    let mut client = Client::connect(proxy.bootstrap(), "a");
    client.send(HEARTBEAT, 1, b"");
    proxy.wait_held(rule, WAIT).unwrap();
    proxy.heal();
    client.ask(2);
    broker.next_frame();
    assert_eq!(proxy.held().len(), 1);
    assert_eq!(proxy.discard_held(), 1);
    assert!(proxy.held().is_empty());
    broker.gets_nothing();
}

#[test]
fn waiting_for_what_never_comes_ends_with_the_patience() {
    let broker = Broker::start(b"");
    let proxy = Proxy::start(&broker.address).unwrap();
    let rule = proxy.add(heartbeat(), hold(Notices::Waits, None));
    assert!(matches!(proxy.wait_held(rule, MOMENT), Err(ReleaseError::TimedOut)));
    assert!(matches!(proxy.wait_released(rule, MOMENT), Err(ReleaseError::TimedOut)));
    assert!(!proxy.wait_until(MOMENT, |counts| counts.connections > 0));
}
