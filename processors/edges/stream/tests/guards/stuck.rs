//! A client that does not come back from sending offsets: it waits for the group's coordinator and never looks at the time (confluentinc/librdkafka#5456).

use crate::fixture::{BankRun, committed_records};
use fault_proxy::{ApiKey, Fault, When};
use std::sync::atomic::{AtomicUsize, Ordering};
use stream::processor::{Guards, Point, Trouble};

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
        .any(|_| run.troubles.lock().unwrap().contains(&Trouble::TransactionInDoubt));
    assert!(is_given_up, "the processor waits for its client for ever");
    run.proxy.heal();
    assert_eq!(run.wait_for_outcomes(2).len(), 2);
    run.stop();
    assert_eq!(committed_records(&run.topology), 2 * RECORDS_OF_FIRST);
}
