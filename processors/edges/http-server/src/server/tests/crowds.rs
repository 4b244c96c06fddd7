//! More connections than there is room for.

use super::*;

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_and_is_then_refused_with_503() {
    let running = running(Limits {
        connections_max: 1,
        connection_wait_max: Duration::from_millis(300),
        ..Limits::default()
    });
    let _working = running.sent(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    until("a handler works", || running.working.load(Ordering::SeqCst) == 1).await;
    let answer = running.ask("/small").await;
    assert_eq!(problem(&answer, 503, "busy"), "too many connections are open");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert_eq!(running.metrics.refused.get(), 1);
    assert_eq!((running.metrics.open.get(), running.metrics.pending.get()), (1, 0));
}

#[tokio::test]
async fn a_connection_that_waits_is_served_when_another_ends() {
    let running = running(Limits {
        connections_max: 1,
        ..Limits::default()
    });
    let first = running.sent(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    until("a handler works", || running.working.load(Ordering::SeqCst) == 1).await;
    let mut waiting = running.sent(b"GET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    until("one waits", || running.metrics.pending.get() == 1).await;
    drop(first);
    assert!(read_all(&mut waiting).await.ends_with("small"));
}

#[tokio::test]
async fn silent_connections_make_room_for_one_that_asks() {
    let running = running(Limits {
        connections_max: 8,
        ..Limits::default()
    });
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(running.connect().await);
    }
    until("all are open", || running.metrics.open.get() == 8).await;
    assert!(running.ask("/small").await.ends_with("small"));
    // One place was needed, and one was taken.
    sleep(Duration::from_millis(500)).await;
    assert_eq!(running.metrics.open.get(), 7);
    assert_eq!(running.metrics.refused.get(), 0);
}

#[tokio::test]
async fn connections_that_do_not_read_make_room_for_one_that_asks() {
    let running = running(Limits {
        connections_max: 8,
        ..Limits::default()
    });
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(running.sent(LARGE).await);
    }
    until("all are open", || running.metrics.open.get() == 8).await;
    assert!(running.ask("/small").await.ends_with("small"));
}

#[tokio::test]
async fn connections_whose_handlers_work_are_never_closed_for_others() {
    let running = running(Limits {
        connections_max: 1,
        spared_wait_max: Duration::ZERO,
        connection_wait_max: Duration::from_secs(1),
        ..Limits::default()
    });
    let _working = running.sent(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    until("a handler works", || running.working.load(Ordering::SeqCst) == 1).await;
    problem(&running.ask("/small").await, 503, "busy");
    assert_eq!(running.working.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_order_to_stop_lets_the_open_request_end_and_closes_idle_connections() {
    let mut running = running(Limits::default());
    let mut open = running.sent(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let _idle = running.connect().await;
    until("a handler works", || running.working.load(Ordering::SeqCst) == 1).await;
    let ordered = Instant::now();
    drop(running.stop.take());
    assert!(read_all(&mut open).await.ends_with("slow"));
    running.task.await.unwrap();
    assert!(ordered.elapsed() < Duration::from_secs(3));
}
