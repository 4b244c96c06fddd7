//! Frames and requests, made by another implementation of the protocol.

use super::*;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, FetchRequest, InitProducerIdRequest, ProduceRequest, RequestHeader,
    TransactionalId, TxnOffsetCommitRequest,
};
use kafka_protocol::protocol::{Encodable, HeaderVersion, Message, StrBytes};
use std::collections::BTreeMap;

fn id() -> TransactionalId {
    TransactionalId(StrBytes::from_static_str("the-id"))
}

fn parsed<T: Encodable + HeaderVersion>(key: ApiKey, version: i16, body: &T) -> Request {
    let mut bytes = Vec::new();
    let mut header = RequestHeader::default()
        .with_request_api_key(key.0)
        .with_request_api_version(version)
        .with_correlation_id(-17)
        .with_client_id(Some(StrBytes::from_static_str("a-client")));
    if T::header_version(version) >= 2 {
        header.unknown_tagged_fields = BTreeMap::from([(3, "anything".into())]);
    }
    header.encode(&mut bytes, T::header_version(version)).unwrap();
    body.encode(&mut bytes, version).unwrap();
    let request = Request::parse(bytes.clone().into()).unwrap();
    assert_eq!((request.key(), request.version()), (key, version));
    assert_eq!((request.correlation_id(), request.client_id()), (-17, Some("a-client")));
    assert_eq!(request.bytes(), &bytes);
    request
}

#[test]
fn an_end_txn_of_every_version_tells_its_id_and_whether_it_commits() {
    for version in EndTxnRequest::VERSIONS.min..=EndTxnRequest::VERSIONS.max {
        for commit in [false, true] {
            let body = EndTxnRequest::default().with_transactional_id(id()).with_committed(commit);
            let request = parsed(ApiKey::END_TXN, version, &body);
            assert_eq!((request.transactional_id(), request.commit()), (Some("the-id"), Some(commit)));
        }
    }
}

#[test]
fn requests_of_a_transaction_tell_its_id_in_every_version() {
    fn check<T: Encodable + HeaderVersion + Message>(key: ApiKey, version_max: i16, body: &T) {
        for version in T::VERSIONS.min..=version_max {
            assert_eq!(parsed(key, version, body).transactional_id(), Some("the-id"), "{key} v{version}");
        }
    }
    let partitions = AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(id())
        .with_v3_and_below_topics(vec![AddPartitionsToTxnTopic::default()]);
    check(ApiKey::ADD_PARTITIONS_TO_TXN, 3, &partitions);
    let offsets = AddOffsetsToTxnRequest::default().with_transactional_id(id());
    check(ApiKey::ADD_OFFSETS_TO_TXN, AddOffsetsToTxnRequest::VERSIONS.max, &offsets);
    let commit = TxnOffsetCommitRequest::default().with_transactional_id(id());
    check(ApiKey::TXN_OFFSET_COMMIT, TxnOffsetCommitRequest::VERSIONS.max, &commit);
    let init = InitProducerIdRequest::default().with_transactional_id(Some(id()));
    check(ApiKey::INIT_PRODUCER_ID, 5, &init);
    let produce = ProduceRequest::default().with_transactional_id(Some(id())).with_acks(-1);
    check(ApiKey::PRODUCE, ProduceRequest::VERSIONS.max, &produce);
}

#[test]
fn only_a_produce_without_acknowledgements_has_no_answer() {
    for (acks, is_answered) in [(-1, true), (0, false), (1, true)] {
        for version in 3..=9 {
            let request = parsed(ApiKey::PRODUCE, version, &ProduceRequest::default().with_acks(acks));
            assert_eq!((request.transactional_id(), request.is_answered()), (None, is_answered));
        }
    }
    assert!(parsed(ApiKey::FETCH, 12, &FetchRequest::default()).is_answered());
}

#[test]
fn a_request_that_ends_too_early_is_malformed() {
    let body = EndTxnRequest::default().with_transactional_id(id());
    let request = parsed(ApiKey::END_TXN, 1, &body);
    for length in 0..request.bytes().len() {
        assert!(Request::parse(request.bytes().slice(..length)).is_err(), "{length}");
    }
}

fn read_all(bytes: &[u8]) -> Vec<io::Result<Option<Bytes>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut from = bytes;
        let mut frames = Vec::new();
        loop {
            let next = read(&mut from).await;
            let more = matches!(next, Ok(Some(_)));
            frames.push(next);
            if !more {
                return frames;
            }
        }
    })
}

#[test]
fn frames_come_one_by_one_until_the_end() {
    let frames = read_all(b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c");
    let frames: Vec<Option<Bytes>> = frames.into_iter().map(Result::unwrap).collect();
    assert_eq!(frames, [Some("ab".into()), Some("".into()), Some("c".into()), None]);
}

#[test]
fn an_end_within_a_frame_and_an_impossible_length_are_errors() {
    for (bytes, kind) in [
        (&b"\0\0"[..], io::ErrorKind::UnexpectedEof),
        (b"\0\0\0\x02a", io::ErrorKind::UnexpectedEof),
        (b"\x7f\xff\xff\xffa", io::ErrorKind::InvalidData),
        (b"\xff\xff\xff\xff", io::ErrorKind::InvalidData),
        // What an HTTP client would send.
        (b"GET / HTTP/1.1", io::ErrorKind::InvalidData),
    ] {
        assert_eq!(read_all(bytes).pop().unwrap().unwrap_err().kind(), kind);
    }
}

#[test]
fn what_is_written_is_read_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut written = Vec::new();
    runtime.block_on(write(&mut written, b"frame")).unwrap();
    assert_eq!(read_all(&written).remove(0).unwrap(), Some("frame".into()));
}
