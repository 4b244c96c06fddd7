//! The failure of a call to Kafka, and whether it is transient.

use crate::advice::advice;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A failed call, with librdkafka's own word on what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({code:?}){}", advised(*code))]
pub struct Failure {
    pub code: RDKafkaErrorCode,
    pub reason: String,
    /// The client cannot be used any more.
    pub fatal: bool,
    /// The same call may be made again.
    pub retriable: bool,
    /// The transaction must be aborted.
    pub abortable: bool,
}

impl Failure {
    pub(crate) fn of(error: &KafkaError) -> Self {
        match error {
            KafkaError::Transaction(error) => Self {
                code: error.code(),
                reason: error.string(),
                fatal: error.is_fatal(),
                retriable: error.is_retriable(),
                abortable: error.txn_requires_abort(),
            },
            other => {
                let code = other.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
                let retriable = is_transient(code);
                Self {
                    code,
                    reason: other.to_string(),
                    fatal: code == RDKafkaErrorCode::Fatal,
                    retriable,
                    abortable: false,
                }
            }
        }
    }
}

fn advised(code: RDKafkaErrorCode) -> String {
    advice(code).map_or_else(String::new, |advice| format!("; {advice}"))
}

/// The cluster may be there again in a moment.
pub(crate) fn is_transient(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::OperationTimedOut
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::RequestTimedOut
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            // The broker or the client does not know of the leader's latest epoch yet, as after a restart of the broker.
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
            | Code::NetworkException
            | Code::RebalanceInProgress
            | Code::WaitingForCoordinator
            | Code::UnstableOffsetCommit
            | Code::MessageTimedOut
    )
}

/// The same would be refused again: a person has to change a setting or a right.
pub(crate) fn is_refusal(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::OffsetMetadataTooLarge
            | Code::InvalidTimestamp
            | Code::InvalidRecord
            | Code::PolicyViolation
            | Code::UnsupportedCompressionType
            | Code::UnsupportedForMessageFormat
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
    )
}

/// A wait has timed out.
pub(crate) fn is_timeout(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::OperationTimedOut | Code::RequestTimedOut | Code::MessageTimedOut | Code::TimedOutQueue
    )
}

/// A batch of records is there, and the client cannot read it: more comes out of it than `receive.message.max.bytes`, its codec is not known, or it
/// is damaged.
pub(crate) fn is_unreadable(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(code, Code::BadCompression | Code::BadMessage | Code::NotImplemented)
}
