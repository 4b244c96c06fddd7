//! Addresses of collectors.

use super::*;

#[test]
fn the_path_for_traces_is_added_to_whatever_path_there_is() {
    for (endpoint, expected) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
        ("https://collector.example/otlp/", "https://collector.example/otlp/v1/traces"),
    ] {
        assert_eq!(traces_url(endpoint).unwrap().as_str(), expected);
    }
}

#[test]
fn what_is_no_address_of_http_is_refused_without_repeating_it() {
    for endpoint in ["collector:4317", "grpc://u:secret@collector:4317", "127.0.0.1:4318", " "] {
        let refused = traces_url(endpoint).unwrap_err();
        assert!(!refused.contains("secret"), "{refused}");
    }
}

#[test]
fn a_password_is_not_shown() {
    let url = traces_url("https://user:secret@collector.example:8443/a").unwrap();
    assert_eq!(shown(&url), "https://collector.example:8443/a/v1/traces");
}

#[test]
fn this_machine_is_known_by_each_of_its_names() {
    for (endpoint, expected) in [
        ("http://localhost:4318", true),
        ("http://127.0.0.9:4318", true),
        ("http://[::1]:4318", true),
        ("http://collector:4318", false),
        ("http://10.0.0.1:4318", false),
    ] {
        assert_eq!(is_loopback(&traces_url(endpoint).unwrap()), expected, "{endpoint}");
    }
}
