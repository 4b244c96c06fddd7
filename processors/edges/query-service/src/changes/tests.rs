//! A view that is followed: which changes are sent from which position on, to which followers, and when one is disconnected.

use super::{EventChanges, Feed};
use crate::fixture::{Running, View, send};
use crate::tests::schedule::islands;
use application::Change;
use http_server::Position;
use keyvalue::Memory;
use std::time::Duration;
use tokio::time::timeout;

fn changed(partition: u32, sequence: u64, kind: &'static str, about: &[(&'static str, &str)]) -> EventChanges {
    let about = about.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    EventChanges {
        partition,
        sequence,
        event: Change::new(kind, about, &(partition, sequence)).unwrap(),
        consequences: Vec::new(),
    }
}

fn position(text: &str) -> Position {
    Position::parse(text).unwrap()
}

/// A stream as its client sees it.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(running: &Running, query: &str) -> Self {
        Self::of(running.request("GET", &format!("/changes{query}"))).await
    }

    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
        }
    }

    /// Reads until the text has this, or fails.
    async fn until(&mut self, expected: &str) {
        let reading = async {
            while !self.text.contains(expected) {
                match self.response.chunk().await.unwrap() {
                    Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk).unwrap()),
                    None => panic!("it has ended: {}", self.text),
                }
            }
        };
        if timeout(Duration::from_secs(10), reading).await.is_err() {
            panic!("{expected:?} does not come: {}", self.text);
        }
    }

    /// The messages so far, each as its kind, its id and its data.
    fn messages(&self) -> Vec<String> {
        let of = |message: &str, name: &str| {
            let line = message.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().to_owned()
        };
        let messages = self.text.split("\n\n").filter(|message| message.contains("event: "));
        messages
            .map(|message| format!("{} {} {}", of(message, "event: "), of(message, "id: "), of(message, "data: ")))
            .collect()
    }
}

async fn followed(running: &Running) {
    let is_followed = async {
        while !running.view.feed.is_followed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), is_followed).await.unwrap();
}

/// A view at `0:10,1:5` whose log begins with the third event of partition 0.
async fn running() -> Running {
    Running::of(Memory::default(), "0:10,1:5").await
}

#[tokio::test]
async fn what_is_applied_is_sent_with_the_position_after_it() {
    let running = running().await;
    let mut stream = Stream::open(&running, "").await;
    stream.until("event: live").await;
    let mut first = changed(0, 11, "LegAdded", &[]);
    first
        .consequences
        .push(Change::new("violation-appeared", Vec::new(), &"v").unwrap());
    running
        .view
        .publish("0:11,1:6", Some(vec![first, changed(1, 6, "LegRemoved", &[])]));
    running.view.publish("0:12,1:6", Some(vec![changed(0, 12, "LegAdded", &[])]));
    stream.until("[0,12]").await;
    assert_eq!(
        stream.messages(),
        [
            "live 0:10,1:5 {\"position\":\"0:10,1:5\"}",
            "LegAdded  [0,11]",
            "violation-appeared 0:11,1:5 \"v\"",
            "LegRemoved 0:11,1:6 [1,6]",
            "LegAdded 0:12,1:6 [0,12]",
        ]
    );
}

#[tokio::test]
async fn filters_leave_what_is_about_one_of_their_values_and_of_one_of_the_kinds() {
    let running = running().await;
    let mut by_airport = Stream::open(&running, "?airport=HNL,ITO").await;
    let mut by_both = Stream::open(&running, "?airport=HNL&kinds=LegAdded,violation-appeared").await;
    by_airport.until("event: live").await;
    by_both.until("event: live").await;
    let mut with_consequence = changed(0, 12, "LegRemoved", &[("airport", "HNL")]);
    let appeared = Change::new("violation-appeared", vec![("airport", "HNL".to_owned())], &"v").unwrap();
    with_consequence.consequences = vec![appeared, Change::new("violation-disappeared", Vec::new(), &"w").unwrap()];
    running.view.publish(
        "0:13,1:6",
        Some(vec![
            changed(0, 11, "LegAdded", &[("airport", "LAX"), ("airport", "ITO")]),
            changed(1, 6, "LegAdded", &[("airport", "LAX")]),
            with_consequence,
            changed(0, 13, "LegAdded", &[("airport", "HNL")]),
        ]),
    );
    by_airport.until("[0,13]").await;
    by_both.until("[0,13]").await;
    assert_eq!(
        by_airport.messages()[1..],
        [
            "LegAdded 0:11,1:5 [0,11]",
            "LegRemoved  [0,12]",
            "violation-appeared 0:12,1:6 \"v\"",
            "LegAdded 0:13,1:6 [0,13]",
        ]
    );
    assert_eq!(
        by_both.messages()[1..],
        ["violation-appeared 0:12,1:6 \"v\"", "LegAdded 0:13,1:6 [0,13]"]
    );
}

