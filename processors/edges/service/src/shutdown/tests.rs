//! A request to stop, seen from threads and tasks.

use super::Shutdown;
use crate::clock;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn nothing_is_requested_at_first_and_a_wait_ends_by_its_time() {
    let shutdown = Shutdown::default();
    assert!(!shutdown.is_requested());
    let began = clock::monotonic();
    assert!(!shutdown.wait_timeout(Duration::from_millis(20)));
    assert!(began.elapsed() >= Duration::from_millis(20));
}

#[test]
fn a_request_wakes_threads_that_wait_with_and_without_a_limit() {
    let shutdown = Shutdown::default();
    let began = clock::monotonic();
    std::thread::scope(|threads| {
        let limited = threads.spawn(|| shutdown.wait_timeout(LONG));
        let unlimited = threads.spawn(|| shutdown.wait());
        clock::rest(Duration::from_millis(20));
        shutdown.clone().request();
        assert!(limited.join().unwrap());
        unlimited.join().unwrap();
    });
    assert!(shutdown.is_requested());
    assert!(began.elapsed() < LONG);
}

#[test]
fn a_request_is_seen_by_tasks_whether_they_wait_before_or_after_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let shutdown = Shutdown::default();
        let before = tokio::spawn(shutdown.requested());
        tokio::task::yield_now().await;
        assert!(!before.is_finished());
        shutdown.request();
        tokio::time::timeout(LONG, before).await.unwrap().unwrap();
        tokio::time::timeout(LONG, shutdown.requested()).await.unwrap();
    });
}

#[test]
fn a_request_can_be_repeated() {
    let shutdown = Shutdown::default();
    shutdown.request();
    shutdown.request();
    assert!(shutdown.wait_timeout(LONG));
}
