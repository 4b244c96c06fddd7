//! A provider that rotates its keys, is away, or answers nonsense.

use super::*;
use http_server::{Answer, Body, ConnectionMetrics, Handler, HeaderMap, HeaderValue, JSON, Limits, Method};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use service::clock;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use tokio::time::timeout;

/// What a provider answers, which a test can change.
#[derive(Default)]
struct Published {
    keys: Mutex<Value>,
    issuer: Mutex<Option<String>>,
    asked: AtomicUsize,
}

struct Provider {
    published: Arc<Published>,
    address: SocketAddr,
}

impl Handler for Provider {
    async fn answer(&self, request: Request<'_>) -> Answer {
        let base = format!("http://{}", self.address);
        let document = match request.path {
            "/.well-known/openid-configuration" => {
                let issuer = self.published.issuer.lock().unwrap().clone().unwrap_or_else(|| base.clone());
                json!({ "issuer": issuer, "jwks_uri": format!("{base}/keys") })
            }
            _ => {
                self.published.asked.fetch_add(1, Ordering::SeqCst);
                self.published.keys.lock().unwrap().clone()
            }
        };
        Answer::new(JSON, document.to_string().into_bytes())
    }
}

struct Running {
    published: Arc<Published>,
    address: SocketAddr,
    tokens: Tokens,
}

impl Running {
    /// A provider that answers from now on.
    async fn start() -> Self {
        let running = Self::away().await;
        running.serve();
        running
    }

    /// One that does not listen on its address yet.
    async fn away() -> Self {
        let listener = http_server::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let settings = Settings::parse(&format!(
            "issuer = \"http://{address}\"\naudience = \"aerolog\"\nalgorithm = \"EdDSA\""
        ));
        Self {
            published: Arc::default(),
            address,
            tokens: Tokens::new(settings.unwrap(), clock::unix_ms).unwrap(),
        }
    }

    fn serve(&self) {
        let handler = Provider {
            published: Arc::clone(&self.published),
            address: self.address,
        };
        let listener = http_server::listen(self.address).unwrap();
        let metrics = ConnectionMetrics::register(&prometheus::Registry::new(), "provider").unwrap();
        tokio::spawn(http_server::serve(
            listener,
            Arc::new(handler),
            Limits::default(),
            metrics,
            std::future::pending(),
        ));
    }

    fn publish(&self, seeds: &[u8]) {
        let keys: Vec<Value> = seeds.iter().map(|seed| serde_json::to_value(jwk(*seed)).unwrap()).collect();
        *self.published.keys.lock().unwrap() = json!({ "keys": keys });
    }

    fn token(&self, seed: u8, role: &str) -> String {
        let header = Header {
            kid: Some(seed.to_string()),
            ..Header::new(Algorithm::EdDSA)
        };
        let claims = json!({
            "iss": format!("http://{}", self.address),
            "aud": "aerolog",
            "sub": "ada",
            "exp": clock::unix_ms() / 1000 + 60,
            "roles": [role],
        });
        encode(&header, &claims, &key(seed)).unwrap()
    }

    async fn ask(&self, authorization: Option<&str>, role: Role) -> Result<Caller, Problem> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let request = Request {
            method: &Method::GET,
            path: "/",
            query: "",
            headers: &headers,
            body: &Body::default(),
        };
        self.tokens.caller(&request, role).await
    }

    async fn status(&self, seed: u8) -> u16 {
        let token = format!("Bearer {}", self.token(seed, "planner"));
        match self.ask(Some(&token), Role::Planner).await {
            Ok(caller) => {
                assert_eq!(caller.subject, "ada");
                200
            }
            Err(problem) => problem.status().as_u16(),
        }
    }

    /// As if the last attempt to fetch were long ago.
    fn forget_attempt(&self) {
        self.tokens.shared.held().tried = None;
    }

    fn age_by(&self, age: Duration) {
        let mut held = self.tokens.shared.held();
        held.fetched = held.fetched.map(|fetched| fetched.checked_sub(age).unwrap());
        held.tried = None;
    }
}

fn key(seed: u8) -> EncodingKey {
    let mut der = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ];
    der.extend([seed; 32]);
    EncodingKey::from_ed_der(&der)
}

