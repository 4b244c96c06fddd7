//! Which form an answer takes, and that its content stays the same.

use super::*;
use crate::answer::JSON;
use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

const DOCUMENT: &[u8] = br#"{"z":1,"a":[1.25,18446744073709551615,"x"],"m":{}}"#;

fn preferences(is_pretty: bool, accept_encoding: &[&'static str]) -> FormPreferences {
    let mut headers = HeaderMap::new();
    for line in accept_encoding {
        headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
    }
    let query = if is_pretty { "pretty" } else { "" };
    FormPreferences::of(query, &headers).unwrap().0
}

fn large(bytes: usize) -> Answer {
    Answer::new(JSON, format!("\"{}\"", "leg ".repeat(bytes / 4)).into_bytes())
}

async fn encoding_of(bytes: usize, accept_encoding: &[&'static str]) -> Option<String> {
    let expected = large(bytes).body().to_vec();
    let answer = Shaping::default().shaped(large(bytes), preferences(false, accept_encoding)).await;
    let encoding = answer
        .header(&header::CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap().to_owned());
    let mut read = Vec::new();
    match encoding.as_deref() {
        Some("gzip") => drop(GzipDecoder::new(answer.body()).read_to_end(&mut read).await.unwrap()),
        Some("zstd") => drop(ZstdDecoder::new(answer.body()).read_to_end(&mut read).await.unwrap()),
        Some(other) => panic!("{other}"),
        None => read = answer.body().to_vec(),
    }
    assert!(read == expected, "{encoding:?} holds something else");
    assert!(encoding.is_none() || answer.body().len() < expected.len() / 10);
    encoding
}

#[tokio::test]
async fn the_encoding_that_a_client_prefers_is_chosen() {
    for (accepted, expected) in [
        (&["gzip"][..], Some("gzip")),
        (&["zstd"], Some("zstd")),
        (&["gzip, zstd"], Some("zstd")),
        (&["gzip", "zstd;q=0.5"], Some("gzip")),
        (&["gzip;q=0, zstd;q=0"], None),
        (&["br, deflate"], None),
        (&["identity"], None),
        (&[], None),
    ] {
        assert_eq!(encoding_of(100_000, accepted).await.as_deref(), expected, "{accepted:?}");
        assert_eq!(encoding_of(4_000, accepted).await.as_deref(), expected, "{accepted:?}, small");
    }
}

#[tokio::test]
async fn an_answer_that_fits_into_one_packet_is_not_compressed() {
    assert_eq!(encoding_of(1000, &["gzip"]).await, None);
    assert_eq!(encoding_of(1100, &["gzip"]).await.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn a_cache_learns_that_the_encoding_depends_on_the_request() {
    for accepted in ["gzip", "identity"] {
        let answer = Shaping::default().shaped(large(100_000), preferences(false, &[accepted])).await;
        let vary = answer.header(&header::VARY).unwrap();
        assert!(vary.to_str().unwrap().eq_ignore_ascii_case("accept-encoding"), "{accepted}");
    }
}

#[tokio::test]
async fn an_indented_document_has_the_same_members_in_the_same_order_and_the_same_numbers() {
    let answer = Shaping::default()
        .shaped(Answer::new(JSON, DOCUMENT.to_vec()), preferences(true, &[]))
        .await;
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(text.starts_with("{\n  \"z\": 1,\n"), "{text}");
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    assert_eq!(compact.as_bytes(), DOCUMENT);
}

#[tokio::test]
async fn problems_are_indented_too_and_other_texts_stay_as_they_are() {
    let problem = Shaping::default().shaped(Problem::internal().into(), preferences(true, &[])).await;
    assert!(problem.body().starts_with(b"{\n  \""));
    let text = Answer::new(HeaderValue::from_static("text/plain"), b"{}".to_vec());
    assert_eq!(Shaping::default().shaped(text, preferences(true, &[])).await.body(), b"{}");
}

#[tokio::test]
async fn a_stream_stays_as_it_is() {
    let (_sender, pieces) = mpsc::channel(1);
    let answer = Shaping::default()
        .shaped(Answer::stream(JSON, pieces), preferences(true, &["gzip"]))
        .await;
    assert!(answer.is_stream());
    assert!(answer.header(&header::CONTENT_ENCODING).is_none());
}

#[test]
fn the_parameter_pretty_is_taken_out_of_the_query() {
    for (query, expected) in [
        ("", Ok((false, ""))),
        ("limit=1", Ok((false, "limit=1"))),
        ("pretty", Ok((true, ""))),
        ("pretty=true&limit=1", Ok((true, "limit=1"))),
        ("limit=1&pretty=false&cursor=x", Ok((false, "limit=1&cursor=x"))),
        ("cursor=pretty", Ok((false, "cursor=pretty"))),
        ("prettyx=1", Ok((false, "prettyx=1"))),
        ("pretty=1", Err(())),
        ("pretty=", Err(())),
        ("pretty&pretty", Err(())),
    ] {
        let found = FormPreferences::of(query, &HeaderMap::new());
        let found = found
            .map(|(preferences, rest)| (preferences.is_pretty, rest.into_owned()))
            .map_err(drop);
        assert_eq!(found, expected.map(|(is_pretty, rest)| (is_pretty, rest.to_owned())), "{query}");
    }
}
