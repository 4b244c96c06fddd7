//! Transactions that do not end, and the audit that finds them.

use crate::Ground;
use crate::audit;
use crate::rows::aborted::{SHORT, Transaction, garbage};
use crate::rows::migrating::{Run, aerolog};
use crate::rows::pausing::is_stopped;
use crate::rows::topics::Running;
use crate::rows::{Needs, Row};
use end_to_end::{History, Schedule, within};
use service::clock;
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[Row {
    number: 65,
    name: "hanging-transaction",
    what: "a suspended processor and a stranger leave transactions open for longer than one may take: the audit says where (I11), and holds again once they are over",
    needs: Needs::Broker,
    run: hanging_transaction,
}];

/// The status of an audit that finds something, as `aerolog audit --help` says.
const VIOLATED: i32 = 5;
const SUSPENDED_WAIT_MAX: Duration = Duration::from_secs(90);
/// Longer than the audit waits, and than the row takes.
const LONG: Duration = Duration::from_secs(300);
const SENT_WAIT: Duration = Duration::from_secs(2);

fn hanging_transaction(ground: &Ground) {
    let mut running = Running::begin(ground, "hanging");
    let outcomes = running.schedule.topology().topics.outcomes.name.clone();
    ground.tell("a stranger's");
    let garbage = garbage();
    let garbage: Vec<&str> = garbage.iter().map(String::as_str).collect();
    let strangers = Transaction::lasting(ground, &outcomes, "left", &garbage, LONG);
    clock::rest(SENT_WAIT);
    finds(&running.schedule, &format!("{outcomes}/0"));
    // Another one under the same id fences it, which ends its transaction.
    strangers.end("KILL");
    let fencing = Transaction::lasting(ground, &outcomes, "left", &garbage, SHORT);
    clock::rest(SENT_WAIT);
    fencing.end("TERM");
    ground.tell("a processor's");
    running.fleet.stop("one");
    let timeout = LONG.as_millis().to_string();
    let variables = [
        ("AEROLOG_FAILPOINT", "offsets-sent:stop:1"),
        ("AEROLOG_KAFKA__TRANSACTION_TIMEOUT_MS", timeout.as_str()),
    ];
    running.fleet.start_processor(&running.schedule, "one", &variables);
    running.send_more();
    let pid = running.fleet.program("one").pid();
    within(SUSPENDED_WAIT_MAX, "the failpoint suspends the processor", || is_stopped(pid));
    running.fleet.is_suspended_now("one");
    finds(&running.schedule, "__consumer_offsets");
    running.fleet.resume("one");
    History::wait_for(&running.schedule, running.decided());
    ground.tell(&audit::audit(&running.schedule, ground.folder(), running.decided() as u64, &[]));
    running.fleet.stop("one");
}

/// The audit names the place where a transaction hangs, and reports nothing else that would follow from that.
fn finds(schedule: &Schedule, place: &str) {
    let Run { status, said } = aerolog(schedule.cluster(), schedule.name(), &["audit", "--json"]);
    assert_eq!(status, VIOLATED, "{said}");
    for part in ["I11", "has not ended for 30 s", place] {
        assert!(said.contains(part), "{part} is not said:\n{said}");
    }
    for other in ["I1", "I5", "I6", "I7"] {
        assert!(!said.contains(&format!("\"{other}\"")), "{other}:\n{said}");
    }
}
