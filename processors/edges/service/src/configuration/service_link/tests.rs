//! Every form that Kubernetes injects, and what only looks like one.

use super::is_service_link;
use proptest::prelude::*;

/// What Kubernetes injects for a Service (`k8s.io/kubernetes/pkg/kubelet/envvars`), written down independently of the code above.
fn injected(service: &str, host: &str, port: u16, port_name: &str, protocol: &str) -> Vec<(String, String)> {
    let name = service.to_uppercase().replace('-', "_");
    let upper = protocol.to_uppercase();
    let joined = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let endpoint = format!("{protocol}://{joined}");
    let named = port_name.to_uppercase().replace('-', "_");
    [
        (format!("{name}_SERVICE_HOST"), host.to_owned()),
        (format!("{name}_SERVICE_PORT"), port.to_string()),
        (format!("{name}_SERVICE_PORT_{named}"), port.to_string()),
        (format!("{name}_PORT"), endpoint.clone()),
        (format!("{name}_PORT_{port}_{upper}"), endpoint),
        (format!("{name}_PORT_{port}_{upper}_PROTO"), protocol.to_owned()),
        (format!("{name}_PORT_{port}_{upper}_PORT"), port.to_string()),
        (format!("{name}_PORT_{port}_{upper}_ADDR"), host.to_owned()),
    ]
    .into()
}

proptest! {
    #[test]
    fn whatever_kubernetes_injects_for_a_service_is_recognized(
        service in "aerolog(-[a-z0-9]{1,8}){0,3}",
        port: u16,
        port_name in "[a-z]([-a-z0-9]{0,8}[a-z0-9])?",
        protocol in prop::sample::select(vec!["tcp", "udp", "sctp"]),
        host in prop::sample::select(vec!["10.96.0.12", "fd00::1"]),
    ) {
        for (name, value) in injected(&service, host, port, &port_name, protocol) {
            prop_assert!(is_service_link(&name, &value), "{name}={value}");
        }
    }
}

#[test]
fn a_mistyped_key_is_not_taken_for_one() {
    for (name, value) in [
        ("AEROLOG_HTTP_PORT", "8080"),
        ("AEROLOG_PORT", "8080"),
        ("AEROLOG_HTTP_PORT", "tcp://somewhere"),
        ("AEROLOG_SERVICE_HOST", "somewhere.example"),
        ("AEROLOG_SERVICE_PORTS", "80"),
        ("AEROLOG_SERVICE_PORT", "http"),
        ("AEROLOG_HTTP_PORT_80", "tcp://10.0.0.1:80"),
        ("AEROLOG_PORT_80_TCP_HOST", "10.0.0.1"),
        ("AEROLOG_STATE_DIRECTORY", "10.0.0.1"),
    ] {
        assert!(!is_service_link(name, value), "{name}={value}");
    }
}
