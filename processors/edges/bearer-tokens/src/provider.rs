//! The provider: where its keys are, and what they are.

use crate::settings::{Settings, is_safe};
use crate::token::Keys;
use reqwest::{Client, Response};
use serde_json::Value;
use std::time::Duration;

/// How long the provider may take over one answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Why there are no keys of the provider. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("{address} cannot be read: {reason}")]
    Unreadable { address: String, reason: String },
    #[error("{address} is of the issuer {found:?}, not of {expected:?}")]
    OtherIssuer { address: String, found: String, expected: String },
    #[error("{address} names no jwks_uri that is safe to read")]
    NoKeys { address: String },
}

/// No provider could be asked at all: the system's certificates cannot be read, for example.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ClientError(#[from] reqwest::Error);

/// Asks the provider.
pub(crate) struct Provider {
    client: Client,
    settings: Settings,
}

impl Provider {
    pub(crate) fn new(settings: Settings) -> Result<Self, ClientError> {
        // A redirection could lead to anyone.
        let client = Client::builder()
            .timeout(ANSWER_WAIT_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, settings })
    }

    /// The keys as they are now (OpenID Connect Discovery 1.0, 4).
    pub(crate) async fn keys(&self) -> Result<Keys, ProviderError> {
        let Settings { issuer, .. } = &self.settings;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let configuration = self.json(&address).await?;
        let found = configuration["issuer"].as_str().unwrap_or_default();
        if found != issuer {
            return Err(ProviderError::OtherIssuer {
                address,
                found: found.to_owned(),
                expected: issuer.clone(),
            });
        }
        let keys_address = configuration["jwks_uri"].as_str().filter(|address| is_safe(address));
        let keys_address = keys_address.ok_or_else(|| ProviderError::NoKeys { address: address.clone() })?;
        let keys = self.json(keys_address).await?;
        Keys::parse(&keys).ok_or_else(|| unreadable(keys_address, "it holds no key for signatures"))
    }

    async fn json(&self, address: &str) -> Result<Value, ProviderError> {
        let failed = |error: reqwest::Error| unreadable(address, &error.without_url().to_string());
        let response = self.client.get(address).send().await.map_err(failed)?;
        let response = response.error_for_status().map_err(failed)?;
        let body = bounded(response, address).await?;
        serde_json::from_slice(&body).map_err(|error| unreadable(address, &error.to_string()))
    }
}

async fn bounded(mut response: Response, address: &str) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| unreadable(address, &error.without_url().to_string()))?
    {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(unreadable(address, "it has more than 1 MiB"));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn unreadable(address: &str, reason: &str) -> ProviderError {
    ProviderError::Unreadable {
        address: address.to_owned(),
        reason: reason.to_owned(),
    }
}
