//! Layers, and every mistake that a person can make in one.

use super::{ConfigurationError, Definition};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

const DEFINITION: Definition = Definition {
    defaults: r#"
state_directory = "state" # where the state is
batch = 1000
ratio = 0.5
verbose = false
brokers = ["a:1"]
token = ""
[http]
port = 8080
[kafka]
"client.id" = "example"
"#,
    open_tables: &["kafka"],
    variables: &[("KAFKA_BOOTSTRAP_SERVERS", "state_directory")],
    ignored: &["AEROLOG_ELSEWHERE"],
};

#[derive(Debug, Deserialize, PartialEq)]
struct Example {
    state_directory: String,
    batch: u32,
    ratio: f64,
    verbose: bool,
    brokers: Vec<String>,
    token: String,
    http: Http,
    kafka: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Http {
    port: u16,
}

/// The configuration after a file with this text and these variables.
fn load(file: &str, variables: &[(&str, &str)]) -> Result<Example, ConfigurationError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("given.toml");
    std::fs::write(&path, file).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    DEFINITION.load_with(Some(&path), variables)
}

#[track_caller]
fn refused(file: &str, variables: &[(&str, &str)], expected: &[&str]) {
    let message = load(file, variables).unwrap_err().to_string();
    for part in expected {
        assert!(message.contains(part), "\"{part}\" in: {message}");
    }
    assert!(!message.contains("hunter2"), "a value is shown: {message}");
}

#[test]
fn without_a_file_and_variables_the_defaults_hold() {
    let example: Example = DEFINITION.load_with(None, []).unwrap();
    assert_eq!(example.state_directory, "state");
    assert_eq!((example.batch, example.ratio, example.verbose), (1000, 0.5, false));
    assert_eq!(example.http, Http { port: 8080 });
    assert_eq!(example.kafka, BTreeMap::from([("client.id".to_owned(), "example".to_owned())]));
}

#[test]
fn a_file_changes_the_keys_that_it_names() {
    let example = load("batch = 7\nratio = 1\n[http]\nport = 1\n", &[]).unwrap();
    assert_eq!((example.batch, example.ratio, example.http.port), (7, 1.0, 1));
    assert_eq!(example.state_directory, "state");
}

#[test]
fn the_environment_wins_over_the_file_and_is_read_as_the_type_of_the_default() {
    let variables = [
        ("AEROLOG_STATE_DIRECTORY", "/data"),
        ("AEROLOG_BATCH", "9"),
        ("AEROLOG_RATIO", "2"),
        ("AEROLOG_VERBOSE", "true"),
        ("AEROLOG_BROKERS", "[\"b:1\", \"c:2\"]"),
        ("AEROLOG_HTTP__PORT", "99"),
    ];
    let example = load("batch = 7\nstate_directory = \"x\"", &variables).unwrap();
    assert_eq!(example.state_directory, "/data");
    assert_eq!(
        (example.batch, example.ratio, example.verbose, example.http.port),
        (9, 2.0, true, 99)
    );
    assert_eq!(example.brokers, ["b:1", "c:2"]);
}

#[test]
fn a_well_known_variable_stands_between_the_file_and_the_own_variable() {
    let well_known = ("KAFKA_BOOTSTRAP_SERVERS", "k:1");
    assert_eq!(load("state_directory = \"x\"", &[well_known]).unwrap().state_directory, "k:1");
    let both = [("AEROLOG_STATE_DIRECTORY", "y"), well_known];
    assert_eq!(load("", &both).unwrap().state_directory, "y");
    assert_eq!(load("", &[("KAFKA_BOOTSTRAP_SERVERS", "")]).unwrap().state_directory, "state");
}

#[test]
fn other_variables_do_not_matter() {
    let others = [
        ("AEROLOG_LOG", "x"),
        ("AEROLOG_CACHE", "x"),
        ("AEROLOG_ELSEWHERE", "x"),
        ("PATH", "x"),
        ("HTTP__PORT", "x"),
    ];
    assert_eq!(load("", &others).unwrap(), DEFINITION.load_with(None, []).unwrap());
}

#[test]
fn an_unknown_key_is_refused_by_name_with_the_known_ones() {
    let known = "state_directory, batch, ratio, verbose, brokers, token, http.port, kafka.*";
    let mut names: Vec<&str> = known.split(", ").collect();
    names.push("unknown key \"http.prot\"");
    refused("[http]\nprot = 1", &[], &names);
    refused("[htttp]", &[], &["unknown key \"htttp\""]);
    refused("speed = \"hunter2\"", &[], &["given.toml", "unknown key \"speed\""]);
    refused(
        "",
        &[("AEROLOG_HTTP_PORT", "1")],
        &["AEROLOG_HTTP_PORT", "unknown key \"http_port\"", "http.port"],
    );
}

