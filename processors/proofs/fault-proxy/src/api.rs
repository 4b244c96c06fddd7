//! Kafka's API keys: their names, and in which versions the proxy can look into them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Which kind of request it is. In JSON its name in Kafka's protocol (`"EndTxn"`), or its number where this list has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

impl ApiKey {
    /// Under this, what was no readable frame is counted.
    pub(crate) const UNREADABLE: Self = Self(-1);
    pub const PRODUCE: Self = Self(0);
    pub const FETCH: Self = Self(1);
    pub const LIST_OFFSETS: Self = Self(2);
    pub const METADATA: Self = Self(3);
    pub const CONTROLLED_SHUTDOWN: Self = Self(7);
    pub const OFFSET_COMMIT: Self = Self(8);
    pub const OFFSET_FETCH: Self = Self(9);
    pub const FIND_COORDINATOR: Self = Self(10);
    pub const JOIN_GROUP: Self = Self(11);
    pub const HEARTBEAT: Self = Self(12);
    pub const LEAVE_GROUP: Self = Self(13);
    pub const SYNC_GROUP: Self = Self(14);
    pub const API_VERSIONS: Self = Self(18);
    pub const INIT_PRODUCER_ID: Self = Self(22);
    pub const ADD_PARTITIONS_TO_TXN: Self = Self(24);
    pub const ADD_OFFSETS_TO_TXN: Self = Self(25);
    pub const END_TXN: Self = Self(26);
    pub const TXN_OFFSET_COMMIT: Self = Self(28);
    pub const DESCRIBE_QUORUM: Self = Self(55);
    pub const DESCRIBE_CLUSTER: Self = Self(60);
    pub const SHARE_FETCH: Self = Self(78);
    pub const SHARE_ACKNOWLEDGE: Self = Self(79);

    /// The name in Kafka's protocol, where this list has it.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(key, _)| *key == self.0).map(|(_, name)| *name)
    }

    /// The first version whose header and body are flexible (KIP-482), for those that the proxy looks into.
    pub(crate) fn flexible_since(self) -> Option<i16> {
        match self {
            Self::PRODUCE | Self::METADATA => Some(9),
            Self::FIND_COORDINATOR
            | Self::API_VERSIONS
            | Self::ADD_PARTITIONS_TO_TXN
            | Self::ADD_OFFSETS_TO_TXN
            | Self::END_TXN
            | Self::TXN_OFFSET_COMMIT => Some(3),
            Self::INIT_PRODUCER_ID => Some(2),
            Self::DESCRIBE_CLUSTER => Some(0),
            _ => None,
        }
    }

    /// The last version whose answers either name no broker's address, or name it where the proxy finds it; `None` when there is no
    /// such version. Clients read that the broker takes no later one.
    pub(crate) fn version_max(self) -> Option<i16> {
        match self {
            // Later ones name new leaders (KIP-951).
            Self::PRODUCE => Some(9),
            Self::FETCH => Some(15),
            Self::METADATA => Some(13),
            Self::FIND_COORDINATOR => Some(6),
            Self::API_VERSIONS => Some(5),
            // Later ones name the listeners of the voters (KIP-853).
            Self::DESCRIBE_QUORUM => Some(1),
            Self::DESCRIBE_CLUSTER => Some(2),
            Self::SHARE_FETCH | Self::SHARE_ACKNOWLEDGE => None,
            Self(key) if key > KEY_MAX => None,
            _ => Some(i16::MAX),
        }
    }
}

/// The last key of Kafka 4.3: what a later one answers is not known.
const KEY_MAX: i16 = 93;

const NAMES: &[(i16, &str)] = &[
    (0, "Produce"),
    (1, "Fetch"),
    (2, "ListOffsets"),
    (3, "Metadata"),
    (7, "ControlledShutdown"),
    (8, "OffsetCommit"),
    (9, "OffsetFetch"),
    (10, "FindCoordinator"),
    (11, "JoinGroup"),
    (12, "Heartbeat"),
    (13, "LeaveGroup"),
    (14, "SyncGroup"),
    (15, "DescribeGroups"),
    (16, "ListGroups"),
    (17, "SaslHandshake"),
    (18, "ApiVersions"),
    (19, "CreateTopics"),
    (20, "DeleteTopics"),
    (21, "DeleteRecords"),
    (22, "InitProducerId"),
    (23, "OffsetForLeaderEpoch"),
    (24, "AddPartitionsToTxn"),
    (25, "AddOffsetsToTxn"),
    (26, "EndTxn"),
    (27, "WriteTxnMarkers"),
    (28, "TxnOffsetCommit"),
    (32, "DescribeConfigs"),
    (33, "AlterConfigs"),
    (36, "SaslAuthenticate"),
    (37, "CreatePartitions"),
    (42, "DeleteGroups"),
    (44, "IncrementalAlterConfigs"),
    (45, "AlterPartitionReassignments"),
    (46, "ListPartitionReassignments"),
    (47, "OffsetDelete"),
    (55, "DescribeQuorum"),
    (60, "DescribeCluster"),
    (61, "DescribeProducers"),
    (65, "DescribeTransactions"),
    (66, "ListTransactions"),
    (68, "ConsumerGroupHeartbeat"),
    (69, "ConsumerGroupDescribe"),
    (71, "GetTelemetrySubscriptions"),
    (72, "PushTelemetry"),
    (75, "DescribeTopicPartitions"),
    (76, "ShareGroupHeartbeat"),
    (78, "ShareFetch"),
    (79, "ShareAcknowledge"),
];

impl fmt::Display for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => self.0.fmt(formatter),
        }
    }
}

/// A text that is neither a name nor a number of an API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no API of Kafka that is known here: take its name (EndTxn) or its number (26)")]
pub struct UnknownApi(String);

impl FromStr for ApiKey {
    type Err = UnknownApi;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(key, _)| *key);
        named
            .or_else(|| text.parse().ok())
            .map(Self)
            .ok_or_else(|| UnknownApi(text.to_owned()))
    }
}

impl Serialize for ApiKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
