//! Asking a query service over HTTP, and saying precisely what answers in its place.

use anyhow::{Context, anyhow, bail};
use reqwest::blocking::{Client, Response};
use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use std::time::Duration;
use stream::registry::{Proxy, is_loopback};

/// An answer of the service: a success, or a problem document.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    /// The header `X-Position`.
    pub position: Option<String>,
}

/// How much of an answer of something else is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// A client for one address.
pub struct Query {
    http: Client,
    url: String,
    /// What stands between, as the environment says.
    proxy: Option<Proxy>,
}

impl Query {
    /// For the service at `url`, such as `http://127.0.0.1:8080`. A proxy of the environment is not used for this machine itself.
    ///
    /// # Errors
    /// When that is no address.
    pub fn new(url: &str, request_wait_max: Duration) -> anyhow::Result<Self> {
        let parsed = Url::parse(url).with_context(|| format!("{url} is no address such as http://127.0.0.1:8080"))?;
        let mut builder = Client::builder().timeout(request_wait_max);
        if is_loopback(&parsed) {
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build()?,
            url: url.trim_end_matches('/').to_owned(),
            proxy: Proxy::of(&parsed),
        })
    }

    /// The answer to one question, whatever its status.
    ///
    /// # Errors
    /// When nothing answers, or something other than a query service.
    pub fn ask(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.url);
        let target = Url::parse_with_params(&url, query).with_context(|| format!("{url} is no address"))?;
        let response = self.http.get(target).send().with_context(|| match &self.proxy {
            None => format!("{url}: is a materializer running there?"),
            Some(proxy) => format!("{url}, through {}", proxy),
        })?;
        self.read(&url, response)
    }

    /// The body of a success.
    ///
    /// # Errors
    /// What the service's problem document says, too.
    pub fn ask_for_success(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Answer> {
        let answer = self.ask(path, query)?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let said = |field: &str| answer.body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        bail!("{}{path}: {}: {}: {}", self.url, answer.status, said("title"), said("detail"))
    }

    fn read(&self, url: &str, response: Response) -> anyhow::Result<Answer> {
        let status = response.status();
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (position, content_type) = (header("x-position"), header(CONTENT_TYPE.as_str()));
        let expected = if status.is_success() {
            "application/json"
        } else {
            "application/problem+json"
        };
        let text = response
            .text()
            .with_context(|| format!("{url}: the answer did not come to its end"))?;
        let essence = content_type.as_deref().map(|value| value.split(';').next().unwrap_or(value).trim());
        match serde_json::from_str(&text) {
            Ok(body) if essence == Some(expected) => Ok(Answer { status, body, position }),
            Ok(_) | Err(_) => Err(self.stranger(url, status, content_type.as_deref(), &text)),
        }
    }

    fn stranger(&self, url: &str, status: StatusCode, content_type: Option<&str>, text: &str) -> anyhow::Error {
        let through = self.proxy.as_ref().map(|proxy| format!(", through {}", proxy)).unwrap_or_default();
        let shown: String = text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(SHOWN_CHARS_MAX)
            .collect();
        anyhow!(
            "{url}{through}: {status} with content type {}: this is no answer of an Aerolog query service, but of something else at this \
             address or on the way to it, such as a proxy or a load balancer: {shown:?}",
            content_type.unwrap_or("(none)")
        )
    }
}

#[cfg(test)]
mod tests;
