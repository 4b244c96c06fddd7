//! What a report says of its record, and which failure counts.

use super::*;

#[test]
fn a_report_finds_its_command_and_its_partition_again() {
    for (incoming, partition) in [(0, 0), (1, 7), (999_999, 999), ((1 << 30) - 1, i32::MAX)] {
        let opaque = report_to(incoming, partition, Report::Outcome);
        assert_eq!(opaque & 3, 2);
        assert_eq!(partition_in(opaque), partition.cast_unsigned());
        assert_eq!(opaque >> INCOMING_SHIFT, incoming);
    }
}

#[test]
fn the_first_refusal_counts_though_others_failed_before_and_after_it() {
    let failure = |code, incoming| Reason {
        text: String::new(),
        cause: FailureCause::of(code, Some(incoming)),
    };
    let mut written = Written::default();
    written.failed(failure(RDKafkaErrorCode::InvalidDifferentRecord, 1));
    written.failed(failure(RDKafkaErrorCode::PurgeQueue, 2));
    assert_eq!(written.failure.as_ref().unwrap().cause, FailureCause::Passing);
    written.failed(failure(RDKafkaErrorCode::InvalidTimestamp, 3));
    written.failed(failure(RDKafkaErrorCode::MessageSizeTooLarge, 4));
    written.failed(failure(RDKafkaErrorCode::MessageTimedOut, 5));
    assert_eq!(written.failure.unwrap().cause, FailureCause::Refused { incoming: Some(3) });
}
