//! Answers that name brokers, with the proxy's addresses in place of theirs, and without versions that the proxy cannot read.

use crate::api::ApiKey;
use crate::wire::{Cursor, Malformed, Splice, put_count, put_string};
use std::io;

/// Where a broker or a listener is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// Why an answer is not passed on: the client would learn the address of a broker, or it is no answer at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RewriteError {
    #[error("{key} v{version} may name the address of a broker where the proxy does not look")]
    Unknown { key: ApiKey, version: i16 },
    #[error("an answer to {key} v{version}: {malformed}")]
    Malformed { key: ApiKey, version: i16, malformed: Malformed },
    #[error("no listener for a broker: {0}")]
    Listener(#[from] io::Error),
}

/// Fails for a request whose answer could not be passed on.
pub(crate) fn check(key: ApiKey, version: i16) -> Result<(), RewriteError> {
    match key.version_max() {
        Some(max) if (0..=max).contains(&version) => Ok(()),
        _ => Err(RewriteError::Unknown { key, version }),
    }
}

/// The answer with other addresses; `None` if it is to be passed on as it is. `place` says which address stands for which.
pub(crate) fn rewrite(
    key: ApiKey,
    version: i16,
    answer: &[u8],
    place: &mut dyn FnMut(&Address) -> io::Result<Address>,
) -> Result<Option<Vec<u8>>, RewriteError> {
    check(key, version)?;
    // The header of an ApiVersions answer is never flexible, so that every client can read it.
    let flexible = key.flexible_since().is_some_and(|since| version >= since);
    let mut answer = Answer {
        at: Cursor::new(answer, 4, flexible),
        splice: Splice::new(answer),
        flexible,
        version,
        place,
    };
    let done = match key {
        ApiKey::METADATA => answer.metadata(),
        ApiKey::FIND_COORDINATOR => answer.find_coordinator(),
        ApiKey::DESCRIBE_CLUSTER => answer.describe_cluster(),
        ApiKey::API_VERSIONS => answer.api_versions(),
        _ => return Ok(None),
    };
    done.map_err(|failed| match failed {
        Failed::Malformed(malformed) => RewriteError::Malformed { key, version, malformed },
        Failed::Listener(error) => RewriteError::Listener(error),
    })?;
    Ok(Some(answer.splice.finish()))
}

struct Answer<'a, 'p> {
    at: Cursor<'a>,
    splice: Splice<'a>,
    flexible: bool,
    version: i16,
    place: &'p mut dyn FnMut(&Address) -> io::Result<Address>,
}

enum Failed {
    Malformed(Malformed),
    Listener(io::Error),
}

impl From<Malformed> for Failed {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

const UNSUPPORTED_VERSION: i16 = 35;

impl Answer<'_, '_> {
    fn metadata(&mut self) -> Result<(), Failed> {
        self.at.tagged_fields()?;
        if self.version >= 3 {
            self.at.int32()?;
        }
        for _ in 0..self.at.count()? {
            self.at.int32()?;
            self.address()?;
            if self.version >= 1 {
                self.at.string()?;
            }
            self.at.tagged_fields()?;
        }
        Ok(())
    }

    fn find_coordinator(&mut self) -> Result<(), Failed> {
        self.at.tagged_fields()?;
        if self.version >= 1 {
            self.at.int32()?;
        }
        if self.version <= 3 {
            self.at.int16()?;
            if self.version >= 1 {
                self.at.string()?;
            }
            self.at.int32()?;
            return self.address();
        }
        for _ in 0..self.at.count()? {
            self.at.string()?;
            self.at.int32()?;
            self.address()?;
            self.at.int16()?;
            self.at.string()?;
            self.at.tagged_fields()?;
        }
        Ok(())
    }

    fn describe_cluster(&mut self) -> Result<(), Failed> {
        self.at.tagged_fields()?;
        self.at.int32()?;
        self.at.int16()?;
        self.at.string()?;
        if self.version >= 1 {
            self.at.int8()?;
        }
        self.at.string()?;
        self.at.int32()?;
        for _ in 0..self.at.count()? {
            self.at.int32()?;
            self.address()?;
            self.at.string()?;
            if self.version >= 2 {
                self.at.int8()?;
            }
            self.at.tagged_fields()?;
        }
        Ok(())
    }

    /// Host and port, replaced; where no broker is named ("" and -1), left as they are.
    fn address(&mut self) -> Result<(), Failed> {
        let start = self.at.at();
        let host = self.at.string()?.unwrap_or_default().to_owned();
        let port = self.at.int32()?;
        let Ok(port) = u16::try_from(port) else { return Ok(()) };
        if host.is_empty() {
            return Ok(());
        }
        let placed = (self.place)(&Address { host, port }).map_err(Failed::Listener)?;
        let mut bytes = Vec::new();
        put_string(&mut bytes, &placed.host, self.flexible);
        bytes.extend_from_slice(&i32::from(placed.port).to_be_bytes());
        self.splice.replace(start..self.at.at(), &bytes);
        Ok(())
    }

    fn api_versions(&mut self) -> Result<(), Failed> {
        let error = self.at.int16()?;
        if error == UNSUPPORTED_VERSION {
            // Such an answer is of version 0, whatever was asked for.
            self.flexible = false;
            self.at = self.at.plain();
        }
        let start = self.at.at();
        let count = self.at.count()?;
        let (mut kept, mut entries) = (0, Vec::new());
        for _ in 0..count {
            let key = ApiKey(self.at.int16()?);
            let (min, max) = (self.at.int16()?, self.at.int16()?);
            let tags = self.at.at();
            self.at.tagged_fields()?;
            let Some(max) = key.version_max().map(|known| max.min(known)).filter(|max| *max >= min) else {
                continue;
            };
            kept += 1;
            for number in [key.0, min, max] {
                entries.extend_from_slice(&number.to_be_bytes());
            }
            entries.extend_from_slice(self.at.since(tags));
        }
        let mut bytes = Vec::new();
        put_count(&mut bytes, kept, self.flexible);
        bytes.extend_from_slice(&entries);
        self.splice.replace(start..self.at.at(), &bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
