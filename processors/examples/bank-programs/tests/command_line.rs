//! The bank's command line on a real broker, which KAFKA_BOOTSTRAP_SERVERS names: beside the airline's, whose log is none of it.
// What cannot be set up ends the test.
#![allow(clippy::unwrap_used)]

mod command_line {
    mod auditing;
    mod fixture;
    mod foreign;
    mod sending;
}
