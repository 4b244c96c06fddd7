//! Who asks: OIDC bearer tokens, checked with the provider's keys.
//!
//! [`Settings`] say which provider, audience, algorithm and claim of roles; [`Tokens`] fetches the provider's keys, keeps them, fetches them again
//! when they are old or a token names one that is not among them, and says of a request who its [`Caller`] is. A token is never logged, nor given
//! back in an answer.
//!
//! Reading order: `access` (whether a service may be reached without tokens), `settings`, `token` (whether a token holds; no I/O), `provider` (where the keys come from), `tokens` (when they are fetched).

mod access;
mod provider;
mod settings;
mod token;
mod tokens;

pub use access::{Access, AccessError, TokensError};
pub use provider::ClientError;
pub use settings::{Settings, SettingsError};
pub use token::{Caller, Role};
pub use tokens::{Expiry, Tokens};
