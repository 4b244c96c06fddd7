//! Whether a token holds, and who its bearer is. No I/O and no clock: the time is an argument.

use crate::settings::Settings;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// How much the clocks of a provider and of this machine may differ.
const LEEWAY_SECONDS: i64 = 30;
/// A name longer than this is no name of a person or a program.
const SUBJECT_BYTES_MAX: usize = 256;

/// What someone may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Ask questions.
    Viewer,
    /// Send commands, too.
    Planner,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Planner => "planner",
        }
    }
}

/// Who has asked, as a token says that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The claim `sub`.
    pub subject: String,
    pub role: Option<Role>,
    /// The first second at which the token has expired, clocks that differ allowed for.
    pub(crate) expires_seconds: i64,
}

impl Caller {
    /// A planner may do what a viewer may.
    pub fn may_act_as(&self, role: Role) -> bool {
        self.role >= Some(role)
    }

    pub(crate) fn has_expired(&self, now_seconds: i64) -> bool {
        now_seconds >= self.expires_seconds
    }

    /// How long the token holds from a time on, in milliseconds since the epoch; `None` where it has expired.
    pub(crate) fn time_left(&self, unix_ms: i64) -> Option<Duration> {
        let left_ms = self.expires_seconds.saturating_mul(1000).saturating_sub(unix_ms);
        u64::try_from(left_ms)
            .ok()
            .filter(|left_ms| *left_ms > 0)
            .map(Duration::from_millis)
    }
}

/// The keys of a provider, by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    by_id: BTreeMap<String, DecodingKey>,
    /// The key that has no id, if it is the only one.
    single: Option<DecodingKey>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenRefusal {
    /// Its key is not among the known ones: it may be a new one.
    UnknownKey,
    /// For everything else there is one answer that says no more than it has to.
    Invalid(&'static str),
}

pub(crate) const EXPIRED: TokenRefusal = TokenRefusal::Invalid("it has expired");

impl Keys {
    /// The keys of a JWK set that can sign; those of other kinds and for other uses are passed over.
    pub(crate) fn parse(set: &Value) -> Option<Self> {
        let all = set["keys"].as_array()?;
        let mut keys = Self::default();
        for value in all {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value.clone()) else {
                continue;
            };
            if jwk.common.public_key_use.as_ref().is_some_and(|of| *of != PublicKeyUse::Signature) {
                continue;
            }
            let Ok(key) = DecodingKey::from_jwk(&jwk) else { continue };
            match jwk.common.key_id {
                Some(id) => drop(keys.by_id.insert(id, key)),
                None if all.len() == 1 => keys.single = Some(key),
                None => {}
            }
        }
        (!keys.by_id.is_empty() || keys.single.is_some()).then_some(keys)
    }

    fn of(&self, id: Option<&str>) -> Option<&DecodingKey> {
        match id {
            Some(id) => self.by_id.get(id),
            None => self.single.as_ref(),
        }
    }
}

/// Whether the token is one of the provider, for this audience, at this time, and signed as it has to be.
pub(crate) fn check(token: &str, keys: &Keys, settings: &Settings, now_seconds: i64) -> Result<Caller, TokenRefusal> {
    let header = decode_header(token).map_err(|_| TokenRefusal::Invalid("it is no signed JSON web token"))?;
    if header.alg != settings.algorithm {
        return Err(TokenRefusal::Invalid("it is signed by another algorithm than is accepted"));
    }
    let key = keys.of(header.kid.as_deref()).ok_or(TokenRefusal::UnknownKey)?;
    let mut validation = Validation::new(settings.algorithm);
    // The library would read a clock of its own.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims = decode::<Map<String, Value>>(token, key, &validation)
        .map_err(|error| TokenRefusal::Invalid(reason(error.kind())))?
        .claims;
    // The library takes a list, too, in which the issuer is one of several.
    if claims.get("iss").and_then(Value::as_str) != Some(&settings.issuer) {
        return Err(TokenRefusal::Invalid("it is of another issuer"));
    }
    let caller = caller(&claims, settings)?;
    if caller.has_expired(now_seconds) {
        return Err(EXPIRED);
    }
    match seconds(&claims, "nbf")? {
        Some(start) if now_seconds < start.saturating_sub(LEEWAY_SECONDS) => Err(TokenRefusal::Invalid("it is not valid yet")),
        _ => Ok(caller),
    }
}

fn caller(claims: &Map<String, Value>, settings: &Settings) -> Result<Caller, TokenRefusal> {
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX || subject.chars().any(char::is_control) {
        return Err(TokenRefusal::Invalid("its claim sub is no name"));
    }
    let expires = seconds(claims, "exp")?.ok_or(TokenRefusal::Invalid("it has no claim exp"))?;
    let roles = roles(claims, &settings.roles_claim);
    Ok(Caller {
        subject: subject.to_owned(),
        role: [Role::Planner, Role::Viewer].into_iter().find(|role| roles.contains(&role.name())),
        expires_seconds: expires.saturating_add(LEEWAY_SECONDS),
    })
}

/// A time in whole seconds since the epoch (RFC 7519, 2: it may have a fraction).
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, TokenRefusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    // A number too large for the type is far in the future or in the past all the same.
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    seconds
        .map(Some)
        .ok_or(TokenRefusal::Invalid("its claims exp and nbf are no times"))
}

/// A claim of roles is a list of texts, or a text with blanks between them.
fn roles<'c>(claims: &'c Map<String, Value>, path: &[String]) -> Vec<&'c str> {
    let Some((first, rest)) = path.split_first() else {
        return Vec::new();
    };
    let mut claim = claims.get(first);
    for name in rest {
        claim = claim.and_then(|claim| claim.get(name));
    }
    match claim {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::MissingRequiredClaim(_) => "it lacks one of the claims exp, iss, aud and sub",
        _ => "its signature or its claims are not as they should be",
    }
}

#[cfg(test)]
mod tests;
