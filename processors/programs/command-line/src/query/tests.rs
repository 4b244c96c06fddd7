//! What is said when something other than the service answers, and what the service says itself.

use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;

/// Answers each request with the next of these, and gives the address.
fn answering(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            let _length = stream.read(&mut head).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    format!("http://{address}")
}

fn http(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn refusal(answer: String) -> String {
    let url = answering(vec![answer]);
    let query = Query::new(&url, Duration::from_secs(10)).unwrap();
    format!("{:#}", query.ask_for_success("/position", &[]).err().unwrap())
}

#[test]
fn an_answer_of_another_service_is_shown_with_status_and_content_type() {
    let html = "<html>\n<h1>502 Bad Gateway</h1></html>";
    let said = refusal(http("502 Bad Gateway", "text/html; charset=utf-8", html));
    for part in [
        "502 Bad Gateway",
        "content type text/html; charset=utf-8",
        "something else",
        "<h1>502",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for (status, content_type, body) in [
        ("200 OK", "text/html", "<html>log in</html>"),
        ("200 OK", "application/json", "not json"),
        ("200 OK", "text/plain", "{}"),
        ("503 Service Unavailable", "application/json", "{\"error\": \"upstream\"}"),
        ("504 Gateway Timeout", "text/plain", ""),
    ] {
        let said = refusal(http(status, content_type, body));
        assert!(said.contains(status) && said.contains("something else"), "{said}");
    }
}

#[test]
fn a_problem_document_of_the_service_is_shown_in_its_words() {
    let body = r#"{"title": "Busy", "detail": "too many long questions"}"#;
    let said = refusal(http("503 Service Unavailable", "application/problem+json", body));
    assert!(said.ends_with("503 Service Unavailable: Busy: too many long questions"), "{said}");
}
