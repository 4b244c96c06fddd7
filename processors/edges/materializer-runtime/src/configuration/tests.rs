//! What the defaults say, and which keys there are.

use super::*;
use end_to_end::kubernetes;

fn load(environment: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    definition().load_with(None, environment).and_then(Configuration::checked)
}

#[test]
fn the_defaults_are_complete_and_few() {
    let configuration = load(&[]).unwrap();
    assert_eq!(configuration.http.address.port(), 8080);
    assert_eq!(configuration.kafka["bootstrap.servers"], "127.0.0.1:9092");
    let keys = DEFAULTS.lines().filter(|line| line.contains(" = ") && !line.starts_with('#'));
    assert!(keys.count() < 16);
}

#[test]
fn variables_of_the_environment_override_the_defaults() {
    let environment = [
        ("KAFKA_BOOTSTRAP_SERVERS", "broker:9092"),
        ("SCHEMA_REGISTRY_URL", "http://registry"),
        ("AEROLOG_HTTP__ADDRESS", "[::1]:80"),
        ("AEROLOG_KAFKA__SECURITY_PROTOCOL", "SSL"),
    ];
    let configuration = load(&environment).unwrap();
    assert_eq!(configuration.kafka["bootstrap.servers"], "broker:9092");
    assert_eq!(configuration.kafka["security.protocol"], "SSL");
    assert_eq!(configuration.schema_registry_url, "http://registry");
    assert_eq!(configuration.http.address.to_string(), "[::1]:80");
}

#[test]
fn beyond_loopback_it_listens_only_with_tokens_or_where_the_configuration_says_so_in_words() {
    let everywhere = ("AEROLOG_HTTP__ADDRESS", "0.0.0.0:8080");
    let refusal = load(&[everywhere]).unwrap_err().to_string();
    assert!(refusal.contains(OPEN_TO_ANYONE), "{refusal}");
    // What the refusal advises.
    assert!(load(&[everywhere, ("AEROLOG_HTTP__OPEN_TO_ANYONE", OPEN_TO_ANYONE)]).is_ok());
    let sign_in = ("AEROLOG_HTTP__SIGN_IN", "issuer = \"https://id.example\"\naudience = \"aerolog\"");
    assert!(load(&[everywhere, sign_in]).is_ok());
}

#[test]
fn an_unknown_key_is_an_error() {
    let refusal = load(&[("AEROLOG_HTTP__ADRESS", "0.0.0.0:80")]).unwrap_err().to_string();
    assert!(refusal.contains("http.adress"), "{refusal}");
}

#[test]
fn the_configuration_of_kubernetes_has_only_keys_and_variables_of_this_program_and_no_default() {
    let path = kubernetes::configuration_file("materializer");
    let variables = kubernetes::variables();
    let configuration = definition()
        .load_with(Some(&path), variables)
        .and_then(Configuration::checked)
        .unwrap();
    assert!(!configuration.http.address.ip().is_loopback(), "no other pod would reach it");

    kubernetes::assert_no_default_is_repeated(&path, DEFAULTS);
}
