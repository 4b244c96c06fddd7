//! `aerolog schemas`: the only thing that registers schemas.

use crate::{Connection, Verdict, say};
use anyhow::{Context, bail};
use clap::Subcommand;
use schemas::{Content, Released, Schema};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use stream::reader::ReadFailure;
use stream::registry::{Applied, Checked, Imported, InUse, Kept, Registry, Subject, schemas_in_log};

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Register every schema that the registry does not have, and set how each may change
    Apply,
    /// Compare the registry with the schemas and with the log; exit status 1 if they differ
    Check,
    /// Write every schema of the registry with its id to a file, or those of the log
    Export {
        /// One JSON object a line
        file: PathBuf,
        /// From the log alone, where the registry has lost them: events and outcomes only
        #[arg(long)]
        from_log: bool,
    },
    /// Register the schemas of such a file under the same ids, in an empty registry; what is there already stays
    Import { file: PathBuf },
}

pub(crate) fn run(connection: &Connection, action: &Action) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    match action {
        Action::Apply => {
            refuse_contradiction(connection, &registry)?;
            for (content, subject) in connection.subjects()? {
                let name = subject.name.clone();
                apply(&registry, content, subject).with_context(|| advice(&registry, content, &name))?;
                say_foreign(&registry, content, &name, registry.versions(&name)?)?;
            }
            Ok(Verdict::Fine)
        }
        Action::Check => {
            let mut are_fine = check_log(connection, &registry)?;
            for (content, subject) in connection.subjects()? {
                let versions = registry.versions(&subject.name)?;
                are_fine &= check_compatibility(content, &subject.name, &versions)?;
                are_fine &= check_earlier(&registry, content, &subject)?;
                are_fine &= check(&registry, &subject)?;
                are_fine &= say_foreign(&registry, content, &subject.name, versions)?;
            }
            Ok(if are_fine { Verdict::Fine } else { Verdict::Differs })
        }
        Action::Export { file, from_log: false } => export(file, &registry.export()?),
        Action::Export { file, from_log: true } => export(file, &kept_in_log(connection)?),
        Action::Import { file } => import(&registry, file),
    }
}

/// By subject.
type InLog = Vec<(String, BTreeSet<InUse>)>;

/// What the last events and outcomes say of their schemas.
fn in_log(connection: &Connection) -> anyhow::Result<Result<InLog, ReadFailure>> {
    let (topology, settings) = (connection.topology()?, connection.settings()?);
    let topics = [&topology.topics.events, &topology.topics.outcomes];
    let read = topics.map(|topic| {
        let found = schemas_in_log(&settings, &topic.name)?;
        Ok((application::subject(&topic.name), found))
    });
    Ok(read.into_iter().collect())
}

/// Registering into a registry that has lost the ids of the log would give them to other schemas.
fn refuse_contradiction(connection: &Connection, registry: &Registry) -> anyhow::Result<()> {
    let logged = match in_log(connection)? {
        Ok(logged) => logged,
        Err(failure) if failure.is_of_missing_topic() => return Ok(()),
        Err(failure) => bail!("nothing was registered, because the schema ids of the log are not known: {failure}"),
    };
    let logged = logged.into_iter().flat_map(|(_, in_use)| in_use).collect();
    match registry.contradicts(&logged, Schema::fingerprint_of)? {
        None => Ok(()),
        Some(contradiction) => bail!("nothing was registered: {contradiction}"),
    }
}

/// Whether the registry has under the ids of the log what was written with them.
fn check_log(connection: &Connection, registry: &Registry) -> anyhow::Result<bool> {
    let logged = match in_log(connection)? {
        Ok(logged) => logged,
        Err(failure) if failure.is_of_missing_topic() => {
            say(format_args!(
                "no log     there are no topics yet whose schema ids could be compared"
            ))?;
            return Ok(true);
        }
        Err(failure) => {
            say(format_args!("unread     the log, whose schema ids are not compared: {failure}"))?;
            return Ok(false);
        }
    };
    let mut are_fine = true;
    for (subject, in_use) in logged {
        for one in in_use {
            let what = Released::of_fingerprint(one.fingerprint).map_or("a schema of a later build".to_owned(), |released| {
                format!("version {}", released.version)
            });
            match registry.contradicts(&BTreeSet::from([one]), Schema::fingerprint_of)? {
                None => say(format_args!("in the log {subject} {what} (id {})", one.id))?,
                Some(contradiction) => {
                    are_fine = false;
                    say(format_args!("conflict   {subject} {what} (id {}): {contradiction}", one.id))?;
                }
            }
        }
    }
    Ok(are_fine)
}

