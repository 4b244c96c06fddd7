//! The materializer on a real broker and a real registry, which KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL name.

#[cfg(test)]
mod broker {
    mod fixture;
    mod following;
    mod freezing;
    mod history;
    mod refusing;
}
