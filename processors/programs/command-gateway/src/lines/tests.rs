//! Lines out of pieces, however these are cut.

use super::*;
use http_server::Body;

async fn lines_of(pieces: &[&[u8]]) -> (Vec<String>, Result<(), StatusCode>) {
    let mut input = Input::new(Body::of_pieces(pieces).take());
    let mut lines = Vec::new();
    loop {
        match input.next().await {
            Ok(Some(line)) => lines.push(format!("{} {}", input.number, String::from_utf8(line).unwrap())),
            Ok(None) => return (lines, Ok(())),
            Err(problem) => return (lines, Err(problem.status())),
        }
    }
}

#[tokio::test]
async fn lines_are_the_same_however_the_body_is_cut() {
    let whole = b"{\"a\":1}\n\n {\"b\":2}\r\n{\"c\":3}";
    let expected = ["1 {\"a\":1}", "3  {\"b\":2}\r", "4 {\"c\":3}"];
    for first in 0..whole.len() {
        for second in first..whole.len() {
            let pieces = [&whole[..first], &whole[first..second], &whole[second..]];
            assert_eq!(
                lines_of(&pieces).await,
                (expected.map(str::to_owned).to_vec(), Ok(())),
                "{first} {second}"
            );
        }
    }
}

#[tokio::test]
async fn a_line_without_an_end_is_refused_before_it_is_in_memory() {
    let piece = vec![b'x'; 64 << 10];
    let mut pieces: Vec<&[u8]> = vec![b"{}\n"];
    pieces.resize(1000, &piece);
    let (lines, ended) = lines_of(&pieces).await;
    assert_eq!((lines.len(), ended), (1, Err(StatusCode::PAYLOAD_TOO_LARGE)));
}

#[tokio::test]
async fn an_empty_body_has_no_lines() {
    let bodies: [&[&[u8]]; 3] = [&[], &[b""], &[b"\n\n"]];
    for pieces in bodies {
        assert_eq!(lines_of(pieces).await, (Vec::new(), Ok(())));
    }
}
