//! The keys that an operator has to find in a message.

use super::*;

#[track_caller]
fn names(code: RDKafkaErrorCode, keys: &[&str]) {
    let advice = advice(code).unwrap();
    for key in keys {
        assert!(advice.contains(key), "\"{key}\" in: {advice}");
    }
}

#[test]
fn an_error_that_a_setting_causes_names_the_setting_on_both_sides() {
    use RDKafkaErrorCode as Code;
    names(
        Code::InvalidTransactionTimeout,
        &["transaction.timeout.ms", "transaction.max.timeout.ms"],
    );
    names(
        Code::InvalidSessionTimeout,
        &["session.timeout.ms", "group.min.session.timeout.ms", "group.max.session.timeout.ms"],
    );
    names(Code::GroupMaxSizeReached, &["group.max.size"]);
    names(Code::SaslAuthenticationFailed, &["sasl.username"]);
    names(Code::UnsupportedFeature, &[KAFKA_VERSION_MIN]);
    names(Code::TransactionalIdAuthorizationFailed, &["ACL"]);
}

#[test]
fn an_error_that_passes_has_no_advice() {
    assert_eq!(advice(RDKafkaErrorCode::RebalanceInProgress), None);
    assert_eq!(advice(RDKafkaErrorCode::CoordinatorLoadInProgress), None);
}
