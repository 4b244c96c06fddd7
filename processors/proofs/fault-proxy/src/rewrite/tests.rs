//! Answers of every version, made by another implementation of the protocol, rewritten here, and read by it again.

use super::*;
use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    ApiVersionsResponse, BrokerId, DescribeClusterResponse, FindCoordinatorResponse, MetadataResponse, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message, StrBytes};

const HOST: &str = "broker-of-the-cluster.example";
const PORT: i32 = 9092;
const PROXY_HOST: &str = "127.0.0.1";

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

/// Every broker is at the port 10,000 above its own.
fn place(broker: &Address) -> io::Result<Address> {
    assert_eq!(broker.host, HOST);
    Ok(Address {
        host: PROXY_HOST.to_owned(),
        port: broker.port + 10_000,
    })
}

fn encode<T: Encodable + HeaderVersion>(body: &T, version: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(4711);
    header.encode(&mut bytes, T::header_version(version)).unwrap();
    body.encode(&mut bytes, version).unwrap();
    bytes
}

fn decode<T: Decodable + HeaderVersion>(mut bytes: &[u8], version: i16) -> T {
    let header = ResponseHeader::decode(&mut bytes, T::header_version(version)).unwrap();
    assert_eq!(header.correlation_id, 4711);
    let body = T::decode(&mut bytes, version).unwrap();
    assert!(bytes.is_empty(), "{} bytes too many", bytes.len());
    body
}

/// What the version loses of an answer is lost in the expectation as well.
fn check<T>(key: ApiKey, version: i16, before: &T, after: &T)
where
    T: Encodable + Decodable + HeaderVersion + PartialEq + std::fmt::Debug,
{
    let answer = encode(before, version);
    let rewritten = rewrite(key, version, &answer, &mut place).unwrap().unwrap();
    assert_eq!(rewritten, encode(after, version), "{key} v{version}");
    let expected: T = decode(&encode(after, version), version);
    assert_eq!(decode::<T>(&rewritten, version), expected, "{key} v{version}");
    let leaked = rewritten.windows(HOST.len()).any(|window| window == HOST.as_bytes());
    assert!(!leaked, "{key} v{version}");
}

fn metadata(version: i16, host: &'static str, port: i32) -> MetadataResponse {
    let broker = |id: i32| {
        let broker = MetadataResponseBroker::default()
            .with_node_id(BrokerId(id))
            .with_host(text(host))
            .with_port(port + id);
        let rack = (version >= 1 && id == 1).then(|| text("rack"));
        broker.with_rack(rack)
    };
    let partition = MetadataResponsePartition::default()
        .with_partition_index(3)
        .with_leader_id(BrokerId(1))
        .with_replica_nodes(vec![BrokerId(1), BrokerId(2)])
        .with_isr_nodes(vec![BrokerId(2)]);
    let topic = MetadataResponseTopic::default()
        .with_name(Some(TopicName(text("flights"))))
        .with_partitions(vec![partition]);
    let mut metadata = MetadataResponse::default()
        .with_brokers(vec![broker(1), broker(2)])
        .with_topics(vec![topic]);
    if version >= 2 {
        metadata.cluster_id = Some(text("cluster"));
    }
    if version >= 9 {
        metadata.unknown_tagged_fields.insert(7, "kept".into());
        metadata.brokers[0].unknown_tagged_fields.insert(9, "kept too".into());
    }
    metadata
}

#[test]
fn brokers_in_metadata_of_every_version_get_the_proxys_addresses_and_nothing_else_changes() {
    assert_eq!(Some(MetadataResponse::VERSIONS.max), ApiKey::METADATA.version_max());
    for version in MetadataResponse::VERSIONS.min..=MetadataResponse::VERSIONS.max {
        let (before, after) = (metadata(version, HOST, PORT), metadata(version, PROXY_HOST, PORT + 10_000));
        check(ApiKey::METADATA, version, &before, &after);
    }
}

fn coordinators(version: i16, host: &'static str, port: i32) -> FindCoordinatorResponse {
    let answer = FindCoordinatorResponse::default();
    if version <= 3 {
        let message = (version >= 1).then(|| text("why"));
        let answer = answer.with_node_id(BrokerId(1)).with_host(text(host)).with_port(port);
        return answer.with_error_message(message);
    }
    let found = Coordinator::default()
        .with_key(text("group"))
        .with_node_id(BrokerId(1))
        .with_host(text(host))
        .with_port(port);
    let missing = Coordinator::default()
        .with_key(text("other"))
        .with_node_id(BrokerId(-1))
        .with_port(-1)
        .with_error_code(15)
        .with_error_message(Some(text("not available")));
    answer.with_coordinators(vec![missing, found])
}