/// The schemas that the last records of the log were written with, as this build knows them, and the versions before them: each under the id before
/// that of the next one, as `aerolog schemas apply` registers them. A registry takes none of them after a later version that need not be compatible.
fn kept_in_log(connection: &Connection) -> anyhow::Result<Vec<Kept>> {
    let (mut kept, mut earlier) = (BTreeMap::new(), BTreeMap::new());
    for (subject, in_use) in in_log(connection)?? {
        for InUse { id, fingerprint } in in_use {
            let released = Released::of_fingerprint(fingerprint)
                .with_context(|| format!("schema id {id}: the log has fingerprint {fingerprint:016x}, which only a later build knows"))?;
            kept.insert(id, kept_as(&subject, released, id));
            for before in released.content.versions().filter(|before| before.version < released.version) {
                if let Some(id) = id.checked_sub(released.version - before.version).filter(|id| *id > 0) {
                    earlier.insert(id, kept_as(&subject, before, id));
                }
            }
        }
    }
    // What the log says of an id counts more.
    earlier.append(&mut kept);
    Ok(earlier.into_values().collect())
}

fn kept_as(subject: &str, released: &Released, id: u32) -> Kept {
    Kept {
        id,
        subject: subject.to_owned(),
        version: released.version,
        schema: released.json().to_owned(),
        references: Vec::new(),
    }
}

fn export(file: &Path, kept: &[Kept]) -> anyhow::Result<Verdict> {
    let lines: Result<Vec<String>, _> = kept.iter().map(serde_json::to_string).collect();
    let text = lines?.join("\n") + "\n";
    // An old file stays whole until the new one is.
    let beside = file.with_extension("part");
    std::fs::write(&beside, text).with_context(|| format!("{}", beside.display()))?;
    std::fs::rename(&beside, file).with_context(|| format!("{}", file.display()))?;
    say(format_args!("exported   {} versions to {}", kept.len(), file.display()))?;
    Ok(Verdict::Fine)
}

fn import(registry: &Registry, file: &Path) -> anyhow::Result<Verdict> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let kept = lines.map(|(number, line)| serde_json::from_str(line).with_context(|| format!("{} line {}", file.display(), number + 1)));
    let kept = kept.collect::<anyhow::Result<Vec<Kept>>>()?;
    match registry.import(&kept)? {
        Imported::Done { registered, unchanged } => {
            say(format_args!("imported   {registered} versions, {unchanged} were there"))?;
            Ok(Verdict::Fine)
        }
        Imported::Stopped { reason } => bail!("the import stopped: {reason}"),
    }
}

fn apply(registry: &Registry, content: Content, mut subject: Subject) -> anyhow::Result<()> {
    for released in content.versions() {
        released.json().clone_into(&mut subject.schema_json);
        let (what, id) = match registry.apply(&subject)? {
            Applied::Registered { id } => ("registered", id),
            Applied::Unchanged { id } => ("unchanged", id),
        };
        let (name, version, compatibility) = (&subject.name, released.version, &subject.compatibility);
        say(format_args!("{what:10} {name} version {version} (id {id}, {compatibility})"))?;
    }
    Ok(())
}

/// Of the versions of a subject those that are not ours: a client with auto.register.schemas adds them.
fn foreign(registry: &Registry, content: Content, name: &str, mut versions: Vec<Kept>) -> anyhow::Result<Vec<Kept>> {
    let mut ours = BTreeSet::new();
    for released in content.versions() {
        let subject = Subject {
            name: name.to_owned(),
            schema_json: released.json().to_owned(),
            compatibility: content.compatibility().name().to_owned(),
        };
        ours.extend(registry.id_of(&subject)?);
    }
    versions.retain(|version| !ours.contains(&version.id));
    Ok(versions)
}

