//! Pages of other origins that may use a service: an allow list, told to browsers by the CORS protocol (Fetch standard, 3.2).

use crate::position::{X_MIN_POSITION, X_POSITION};
use std::convert::Infallible;
use std::time::Duration;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};
use warp::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use warp::http::uri::{Scheme, Uri};
use warp::http::{Method, Request, Response};

const METHODS: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// Headers that some route takes, apart from those that need no permission.
const TAKEN: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("traceparent"),
    X_MIN_POSITION,
];
/// Headers of answers that a page may read, apart from those that need no permission.
const SHOWN: [HeaderName; 7] = [
    header::ALLOW,
    header::ETAG,
    header::LOCATION,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    HeaderName::from_static("preference-applied"),
    X_POSITION,
];
/// How long a browser may remember a permission. Chromium forgets it after two hours in any case.
const AGE_MAX: Duration = Duration::from_secs(600);

/// The origins whose pages may use a service; none by default.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    allowed: Vec<HeaderValue>,
    layer: Option<CorsLayer>,
}

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no origin: expected http or https with a host and perhaps a port, in small letters and without a path, such as \
     https://plan.example; each origin is named, * is not possible"
)]
pub struct OriginsError(String);

impl Origins {
    /// Reads origins with blanks between them.
    ///
    /// # Errors
    /// Names the first text that is no origin.
    pub fn parse(text: &str) -> Result<Self, OriginsError> {
        let origins = text.split_whitespace();
        let allowed: Vec<HeaderValue> = origins.map(origin).collect::<Result<_, _>>()?;
        let layer = (!allowed.is_empty()).then(|| layer(&allowed));
        Ok(Self { allowed, layer })
    }

    /// Whether pages of this origin, as the header Origin names it, may use the service.
    pub fn allow(&self, origin: &HeaderValue) -> bool {
        self.allowed.contains(origin)
    }

    /// What an answer says about pages of other origins; nothing where none may use the service. A preflight asks for more with its headers.
    pub(crate) async fn headers(&self, method: &Method, asked: &HeaderMap) -> HeaderMap {
        let Some(layer) = &self.layer else { return HeaderMap::new() };
        let mut request = Request::new(());
        request.method_mut().clone_from(method);
        for name in [
            header::ORIGIN,
            header::ACCESS_CONTROL_REQUEST_METHOD,
            header::ACCESS_CONTROL_REQUEST_HEADERS,
        ] {
            if let Some(value) = asked.get(&name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let answering = service_fn(|_| async { Ok::<_, Infallible>(Response::new(String::new())) });
        match layer.layer(answering).oneshot(request).await {
            Ok(response) => {
                let mut headers = response.into_parts().0.headers;
                headers.remove(header::CONTENT_LENGTH);
                headers.remove(header::ALLOW);
                headers
            }
        }
    }
}

fn origin(text: &str) -> Result<HeaderValue, OriginsError> {
    let bad = || OriginsError(text.to_owned());
    let parts = text.parse::<Uri>().map_err(|_| bad())?.into_parts();
    let is_web = parts.scheme.is_some_and(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(&scheme));
    let has_host = parts.authority.is_some_and(|authority| !authority.as_str().contains('@'));
    let has_path = text.matches('/').count() != 2;
    if !is_web || !has_host || has_path || text.contains(['*', '?', '#']) || text.chars().any(|letter| letter.is_ascii_uppercase()) {
        return Err(bad());
    }
    HeaderValue::from_str(text).map_err(|_| bad())
}

fn layer(allowed: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(allowed.iter().cloned()))
        .allow_methods(METHODS)
        .allow_headers(TAKEN)
        .expose_headers(SHOWN)
        .max_age(AGE_MAX)
}

#[cfg(test)]
mod tests;