fn jwk(seed: u8) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(&key(seed), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(seed.to_string());
    jwk
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_a_key_that_is_new() {
    let running = Running::start().await;
    running.publish(&[1]);
    for _ in 0..5 {
        assert_eq!(running.status(1).await, 200);
    }
    assert_eq!(running.published.asked.load(Ordering::SeqCst), 1);
    running.publish(&[1, 2]);
    running.forget_attempt();
    assert_eq!(running.status(2).await, 200);
    // The provider withdraws the first one; it is not believed once keys are fetched again.
    running.publish(&[2]);
    running.forget_attempt();
    assert_eq!(running.status(3).await, 401);
    assert_eq!(running.status(1).await, 401);
    assert_eq!(running.status(2).await, 200);
}

#[tokio::test]
async fn unknown_keys_do_not_make_the_provider_be_asked_for_every_request() {
    let running = Running::start().await;
    running.publish(&[1]);
    for seed in 2..50 {
        assert_eq!(running.status(seed).await, 401);
    }
    assert_eq!(running.published.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_provider_that_is_away_at_the_start_is_waited_for() {
    let running = Running::away().await;
    assert_eq!(running.status(1).await, 503);
    running.publish(&[1]);
    running.serve();
    running.forget_attempt();
    assert_eq!(running.status(1).await, 200);
}

#[tokio::test]
async fn a_provider_that_goes_away_later_changes_nothing_for_a_day() {
    let running = Running::start().await;
    running.publish(&[1]);
    assert_eq!(running.status(1).await, 200);
    *running.published.keys.lock().unwrap() = json!("nonsense");
    running.age_by(KEYS_AGE_MAX + Duration::from_secs(1));
    assert_eq!(running.status(1).await, 200);
    running.age_by(KEYS_STALE_MAX);
    assert_eq!(running.status(1).await, 503);
    running.publish(&[1]);
    running.forget_attempt();
    assert_eq!(running.status(1).await, 200);
}

#[tokio::test]
async fn keys_of_another_issuer_are_not_taken() {
    let running = Running::start().await;
    running.publish(&[1]);
    *running.published.issuer.lock().unwrap() = Some("http://127.0.0.1:1".to_owned());
    assert_eq!(running.status(1).await, 503);
}

#[tokio::test]
async fn a_refusal_says_how_to_ask_and_never_what_was_sent() {
    let running = Running::start().await;
    running.publish(&[1]);
    for authorization in [
        None,
        Some("Basic YTpi"),
        Some("Bearer"),
        Some("Bearer secret-text"),
        Some("Bearer a.b.c"),
    ] {
        let problem = running.ask(authorization, Role::Viewer).await.unwrap_err();
        let answer = Answer::from(problem);
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(
            answer
                .header(&header::WWW_AUTHENTICATE)
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(!body.contains("secret-text") && !body.contains("YTpi"), "{body}");
    }
    let viewer = format!("Bearer {}", running.token(1, "viewer"));
    assert!(running.ask(Some(&viewer), Role::Viewer).await.is_ok());
    let answer = Answer::from(running.ask(Some(&viewer), Role::Planner).await.unwrap_err());
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_end_the_attempt_for_the_others() {
    let running = Running::start().await;
    running.publish(&[1]);
    tokio::select! {
        biased;
        status = running.status(1) => panic!("{status} before the provider could answer"),
        () = std::future::ready(()) => {}
    }
    let is_fetched = || running.tokens.shared.held().keys.is_some();
    for _ in 0..500 {
        if is_fetched() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(is_fetched());
    assert_eq!(running.published.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn old_keys_are_fetched_again_by_one_attempt_while_requests_go_on() {
    let running = Running::start().await;
    running.publish(&[1]);
    assert_eq!(running.status(1).await, 200);
    running.publish(&[2]);
    running.age_by(KEYS_AGE_MAX + Duration::from_secs(1));
    // Each of these finds the old keys, until the attempt has brought the new ones.
    for _ in 0..500 {
        if running.status(1).await == 401 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(running.status(1).await, 401);
    assert_eq!(running.status(2).await, 200);
    assert_eq!(running.published.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_expires_by_the_clock_that_it_is_checked_by() {
    static NOW_MS: AtomicI64 = AtomicI64::new(0);
    let settings = Settings::parse("issuer = \"http://127.0.0.1:1\"\naudience = \"aerolog\"").unwrap();
    let tokens = Tokens::new(settings, || NOW_MS.load(Ordering::SeqCst)).unwrap();
    let caller = Caller {
        subject: "ada".to_owned(),
        role: None,
        expires_seconds: 1000,
    };
    let moment = Duration::from_millis(50);
    for now_ms in [0, 999_999] {
        NOW_MS.store(now_ms, Ordering::SeqCst);
        let mut expiry = tokens.expiry(&caller);
        assert!(timeout(moment, expiry.passed()).await.is_err(), "{now_ms}");
        assert!(caller.check_expiry(now_ms).is_ok());
    }
    // It is waited for already when the clock goes on.
    NOW_MS.store(0, Ordering::SeqCst);
    let mut expiry = tokens.expiry(&caller);
    assert!(timeout(moment, expiry.passed()).await.is_err());
    NOW_MS.store(1_000_000, Ordering::SeqCst);
    timeout(Duration::from_secs(30), expiry.passed()).await.unwrap();
    assert!(caller.check_expiry(1_000_000).is_err());
    assert!(timeout(moment, Expiry::never().passed()).await.is_err());
}
