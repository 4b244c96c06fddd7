//! The command line as people and scripts use it, on a real broker and a real registry, which KAFKA_BOOTSTRAP_SERVERS and
//! SCHEMA_REGISTRY_URL name.

#[cfg(test)]
mod command_line {
    mod answering;
    mod auditing;
    mod fixture;
    mod importing;
    mod redriving;
    mod setting_up;
}
