//! The bank's command line on a real broker, which KAFKA_BOOTSTRAP_SERVERS names: next to the airline's, whose log it refuses.
// What cannot be set up ends the test.
#![allow(clippy::unwrap_used)]

mod command_line {
    mod auditing;
    mod fixture;
    mod foreign;
    mod sending;
}
