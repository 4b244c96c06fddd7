//! Schemas by id, with all that they refer to.

use super::answers::Reply;
use super::{Registry, RegistryError};
use decider::WriterSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// A schema with its references is at most this long; one that is longer is not used.
pub const SCHEMA_BYTES_MAX: usize = 128 << 10;
/// How many schemas one refers to, directly and indirectly.
const REFERENCES_MAX: usize = 64;
/// How deep references refer to further ones.
const REFERENCE_DEPTH_MAX: usize = 16;
/// Registries number schemas with signed 32-bit numbers.
const ID_MAX: u32 = i32::MAX.cast_unsigned();

/// What the registry has under an id. Both are definite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    Found(WriterSchema),
    /// There is none that we may use, and why.
    Absent(String),
}

impl Lookup {
    /// The schema, or why there is none.
    pub fn into_result(self) -> Result<WriterSchema, String> {
        match self {
            Self::Found(schema) => Ok(schema),
            Self::Absent(reason) => Err(reason),
        }
    }
}

/// Where schemas come from that a codec does not know yet.
pub trait SchemaSource {
    /// What is known of an id; an error means that it cannot be looked up now.
    fn schema(&mut self, schema_id: u32) -> Result<Lookup, RegistryError>;

    /// Why nothing may be written with the ids in use at the moment.
    fn contradiction(&self) -> Option<String> {
        None
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    schema: String,
    /// Absent for Avro.
    schema_type: Option<String>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
}

#[derive(Deserialize, Clone)]
struct Reference {
    subject: String,
    version: i32,
}

/// The schemas that one refers to, each after those that it refers to itself.
struct Gathered {
    texts: Vec<String>,
    seen: BTreeSet<(String, i32)>,
    bytes: usize,
}

/// Why a schema cannot be had: for now, or at all.
enum Missing {
    Now(RegistryError),
    Always(String),
}

impl From<RegistryError> for Missing {
    fn from(error: RegistryError) -> Self {
        Self::Now(error)
    }
}

impl Registry {
    /// The schema of an id with all that it refers to. Whether a refusal is of this id or of everything is found out by asking for something else.
    pub fn schema(&self, id: u32) -> Result<Lookup, RegistryError> {
        if id > ID_MAX {
            return Ok(Lookup::Absent(format!("no registry gives an id above {ID_MAX}")));
        }
        let found = self.found(&["schemas", "ids", &id.to_string()], &format!("schema id {id}"));
        let gathered = found.and_then(|found| {
            let mut gathered = Gathered {
                texts: Vec::new(),
                seen: BTreeSet::new(),
                bytes: found.schema.len(),
            };
            self.gather(&found, &mut gathered, 0)?;
            Ok(WriterSchema {
                json: found.schema,
                references: gathered.texts,
            })
        });
        match gathered {
            Ok(schema) => {
                self.answered.store(id.into(), Ordering::Relaxed);
                Ok(Lookup::Found(schema))
            }
            Err(Missing::Always(reason)) => Ok(Lookup::Absent(reason)),
            Err(Missing::Now(error)) => Err(error),
        }
    }

    /// Appends what a schema refers to, deepest first.
    fn gather(&self, found: &Found, gathered: &mut Gathered, depth: usize) -> Result<(), Missing> {
        if gathered.bytes > SCHEMA_BYTES_MAX {
            return Err(Missing::Always(format!(
                "the schema with its references has more than {SCHEMA_BYTES_MAX} bytes"
            )));
        }
        if depth > REFERENCE_DEPTH_MAX {
            return Err(Missing::Always(format!(
                "the schema's references are more than {REFERENCE_DEPTH_MAX} levels deep"
            )));
        }
        for Reference { subject, version } in found.references.iter().flatten() {
            // One that refers to itself is met here again, too.
            if !gathered.seen.insert((subject.clone(), *version)) {
                continue;
            }
            if gathered.seen.len() > REFERENCES_MAX {
                return Err(Missing::Always(format!("the schema refers to more than {REFERENCES_MAX} others")));
            }
            let what = format!("version {version} of {subject:?}, to which the schema refers");
            let referred = self.found(&["subjects", subject, "versions", &version.to_string()], &what)?;
            gathered.bytes += referred.schema.len();
            self.gather(&referred, gathered, depth + 1)?;
            gathered.texts.push(referred.schema);
        }
        Ok(())
    }

    fn found(&self, path: &[&str], what: &str) -> Result<Found, Missing> {
        let refused = |status: u16, reason: String| {
            format!(
                "the registry refuses {what} to us ({status} {reason}), and answers for others: these credentials lack the rights to it"
            )
        };
        let ask = || self.ask::<Found>(self.http.get(self.address.of(path)));
        let mut reply = ask()?;
        if let Reply::Forbidden(status, reason) = reply {
            if !self.answers_otherwise()? {
                return Err(self.denied(what, status, reason).into());
            }
            // It may have refused everything a moment ago: what is refused after others were answered is refused for itself.
            reply = ask()?;
        }
        match reply {
            Reply::Found(found) => match found.schema_type.as_deref() {
                None | Some("AVRO") => Ok(found),
                Some(other) => Err(Missing::Always(format!(
                    "{what} is {}, not Avro",
                    other.chars().take(40).collect::<String>()
                ))),
            },
            Reply::Absent => Err(Missing::Always(format!("the registry knows no {what}"))),
            Reply::TooLong => Err(Missing::Always(format!("{what} has more than {SCHEMA_BYTES_MAX} bytes"))),
            Reply::Forbidden(status, reason) => Err(Missing::Always(refused(status, reason))),
            Reply::Refused(status, reason) => Err(Missing::Always(format!("the registry refuses {what}: {status} {reason}"))),
        }
    }

    /// Whether there is something that the registry does not refuse us: the schema that it gave last, or its list of subjects.
    fn answers_otherwise(&self) -> Result<bool, RegistryError> {
        let last = self.answered.load(Ordering::Relaxed);
        if let Ok(last) = u32::try_from(last)
            && let Reply::Found(_) = self.ask::<Found>(self.http.get(self.address.of(&["schemas", "ids", &last.to_string()])))?
        {
            return Ok(true);
        }
        let subjects = self.ask::<Vec<String>>(self.http.get(self.address.of(&["subjects"])))?;
        Ok(matches!(subjects, Reply::Found(_) | Reply::TooLong))
    }
}

impl SchemaSource for Registry {
    fn schema(&mut self, schema_id: u32) -> Result<Lookup, RegistryError> {
        Self::schema(self, schema_id)
    }
}
