//! A collector that does not answer.

use end_to_end::{History, Program, Schedule, eventually, load};
use schemas::command_to_avro;
use std::net::TcpListener;

const TRACE: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// Each makes two spans in the processor: more than wait for a collector, and what is on its way to it.
const ROTATIONS: u32 = 100;
const LEGS: u32 = 99;
/// What the producer takes at once.
const WRITTEN_AT_ONCE: usize = 1000;

#[test]
fn commands_are_decided_as_ever_while_the_collector_hangs_and_the_spans_that_are_lost_are_counted() {
    // It accepts connections, as its kernel does, and answers none.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", hanging.local_addr().unwrap());
    let schedule = Schedule::new("hanging", 3);
    let folder = tempfile::tempdir().unwrap();
    let variables = [("AEROLOG_INSTANCE_ID", "one"), ("AEROLOG_OTLP__ENDPOINT", endpoint.as_str())];
    let mut processor = Program::start("command-processor", &schedule, &folder.path().join("state"), &variables);
    processor.wait_until_ready();
    let commands = load(0, ROTATIONS, LEGS);
    for some in commands.chunks(WRITTEN_AT_ONCE) {
        for envelope in some {
            let value = command_to_avro(envelope, schedule.ids().command);
            let headers: [(&str, &[u8]); 1] = [("traceparent", TRACE)];
            let record = schedule.record(Some(envelope.aggregate_id.as_bytes()), Some(&value), &headers, None);
            schedule.write(&record);
        }
        schedule.flush();
    }
    let history = History::wait_for(&schedule, commands.len());
    history.check(commands.iter().map(|envelope| envelope.command_id));
    eventually("spans that do not fit into the queue are counted", || {
        processor.metric("aerolog_trace_spans_total{result=\"dropped\"}") > 0.0
    });
    assert_eq!(processor.metric("aerolog_trace_spans_total{result=\"exported\"}"), 0.0);
    assert!(processor.is_ready() && processor.is_running());
    assert!(processor.stop().success(), "it ends in time, whatever the collector does");
}
