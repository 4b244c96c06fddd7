//! The proxy between librdkafka and a real broker, which KAFKA_BOOTSTRAP_SERVERS names.
#![allow(clippy::disallowed_methods)]

#[cfg(test)]
mod kafka {
    mod clients;
    mod faults;
    mod program;
    mod staying;
}
