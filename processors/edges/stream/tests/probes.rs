//! What Kafka does today where exactly-once is in danger, and what keeps it right: each hazard with its defence.
//!
//! The clients are librdkafka's own, without the processor around them: a test that is red without the defence says that the defence
//! is still needed, and the tests of the processor say that it has it. KAFKA_BOOTSTRAP_SERVERS names the broker.

#[cfg(test)]
mod probes {
    mod fixture;
    mod late_end_txn;
    mod takeover;
    mod unfenced_commit;
}
