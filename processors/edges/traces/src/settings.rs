//! Where spans go, and whose they are.

use reqwest::Url;
use serde::Deserialize;
use std::net::IpAddr;

/// The table `[otlp]` of a program's configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of a collector for OTLP over HTTP, without `/v1/traces`. Empty: no spans are made.
    pub endpoint: String,
}

/// The process whose spans they are: OpenTelemetry's `service.name`, `service.version` and `service.instance.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub name: &'static str,
    pub version: &'static str,
    pub id: String,
}

impl Instance {
    /// The only process of that name on this machine or in this pod.
    pub fn of_host(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            id: service::host_name().unwrap_or_else(|| name.to_owned()),
        }
    }
}

/// Returns the address that spans are posted to.
///
/// # Errors
/// A sentence about what is wrong, without the address, which may hold a password.
pub(crate) fn traces_url(endpoint: &str) -> Result<Url, &'static str> {
    let mut url = Url::parse(endpoint).map_err(|_no_url| "it is no URL such as \"http://127.0.0.1:4318\"")?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err("OTLP is spoken over http or https here, such as \"http://127.0.0.1:4318\"; gRPC (port 4317) is not");
    }
    let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// The address as a log may show it.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Whether an address is of this machine itself, to which no proxy leads.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
