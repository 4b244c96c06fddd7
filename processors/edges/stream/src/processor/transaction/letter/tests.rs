//! Dead letters of any record fit, and say what is not in them.

use super::*;

/// What the producer and the topic take.
const TAKEN_BYTES_MAX: usize = 2_097_152;

fn original<'r>(key: Option<&'r [u8]>, value: Option<&'r [u8]>, header_bytes: Vec<usize>) -> Original<'r> {
    Original {
        topic: "schedule.commands",
        retention_ms: 604_800_000,
        partition: 3,
        offset: 17,
        timestamp_ms: 1_700_000_000_000,
        key,
        value,
        header_bytes,
        are_headers_unreadable: false,
    }
}

fn said<'l>(letter: &'l Letter<'_>, name: &str) -> &'l str {
    &letter.says.iter().find(|(said, _)| *said == name).unwrap().1
}

fn bytes_of(letter: &Letter<'_>, header_bytes: &[usize]) -> usize {
    let kept: usize = header_bytes[..letter.headers].iter().map(|bytes| bytes + HEADER_EXTRA_BYTES).sum();
    let says: usize = letter
        .says
        .iter()
        .map(|(name, value)| name.len() + value.len() + HEADER_EXTRA_BYTES)
        .sum();
    letter.key.map_or(0, <[u8]>::len) + letter.value.map_or(0, <[u8]>::len) + kept + says
}

#[test]
fn a_record_as_large_as_its_topic_takes_uncompressed_is_kept_whole() {
    let value = vec![7; 1_048_000];
    let letter = letter(&original(Some(b"key"), Some(&value), vec![10, 500]), "no command");
    assert_eq!((letter.key, letter.value, letter.headers), (Some(&b"key"[..]), Some(&value[..]), 2));
    assert_eq!(said(&letter, "cut"), "nothing");
    assert_eq!(said(&letter, "value-bytes"), "1048000");
    assert_eq!(said(&letter, "reason"), "no command");
}

#[test]
fn what_is_cut_is_said_with_where_the_whole_record_is() {
    let value = vec![b' '; 3_000_000];
    let letter = letter(&original(None, Some(&value), Vec::new()), "too large");
    assert_eq!(letter.value.unwrap().len(), WHOLE_BYTES_MAX);
    assert_eq!(said(&letter, "key-bytes"), "null");
    assert_eq!(
        said(&letter, "cut"),
        "the value after 1572864 of 3000000 bytes; the whole record is kept at schedule.commands/3 offset 17 for 604800000 ms after its timestamp"
    );
    // As sha256sum says of 3,000,000 blanks.
    assert_eq!(said(&letter, "value-sha256"), hash(&value));
}

#[test]
fn a_hash_is_the_one_of_sha256sum() {
    assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn every_record_has_a_letter_that_fits() {
    let large = vec![0xa5; 11 << 20];
    let sizes = [None, Some(0), Some(1), Some(65_000), Some(WHOLE_BYTES_MAX), Some(11 << 20)];
    let headers = [
        vec![],
        vec![0; 100_000],
        vec![300; 50_000],
        vec![5 << 20],
        vec![100, 5 << 20, 100],
        vec![WHOLE_BYTES_MAX - HEADER_EXTRA_BYTES],
    ];
    let reason = "ä".repeat(600_000);
    for key in sizes {
        for value in sizes {
            for header_bytes in &headers {
                let part = |size: Option<usize>| size.map(|size| &large[..size]);
                let original = original(part(key), part(value), header_bytes.clone());
                let letter = letter(&original, &reason);
                let bytes = bytes_of(&letter, header_bytes);
                assert!(bytes + 100_000 < TAKEN_BYTES_MAX, "{bytes} of {key:?} {value:?}");
                assert!(letter.headers <= HEADERS_MAX);
                let is_cut = (letter.key, letter.value, letter.headers) != (original.key, original.value, header_bytes.len());
                assert_eq!(said(&letter, "cut") != "nothing", is_cut);
            }
        }
    }
}

#[test]
fn a_long_reason_ends_with_a_whole_character() {
    let reason = format!("x{}", "ä".repeat(1_000));
    assert_eq!(shortened(&reason).len(), REASON_BYTES_MAX - 1);
    assert_eq!(shortened("short"), "short");
}

#[test]
fn headers_that_cannot_be_parsed_are_said_to_be_left_out() {
    let unreadable = Original {
        are_headers_unreadable: true,
        ..original(Some(b"k"), Some(b"v"), Vec::new())
    };
    let letter = letter(&unreadable, "r");
    assert!(said(&letter, "cut").starts_with("the headers, which cannot be parsed; the whole record"));
}
