//! Who asks, with keys that are fetched when they are needed and kept for a while.

use crate::provider::{ClientError, Provider};
use crate::settings::Settings;
use crate::token::{Caller, EXPIRED, Keys, Role, TokenRefusal, check};
use http_server::{Problem, Request, StatusCode, header};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Older keys are fetched again, and used until that has succeeded.
const KEYS_AGE_MAX: Duration = Duration::from_secs(600);
/// Between two attempts to fetch: a token may name any key, and a provider that is away is not to be asked for every request.
const FETCH_PAUSE: Duration = Duration::from_secs(5);
/// Keys that could not be fetched again for so long are no longer believed: the provider may have withdrawn one.
const KEYS_STALE_MAX: Duration = Duration::from_secs(24 * 3600);
const TOKEN_BYTES_MAX: usize = 16 << 10;
/// How often the clock is looked at while a token is waited for to expire: it may be set forward meanwhile.
const EXPIRY_CHECK_PERIOD: Duration = Duration::from_secs(1);

/// Says of requests who asks. Clones share the keys.
#[derive(Clone)]
pub struct Tokens {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    /// Reads the clock: milliseconds since the epoch.
    unix_ms: fn() -> i64,
    provider: Provider,
    held: Mutex<Held>,
    /// One fetches at a time; the others wait for what it brings.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// What takes longer than a request ends when this comes.
pub struct Expiry(Pin<Box<dyn Future<Output = ()> + Send>>);

#[derive(Default)]
struct Held {
    keys: Option<Arc<Keys>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

impl Tokens {
    /// Nothing is fetched yet: a provider that is away keeps nothing from starting. `unix_ms` reads the clock: milliseconds since the epoch.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub fn new(settings: Settings, unix_ms: fn() -> i64) -> Result<Self, ClientError> {
        Ok(Self {
            shared: Arc::new(Shared {
                provider: Provider::new(settings.clone())?,
                settings,
                unix_ms,
                held: Mutex::default(),
                fetching: Arc::default(),
            }),
        })
    }

    /// Who has sent this request, if it may act in this role.
    ///
    /// # Errors
    /// A problem for the client: no token or one that does not hold (401), one without the role (403), or no keys to check it with (503).
    pub async fn caller(&self, request: &Request<'_>, role: Role) -> Result<Caller, Problem> {
        let caller = self.bearer(token_of(request)?).await?;
        if caller.may_act_as(role) {
            return Ok(caller);
        }
        let detail = format!("the token does not give the role {}", role.name());
        let problem = Problem::new(StatusCode::FORBIDDEN, "role-missing", "Role missing", detail);
        Err(problem.with_header(header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"".to_owned()))
    }

    /// The end of the time in which the caller's token holds, by the clock that tokens are checked by.
    fn expiry(&self, caller: &Caller) -> Expiry {
        let (caller, unix_ms) = (caller.clone(), self.shared.unix_ms);
        Expiry(Box::pin(async move {
            while let Some(left) = caller.time_left(unix_ms()) {
                sleep(left.min(EXPIRY_CHECK_PERIOD)).await;
            }
        }))
    }

    async fn bearer(&self, token: &str) -> Result<Caller, Problem> {
        let (keys, is_old) = self.shared.usable();
        let checked = match &keys {
            Some(keys) => self.shared.check(token, keys),
            None => Err(TokenRefusal::UnknownKey),
        };
        let checked = match checked {
            Err(TokenRefusal::UnknownKey) => {
                self.shared.fetch().await;
                let (keys, _) = self.shared.usable();
                let keys = keys.ok_or_else(no_keys)?;
                self.shared.check(token, &keys)
            }
            checked => {
                if is_old {
                    self.shared.refresh();
                }
                checked
            }
        };
        checked.map_err(Problem::from)
    }
}

impl Expiry {
    /// That of a caller's token; it never comes where clients do not have to say who they are.
    pub fn of(tokens: Option<&Tokens>, caller: Option<&Caller>) -> Self {
        match (tokens, caller) {
            (Some(tokens), Some(caller)) => tokens.expiry(caller),
            (_, _) => Self::never(),
        }
    }

