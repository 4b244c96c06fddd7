//! A provider of tokens, played by the test.

use http_server::{Answer, ConnectionMetrics, Handler, JSON, Limits, Request};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use openssl::rsa::Rsa;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

pub(crate) struct Provider {
    address: SocketAddr,
    keys: Arc<Mutex<Vec<(String, EncodingKey)>>>,
    /// Serves for as long as this lives.
    runtime: Runtime,
}

struct Published {
    address: SocketAddr,
    keys: Arc<Mutex<Vec<(String, EncodingKey)>>>,
}

impl Handler for Published {
    async fn answer(&self, request: Request<'_>) -> Answer {
        let base = format!("http://{}", self.address);
        let document = match request.path {
            "/.well-known/openid-configuration" => json!({ "issuer": base, "jwks_uri": format!("{base}/keys") }),
            _ => json!({ "keys": self.keys.lock().unwrap().iter().map(published).collect::<Vec<Value>>() }),
        };
        Answer::new(JSON, document.to_string().into_bytes())
    }
}

fn published((id, key): &(String, EncodingKey)) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, Algorithm::RS256).unwrap();
    jwk.common.key_id = Some(id.clone());
    serde_json::to_value(jwk).unwrap()
}

fn key() -> EncodingKey {
    EncodingKey::from_rsa_der(&Rsa::generate(2048).unwrap().private_key_to_der().unwrap())
}

impl Provider {
    /// A provider that does not accept connections yet.
    pub(crate) fn away() -> Self {
        let runtime = Runtime::new().unwrap();
        let address = {
            let _inside = runtime.enter();
            http_server::listen("127.0.0.1:0".parse().unwrap()).unwrap().local_addr().unwrap()
        };
        Self {
            address,
            keys: Arc::new(Mutex::new(vec![("first".to_owned(), key())])),
            runtime,
        }
    }

    pub(crate) fn serve(&self) {
        let handler = Published {
            address: self.address,
            keys: Arc::clone(&self.keys),
        };
        let _inside = self.runtime.enter();
        let listener = http_server::listen(self.address).unwrap();
        let metrics = ConnectionMetrics::register(&prometheus::Registry::new(), "provider").unwrap();
        self.runtime.spawn(http_server::serve(
            listener,
            Arc::new(handler),
            Limits::default(),
            metrics,
            std::future::pending(),
        ));
    }

    /// Signs with a new key from now on, and withdraws the one before.
    pub(crate) fn rotate(&self) {
        *self.keys.lock().unwrap() = vec![("second".to_owned(), key())];
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A token that is as it should be.
    pub(crate) fn token(&self, subject: &str, role: &str) -> String {
        self.signed(self.claims(subject, role))
    }

    pub(crate) fn claims(&self, subject: &str, role: &str) -> Value {
        json!({
            "iss": self.issuer(),
            "aud": "aerolog",
            "sub": subject,
            "exp": service::clock::unix_ms() / 1000 + 300,
            "roles": [role],
        })
    }

    pub(crate) fn signed(&self, claims: Value) -> String {
        let keys = self.keys.lock().unwrap();
        let (id, key) = keys.last().unwrap();
        let header = Header {
            kid: Some(id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        encode(&header, &claims, key).unwrap()
    }
}