#[tokio::test]
async fn a_client_goes_on_after_what_it_has_seen_first_from_the_log_and_then_with_what_is_applied() {
    let schedule = islands();
    let running = schedule.served_with_log().await;
    let request = running.request("GET", "/changes?after=0:0").header("Last-Event-ID", "0:7");
    let mut stream = Stream::of(request).await;
    stream.until("event: live").await;
    let last = schedule.sequence();
    running
        .view
        .publish(&format!("0:{}", last + 1), Some(vec![changed(0, last + 1, "LegAdded", &[])]));
    stream.until(&format!("[0,{}]", last + 1)).await;
    let ids: Vec<String> = stream
        .messages()
        .iter()
        .map(|message| message.split(' ').nth(1).unwrap().to_owned())
        .collect();
    let mut expected: Vec<String> = (8..=last).map(|sequence| format!("0:{sequence}")).collect();
    expected.extend([format!("0:{last}"), format!("0:{}", last + 1)]);
    assert_eq!(ids, expected, "{}", stream.text);
}

/// Followed too late to be recorded, seen already, or both: each event comes once, in order.
#[tokio::test]
async fn no_event_is_lost_or_sent_twice_where_batches_were_not_recorded() {
    let schedule = islands();
    let running = schedule.served_with_log().await;
    let mut stream = Stream::open(&running, "?after=0:4").await;
    stream.until("event: live").await;
    let last = schedule.sequence();
    schedule.log_holds(last + 3);
    running.view.publish(&format!("0:{}", last + 2), None);
    running
        .view
        .publish(&format!("0:{}", last + 3), Some(vec![changed(0, last + 3, "LegAdded", &[])]));
    stream.until(&format!("[0,{}]", last + 3)).await;
    let ids: Vec<String> = stream
        .messages()
        .iter()
        .map(|message| message.split(' ').nth(1).unwrap().to_owned())
        .collect();
    let positions = |from: u64, to: u64| (from..=to).map(|sequence| format!("0:{sequence}"));
    let live = |at: u64| std::iter::once(format!("0:{at}"));
    let expected: Vec<String> = positions(5, last)
        .chain(live(last))
        .chain(positions(last + 1, last + 2))
        .chain(live(last + 2))
        .chain(positions(last + 3, last + 3))
        .collect();
    assert_eq!(ids, expected, "{}", stream.text);
}

/// As of a second replica that is a little behind the one that the client was connected to.
#[tokio::test]
async fn a_client_that_has_seen_more_than_the_view_holds_waits_in_its_stream() {
    let running = running().await;
    let mut stream = Stream::of(running.request("GET", "/changes").header("Last-Event-ID", "0:12,1:5")).await;
    followed(&running).await;
    running.view.publish("0:11,1:5", Some(vec![changed(0, 11, "LegAdded", &[])]));
    running.view.publish(
        "0:12,1:6",
        Some(vec![changed(0, 12, "LegAdded", &[]), changed(1, 6, "LegRemoved", &[])]),
    );
    running.view.publish("0:13,1:6", Some(vec![changed(0, 13, "LegAdded", &[])]));
    stream.until("[0,13]").await;
    assert_eq!(
        stream.messages(),
        [
            "LegRemoved 0:12,1:6 [1,6]",
            "live 0:12,1:6 {\"position\":\"0:12,1:6\"}",
            "LegAdded 0:13,1:6 [0,13]",
        ]
    );
}

