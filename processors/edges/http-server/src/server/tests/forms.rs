//! What is asked of every path alike: OPTIONS, indented and compressed answers, and pages of other origins.

use super::*;

/// The answer to a request with these lines after its first.
async fn asked(running: &Running, first: &str, headers: &str) -> (String, Vec<u8>) {
    let request = format!("{first} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let mut stream = running.sent(request.as_bytes()).await;
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head, bytes[end + 4..].to_vec())
}

#[tokio::test]
async fn a_large_answer_is_compressed_and_its_length_is_that_of_what_is_sent() {
    let running = running(Limits::default());
    for encoding in ["gzip", "zstd"] {
        let headers = format!("accept-encoding: {encoding}\r\n");
        let (head, body) = asked(&running, "GET /large", &headers).await;
        assert!(head.contains(&format!("content-encoding: {encoding}")), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert!(body.len() < LARGE_BYTES / 100, "{}", body.len());
        let (of_head, nothing) = asked(&running, "HEAD /large", &headers).await;
        assert!(of_head.contains(&format!("content-length: {}", body.len())), "{of_head}");
        assert!(nothing.is_empty());
    }
    let (head, body) = asked(&running, "GET /large", "").await;
    assert!(!head.contains("content-encoding") && body.len() == LARGE_BYTES, "{head}");
}

#[tokio::test]
async fn an_indented_problem_and_a_parameter_that_is_neither_true_nor_false() {
    let running = running(Limits::default());
    let (head, body) = asked(&running, "GET /small?pretty=perhaps", "").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("pretty"));
    let (head, body) = asked(&running, "GET /small?pretty", "").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && body == b"small", "{head}");
}

#[tokio::test]
async fn options_tells_the_methods_of_a_path_and_takes_no_body() {
    let running = running(Limits::default());
    let (head, body) = asked(&running, "OPTIONS /small", "").await;
    assert!(
        head.starts_with("HTTP/1.1 204 ") && head.contains("allow: GET, HEAD, OPTIONS"),
        "{head}"
    );
    assert!(body.is_empty());
    let (head, _) = asked(&running, "OPTIONS /nowhere", "").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let (head, _) = asked(&running, "OPTIONS /small", "content-length: 4\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}

#[tokio::test]
async fn pages_of_a_listed_origin_may_read_answers_and_refusals_and_others_may_not() {
    let running = running(Limits::default());
    for first in ["GET /small", "GET /small?pretty=perhaps"] {
        let (head, _) = asked(&running, first, "origin: https://plan.example\r\n").await;
        assert!(head.contains("access-control-allow-origin: https://plan.example"), "{head}");
        let (head, _) = asked(&running, first, "origin: https://other.example\r\n").await;
        assert!(!head.contains("access-control-allow-origin"), "{head}");
    }
    let preflight = "origin: https://plan.example\r\naccess-control-request-method: DELETE\r\n";
    let (head, _) = asked(&running, "OPTIONS /small", preflight).await;
    assert!(
        head.starts_with("HTTP/1.1 204 ") && head.contains("access-control-allow-methods"),
        "{head}"
    );
}
