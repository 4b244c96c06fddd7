//! The defaults fit the program, and the environment reaches the keys.

use super::*;

fn load(environment: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
    definition().load_with(
        None,
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

#[test]
fn the_defaults_are_a_configuration() {
    let configuration = load(&[]).unwrap();
    assert_eq!(configuration.partitions(), None);
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
    assert!(!host_name().is_empty());
}

/// Every variable that k8s/ sets for this program, each with a value of its kind.
fn variables_of_kubernetes() -> Vec<(String, String)> {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../k8s"))];
    let mut names = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
            names.extend(words.filter(|word| word.starts_with("AEROLOG_")).map(str::to_owned));
        }
    }
    let value = |name: &String| {
        if name.ends_with("_FILE") {
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")
        } else {
            "x"
        }
    };
    names.iter().map(|name| (name.clone(), value(name).to_owned())).collect()
}

#[test]
fn the_configuration_of_kubernetes_has_only_keys_and_variables_of_this_program_and_no_default() {
    let path = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../k8s/base/configuration/command-processor.toml"
    ));
    let variables = variables_of_kubernetes();
    assert!(variables.len() > 5, "{variables:?}");
    definition().load_with::<Configuration>(Some(path), variables).unwrap();

    let defaults: toml::Table = DEFAULTS.parse().unwrap();
    for (key, value) in std::fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap() {
        assert_ne!(defaults.get(&key), Some(&value), "{key} is the default already");
    }
}
