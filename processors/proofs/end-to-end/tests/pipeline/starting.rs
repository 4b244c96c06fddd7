//! What a processor says when it cannot start, and what it waits for.

use end_to_end::{Program, Schedule, eventually};

#[test]
fn a_missing_topic_and_another_number_of_partitions_are_refused_with_advice() {
    let schedule = Schedule::new("starting", 2);
    let folder = tempfile::tempdir().unwrap();
    let start = |variables: &[(&str, &str)]| Program::start("command-processor", &schedule, &folder.path().join("state"), variables);
    let mut processor = start(&[("AEROLOG_TOPIC_PREFIX", "no-such-topics")]);
    assert!(!processor.wait().success());
    assert!(processor.log().contains("aerolog topics apply"), "{}", processor.log());
    let mut processor = start(&[("AEROLOG_PARTITIONS", "5")]);
    assert!(!processor.wait().success());
    assert!(
        processor.log().contains("the log was begun with 2 partitions") && processor.log().contains("says 5"),
        "{}",
        processor.log()
    );
    let mut materializer = Program::start(
        "materializer",
        &schedule,
        &folder.path().join("view"),
        &[("AEROLOG_PARTITIONS", "5")],
    );
    assert!(!materializer.wait().success());
    assert!(
        materializer.log().contains("the log was begun with 2 partitions"),
        "{}",
        materializer.log()
    );
    let mut processor = start(&[("AEROLOG_KAFKA__ISOLATION_LEVEL", "read_uncommitted")]);
    assert!(!processor.wait().success());
    assert!(
        processor.log().contains("aborted transaction must never be seen"),
        "{}",
        processor.log()
    );
}

#[test]
fn a_broker_or_a_registry_that_is_away_is_waited_for() {
    let schedule = Schedule::new("waiting", 2);
    let folder = tempfile::tempdir().unwrap();
    let unreachable = [
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("SCHEMA_REGISTRY_URL", "http://127.0.0.1:1"),
    ];
    for (index, (variable, said)) in unreachable
        .into_iter()
        .zip(["cluster cannot be reached", "does not answer"])
        .enumerate()
    {
        let state = folder.path().join(format!("state-{index}"));
        let mut processor = Program::start("command-processor", &schedule, &state, &[variable]);
        eventually("it says what it waits for", || processor.not_ready_because().contains(said));
        assert!(processor.is_running());
        assert!(processor.stop().success(), "and it can be stopped meanwhile");
    }
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let schedule = Schedule::new("port", 1);
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut processor = Program::start(
        "command-processor",
        &schedule,
        &folder.path().join("state"),
        &[("AEROLOG_OPERATIONS_ADDRESS", &address)],
    );
    assert!(!processor.wait().success());
    assert!(
        processor.log().contains(&address) && processor.log().contains("another process uses this port"),
        "{}",
        processor.log()
    );
}