/// Names them; whether there are none.
fn say_foreign(registry: &Registry, content: Content, name: &str, versions: Vec<Kept>) -> anyhow::Result<bool> {
    let foreign = foreign(registry, content, name, versions)?;
    for Kept { version, id, .. } in &foreign {
        say(format_args!(
            "foreign    {name} version {version} (id {id}): this build has no such schema. Clients that take the latest version may get it, and later \
             versions of ours have to be compatible with it. Unless a later build has registered it, give its client \
             auto.register.schemas=false, then delete it: {}",
            deletion(name, *version)
        ))?;
    }
    Ok(foreign.is_empty())
}

fn deletion(name: &str, version: u32) -> String {
    format!("curl -X DELETE \"$SCHEMA_REGISTRY_URL/subjects/{name}/versions/{version}\"")
}

/// What to do where the registry refuses a version of ours.
fn advice(registry: &Registry, content: Content, name: &str) -> String {
    let versions = registry.versions(name).unwrap_or_default();
    let foreign = foreign(registry, content, name, versions).unwrap_or_default();
    let Some(first) = foreign.first() else {
        return format!("the schemas of {name} are not registered");
    };
    format!(
        "the schemas of {name} are not registered. It has {} that this build does not have: version {} (id {}). A client registered it \
         unless a later build did; give that client auto.register.schemas=false, delete the version with {}, and apply again",
        if foreign.len() == 1 {
            "a version".to_owned()
        } else {
            format!("{} versions", foreign.len())
        },
        first.version,
        first.id,
        deletion(name, first.version)
    )
}

/// Whether this build reads what is written with each version of the subject, by the Avro library's rules for compatibility.
fn check_compatibility(content: Content, name: &str, versions: &[Kept]) -> anyhow::Result<bool> {
    let mut all = true;
    for Kept { id, version, schema, .. } in versions {
        if let Err(reason) = content.latest().reads(schema) {
            all = false;
            say(format_args!(
                "unreadable {name} version {version} (id {id}): this build cannot read what is written with it: {reason}"
            ))?;
        }
    }
    Ok(all)
}

/// Whether the versions before the latest are registered: records that were written with them are in the log.
fn check_earlier(registry: &Registry, content: Content, subject: &Subject) -> anyhow::Result<bool> {
    let mut all = true;
    for released in content.versions().filter(|released| *released != content.latest()) {
        let earlier = Subject {
            schema_json: released.json().to_owned(),
            ..subject.clone()
        };
        let (name, version) = (&subject.name, released.version);
        match registry.id_of(&earlier)? {
            Some(id) => say(format_args!("registered {name} version {version} (id {id})"))?,
            None => {
                all = false;
                say(format_args!(
                    "missing    {name} version {version}; register it with `aerolog schemas apply`"
                ))?;
            }
        }
    }
    Ok(all)
}

/// Whether the latest version of the subject is as it should be.
fn check(registry: &Registry, subject: &Subject) -> anyhow::Result<bool> {
    let (name, wanted) = (&subject.name, &subject.compatibility);
    let checked = registry.check(subject)?;
    match &checked {
        Checked::Registered { id } => say(format_args!("registered {name} (id {id})"))?,
        Checked::Missing => say(format_args!("missing    {name}; register it with `aerolog schemas apply`"))?,
        Checked::OtherCompatibility { id, found } => {
            let found = found.as_deref().unwrap_or("the registry's default");
            say(format_args!(
                "differs    {name} (id {id}): its compatibility is {found}, not {wanted}; set it with `aerolog schemas apply`"
            ))?;
        }
        Checked::Incompatible { reason } => say(format_args!("conflict   {name}: the registry has an incompatible schema: {reason}"))?,
    }
    Ok(matches!(checked, Checked::Registered { .. }))
}