#[test]
fn a_variable_that_is_a_key_of_another_program_is_ignored_and_a_misspelt_one_is_not() {
    let shared = [
        ("AEROLOG_HTTP__ADDRESS", "0.0.0.0:80"),
        ("AEROLOG_PACE_MS", "slow"),
        ("AEROLOG_INSTANCE_ID_FILE", "/none"),
    ];
    assert_eq!(load("", &shared).unwrap(), load("", &[]).unwrap());
    refused(
        "",
        &[("AEROLOG_HTTP__ADRESS", "x")],
        &["AEROLOG_HTTP__ADRESS", "unknown key \"http.adress\""],
    );
    refused("[http]\naddress = \"x\"", &[], &["given.toml", "unknown key \"http.address\""]);
}

#[test]
fn a_key_by_its_former_name_is_refused_with_the_new_one_in_a_file_and_in_the_environment() {
    let now = "is called \"topic_prefix\" now, and its variable AEROLOG_TOPIC_PREFIX";
    refused("schedule = \"night\"", &[], &["given.toml", now]);
    refused("", &[("AEROLOG_SCHEDULE", "night")], &["AEROLOG_SCHEDULE", now]);
    refused("", &[("AEROLOG_SCHEDULE_FILE", "/none")], &["AEROLOG_SCHEDULE_FILE", now]);
}

#[test]
fn a_value_of_another_type_is_refused_without_being_shown() {
    refused("batch = \"hunter2\"", &[], &["given.toml: batch: expected a whole number"]);
    refused("http = 1", &[], &["http: expected a table"]);
    refused("[state_directory]\nx = 1", &[], &["unknown key \"state_directory.x\""]);
    refused(
        "",
        &[("AEROLOG_BATCH", "hunter2")],
        &["AEROLOG_BATCH: batch: expected a whole number"],
    );
    refused("", &[("AEROLOG_VERBOSE", "yes")], &["verbose: expected true or false"]);
    refused("", &[("AEROLOG_BROKERS", "b:1")], &["brokers: expected a list such as"]);
    refused("", &[("AEROLOG_HTTP", "1")], &["http: expected a table"]);
}

#[test]
fn a_number_out_of_range_is_refused_by_name() {
    refused("[http]\nport = 70000", &[], &["does not fit", "70000", "port"]);
}

#[test]
fn broken_toml_is_refused_with_its_line_and_without_its_text() {
    refused("batch = 1\ntoken = hunter2\n", &[], &["given.toml: not TOML: line 2"]);
}

#[test]
fn a_file_that_is_not_there_is_refused_by_path() {
    let error = DEFINITION.load_with::<Example>(Some(Path::new("/no/such.toml")), []).unwrap_err();
    assert!(error.to_string().starts_with("/no/such.toml: "), "{error}");
}

#[test]
fn the_open_table_takes_any_key_as_text_however_its_dots_are_written() {
    let file = "[kafka]\n\"socket.timeout.ms\" = 1000\nsecurity.protocol = \"SSL\"\nssl.endpoint.verification = true\n";
    let example = load(file, &[("AEROLOG_KAFKA__SASL_USERNAME", "me"), ("AEROLOG_KAFKA__CLIENT_ID", "you")]).unwrap();
    let expected = [
        ("client.id", "you"),
        ("sasl.username", "me"),
        ("security.protocol", "SSL"),
        ("socket.timeout.ms", "1000"),
        ("ssl.endpoint.verification", "true"),
    ];
    let given: Vec<(&str, &str)> = example.kafka.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(given, expected);
    refused("[kafka]\nlist = [1]", &[], &["kafka.list: expected a text, a number or a boolean"]);
}

#[test]
fn a_secret_can_come_from_a_file_in_every_layer() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "hunter2\n").unwrap();
    let path = path.to_str().unwrap();
    let from_file = load(&format!("token_file = \"{path}\"\n[kafka]\nsasl.password_file = \"{path}\""), &[]).unwrap();
    let from_environment = load("", &[("AEROLOG_TOKEN_FILE", path), ("AEROLOG_KAFKA__SASL_PASSWORD_FILE", path)]).unwrap();
    for example in [from_file, from_environment] {
        assert_eq!(example.token, "hunter2");
        assert_eq!(example.kafka["sasl.password"], "hunter2");
    }
}

#[test]
fn a_secret_file_that_is_missing_or_given_together_with_the_value_is_refused() {
    refused("token_file = \"/no/such\"", &[], &["/no/such: "]);
    refused(
        "token = \"hunter2\"\ntoken_file = \"/no/such\"",
        &[],
        &["both token and token_file are given"],
    );
    refused("token_file = 1", &[], &["token_file: expected the path of a file"]);
    refused("batch_file = \"x\"", &[], &["unknown key \"batch_file\""]);
}

#[test]
fn what_kubernetes_injects_for_a_service_of_that_name_is_not_configuration() {
    let injected = [
        ("AEROLOG_PORT", "tcp://10.96.0.12:80"),
        ("AEROLOG_SERVICE_HOST", "10.96.0.12"),
        ("AEROLOG_SERVICE_PORT", "80"),
        ("AEROLOG_PORT_80_TCP_ADDR", "10.96.0.12"),
    ];
    assert_eq!(load("", &injected).unwrap(), load("", &[]).unwrap());
    refused("", &[("AEROLOG_PORT", "80")], &["AEROLOG_PORT", "unknown key"]);
}
