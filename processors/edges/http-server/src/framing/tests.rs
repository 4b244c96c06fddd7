//! Refusals are found wherever the writes are cut, and no byte of an answer is taken for one.

use super::*;

const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Passes `bytes` in writes of `step` bytes and returns what went to the client.
fn sent(framing: &mut Framing, bytes: &[u8], step: usize) -> Vec<u8> {
    let mut sent = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let write = &rest[..step.min(rest.len())];
        let slices = [IoSlice::new(write)];
        let length = match framing.answer_bytes(&slices) {
            0 => {
                framing.refused(write);
                write.len()
            }
            length => {
                framing.wrote(&slices, length);
                sent.extend_from_slice(&write[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    sent
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_body_that_looks_like_a_refusal_in_every_way_is_not_one() {
    // The tenth byte of a write is a 4, and the write ends like a head.
    for body in [
        REFUSAL,
        b"HTTP/1.1 4\r\n\r\n",
        b"\r\n\r\nHTTP/1.1 414 URI Too Long\r\n\r\n",
        b"123456789400",
    ] {
        let bytes = answer(body);
        for step in 1..=bytes.len() {
            let mut framing = Framing::default();
            framing.answer(body.len() as u64);
            assert_eq!(sent(&mut framing, &bytes, step), bytes, "{step}");
            assert_eq!(framing.refusal(), None);
            assert!(framing.is_written());
        }
    }
}

#[test]
fn a_refusal_after_an_answer_is_found_however_the_writes_are_cut() {
    let bytes = answer(b"body");
    let both = [&bytes, REFUSAL].concat();
    // A refusal that is cut within its status is still known by its place.
    for step in 1..=both.len() {
        let mut framing = Framing::default();
        framing.answer(4);
        assert_eq!(sent(&mut framing, &both, step), bytes, "{step}");
        assert_eq!(framing.refusal(), Some("400"), "{step}");
    }
}

#[test]
fn a_head_without_a_body_ends_with_its_blank_line() {
    let head = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\n";
    let mut framing = Framing::default();
    framing.answer(0);
    assert!(!framing.is_written());
    assert_eq!(sent(&mut framing, head, 7), head);
    assert!(framing.is_written());
}

#[test]
fn an_interim_response_is_passed_on() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut framing = Framing::default();
    assert_eq!(sent(&mut framing, interim, interim.len()), interim);
    assert_eq!(framing.refusal(), None);
}

#[test]
fn slices_of_one_write_are_passed_up_to_the_refusal() {
    let bytes = answer(b"body");
    let (head, body) = bytes.split_at(bytes.len() - 4);
    let mut framing = Framing::default();
    framing.answer(4);
    let slices = [IoSlice::new(head), IoSlice::new(body), IoSlice::new(REFUSAL)];
    assert_eq!(framing.answer_bytes(&slices), bytes.len());
    framing.wrote(&slices, bytes.len() - 1);
    assert!(!framing.is_written());
    framing.wrote(&[IoSlice::new(b"y")], 1);
    assert!(framing.is_written());
    assert_eq!(framing.answer_bytes(&[IoSlice::new(REFUSAL)]), 0);
}
