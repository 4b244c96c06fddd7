//! Which proxy stands between this process and an address. None for this machine itself, whatever the environment says.

use reqwest::Url;
use std::fmt;
use std::net::IpAddr;

/// A proxy that the environment names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    variable: &'static str,
    /// Without user and password.
    shown: String,
}

const FOR_HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const FOR_HTTP: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

impl Proxy {
    /// The proxy that requests to `url` go through.
    pub fn of(url: &Url) -> Option<Self> {
        Self::among(url, |name| std::env::var(name).ok())
    }

    fn among(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if is_loopback(url) {
            return None;
        }
        let names = if url.scheme() == "https" { FOR_HTTPS } else { FOR_HTTP };
        names.into_iter().find_map(|name| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            let shown = match value.rsplit_once('@') {
                None => value,
                Some((_secret, host)) => host.to_owned(),
            };
            Some(Self { variable: name, shown })
        })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the proxy {} (set by {}; NO_PROXY names hosts that are asked directly)",
            self.shown, self.variable
        )
    }
}

/// Whether an address is of this machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        None => false,
        Some("localhost") => true,
        Some(host) if host.ends_with(".localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
    }
}

#[cfg(test)]
mod tests;
