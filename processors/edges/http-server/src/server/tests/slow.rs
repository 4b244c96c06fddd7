//! Clients that take their time, or do not take their answers.

use super::*;

#[tokio::test]
async fn a_client_that_does_not_finish_a_head_is_refused_with_408() {
    let running = running(Limits {
        head_wait_max: Duration::from_millis(300),
        ..Limits::default()
    });
    let mut slow = running.sent(b"GET /small HTTP/1.1\r\nhost:").await;
    problem(&read_all(&mut slow).await, 408, "head-timeout");
    // Bytes that come one by one win no time.
    let mut dripping = running.connect().await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) && dripping.write_all(b"G").await.is_ok() {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let running = running(Limits {
        idle_wait_max: Duration::from_millis(300),
        ..Limits::default()
    });
    assert_eq!(read_all(&mut running.connect().await).await, "");
    let mut served = running.sent(SMALL).await;
    let answer = read_all(&mut served).await;
    assert!(answer.ends_with("small"), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off_and_its_bytes_are_freed() {
    let running = running(Limits {
        write_stall_max: Duration::from_millis(300),
        ..Limits::default()
    });
    let slow = running.sent(LARGE).await;
    let held = || running.metrics.answer_bytes.get();
    until("an answer is held", || held() == LARGE_BYTES as i64).await;
    until("it is freed", || held() == 0).await;
    until("the connection is closed", || running.metrics.open.get() == 0).await;
    drop(slow);
}

#[tokio::test]
async fn a_client_that_reads_a_little_now_and_then_has_a_time_for_the_whole() {
    let running = running(Limits {
        write_wait_max: Duration::from_secs(1),
        ..Limits::default()
    });
    let mut dripping = running.sent(LARGE).await;
    let began = Instant::now();
    let mut read = 0;
    let mut some = vec![0; 4096];
    loop {
        match dripping.read(&mut some).await {
            Ok(0) | Err(_) => break,
            Ok(length) => read += length,
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(read < LARGE_BYTES, "all of it was read");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_client_that_reads_slowly_but_surely_gets_all() {
    let running = running(Limits {
        write_stall_max: Duration::from_secs(1),
        ..Limits::default()
    });
    let mut reading = running.sent(LARGE).await;
    let mut read = 0;
    let mut some = vec![0; 64 << 10];
    while read < LARGE_BYTES {
        sleep(Duration::from_millis(50)).await;
        read += reading.read(&mut some).await.unwrap();
    }
    assert_eq!(running.metrics.answer_bytes.get(), 0);
}

#[tokio::test]
async fn bytes_of_unread_answers_are_bounded_and_stalled_clients_make_room() {
    let running = running(Limits {
        answer_bytes_max: 3 * LARGE_BYTES,
        ..Limits::default()
    });
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(running.sent(LARGE).await);
    }
    until("three are held", || running.metrics.answer_bytes.get() == 3 * LARGE_BYTES as i64).await;
    let refused = running.ask("/large").await;
    assert_eq!(
        problem(&refused, 503, "busy"),
        "clients have not read too many bytes of answers yet"
    );
    assert!(running.ask("/small").await.ends_with("small"));
    until("there is room", || running.metrics.answer_bytes.get() < 2 * LARGE_BYTES as i64).await;
    assert!(running.ask("/large").await.len() > LARGE_BYTES);
}

#[tokio::test]
async fn requests_that_are_pipelined_are_answered_one_by_one_and_hold_one_answer() {
    let running = running(Limits::default());
    let mut stream = running.sent(&LARGE.repeat(1000)).await;
    until("an answer is held", || running.metrics.answer_bytes.get() > 0).await;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(running.metrics.answer_bytes.get(), LARGE_BYTES as i64);
    let mut three = vec![0; 3 * LARGE_BYTES];
    stream.read_exact(&mut three).await.unwrap();
    assert!(running.metrics.answer_bytes.get() <= LARGE_BYTES as i64);
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_handler() {
    let running = running(Limits::default());
    let gone = running.sent(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    until("a handler works", || running.working.load(Ordering::SeqCst) == 1).await;
    drop(gone);
    until("no handler works", || running.working.load(Ordering::SeqCst) == 0).await;
    let gone = running.sent(LARGE).await;
    until("an answer is held", || running.metrics.answer_bytes.get() > 0).await;
    drop(gone);
    until("it is freed", || running.metrics.answer_bytes.get() == 0).await;
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_ended_with_503() {
    let running = running(Limits {
        answer_wait_max: Duration::from_millis(200),
        ..Limits::default()
    });
    let answer = running.ask("/never").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("the answer took too long"),
        "{answer}"
    );
    assert_eq!(running.working.load(Ordering::SeqCst), 0);
}
