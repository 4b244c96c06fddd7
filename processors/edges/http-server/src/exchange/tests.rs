//! Which wait of a connection is whose, and which one has been too long.

use super::*;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nbody";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn overdue(exchange: &Exchange, now: Instant) -> Option<CloseReason> {
    exchange.turn().overdue(now, &Limits::default())
}

fn writes(exchange: &Exchange, bytes: &[u8], now: Instant) {
    exchange.wrote(&[IoSlice::new(bytes)], bytes.len(), now);
}

#[tokio::test]
async fn each_phase_has_its_own_time() {
    let begin = Instant::now();
    let exchange = Exchange::new(begin);
    assert_eq!(overdue(&exchange, begin + seconds(60)), None);
    assert_eq!(overdue(&exchange, begin + seconds(61)), Some(CloseReason::Idle));
    exchange.read(begin);
    // More bytes of the same head win no time.
    exchange.read(begin + seconds(9));
    assert_eq!(overdue(&exchange, begin + seconds(10)), None);
    assert_eq!(overdue(&exchange, begin + seconds(11)), Some(CloseReason::Head));
    exchange.asked();
    assert_eq!(overdue(&exchange, begin + seconds(1000)), None);
    exchange.answered(4, begin);
    assert_eq!(overdue(&exchange, begin + seconds(11)), Some(CloseReason::Write));
    writes(&exchange, &ANSWER[..5], begin + seconds(9));
    assert_eq!(overdue(&exchange, begin + seconds(11)), None);
    // A client that takes a byte now and then is given no more than the time for the whole answer.
    writes(&exchange, &ANSWER[5..6], begin + seconds(55));
    assert_eq!(overdue(&exchange, begin + seconds(60)), None);
    assert_eq!(overdue(&exchange, begin + seconds(61)), Some(CloseReason::Write));
    writes(&exchange, &ANSWER[6..], begin + seconds(60));
    assert_eq!(overdue(&exchange, begin + seconds(61)), None);
    assert_eq!(overdue(&exchange, begin + seconds(121)), Some(CloseReason::Idle));
}

#[tokio::test]
async fn a_connection_waits_for_its_client_except_while_its_handler_works() {
    let begin = Instant::now();
    let exchange = Exchange::new(begin);
    assert_eq!(exchange.waits_for_client(), Some((begin, Holds::Nothing)));
    exchange.read(begin + seconds(1));
    assert_eq!(exchange.waits_for_client(), Some((begin + seconds(1), Holds::Nothing)));
    exchange.asked();
    assert_eq!(exchange.waits_for_client(), None);
    exchange.answered(4, begin + seconds(2));
    assert_eq!(exchange.waits_for_client(), Some((begin + seconds(2), Holds::Answer)));
}

#[tokio::test]
async fn a_connection_that_moves_after_the_order_to_close_it_is_kept() {
    let begin = Instant::now();
    let exchange = Exchange::new(begin);
    exchange.cut_for_others();
    exchange.read(begin);
    exchange.asked();
    let cut = tokio::time::timeout(Duration::from_millis(50), exchange.cut()).await;
    assert!(cut.is_err());
    exchange.answered(4, begin);
    exchange.check(begin + seconds(11), &Limits::default());
    assert_eq!(exchange.cut().await, CloseReason::Write);
}

#[tokio::test]
async fn a_handler_that_waits_for_more_of_a_body_waits_for_its_client() {
    let begin = Instant::now();
    let exchange = Exchange::new(begin);
    exchange.asked();
    assert_eq!(exchange.waits_for_client(), None);
    exchange.wants_body(true, begin);
    exchange.wants_body(true, begin + seconds(9));
    assert_eq!(exchange.waits_for_client(), Some((begin, Holds::Nothing)));
    assert_eq!(overdue(&exchange, begin + seconds(30)), None);
    assert_eq!(overdue(&exchange, begin + seconds(31)), Some(CloseReason::Body));
    exchange.wants_body(false, begin + seconds(31));
    assert_eq!(overdue(&exchange, begin + seconds(1000)), None);
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_wins_no_time_and_one_that_is_used_does() {
    let begin = Instant::now();
    let exchange = Exchange::new(begin);
    exchange.asked();
    for second in 0..30 {
        exchange.wants_body(true, begin + seconds(second));
        exchange.wants_body(false, begin + seconds(second + 1));
        exchange.body_came(1, second > 20);
    }
    exchange.wants_body(true, begin + seconds(30));
    let (since, holds) = exchange.waits_for_client().unwrap();
    assert!(since < begin + seconds(1), "{:?}", since - begin);
    assert_eq!(holds, Holds::Body);
    assert_eq!(overdue(&exchange, begin + seconds(31)), Some(CloseReason::Body));
    exchange.body_used(begin + seconds(31));
    assert_eq!(exchange.waits_for_client(), Some((begin + seconds(31), Holds::Body)));
    assert_eq!(overdue(&exchange, begin + seconds(61)), None);
    assert_eq!(overdue(&exchange, begin + seconds(62)), Some(CloseReason::Body));
    // Neither is one cut off that comes at some rate.
    for second in 31..100 {
        exchange.wants_body(true, begin + seconds(second));
        assert_eq!(overdue(&exchange, begin + seconds(second + 1)), None);
        exchange.wants_body(false, begin + seconds(second + 1));
        exchange.body_came(5_000, true);
    }
}

#[tokio::test]
async fn an_answer_that_goes_on_has_a_time_only_while_its_client_takes_nothing() {
    let begin = Instant::now();
    let exchange = Exchange::new(begin);
    exchange.asked();
    exchange.answered_open_ended();
    writes(&exchange, ANSWER, begin);
    assert_eq!(overdue(&exchange, begin + seconds(1000)), None);
    exchange.stalled(begin + seconds(1000));
    assert_eq!(overdue(&exchange, begin + seconds(1010)), None);
    assert_eq!(overdue(&exchange, begin + seconds(1011)), Some(CloseReason::Write));
    writes(&exchange, b"more", begin + seconds(1011));
    assert_eq!(overdue(&exchange, begin + seconds(2000)), None);
    assert!(!exchange.is_written(), "whatever follows is of the same answer");
}
