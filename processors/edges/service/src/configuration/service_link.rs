//! The variables that Kubernetes injects for every Service of a namespace, which are not configuration.
//!
//! A Service named `aerolog-web` brings `AEROLOG_WEB_SERVICE_HOST`, `AEROLOG_WEB_SERVICE_PORT`, `AEROLOG_WEB_SERVICE_PORT_HTTP` (a named port),
//! `AEROLOG_WEB_PORT=tcp://10.0.0.1:80`, and `AEROLOG_WEB_PORT_80_TCP` with `_PROTO`, `_PORT` and `_ADDR`.
//! Source: Kubernetes documentation, "Service: Discovering services: Environment variables" (Docker links form included).

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Whether this variable is one of those. A value is looked at as well as a name, so that a misspelt key is still reported as unknown.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    is_discovery(name, value) || is_docker_link(name, value)
}

/// `…_SERVICE_HOST`, `…_SERVICE_PORT` and `…_SERVICE_PORT_NAME`.
fn is_discovery(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") {
        return is_host(value);
    }
    let named_port = name.rsplit_once("_SERVICE_PORT");
    named_port.is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('_')) && is_port(value)
}

/// `…_PORT` and `…_PORT_80_TCP` with an endpoint, and the three parts of the latter.
fn is_docker_link(name: &str, value: &str) -> bool {
    if name.ends_with("_PORT") && is_endpoint(value) {
        return true;
    }
    PROTOCOLS.iter().any(|protocol| {
        let is_whole = names_a_port(name, protocol) && is_endpoint(value);
        is_whole || is_part(name, protocol, value)
    })
}

/// Whether the name ends with `_PORT_80_TCP`.
fn names_a_port(name: &str, protocol: &str) -> bool {
    let before = name.strip_suffix(&format!("_{}", protocol.to_uppercase()));
    let port = before.and_then(|before| before.rsplit_once("_PORT_"));
    port.is_some_and(|(_, port)| is_port(port))
}

/// `…_PORT_80_TCP_PROTO`, `…_PORT_80_TCP_PORT` or `…_PORT_80_TCP_ADDR`.
fn is_part(name: &str, protocol: &str, value: &str) -> bool {
    let Some((link, part)) = name.rsplit_once('_') else { return false };
    let fits = match part {
        "PROTO" => value == protocol,
        "PORT" => is_port(value),
        "ADDR" => is_host(value),
        _ => false,
    };
    fits && names_a_port(link, protocol)
}

fn is_endpoint(value: &str) -> bool {
    let Some((protocol, address)) = value.split_once("://") else {
        return false;
    };
    let Some((host, port)) = address.rsplit_once(':') else {
        return false;
    };
    PROTOCOLS.contains(&protocol) && is_host(host) && is_port(port)
}

/// A cluster address, with or without the brackets of IPv6, or `None` of a headless Service.
fn is_host(value: &str) -> bool {
    let bare = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value);
    bare.parse::<std::net::IpAddr>().is_ok() || bare == "None"
}

fn is_port(value: &str) -> bool {
    value.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests;
