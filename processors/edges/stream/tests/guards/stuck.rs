//! Calls that are never answered: sending offsets, where the client never looks at the time (confluentinc/librdkafka#5456), and the commit that
//! claims a partition, which has no time at all.

use crate::fixture::{BankRun, committed_records};
use fault_proxy::{ApiKey, Client, Fault, When};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use stream::processor::{Guards, Point, TransientFault};

/// Each look waits for the end of the log for a fifth of a second at most.
const LOOKS_MAX: usize = 150;
/// An event and an outcome.
const RECORDS_OF_FIRST: usize = 2;

#[test]
fn a_client_that_never_comes_back_from_sending_offsets_is_given_up() {
    let mut run = BankRun::new("stuck");
    let (proxy, transactional_id) = (run.proxy.clone(), run.transactional_id.clone());
    let transactions = AtomicUsize::new(0);
    run.open_account(1);
    run.start(
        Guards::default(),
        Box::new(move |point| {
            if point == Point::Produced && transactions.fetch_add(1, Ordering::Relaxed) == 1 {
                // The coordinator's connection breaks with the offsets, and no connection comes up again.
                proxy.add(
                    When::api(ApiKey::TXN_OFFSET_COMMIT).transactional_id(&transactional_id),
                    Fault::Reset,
                );
                proxy.add(When::api(ApiKey::API_VERSIONS), Fault::Reset);
            }
        }),
    );
    run.wait_for_outcomes(1);
    run.open_account(2);
    let is_given_up = std::iter::repeat_with(|| committed_records(&run.topology))
        .take(LOOKS_MAX)
        .inspect(|records| assert_eq!(*records, RECORDS_OF_FIRST))
        .any(|_| run.troubles.lock().unwrap().contains(&TransientFault::TransactionInDoubt));
    assert!(is_given_up, "the processor waits for its client without an end");
    run.proxy.heal();
    assert_eq!(run.wait_for_outcomes(2).len(), 2);
    run.stop();
    assert_eq!(committed_records(&run.topology), 2 * RECORDS_OF_FIRST);
}

const CLAIMED_WITHIN: Duration = Duration::from_secs(20);
/// What a claim waits for, what clients take to close, and time to spare for a busy machine; a client waits a minute for its answer.
const ENDED_WITHIN: Duration = Duration::from_secs(15);

#[test]
fn a_claim_that_is_never_answered_does_not_keep_the_process_from_ending() {
    let mut run = BankRun::new("claim");
    run.proxy
        .add(When::api(ApiKey::OFFSET_COMMIT), Fault::DropAnswer { client: Client::Waits });
    run.open_account(1);
    run.start(Guards::default(), Box::new(|_| {}));
    let is_claimed = run.proxy.wait_until(CLAIMED_WITHIN, |counts| {
        counts.apis.get(&ApiKey::OFFSET_COMMIT).is_some_and(|claims| claims.seen >= 1)
    });
    assert!(is_claimed, "{:?}", run.proxy.counts());
    let proxy = run.proxy.clone();
    let (ended, has_ended) = mpsc::channel();
    let in_time = thread::scope(|scope| {
        scope.spawn(|| {
            run.stop();
            ended.send(())
        });
        let in_time = has_ended.recv_timeout(ENDED_WITHIN).is_ok();
        // Where it was not, the client gets its answer and the test its end.
        proxy.reset_connections("");
        proxy.heal();
        in_time
    });
    assert!(in_time, "the processor waits for the answer to its claim");
}