#[tokio::test]
async fn what_the_log_has_deleted_ends_the_stream_and_says_so() {
    let schedule = islands();
    schedule.log_begins_with(6);
    let running = schedule.served_with_log().await;
    let mut stream = Stream::open(&running, "?after=0:2").await;
    stream.until("event: deleted").await;
    assert_eq!(stream.response.chunk().await.unwrap(), None);
    let metrics = running.metrics();
    assert!(metrics.contains("aerolog_changes_ended_total{reason=\"deleted\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_left_behind_and_disconnected() {
    let view = View::new(Memory::default(), "0:0");
    let running = Running::start(
        std::sync::Arc::clone(&view),
        http_server::Limits::default(),
        crate::TimeLimits::default(),
    )
    .await;
    let mut reading = Stream::open(&running, "").await;
    let _not_reading = Stream::open(&running, "").await;
    reading.until("event: live").await;
    // Far more than sockets hold and the feed keeps.
    let large = "x".repeat(1 << 20);
    for sequence in 1..=64 {
        let mut event = changed(0, sequence, "LegAdded", &[]);
        event.event.document = format!("\"{sequence}:{large}\"").into_bytes();
        running.view.publish(&format!("0:{sequence}"), Some(vec![event]));
        reading.until(&format!("id: 0:{sequence}\n")).await;
        reading.text.clear();
    }
    let is_slow = async {
        while !running.metrics().contains("aerolog_changes_ended_total{reason=\"slow\"} 1") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(30), is_slow).await.unwrap();
    running.view.publish("0:65", Some(vec![changed(0, 65, "LegAdded", &[])]));
    reading.until("[0,65]").await;
}

#[tokio::test]
async fn a_client_that_disconnects_is_sent_nothing_more() {
    let running = running().await;
    let mut stream = Stream::open(&running, "").await;
    stream.until("event: live").await;
    followed(&running).await;
    drop(stream);
    let is_followed = async {
        while running.view.feed.is_followed() {
            running.view.publish("0:11,1:5", None);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), is_followed).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_before_anything_is_sent() {
    let running = running().await;
    for (query, parameter) in [
        ("?airport=hnl", "airport"),
        ("?airport=HNL,", "airport"),
        ("?check=ground", "check"),
        ("?kinds=LegAdded,LegLost", "kinds"),
        ("?after=now", "after"),
        ("?after=7:1", "after"),
    ] {
        let seen = running.get(&format!("/changes{query}")).await;
        assert_eq!(
            (seen.status, &seen.json()["parameter"]),
            (400, &parameter.into()),
            "{query}: {}",
            seen.text
        );
    }
    let again = send(running.request("GET", "/changes").header("Last-Event-ID", "x")).await;
    assert_eq!((again.status, &again.json()["parameter"]), (400, &"Last-Event-ID".into()));
    let head = send(running.request("HEAD", "/changes")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    running.view.set_complete(false);
    assert_eq!(running.get("/changes").await.status, 503);
}

#[tokio::test]
async fn the_feed_keeps_the_newest_batches_and_says_who_is_too_far_behind() {
    let feed = Feed::bounded(position("0:0"), 10_000);
    let (mut slow, _) = feed.follow();
    for sequence in 1..=40 {
        let mut event = changed(0, sequence, "LegAdded", &[]);
        event.event.document = vec![b' '; 1000];
        feed.publish(position(&format!("0:{sequence}")), Some(vec![event]));
    }
    assert!(slow.batch().await.is_none());
    let (mut following, at) = feed.follow();
    assert_eq!(at, position("0:40"));
    feed.publish(position("0:41"), None);
    let batch = following.batch().await.unwrap();
    assert_eq!((&batch.before, &batch.after), (&position("0:40"), &position("0:41")));
    drop((slow, following));
    assert!(!feed.is_followed());
}

#[tokio::test]
async fn every_stream_ends_with_the_process() {
    let running = running().await;
    let mut stream = Stream::open(&running, "").await;
    stream.until("event: live").await;
    running.stop();
    let ended = async { while stream.response.chunk().await.unwrap().is_some() {} };
    timeout(Duration::from_secs(2), ended).await.unwrap();
}
