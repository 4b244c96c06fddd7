//! Which tokens are believed.

use jsonwebtoken::Algorithm;
use reqwest::Url;
use serde::Deserialize;
use std::net::IpAddr;

/// Which provider's tokens are believed, and where the roles stand in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Exactly as in the claim `iss`, and as the provider's own configuration has it.
    pub(crate) issuer: String,
    /// What the claim `aud` has to name.
    pub(crate) audience: String,
    /// The only one that is accepted, whatever a token says of itself.
    pub(crate) algorithm: Algorithm,
    /// The names on the way to the claim.
    pub(crate) roles_claim: Vec<String>,
}

/// Why settings cannot be used. All of it is for a person to correct.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("sign_in: {0}")]
    Syntax(String),
    /// What was written is not repeated: it may hold a password.
    #[error("sign_in: issuer is no address that begins with https:// (http:// only on loopback) and names no user")]
    Issuer,
    #[error("sign_in: algorithm {0:?} is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA")]
    Algorithm(String),
    #[error("sign_in: {0} is empty")]
    Empty(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: String,
    audience: String,
    #[serde(default = "default_algorithm")]
    algorithm: String,
    #[serde(default = "default_roles_claim")]
    roles_claim: String,
}

fn default_algorithm() -> String {
    "RS256".to_owned()
}

fn default_roles_claim() -> String {
    "roles".to_owned()
}

impl Settings {
    /// Reads `issuer`, `audience`, `algorithm` (RS256 where it is left out) and `roles_claim` (`roles` where it is left out; dots lead into
    /// objects) from TOML.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let written: Written = toml::from_str(text).map_err(|error| SettingsError::Syntax(error.message().to_owned()))?;
        for (name, value) in [("audience", &written.audience), ("roles_claim", &written.roles_claim)] {
            if value.is_empty() {
                return Err(SettingsError::Empty(name));
            }
        }
        if !is_safe(&written.issuer) {
            return Err(SettingsError::Issuer);
        }
        Ok(Self {
            algorithm: algorithm(&written.algorithm)?,
            issuer: written.issuer,
            audience: written.audience,
            roles_claim: written.roles_claim.split('.').map(str::to_owned).collect(),
        })
    }
}

/// A service that checks a symmetric signature (HMAC) could forge tokens with the same key: only asymmetric algorithms are accepted.
fn algorithm(name: &str) -> Result<Algorithm, SettingsError> {
    let algorithm = match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        _ => return Err(SettingsError::Algorithm(name.to_owned())),
    };
    Ok(algorithm)
}

/// Keys that come over an open line could be anyone's. The address is read as the HTTP client reads it.
pub(crate) fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default();
    let is_of_this_machine = || {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    !host.is_empty() && !has_user && (url.scheme() == "https" || (url.scheme() == "http" && is_of_this_machine()))
}

#[cfg(test)]
mod tests;
