//! Schemas out of a registry with their ids, and into an empty one under the same ids.
//!
//! A registry of Confluent's takes an id in its mode IMPORT. Apicurio's (3.3.3) acknowledges that mode and gives ids in the order in which schemas come, so
//! there ids are kept by registering in the order of ids, with placeholders for those that are left out. Each id that was given is compared.

use super::answers::Reply;
use super::{Lookup, Registry, RegistryError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Of ids that are left out, so many placeholders are registered at most.
const PLACEHOLDERS_MAX: u32 = 10_000;
/// Their subject, which is deleted afterwards.
const PLACEHOLDERS: &str = "aerolog-import-placeholders";

/// A version of a subject as a registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub id: u32,
    pub subject: String,
    pub version: u32,
    pub schema: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<serde_json::Value>,
}

/// What became of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// How many versions were registered, and how many were there.
    Done { registered: usize, unchanged: usize },
    /// Nothing more is registered from here on.
    Stopped { reason: String },
}

#[derive(Deserialize)]
struct Given {
    id: u32,
}

impl Registry {
    /// Every version of every subject, by id.
    pub fn export(&self) -> Result<Vec<Kept>, RegistryError> {
        let subjects: Vec<String> = self.answer(self.http.get(self.address.of(&["subjects"])), "the list of subjects")?;
        let mut kept = Vec::new();
        for subject in subjects {
            kept.extend(self.versions(&subject)?);
        }
        kept.sort_by(|a: &Kept, b: &Kept| (a.id, &a.subject, a.version).cmp(&(b.id, &b.subject, b.version)));
        Ok(kept)
    }

    /// Every version of one subject; none where there is no such subject.
    pub fn versions(&self, subject: &str) -> Result<Vec<Kept>, RegistryError> {
        let url = self.address.of(&["subjects", subject, "versions"]);
        let versions: Option<Vec<u32>> = self.answer_or_absent(self.http.get(url), &format!("the versions of {subject}"))?;
        let kept = versions.unwrap_or_default().into_iter().map(|version| {
            let url = self.address.of(&["subjects", subject, "versions", &version.to_string()]);
            self.answer(self.http.get(url), &format!("version {version} of {subject}"))
        });
        kept.collect()
    }

    /// Registers what is not there yet, each under its id.
    pub fn import(&self, kept: &[Kept]) -> Result<Imported, RegistryError> {
        let mut by_id: BTreeMap<u32, Vec<&Kept>> = BTreeMap::new();
        kept.iter().for_each(|kept| by_id.entry(kept.id).or_default().push(kept));
        for (id, versions) in &by_id {
            if let Lookup::Found(found) = self.schema(*id)?
                && !is_same_json(&found.json, &versions[0].schema)
            {
                return Ok(stopped(format!(
                    "the registry has another schema under id {id} already: import into an empty registry"
                )));
            }
        }
        // Apicurio takes a new number for each version that it registers, also for a schema that it has: those come when all ids are there.
        let firsts = by_id.values().map(|versions| versions[0]);
        let others = by_id.values().flat_map(|versions| versions[1..].iter().copied());
        let (mut registered, mut unchanged, mut next) = (0, 0, 1);
        for kept in firsts.chain(others) {
            match self.import_one(kept, next)? {
                Some(given) if given == kept.id => registered += 1,
                Some(given) => {
                    return Ok(stopped(format!(
                        "the registry gave id {given} to version {} of {}, which has id {}: it cannot keep ids, or it was not empty. Start it \
                         empty and import again, or put back its own backup",
                        kept.version, kept.subject, kept.id
                    )));
                }
                None => unchanged += 1,
            }
            next = next.max(kept.id + 1);
        }
        // What they were for is done; a registry that does not let them go keeps them.
        let _kept = self.ask::<serde_json::Value>(self.http.delete(self.address.of(&["subjects", PLACEHOLDERS])));
        Ok(Imported::Done { registered, unchanged })
    }

    /// The id that was given; `None` where the version was there. `next` is the first id that may be left out before it.
    fn import_one(&self, kept: &Kept, next: u32) -> Result<Option<u32>, RegistryError> {
        let Kept {
            id,
            subject,
            version,
            schema,
            references,
        } = kept;
        let mut body = json!({ "schema": schema });
        if !references.is_empty() {
            body["references"] = references.clone().into();
        }
        let looked = self.http.post(self.address.of(&["subjects", subject])).json(&body);
        if let Some(Given { id: found }) = self.answer_or_absent(looked, &format!("to look up {subject}"))? {
            return Ok((found != *id).then_some(found));
        }
        let mode = |mode: &str| self.http.put(self.address.of(&["mode", subject])).json(&json!({ "mode": mode }));
        let takes_ids = !self.gives_ids_in_order() && matches!(self.ask::<serde_json::Value>(mode("IMPORT"))?, Reply::Found(_));
        if takes_ids {
            (body["id"], body["version"]) = (json!(id), json!(version));
        } else {
            self.leave_out(next, *id)?;
        }
        let register = self.http.post(self.address.of(&["subjects", subject, "versions"])).json(&body);
        let given = self.answer::<Given>(register, &format!("version {version} of {subject}"));
        if takes_ids {
            self.answer::<serde_json::Value>(mode("READWRITE"), &format!("the mode of {subject}"))?;
        }
        Ok(Some(given?.id))
    }

    /// Apicurio's registry behind its Confluent interface.
    fn gives_ids_in_order(&self) -> bool {
        self.address.shown().contains("/ccompat/")
    }

    /// Registers placeholders until the next id is `id`.
    fn leave_out(&self, next: u32, id: u32) -> Result<(), RegistryError> {
        let missing = (next..id).take(PLACEHOLDERS_MAX as usize);
        for placeholder in missing {
            if matches!(self.schema(placeholder)?, Lookup::Found(_)) {
                continue;
            }
            let name = format!("aerolog_placeholder_{placeholder}");
            let schema = json!({"type": "fixed", "name": name, "size": 1}).to_string();
            let request = self.http.post(self.address.of(&["subjects", PLACEHOLDERS, "versions"]));
            let given: Given = self.answer(request.json(&json!({ "schema": schema })), "a placeholder")?;
            if given.id >= id {
                break;
            }
        }
        Ok(())
    }
}

fn stopped(reason: String) -> Imported {
    Imported::Stopped { reason }
}

fn is_same_json(a: &str, b: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    a == b || parsed(a).is_some() && parsed(a) == parsed(b)
}
