//! The registry's address: what it may be, and how messages show it. A value that is refused is never repeated, because it may hold a secret.

use super::RegistryError;
use super::proxy::{Proxy, is_loopback};
use reqwest::Url;

/// An address that was checked, and the same without user and password.
#[derive(Clone)]
pub(super) struct Address {
    url: Url,
    shown: String,
}

impl Address {
    /// A secret with `/`, `?` or `#` that is not percent-encoded ends the part of the address in which it may stand; the rest of it is then taken for a
    /// path, a query or a fragment. So none of these may be there, nor an `@` in the path.
    pub(super) fn parse(text: &str) -> Result<Self, RegistryError> {
        let refused = |reason: &str| RegistryError::Address(reason.to_owned());
        let url = Url::parse(text).map_err(|error| RegistryError::Address(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("it does not begin with http:// or https://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refused("it names no host"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it has a '?' or a '#'"));
        }
        if url.path().contains('@') {
            return Err(refused("it has an '@' after a '/'"));
        }
        let mut shown = url.clone();
        if shown.set_username("").and_then(|()| shown.set_password(None)).is_err() {
            return Err(refused("where its user ends and its host begins is not clear"));
        }
        let mut shown = shown.as_str().trim_end_matches('/').to_owned();
        if let Some(proxy) = Proxy::of(&url) {
            shown = format!("{shown}, through {proxy},");
        }
        Ok(Self { url, shown })
    }

    /// Whether it is of this machine itself, to which no proxy leads.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// As messages may show it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The address of a resource. Names are percent-encoded.
    pub(super) fn of(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        // Only an address without a host has no segments, and those are refused.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}
