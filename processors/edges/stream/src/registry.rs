//! The schema registry, over the API that Confluent's and Apicurio's share.
//!
//! `address` checks where it is, `answers` says what an answer is, `lookup` finds schemas by id; here schemas are registered and compared.

mod address;
mod answers;
mod error;
mod keeping;
mod lookup;
mod proxy;
mod watch;

pub use error::RegistryError;
pub use keeping::{Imported, Kept};
pub use lookup::{Lookup, SCHEMA_BYTES_MAX, SchemaSource};
pub use proxy::{Proxy, is_loopback};
pub use watch::{FingerprintOf, InUse, WatchedRegistry, schemas_in_log};

use crate::clock::Deadline;
use address::Address;
use answers::Reply;
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

/// The registry at one address.
#[derive(Clone)]
pub struct Registry {
    address: Address,
    http: reqwest::blocking::Client,
    /// How often a question is asked that gets no answer in time.
    tries_max: usize,
    /// The id that was found last, -1 before there is one: whether it is still given tells a refusal of one schema from one of all.
    answered: Arc<AtomicI64>,
}

/// A schema as it should be in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub name: String,
    pub schema_json: String,
    /// Such as `BACKWARD_TRANSITIVE`.
    pub compatibility: String,
}

/// What became of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    Registered { id: u32 },
    Unchanged { id: u32 },
}

/// How one subject stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    Registered {
        id: u32,
    },
    /// Not there; it could be registered, or not, and why.
    Missing,
    Incompatible {
        reason: String,
    },
    /// There, but it may change in other ways than it should; `None` where the registry's own default rules.
    OtherCompatibility {
        id: u32,
        found: Option<String>,
    },
}

const REQUEST_WAIT_MAX: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How often a caller without other work asks.
const PATIENT_TRIES_MAX: usize = 6;

#[derive(Deserialize)]
struct Registered {
    #[serde(deserialize_with = "signed_id")]
    id: u32,
}

