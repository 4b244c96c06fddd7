//! A producer that waits for an answer which never comes.

use crate::fixture::{BankRun, outcomes};
use fault_proxy::{ApiKey, Direction, Fault, When};
use stream::processor::Guards;

/// Each look waits for the end of the log for a fifth of a second: all together more than a producer is waited for, and less than the client itself
/// waits for an answer.
const LOOKS_MAX: usize = 100;

#[test]
fn a_producer_that_is_never_answered_is_made_anew() {
    let mut run = BankRun::new("silent");
    let asks = When::api(ApiKey::INIT_PRODUCER_ID).once();
    let direction = Direction::ToClient;
    run.proxy.add(asks, Fault::Blackhole { direction });
    run.open_account(1);
    run.start(Guards::default(), Box::new(|_| {}));
    let answered = std::iter::repeat_with(|| outcomes(&run.topology).len());
    assert!(
        answered.take(LOOKS_MAX).any(|answered| answered == 1),
        "it waits for an answer for ever"
    );
    run.stop();
}
