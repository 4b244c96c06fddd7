//! The spans of commands, and what their events carry.

use super::*;

const SAMPLED: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const NOT_SAMPLED: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn command(traceparent: &[u8], offset: i64) -> TracedCommand<'_> {
    TracedCommand {
        traceparent,
        partition: 3,
        offset,
        outcome: "accepted",
        command_type: Some("CreateRotation"),
    }
}

const TIMES: BatchTimes = BatchTimes {
    commands: 2,
    deciding: Duration::from_nanos(40),
    committing: Duration::from_nanos(100),
};

#[test]
fn a_sampled_command_has_a_decide_below_its_sender_and_a_commit_below_that() {
    let (tracer, kept) = Tracer::kept(10).unwrap();
    record(&tracer, &[command(NOT_SAMPLED, 6), command(SAMPLED, 7)], TIMES, 1000);
    let spans = kept.take();
    let [decide, commit] = &spans[..] else { panic!("{spans:?}") };
    let sender = TraceContext::sampled(SAMPLED).unwrap();
    assert_eq!((decide.name, decide.parent, decide.is_parent_remote), ("decide", sender, true));
    assert_eq!(
        (commit.name, commit.parent, commit.is_parent_remote),
        ("commit", sender.below(decide.id), false)
    );
    assert_eq!((decide.start_ns, decide.end_ns), (860, 900));
    assert_eq!((commit.start_ns, commit.end_ns), (900, 1000));
    for expected in [
        ("messaging.destination.partition.id", "3".into()),
        ("messaging.kafka.offset", 7.into()),
        ("messaging.batch.message_count", 2.into()),
        ("aerolog.outcome", "accepted".into()),
        ("aerolog.command_type", "CreateRotation".into()),
    ] {
        assert!(decide.attributes.contains(&expected), "{expected:?} in {:?}", decide.attributes);
    }
}

#[test]
fn events_carry_the_id_of_the_commit_each_time_that_they_are_written() {
    let (tracer, kept) = Tracer::kept(10).unwrap();
    let carried = event_traceparent(&tracer, SAMPLED, 3, 7).unwrap();
    record(&tracer, &[command(SAMPLED, 7)], TIMES, 1000);
    let commit = kept.take().pop().unwrap();
    assert_eq!(carried, commit.parent.below(commit.id).traceparent());
    assert_eq!(event_traceparent(&tracer, SAMPLED, 3, 7), Some(carried));
    assert_ne!(event_traceparent(&tracer, SAMPLED, 3, 8), Some(carried));
}

#[test]
fn events_repeat_what_the_sender_says_where_the_trace_is_recorded_by_neither() {
    let (tracer, _kept) = Tracer::kept(10).unwrap();
    assert_eq!(event_traceparent(&tracer, NOT_SAMPLED, 3, 7), None);
    assert_eq!(event_traceparent(&Tracer::default(), SAMPLED, 3, 7), None);
}