/// Registries number schemas with signed 32-bit numbers.
fn signed_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    u32::try_from(i32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configured {
    compatibility_level: String,
}

impl Registry {
    /// A registry at this address, such as `http://localhost:8081`. Nothing is sent yet.
    pub fn new(url: &str) -> Result<Self, RegistryError> {
        Self::waiting(url, REQUEST_WAIT_MAX)
    }

    /// The same, whose questions are asked again where no answer came in time: each of them may be asked twice. Where no server listens
    /// at the address, that is said at once.
    #[must_use]
    pub fn patient(self) -> Self {
        let tries_max = PATIENT_TRIES_MAX;
        Self { tries_max, ..self }
    }

    fn waiting(url: &str, request_wait_max: Duration) -> Result<Self, RegistryError> {
        let address = Address::parse(url)?;
        let mut http = reqwest::blocking::Client::builder().timeout(request_wait_max);
        if address.is_loopback() {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| RegistryError::Away {
            url: address.shown().to_owned(),
            reason: error.without_url().to_string(),
        })?;
        Ok(Self {
            address,
            http,
            tries_max: 1,
            answered: Arc::new(AtomicI64::new(-1)),
        })
    }

    /// Sets the subject's compatibility and registers its schema, where it is not there yet. Several clients may do so at once.
    pub fn apply(&self, subject: &Subject) -> Result<Applied, RegistryError> {
        let before = self.id_of(subject)?;
        self.set_compatibility(subject)?;
        if let Some(id) = before {
            return Ok(Applied::Unchanged { id });
        }
        let name = &subject.name;
        let register = self
            .http
            .post(self.address.of(&["subjects", name, "versions"]))
            .json(&json!({ "schema": subject.schema_json }));
        match self.answer(register, &format!("the schema of {name}")) {
            Ok(Registered { id }) => Ok(Applied::Registered { id }),
            // Another client may have registered the same schema since it was looked up.
            Err(conflict) if conflict.is_conflict() => match self.id_of(subject)? {
                Some(id) => Ok(Applied::Unchanged { id }),
                None => Err(conflict),
            },
            Err(error) => Err(error),
        }
    }

    fn set_compatibility(&self, Subject { name, compatibility, .. }: &Subject) -> Result<(), RegistryError> {
        let set = || {
            let request = self.http.put(self.address.of(&["config", name]));
            let request = request.json(&json!({ "compatibility": compatibility }));
            self.answer::<serde_json::Value>(request, &format!("compatibility {compatibility} for {name}"))
        };
        match set() {
            // Where two clients set it for the first time at the same moment, Apicurio (3.3.3) refuses one of them. It changes what is there.
            Err(conflict) if conflict.is_conflict() => set(),
            answer => answer,
        }
        .map(|_set| ())
    }

    /// How the subject stands, without changing anything.
    pub fn check(&self, subject: &Subject) -> Result<Checked, RegistryError> {
        if let Some(id) = self.id_of(subject)? {
            let found = self.compatibility_of(&subject.name)?;
            return Ok(if found.as_ref() == Some(&subject.compatibility) {
                Checked::Registered { id }
            } else {
                Checked::OtherCompatibility { id, found }
            });
        }
        let url = self.address.of(&["compatibility", "subjects", &subject.name, "versions", "latest"]);
        let compared = self.ask::<serde_json::Value>(self.http.post(url).json(&json!({ "schema": subject.schema_json })))?;
        let what = format!("to compare {}", subject.name);
        match compared {
            Reply::Found(answer) => {
                let compatible = answer.get("is_compatible").and_then(serde_json::Value::as_bool).unwrap_or(false);
                Ok(if compatible {
                    Checked::Missing
                } else {
                    Checked::Incompatible {
                        reason: answer.to_string(),
                    }
                })
            }
            Reply::Absent => Ok(Checked::Missing),
            Reply::Refused(409, reason) => Ok(Checked::Incompatible { reason }),
            Reply::Refused(status, reason) => Err(self.refused(&what, status, reason)),
            Reply::Forbidden(status, reason) => Err(self.denied(&what, status, reason)),
            Reply::TooLong => Err(self.away(format!("an endless answer {what}"))),
        }
    }

    /// The id under which exactly this schema is registered for the subject.
    pub fn id_of(&self, subject: &Subject) -> Result<Option<u32>, RegistryError> {
        let Subject { name, schema_json, .. } = subject;
        let request = self
            .http
            .post(self.address.of(&["subjects", name]))
            .json(&json!({ "schema": schema_json }));
        let found: Option<Registered> = self.answer_or_absent(request, &format!("to look up {name}"))?;
        Ok(found.map(|Registered { id }| id))
    }

    /// How the subject's schemas may change; `None` where nothing of its own is set.
    pub fn compatibility_of(&self, subject_name: &str) -> Result<Option<String>, RegistryError> {
        let request = self.http.get(self.address.of(&["config", subject_name]));
        let found: Option<Configured> = self.answer_or_absent(request, &format!("the compatibility of {subject_name}"))?;
        Ok(found.map(|Configured { compatibility_level }| compatibility_level))
    }

    /// The same, waiting for the registry as long as `go_on` says so, which is asked between two tries.
    pub fn wait_for_id(&self, subject: &Subject, go_on: &dyn Fn(Duration, &RegistryError) -> bool) -> Result<Option<u32>, RegistryError> {
        loop {
            match self.id_of(subject) {
                Err(error) if error.is_transient() && go_on(RETRY_PAUSE, &error) => {}
                answer => return answer,
            }
        }
    }

    /// Waits until the registry answers at all.
    pub fn wait_until_there(&self, patience: Duration, pause: &dyn Fn(Duration)) -> Result<(), RegistryError> {
        let deadline = Deadline::after(patience);
        loop {
            match self.answer::<serde_json::Value>(self.http.get(self.address.of(&["subjects"])), "the list of subjects") {
                Err(error) if deadline.is_over() => return Err(error),
                Err(_) => pause(RETRY_PAUSE),
                Ok(_) => return Ok(()),
            }
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Registry").field(&self.address.shown()).finish()
    }
}

#[cfg(test)]
mod tests;
