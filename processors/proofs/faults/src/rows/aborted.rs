//! Transactions of other clients that are aborted, or left open.

use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Shape};
use end_to_end::{History, within};
use std::process::{Child, Stdio};
use std::time::Duration;
use topology::Topology;

pub(super) const ROWS: &[Row] = &[Row {
    number: 45,
    name: "aborted-transactions",
    what: "other clients abort transactions on commands and events, and one leaves its open: nothing of them is seen, the wait has an end",
    needs: Needs::Broker,
    run: aborted_transactions,
}];

pub(super) const SHORT: Duration = Duration::from_secs(6);

/// A separate client (kcat) with an open transaction on one topic.
pub(super) struct Transaction(Child);

impl Transaction {
    fn begin(ground: &Ground, topic: &str, id: &str, records: &[&str]) -> Self {
        Self::lasting(ground, topic, id, records, SHORT)
    }

    /// One that the broker ends when this time is over.
    pub(super) fn lasting(ground: &Ground, topic: &str, id: &str, records: &[&str], lasts: Duration) -> Self {
        use std::io::Write;
        let transactional_id = format!("transactional.id={topic}-{id}");
        let timeout = format!("transaction.timeout.ms={}", lasts.as_millis());
        let mut child = std::process::Command::new("kcat")
            .args(["-P", "-b", &ground.cluster().brokers, "-t", topic, "-p", "0"])
            .args(["-X", &transactional_id, "-X", &timeout, "-X", "message.timeout.ms=6000"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("kcat is there");
        let input = child.stdin.as_mut().unwrap();
        for record in records {
            writeln!(input, "{record}").unwrap();
        }
        Self(child)
    }

    /// kcat aborts when it is asked to end, and leaves everything as it is when it is killed.
    pub(super) fn end(mut self, signal: &str) {
        end_to_end::signal(self.0.id(), signal);
        self.0.wait().unwrap();
    }
}

/// More than kcat keeps to itself before it sends anything.
pub(super) fn garbage() -> Vec<String> {
    (0..3_000).map(|number| format!("garbage {number:060}")).collect()
}

fn aborted_transactions(ground: &Ground) {
    let mut scene = Scene::begin(ground, "aborted", 1);
    scene.processor("one");
    scene.materializer("view-1");
    scene.load(Shape {
        rate: 100,
        ..Shape::default()
    });
    scene.progress(50);
    let topics = scene.schedule.topology().topics.clone();
    let garbage = garbage();
    let garbage: Vec<&str> = garbage.iter().map(String::as_str).collect();
    for round in 0..5 {
        for topic in [&topics.commands.name, &topics.events.name] {
            let transaction = Transaction::begin(ground, topic, &format!("round-{round}"), &garbage);
            scene.pass(Duration::from_millis(1_000));
            transaction.end("TERM");
        }
        scene.progress(20);
    }
    // One that is never ended holds up every reader, until the broker ends it.
    let left = Transaction::begin(ground, &topics.events.name, "left", &garbage);
    scene.pass(Duration::from_secs(3));
    left.end("KILL");
    let before = scene.fleet.program("view-1").ask("/position")["position"].clone();
    let held_up = within(
        Duration::from_secs(40),
        "the view goes on when the broker has ended the transaction",
        || scene.fleet.program("view-1").ask("/position")["position"] != before,
    );
    assert!(held_up > Duration::from_secs(1), "nothing was held up");
    scene.progress(50);
    let letters = History::read(&scene.schedule).dead_letters;
    assert!(letters.is_empty(), "what was aborted was read: {letters:?}");
    let topology = scene.schedule.topology().clone();
    scene.finish();
    // Nothing is written any more: kcat comes to no end of a topic that grows all the time.
    let aborted = aborted_records(ground, &topology);
    ground.tell(&format!(
        "{aborted} records of aborted transactions in the logs; one held readers up for {:.1} s",
        held_up.as_secs_f64()
    ));
    assert!(aborted >= 300, "only {aborted} records were aborted");
}

const KCAT_SECONDS_MAX: &str = "60";

/// Records that are in the logs and that no reader may see: all less the committed ones.
fn aborted_records(ground: &Ground, topology: &Topology) -> usize {
    let topics = &topology.topics;
    let count = |topic: &str, isolation: &str| {
        let level = format!("isolation.level={isolation}");
        let output = std::process::Command::new("timeout")
            .args([KCAT_SECONDS_MAX, "kcat", "-C", "-b", &ground.cluster().brokers, "-t", topic])
            .args(["-o", "beginning", "-e", "-q", "-X", &level, "-f", "%o\n"])
            .output()
            .expect("timeout is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout.iter().filter(|byte| **byte == b'\n').count()
    };
    let of = |topic: &str| {
        // Committed first: what is committed meanwhile must not count as aborted.
        let all = count(topic, "read_uncommitted");
        all.saturating_sub(count(topic, "read_committed"))
    };
    of(&topics.commands.name) + of(&topics.events.name)
}
