//! Bytes that are no request, too many of them, and unexpected bodies.

use super::*;

async fn refused(running: &Running, bytes: &[u8], status: u16, kind: &str) {
    let mut stream = running.connect().await;
    // The server may close before it has read everything.
    let _partly_written = stream.write_all(bytes).await;
    let answer = read_all(&mut stream).await;
    assert!(
        !answer.is_empty(),
        "no answer to {:?}",
        String::from_utf8_lossy(&bytes[..bytes.len().min(100)])
    );
    problem(&answer, status, kind);
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused_with_a_problem() {
    let running = running(Limits::default());
    for bytes in [
        &b"GET /rotations/a b HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"hello\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header: x\r\n\r\n",
    ] {
        refused(&running, bytes, 400, "no-request").await;
    }
    assert!(running.ask("/small").await.ends_with("small"));
}

#[tokio::test]
async fn a_refusal_after_an_answer_leaves_the_answer_as_it_is() {
    let running = running(Limits::default());
    let mut stream = running.sent(&[LARGE, b"hello\r\n\r\n"].concat()).await;
    let both = read_all(&mut stream).await;
    let (answer, _refusal) = both.split_at(both.rfind("HTTP/1.1 400 ").unwrap());
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!((body.len(), body.trim_matches('4')), (LARGE_BYTES, ""), "{head}");
    problem(&both, 400, "no-request");
}

#[tokio::test]
async fn megabytes_of_target_or_headers_are_refused_with_a_problem_that_arrives() {
    let running = running(Limits::default());
    let huge = "x".repeat(1 << 20);
    refused(
        &running,
        format!("GET /{huge} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(),
        431,
        "head-too-large",
    )
    .await;
    let header = format!("GET / HTTP/1.1\r\nhost: x\r\nx-much: {huge}\r\n\r\n");
    refused(&running, header.as_bytes(), 431, "head-too-large").await;
    let many: String = (0..500).map(|number| format!("x-{number}: 1\r\n")).collect();
    refused(
        &running,
        format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes(),
        431,
        "head-too-large",
    )
    .await;
    assert!(running.ask("/small").await.ends_with("small"));
}

#[tokio::test]
async fn a_body_that_never_ends_is_refused_and_not_read() {
    let running = running(Limits::default());
    let mut stream = running
        .sent(b"GET /small HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let chunk = [b"10000\r\n", &[b'x'; 1 << 16][..], b"\r\n"].concat();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) && stream.write_all(&chunk).await.is_ok() {}
    assert!(began.elapsed() < Duration::from_secs(10), "it was read without an end");
    until("the connection is closed", || running.metrics.open.get() == 0).await;
    refused(
        &running,
        b"GET /small HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody",
        400,
        "body-not-taken",
    )
    .await;
}

#[tokio::test]
async fn a_request_that_names_no_path_is_answered() {
    let running = running(Limits::default());
    let connect = b"CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n";
    refused(&running, connect, 405, "method-not-allowed").await;
    refused(&running, b"CONNECT x HTTP/1.1\r\nhost: x\r\n\r\n", 405, "method-not-allowed").await;
    for target in ["*", "http://x", "http://x/small", "http://x?a=b", "//", "/?", "?"] {
        let request = format!("OPTIONS {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = read_all(&mut running.sent(request.as_bytes()).await).await;
        assert!(answer.starts_with("HTTP/1.1 "), "{target}: {answer}");
    }
}

#[tokio::test]
async fn a_path_that_is_no_percent_encoded_text_is_refused_and_the_connection_goes_on() {
    let running = running(Limits::default());
    for method in ["GET", "HEAD", "POST", "OPTIONS"] {
        for path in ["/%", "/%4", "/a%zz", "/%ff", "/%e2%82", "/a/%C0%AFb"] {
            let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n\r\nGET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let answers = read_all(&mut running.sent(request.as_bytes()).await).await;
            let (first, second) = answers.split_at(answers.rfind("HTTP/1.1 ").unwrap());
            assert!(
                first.starts_with("HTTP/1.1 400 ") && second.ends_with("small"),
                "{method} {path}: {answers}"
            );
            assert!(first.contains("application/problem+json"), "{method} {path}: {answers}");
        }
    }
    assert!(running.ask("/%41%E2%82%AC").await.ends_with("small"));
}

#[tokio::test]
async fn a_doubled_header_is_refused() {
    let running = running(Limits::default());
    let doubled = b"GET /small HTTP/1.1\r\nhost: x\r\nhost: y\r\nconnection: close\r\n\r\n";
    refused(&running, doubled, 400, "bad-parameter").await;
}

#[tokio::test]
async fn the_answer_to_head_has_no_body_and_the_next_request_is_answered() {
    let running = running(Limits::default());
    let head = b"HEAD /large HTTP/1.1\r\nhost: x\r\n\r\nGET /small HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answers = read_all(&mut running.sent(head).await).await;
    assert!(answers.contains(&format!("content-length: {LARGE_BYTES}\r\n")), "{answers}");
    assert!(answers.len() < 1000 && answers.ends_with("small"), "{answers}");
}
