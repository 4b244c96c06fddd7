//! Who may reach a service: clients with a token, or anyone where its configuration says so in words.

use crate::provider::ClientError;
use crate::settings::{Settings, SettingsError};
use crate::tokens::Tokens;
use std::net::SocketAddr;

/// What a configuration says about access to a service.
#[derive(Debug, Clone, Copy)]
pub struct Access<'c> {
    pub address: SocketAddr,
    /// The text of [`Settings`]; empty where clients do not have to say who they are.
    pub sign_in: &'c str,
    /// Empty, or [`Self::sentence`].
    pub open_to_anyone: &'c str,
    /// The words without which a service that asks for no tokens listens on loopback addresses only.
    pub sentence: &'static str,
}

/// Why a service may not start with what its configuration says about access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("http.open_to_anyone: expected nothing or the sentence \"{0}\"")]
    OtherWords(&'static str),
    #[error("http.sign_in and http.open_to_anyone are both set: clients have to say who they are, or they do not")]
    Both,
    #[error(
        "http.address is {address}, and clients do not have to say who they are: choose a loopback address, set http.sign_in, or set \
         http.open_to_anyone to \"{sentence}\""
    )]
    BeyondLoopback { address: SocketAddr, sentence: &'static str },
}

/// Why tokens cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("tokens cannot be checked: {0}")]
    Client(#[from] ClientError),
}

impl Access<'_> {
    /// Refuses a service that anyone could reach without its configuration saying so.
    ///
    /// # Errors
    /// Names the keys and what to do about them.
    pub fn check(&self) -> Result<(), AccessError> {
        let Self {
            address,
            sign_in,
            open_to_anyone,
            sentence,
        } = *self;
        if !open_to_anyone.is_empty() && open_to_anyone != sentence {
            return Err(AccessError::OtherWords(sentence));
        }
        if !sign_in.is_empty() && !open_to_anyone.is_empty() {
            return Err(AccessError::Both);
        }
        if !address.ip().is_loopback() && sign_in.is_empty() && open_to_anyone.is_empty() {
            return Err(AccessError::BeyondLoopback { address, sentence });
        }
        Ok(())
    }
}

impl Tokens {
    /// Those of the text of [`Settings`]; `None` where it is empty, so that clients do not have to say who they are. `unix_ms` reads the clock:
    /// milliseconds since the epoch.
    ///
    /// # Errors
    /// When the text cannot be read, or the system's certificates.
    pub fn configured(sign_in: &str, unix_ms: fn() -> i64) -> Result<Option<Self>, TokensError> {
        if sign_in.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self::new(Settings::parse(sign_in)?, unix_ms)?))
    }
}

#[cfg(test)]
mod tests;
