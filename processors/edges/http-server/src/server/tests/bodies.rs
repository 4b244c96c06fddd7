//! Bodies of requests and answers that go on: within bounds, whatever a client does.

use super::*;

const CHUNKED: &[u8] = b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";

fn sized(path: &str, length: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n").into_bytes()
}

/// The text of an answer in chunks, without their sizes.
fn unchunked(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("transfer-encoding: chunked"), "{answer}");
    let mut lines = body.split("\r\n");
    let mut text = String::new();
    while let (Some(size), Some(chunk)) = (lines.next(), lines.next()) {
        assert_eq!(usize::from_str_radix(size, 16).unwrap(), chunk.len());
        text.push_str(chunk);
    }
    text
}

#[tokio::test]
async fn a_body_is_read_whether_its_length_is_said_or_not() {
    let running = running(Limits::default());
    let mut stream = running.sent(&[&sized("/echo", 4)[..], b"four"].concat()).await;
    assert!(read_all(&mut stream).await.ends_with("four"));
    let mut stream = running.sent(&[CHUNKED, b"2\r\nfo\r\n", b"2\r\nur\r\n0\r\n\r\n"].concat()).await;
    assert!(read_all(&mut stream).await.ends_with("four"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_413_before_it_has_come() {
    let running = running(Limits::default());
    let mut stream = running.sent(&sized("/echo", 100 << 20)).await;
    // More than may be read, and less than was promised.
    stream.write_all(&vec![b'x'; ECHO_BYTES_MAX + 1]).await.unwrap();
    problem(&read_all(&mut stream).await, 413, "body-too-large");
    let mut stream = running.sent(CHUNKED).await;
    for _ in 0..=ECHO_BYTES_MAX / 64 {
        let chunk = [&b"40\r\n"[..], &[b'x'; 64], b"\r\n"].concat();
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    problem(&read_all(&mut stream).await, 413, "body-too-large");
}

#[tokio::test]
async fn a_body_that_stalls_is_refused_with_408() {
    let running = running(Limits {
        body_stall_max: Duration::from_millis(300),
        ..Limits::default()
    });
    let mut stream = running.sent(&[&sized("/echo", 4)[..], b"fo"].concat()).await;
    problem(&read_all(&mut stream).await, 408, "body-timeout");
}

#[tokio::test]
async fn a_body_that_drips_has_a_time_for_the_whole() {
    let running = running(Limits {
        body_wait_max: Duration::from_millis(500),
        ..Limits::default()
    });
    let mut stream = running.sent(&sized("/echo", 10_000)).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) && stream.write_all(b"x").await.is_ok() {
        sleep(Duration::from_millis(20)).await;
        if running.working.load(Ordering::SeqCst) == 0 && began.elapsed() > Duration::from_millis(200) {
            break;
        }
    }
    assert!(began.elapsed() < Duration::from_secs(5), "it dripped on");
    problem(&read_all(&mut stream).await, 408, "body-timeout");
}

#[tokio::test]
async fn a_client_that_does_not_go_on_with_its_body_makes_room_for_others() {
    let running = running(Limits {
        connections_max: 1,
        ..Limits::default()
    });
    let stalled = running.sent(&[&sized("/echo", 4)[..], b"fo"].concat()).await;
    until("it is read", || running.working.load(Ordering::SeqCst) == 1).await;
    assert!(running.ask("/small").await.ends_with("small"));
    drop(stalled);
}

#[tokio::test]
async fn a_body_that_breaks_off_cancels_its_handler() {
    let running = running(Limits::default());
    let stream = running.sent(&[&sized("/echo", 4)[..], b"fo"].concat()).await;
    until("a handler works", || running.working.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    until("no handler works", || running.working.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn an_answer_goes_on_while_its_request_does() {
    let running = running(Limits {
        // A stream has no time for the whole.
        write_wait_max: Duration::from_millis(200),
        answer_wait_max: Duration::from_millis(200),
        ..Limits::default()
    });
    let request = b"POST /upper HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut stream = running.sent(request).await;
    let mut answer = String::new();
    for word in ["ONE", "TWO", "SIX"] {
        stream
            .write_all(format!("3\r\n{}\r\n", word.to_lowercase()).as_bytes())
            .await
            .unwrap();
        let mut some = vec![0; 1024];
        while !answer.contains(word) {
            let length = timeout(Duration::from_secs(10), stream.read(&mut some)).await.unwrap().unwrap();
            answer.push_str(std::str::from_utf8(&some[..length]).unwrap());
        }
        sleep(Duration::from_millis(300)).await;
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    answer.push_str(&read_all(&mut stream).await);
    assert_eq!(unchunked(&answer), "ONETWOSIX");
}

#[tokio::test]
async fn a_client_that_does_not_read_a_stream_is_cut_off_and_its_maker_ends() {
    let running = running(Limits {
        write_stall_max: Duration::from_millis(300),
        ..Limits::default()
    });
    let slow = running.sent(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await;
    until("it is made", || running.making.load(Ordering::SeqCst) == 1).await;
    until("none is being made", || running.making.load(Ordering::SeqCst) == 0).await;
    until("the connection is closed", || running.metrics.open.get() == 0).await;
    drop(slow);
}

#[tokio::test]
async fn a_stream_whose_request_stalls_ends_without_another_answer() {
    let running = running(Limits {
        body_stall_max: Duration::from_millis(300),
        ..Limits::default()
    });
    let request = b"POST /upper HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n";
    let answer = read_all(&mut running.sent(request).await).await;
    assert!(answer.contains("ONE") && !answer.contains("408"), "{answer}");
    // No last chunk: the client can tell that it is not all.
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

/// Sends a byte now and then, for as long as the connection lives.
fn drip(mut stream: TcpStream) -> JoinHandle<()> {
    tokio::spawn(async move {
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() && !is_closed(&mut stream).await {
            sleep(Duration::from_millis(50)).await;
        }
    })
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut some = [0; 1024];
    matches!(
        timeout(Duration::from_millis(100), stream.read(&mut some)).await,
        Ok(Ok(0) | Err(_))
    )
}

#[tokio::test]
async fn bodies_and_streams_that_drip_make_room_for_others() {
    for path in ["/echo", "/upper"] {
        let running = running(Limits {
            connections_max: 4,
            ..Limits::default()
        });
        let request = format!("POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
        let mut dripping = Vec::new();
        for _ in 0..4 {
            dripping.push(drip(running.sent(request.as_bytes()).await));
        }
        until("all are served", || running.metrics.open.get() == 4).await;
        sleep(Duration::from_millis(1_500)).await;
        let answer = running.ask("/small").await;
        assert!(answer.ends_with("small"), "{path}: {answer}");
        dripping.iter().for_each(JoinHandle::abort);
    }
}

#[tokio::test]
async fn a_stream_that_drips_has_an_end() {
    let running = running(Limits {
        body_stall_max: Duration::from_millis(500),
        ..Limits::default()
    });
    let request = b"POST /upper HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let dripping = drip(running.sent(request).await);
    assert!(timeout(Duration::from_secs(10), dripping).await.is_ok(), "it drips on");
}

#[tokio::test]
async fn bytes_of_bodies_that_are_not_whole_are_bounded_and_stalled_ones_make_room() {
    let most = ECHO_BYTES_MAX - 1;
    let counted = most - (16 << 10);
    let running = running(Limits {
        body_bytes_max: 4 * counted,
        ..Limits::default()
    });
    let part = [sized("/echo", ECHO_BYTES_MAX), vec![b'x'; most]].concat();
    let mut stalled = Vec::new();
    for _ in 0..4 {
        stalled.push(running.sent(&part).await);
    }
    let held = || running.metrics.body_bytes.get();
    until("the budget is spent", || held() == 4 * counted as i64).await;
    let mut refused = running.sent(&part).await;
    problem(&read_all(&mut refused).await, 503, "busy");
    // A small one is read all the same.
    let mut small = running.sent(&[&sized("/echo", 4)[..], b"four"].concat()).await;
    assert!(read_all(&mut small).await.ends_with("four"));
    until("the stalled ones are closed", || held() < 3 * counted as i64).await;
    let whole = [sized("/echo", most), vec![b'x'; most]].concat();
    assert!(read_all(&mut running.sent(&whole).await).await.ends_with("xxxx"));
    drop(stalled);
    until("nothing is held", || held() == 0).await;
}