    /// Of a service whose clients do not have to say who they are.
    fn never() -> Self {
        Self(Box::pin(std::future::pending()))
    }

    /// Resolves when the token has expired. Cancelled, it can be called again until then.
    pub async fn passed(&mut self) {
        (&mut self.0).await;
    }
}

impl Caller {
    /// For what takes longer than a request: whether the token still holds at that time, in milliseconds since the epoch.
    ///
    /// # Errors
    /// A problem for the client when it has expired by now.
    pub fn check_expiry(&self, unix_ms: i64) -> Result<(), Problem> {
        match self.time_left(unix_ms) {
            Some(_) => Ok(()),
            None => Err(EXPIRED.into()),
        }
    }
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::UnknownKey => not_believed("it is signed by a key that the provider does not have"),
            TokenRefusal::Invalid(reason) => not_believed(reason),
        }
    }
}

impl Shared {
    fn check(&self, token: &str, keys: &Keys) -> Result<Caller, TokenRefusal> {
        check(token, keys, &self.settings, (self.unix_ms)() / 1000)
    }

    /// Waits for an attempt that runs, and makes one unless that was a moment ago.
    async fn fetch(self: &Arc<Self>) {
        let turn = Arc::clone(&self.fetching).lock_owned().await;
        if let Some(attempt) = self.attempt(turn)
            && let Err(error) = attempt.await
        {
            tracing::error!(%error, "the attempt to fetch the provider's keys ended early");
        }
    }

    /// Fetches the keys while requests go on, unless an attempt runs.
    fn refresh(self: &Arc<Self>) {
        if let Ok(turn) = Arc::clone(&self.fetching).try_lock_owned() {
            drop(self.attempt(turn));
        }
    }

    /// One attempt, in a task of its own: a client that goes away must not end it for the others. There is one at a time, by the turn.
    fn attempt(self: &Arc<Self>, turn: OwnedMutexGuard<()>) -> Option<JoinHandle<()>> {
        let tried = self.held().tried;
        if tried.is_some_and(|tried| tried.elapsed() < FETCH_PAUSE) {
            return None;
        }
        let shared = Arc::clone(self);
        Some(tokio::spawn(async move {
            shared.ask().await;
            drop(turn);
        }))
    }

    async fn ask(&self) {
        let fetched = self.provider.keys().await;
        let mut held = self.held();
        held.tried = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                held.keys = Some(Arc::new(keys));
                held.fetched = held.tried;
            }
            Err(error) => tracing::warn!(%error, "the provider's keys could not be fetched; a later request tries again"),
        }
    }

    /// The keys that may be used, and whether they are to be fetched again.
    fn usable(&self) -> (Option<Arc<Keys>>, bool) {
        let held = self.held();
        let age = held.fetched.map(|fetched| fetched.elapsed()).unwrap_or_default();
        let keys = held.keys.clone().filter(|_| age < KEYS_STALE_MAX);
        (keys, age > KEYS_AGE_MAX)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token in the header Authorization (RFC 6750, 2.1).
fn token_of<'r>(request: &Request<'r>) -> Result<&'r str, Problem> {
    let value = request.headers.get(header::AUTHORIZATION).ok_or_else(no_token)?;
    let text = value.to_str().map_err(|_| not_believed("it is no text"))?;
    let (scheme, token) = text.split_once(' ').ok_or_else(no_token)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(no_token());
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(not_believed("it is too long"));
    }
    Ok(token.trim())
}

fn no_token() -> Problem {
    let detail = "this service wants to know who asks: send the header Authorization: Bearer with a token of its provider";
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "token-missing", "Token missing", detail.to_owned());
    problem.with_header(header::WWW_AUTHENTICATE, "Bearer".to_owned())
}

fn not_believed(reason: &str) -> Problem {
    let detail = format!("the token is not accepted: {reason}");
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "token-not-accepted", "Token not accepted", detail);
    problem.with_header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"".to_owned())
}

fn no_keys() -> Problem {
    Problem::not_ready("tokens cannot be checked: the keys of the provider could not be fetched")
}

#[cfg(test)]
mod tests;
