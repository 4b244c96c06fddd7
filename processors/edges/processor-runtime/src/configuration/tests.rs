//! The defaults fit the program, and the environment reaches the keys.

use super::*;
use end_to_end::kubernetes;

fn load(environment: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
    definition().load_with(
        None,
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

#[test]
fn the_defaults_are_a_configuration() {
    let configuration = load(&[]).unwrap();
    assert_eq!(configuration.partitions, None);
    assert_eq!(configuration.kafka["bootstrap.servers"], "127.0.0.1:9092");
}

#[test]
fn the_environment_sets_keys_and_passes_kafka_settings_on() {
    let configuration = load(&[
        ("AEROLOG_INSTANCE_ID", "processor-3"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka:1234"),
        ("AEROLOG_KAFKA__SECURITY_PROTOCOL", "SSL"),
    ])
    .unwrap();
    assert_eq!(configuration.instance_id, "processor-3");
    assert_eq!(configuration.kafka["bootstrap.servers"], "kafka:1234");
    assert_eq!(configuration.kafka["security.protocol"], "SSL");
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let error = load(&[("AEROLOG_INSTANCE", "x")]).unwrap_err().to_string();
    assert!(error.contains("instance") && error.contains("instance_id"), "{error}");
}

#[test]
fn this_machine_has_a_name() {
    assert!(service::host_name().is_some_and(|name| !name.is_empty()));
}

#[test]
fn the_configuration_of_kubernetes_has_only_keys_and_variables_of_this_program_and_no_default() {
    let path = kubernetes::configuration_file("command-processor");
    let variables = kubernetes::variables();
    definition().load_with::<Configuration>(Some(&path), variables).unwrap();

    kubernetes::assert_no_default_is_repeated(&path, DEFAULTS);
}
