//! The schema registry, over the API that Confluent's and Apicurio's share.
//!
//! Looking schemas up goes through `schema_registry_converter`; registering, checking and setting compatibility are two requests of
//! their own, because that crate has none for compatibility.

use crate::clock::Deadline;
use reqwest::blocking::{RequestBuilder, Response};
use schema_registry_converter::blocking::schema_registry::{SrSettings, get_schema_by_id};
use schema_registry_converter::schema_registry_common::SchemaType;
use serde::Deserialize;
use serde_json::json;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The registry at one address.
#[derive(Clone)]
pub struct Registry {
    url: String,
    /// The same without user and password, which no message may show.
    shown: String,
    /// Made when it is needed: a client reads all of the system's certificates, which takes a tenth of a second.
    lookups: Arc<OnceLock<SrSettings>>,
    http: reqwest::blocking::Client,
    /// How often a question is asked that gets no answer in time.
    tries_max: usize,
}

/// What the registry failed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    #[error("the schema registry at {url} cannot be reached: {reason}")]
    Away { url: String, reason: String },
    #[error("the schema registry at {url} refuses {what}: {status} {reason}")]
    Refused {
        url: String,
        what: String,
        status: u16,
        reason: String,
    },
}

impl RegistryError {
    /// It may be there again in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
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
/// How often somebody asks who has nothing else to do meanwhile.
const PATIENT_TRIES_MAX: usize = 6;

#[derive(Deserialize)]
struct Registered {
    id: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    schema: String,
    /// Absent for Avro.
    schema_type: Option<String>,
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

    /// The same, whose questions are asked again where no answer came in time: each of them may be asked twice. Where nobody listens
    /// at the address, that is said at once.
    #[must_use]
    pub fn patient(self) -> Self {
        let tries_max = PATIENT_TRIES_MAX;
        Self { tries_max, ..self }
    }

    fn waiting(url: &str, request_wait_max: Duration) -> Result<Self, RegistryError> {
        let url = url.trim_end_matches('/').to_owned();
        let shown = without_secrets(&url);
        let http = reqwest::blocking::Client::builder().timeout(request_wait_max).build();
        Ok(Self {
            http: http.map_err(|error| away(&shown, error.to_string()))?,
            lookups: Arc::default(),
            url,
            shown,
            tries_max: 1,
        })
    }

    /// The schema of an id; `None` when the registry says that there is none.
    pub fn schema(&self, id: u32) -> Result<Option<String>, RegistryError> {
        match get_schema_by_id(id, self.lookups()?) {
            Ok(found) if found.schema_type == SchemaType::Avro => Ok(Some(found.schema)),
            Ok(_) => Ok(None),
            // The crate tells an answer from no answer only by its text: the registry itself is asked.
            Err(_) => self.ask_for_schema(id),
        }
    }

    fn lookups(&self) -> Result<&SrSettings, RegistryError> {
        if let Some(lookups) = self.lookups.get() {
            return Ok(lookups);
        }
        let lookups = SrSettings::new_builder(self.url.clone()).set_timeout(REQUEST_WAIT_MAX).build();
        let lookups = lookups.map_err(|error| away(&self.shown, error.to_string()))?;
        Ok(self.lookups.get_or_init(|| lookups))
    }

    fn ask_for_schema(&self, id: u32) -> Result<Option<String>, RegistryError> {
        let request = self.http.get(format!("{}/schemas/ids/{id}", self.url));
        let found: Option<Found> = self.answer_or_absent(request, &format!("schema id {id}"))?;
        Ok(found
            .filter(|found| found.schema_type.as_deref().is_none_or(|schema_type| schema_type == "AVRO"))
            .map(|found| found.schema))
    }