#[test]
fn coordinators_of_every_version_get_the_proxys_addresses_and_missing_ones_stay_missing() {
    assert_eq!(Some(FindCoordinatorResponse::VERSIONS.max), ApiKey::FIND_COORDINATOR.version_max());
    for version in FindCoordinatorResponse::VERSIONS.min..=FindCoordinatorResponse::VERSIONS.max {
        let (before, after) = (coordinators(version, HOST, PORT), coordinators(version, PROXY_HOST, PORT + 10_000));
        check(ApiKey::FIND_COORDINATOR, version, &before, &after);
        if version <= 3 {
            let missing = FindCoordinatorResponse::default()
                .with_node_id(BrokerId(-1))
                .with_port(-1)
                .with_error_code(15);
            check(ApiKey::FIND_COORDINATOR, version, &missing, &missing);
        }
    }
}

#[test]
fn brokers_of_a_described_cluster_get_the_proxys_addresses() {
    assert_eq!(Some(DescribeClusterResponse::VERSIONS.max), ApiKey::DESCRIBE_CLUSTER.version_max());
    for version in DescribeClusterResponse::VERSIONS.min..=DescribeClusterResponse::VERSIONS.max {
        let described = |host: &'static str, port| {
            let broker = DescribeClusterBroker::default()
                .with_broker_id(BrokerId(1))
                .with_host(text(host))
                .with_port(port)
                .with_rack(Some(text("rack")))
                .with_is_fenced(version >= 2);
            DescribeClusterResponse::default()
                .with_cluster_id(text("cluster"))
                .with_brokers(vec![broker.clone(), broker])
        };
        check(
            ApiKey::DESCRIBE_CLUSTER,
            version,
            &described(HOST, PORT),
            &described(PROXY_HOST, PORT + 10_000),
        );
    }
}

fn versions(version: i16, apis: &[(i16, i16, i16)]) -> ApiVersionsResponse {
    let keys = apis.iter().map(|(key, min, max)| {
        ApiVersion::default()
            .with_api_key(*key)
            .with_min_version(*min)
            .with_max_version(*max)
    });
    let answer = ApiVersionsResponse::default().with_api_keys(keys.collect());
    if version < 3 {
        return answer;
    }
    let supported = SupportedFeatureKey::default()
        .with_name(text("transaction.version"))
        .with_max_version(2);
    let finalized = FinalizedFeatureKey::default()
        .with_name(text("transaction.version"))
        .with_max_version_level(2);
    answer
        .with_supported_features(vec![supported])
        .with_finalized_features(vec![finalized])
        .with_finalized_features_epoch(5)
}

#[test]
fn no_version_is_offered_to_clients_whose_answers_may_name_a_broker_elsewhere() {
    let answered = [
        (0, 3, 13),
        (1, 4, 18),
        (3, 0, 14),
        (26, 0, 5),
        (55, 2, 2),
        (78, 1, 1),
        (9_000, 0, 0),
    ];
    let expected = [(0, 3, 9), (1, 4, 15), (3, 0, 13), (26, 0, 5)];
    for version in ApiVersionsResponse::VERSIONS.min..=ApiVersionsResponse::VERSIONS.max {
        let (before, after) = (versions(version, &answered), versions(version, &expected));
        check(ApiKey::API_VERSIONS, version, &before, &after);
    }
}

#[test]
fn the_answer_to_an_unsupported_version_of_api_versions_is_of_version_zero() {
    let answered = versions(0, &[(18, 0, 4), (3, 0, 20)]).with_error_code(UNSUPPORTED_VERSION);
    let expected = versions(0, &[(18, 0, 4), (3, 0, 13)]).with_error_code(UNSUPPORTED_VERSION);
    let rewritten = rewrite(ApiKey::API_VERSIONS, 5, &encode(&answered, 0), &mut place)
        .unwrap()
        .unwrap();
    assert_eq!(rewritten, encode(&expected, 0));
}

#[test]
fn unknown_versions_are_refused_and_harmless_ones_pass_as_they_are() {
    for (key, version) in [
        (ApiKey::METADATA, 14),
        (ApiKey::METADATA, -1),
        (ApiKey::FIND_COORDINATOR, 7),
        (ApiKey::PRODUCE, 10),
        (ApiKey::FETCH, 16),
        (ApiKey::SHARE_FETCH, 0),
        (ApiKey(9_000), 0),
    ] {
        let refused = rewrite(key, version, &[0; 4], &mut place).unwrap_err();
        assert!(matches!(refused, RewriteError::Unknown { .. }), "{refused}");
    }
    assert_eq!(rewrite(ApiKey::END_TXN, 1, &[0; 4], &mut place).unwrap(), None);
    assert_eq!(rewrite(ApiKey::PRODUCE, 9, &[0; 4], &mut place).unwrap(), None);
}

#[test]
fn an_answer_that_ends_too_early_is_refused_at_every_length() {
    for version in [1, 12] {
        let answer = encode(&metadata(version, HOST, PORT), version);
        let last_host = answer.windows(HOST.len()).rposition(|window| window == HOST.as_bytes()).unwrap();
        for length in 4..last_host + HOST.len() {
            let refused = rewrite(ApiKey::METADATA, version, &answer[..length], &mut place).unwrap_err();
            assert!(matches!(refused, RewriteError::Malformed { .. }), "{refused}");
        }
    }
}
