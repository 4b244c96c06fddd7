//! Advice on what an operator has to set, for permanent errors of Kafka.

use rdkafka::error::RDKafkaErrorCode;

/// The oldest Kafka that is tested; an older one lacks a request that is used.
pub const KAFKA_VERSION_MIN: &str = "3.9";

/// What to do about an error, where a person has to do something; `None` where waiting or the error's own text is enough.
pub(crate) fn advice(code: RDKafkaErrorCode) -> Option<String> {
    use RDKafkaErrorCode as Code;
    let advice = match code {
        Code::InvalidTransactionTimeout => {
            "transaction.timeout.ms of this process exceeds the brokers' transaction.max.timeout.ms: raise that one, or set a lower \
             \"transaction.timeout.ms\" under [kafka]"
        }
        Code::InvalidSessionTimeout => {
            "session.timeout.ms of this process is not between the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms: \
             widen those, or set \"session.timeout.ms\" under [kafka] to a value between them"
        }
        Code::GroupMaxSizeReached => {
            "the group has as many members as the brokers' group.max.size allows: raise it, or run fewer processes"
        }
        Code::Authentication | Code::SaslAuthenticationFailed => {
            "the brokers do not accept the credentials: see to sasl.mechanism, sasl.username and sasl.password under [kafka]"
        }
        Code::UnsupportedSASLMechanism | Code::IllegalSASLState => "sasl.mechanism under [kafka] is not one that the listener offers",
        Code::SSL => {
            "the TLS handshake fails: see to security.protocol and the ssl.* settings under [kafka], and to the brokers' certificates"
        }
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => {
            "an ACL of the cluster denies it: grant this principal what `aerolog topics acls` prints for its role"
        }
        Code::UnsupportedVersion | Code::UnsupportedFeature => {
            return Some(format!(
                "the brokers do not offer a request that is needed: Kafka {KAFKA_VERSION_MIN} or newer is"
            ));
        }
        Code::Resolve => "a broker's host name cannot be resolved: see to bootstrap.servers and to the brokers' advertised.listeners",
        _ => return None,
    };
    Some(advice.to_owned())
}

/// A broker that closes connections says no reason. Only where a process waits for long is this more likely than a broker that is away.
pub(crate) const CLOSED_CONNECTIONS: &str = "if the broker is up: does it listen there with this security.protocol, does it take this \
                                             sasl.username and sasl.password where it asks for them, and do its max.connections and \
                                             max.connections.per.ip leave room for the connections of this process (about 10 to each broker)?";

#[cfg(test)]
mod tests;