    /// Sets the subject's compatibility and registers its schema, where it is not there yet.
    pub fn apply(&self, subject: &Subject) -> Result<Applied, RegistryError> {
        let Subject { name, compatibility, .. } = subject;
        let before = self.id_of(subject)?;
        let set = self
            .http
            .put(format!("{}/config/{name}", self.url))
            .json(&json!({ "compatibility": compatibility }));
        self.answer::<serde_json::Value>(set, &format!("compatibility {compatibility} for {name}"))?;
        if let Some(id) = before {
            return Ok(Applied::Unchanged { id });
        }
        let register = self
            .http
            .post(format!("{}/subjects/{name}/versions", self.url))
            .json(&json!({ "schema": subject.schema_json }));
        let Registered { id } = self.answer(register, &format!("the schema of {name}"))?;
        Ok(Applied::Registered { id })
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
        let url = format!("{}/compatibility/subjects/{}/versions/latest", self.url, subject.name);
        let response = self.send(self.http.post(url).json(&json!({ "schema": subject.schema_json })))?;
        match response.status().as_u16() {
            200 => {
                let answer: serde_json::Value = response.json().map_err(|error| self.away(error))?;
                let compatible = answer.get("is_compatible").and_then(serde_json::Value::as_bool).unwrap_or(false);
                Ok(if compatible {
                    Checked::Missing
                } else {
                    Checked::Incompatible {
                        reason: answer.to_string(),
                    }
                })
            }
            404 => Ok(Checked::Missing),
            409 => Ok(Checked::Incompatible {
                reason: response.text().unwrap_or_default(),
            }),
            status => Err(self.refused(&format!("to check {}", subject.name), status, response.text().unwrap_or_default())),
        }
    }

    /// The id under which exactly this schema is registered for the subject.
    pub fn id_of(&self, subject: &Subject) -> Result<Option<u32>, RegistryError> {
        let Subject { name, schema_json, .. } = subject;
        let request = self
            .http
            .post(format!("{}/subjects/{name}", self.url))
            .json(&json!({ "schema": schema_json }));
        let found: Option<Registered> = self.answer_or_absent(request, &format!("to look up {name}"))?;
        Ok(found.map(|Registered { id }| id))
    }

    /// How the subject's schemas may change; `None` where nothing of its own is set.
    pub fn compatibility_of(&self, subject_name: &str) -> Result<Option<String>, RegistryError> {
        let request = self.http.get(format!("{}/config/{subject_name}", self.url));
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
            match self.http.get(format!("{}/subjects", self.url)).send() {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) if deadline.is_over() => return Err(self.refused("subjects", response.status().as_u16(), String::new())),
                Err(error) if deadline.is_over() => return Err(self.away(error)),
                Ok(_) | Err(_) => pause(RETRY_PAUSE),
            }
        }
    }

    fn answer<T: for<'de> Deserialize<'de>>(&self, request: RequestBuilder, what: &str) -> Result<T, RegistryError> {
        self.answer_or_absent(request, what)?
            .ok_or_else(|| self.refused(what, 404, "there is nothing there".to_owned()))
    }

    /// `None` where the registry says that there is no such thing, which is an answer as definite as any.
    fn answer_or_absent<T: for<'de> Deserialize<'de>>(&self, request: RequestBuilder, what: &str) -> Result<Option<T>, RegistryError> {
        let response = self.send(request)?;
        match response.status().as_u16() {
            200..=299 => response.json().map(Some).map_err(|error| self.away(error)),
            404 => Ok(None),
            status => Err(self.refused(what, status, response.text().unwrap_or_default())),
        }
    }

    fn send(&self, request: RequestBuilder) -> Result<Response, RegistryError> {
        for again in (1..self.tries_max).rev() {
            let Some(copy) = request.try_clone() else { break };
            match copy.send() {
                Err(error) if error.is_timeout() => {
                    let error = self.away(error);
                    tracing::warn!(%error, tries_left = again, "no answer in time; asking again");
                }
                answer => return answer.map_err(|error| self.away(error)),
            }
        }
        request.send().map_err(|error| self.away(error))
    }

    fn away(&self, error: reqwest::Error) -> RegistryError {
        // The address stands in front already, and may hold a password here.
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(deeper) = source {
            reason = format!("{reason}: {deeper}");
            source = deeper.source();
        }
        away(&self.shown, reason)
    }

    /// A registry that is there but not well may be well again in a moment.
    fn refused(&self, what: &str, status: u16, reason: String) -> RegistryError {
        if status >= 500 {
            return away(&self.shown, format!("{status} {reason}"));
        }
        RegistryError::Refused {
            url: self.shown.clone(),
            what: what.to_owned(),
            status,
            reason,
        }
    }
}

impl crate::processor::SchemaSource for Registry {
    fn schema(&mut self, schema_id: u32) -> Result<Option<String>, RegistryError> {
        Self::schema(self, schema_id)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Registry").field(&self.shown).finish()
    }
}

fn away(shown: &str, reason: String) -> RegistryError {
    let url = shown.to_owned();
    RegistryError::Away { url, reason }
}

/// The address as messages may show it.
fn without_secrets(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            let removed = parsed.set_username("").and_then(|()| parsed.set_password(None));
            if removed.is_ok() { parsed.to_string() } else { "…".to_owned() }
        }
        Ok(_) | Err(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
