//! An EndTxn that was sent twice, and of which the first arrives within the next transaction (KAFKA-17754).

use super::fixture::{BankRun, WAIT, committed_records};
use fault_proxy::Client;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use stream::processor::{Guards, Point, TransientFault};

/// What the broker said to the late EndTxn, and how many events and outcomes were committed while the second transaction had not asked for it.
struct Seen {
    error_code: Option<i16>,
    records: usize,
}

/// Two commands, each in a transaction of its own. The first one's EndTxn is kept, so that the client repeats it, and arrives when the
/// second one's records are written.
fn run(name: &str, guards: Guards) -> (BankRun, Receiver<Seen>) {
    let mut bank = BankRun::new(name);
    let rule = bank.proxy.late_end_txn(&bank.transactional_id, Client::Reset);
    let (seen, receiver) = channel();
    let (proxy, topology) = (bank.proxy.clone(), bank.topology.clone());
    let transactions = std::sync::atomic::AtomicUsize::new(0);
    bank.open_account(1);
    bank.start(
        guards,
        Box::new(move |point| {
            let is_second = point == Point::Produced && transactions.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1;
            if is_second {
                let released = proxy
                    .wait_released(rule, WAIT)
                    .expect("the EndTxn that was kept is sent in the second transaction");
                let records = committed_records(&topology);
                let error_code = released.error_code;
                seen.send(Seen { error_code, records }).unwrap();
            }
        }),
    );
    bank.wait_for_outcomes(1);
    assert!(
        bank.proxy.counts().end_txns_of(&bank.transactional_id).total() >= 2,
        "the EndTxn was sent twice"
    );
    bank.open_account(2);
    (bank, receiver)
}

/// An event and an outcome.
const RECORDS_OF_FIRST: usize = 2;
const INVALID_PRODUCER_EPOCH: i16 = 47;
const PRODUCER_FENCED: i16 = 90;

#[test]
fn a_late_end_meets_an_old_epoch_because_the_producer_was_recreated() {
    let (mut bank, seen) = run("late-guarded", Guards::default());
    let seen = seen.recv_timeout(WAIT + Duration::from_secs(20)).unwrap();
    assert!(
        matches!(seen.error_code, Some(INVALID_PRODUCER_EPOCH | PRODUCER_FENCED)),
        "{:?}",
        seen.error_code
    );
    assert_eq!(
        seen.records, RECORDS_OF_FIRST,
        "nothing is seen of a transaction that was not committed"
    );
    assert_eq!(bank.wait_for_outcomes(2).len(), 2);
    assert!(bank.troubles.lock().unwrap().contains(&TransientFault::SlowEnd));
    bank.stop();
}

#[test]
fn without_a_new_producer_a_late_end_commits_what_no_processor_committed() {
    let guards = Guards {
        renews_after_slow_end: false,
        ..Guards::default()
    };
    let (mut bank, seen) = run("late-open", guards);
    let seen = seen.recv_timeout(WAIT + Duration::from_secs(20)).unwrap();
    assert_eq!(seen.error_code, Some(0), "the broker takes it for the second transaction's");
    // What was acknowledged by then: the event, the outcome, or both.
    assert!(
        seen.records > RECORDS_OF_FIRST,
        "some of a transaction is seen before its offsets were even sent"
    );
    assert!(!bank.troubles.lock().unwrap().contains(&TransientFault::SlowEnd));
    bank.stop();
}
