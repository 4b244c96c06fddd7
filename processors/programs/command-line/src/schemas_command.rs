//! `schemas`: the only thing that registers schemas.

use crate::connection::Schemas;
use crate::{Connection, Verdict, foreign, name, say};
use anyhow::{Context, bail};
use application::{Application, RecordSchema};
use clap::Subcommand;
use decider::WriterSchema;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use stream::admin::Admin;
use stream::reader::ReadFailure;
use stream::registry::{Applied, Checked, Imported, InUse, Kept, Registry, schemas_in_log};

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

pub(crate) fn run<A: Application>(connection: &Connection<A>, action: &Action) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    match action {
        Action::Export { file, from_log: false } => export(file, &registry.export()?),
        Action::Import { file } => import(&registry, file),
        Action::Apply | Action::Check | Action::Export { .. } if A::schemas().is_empty() => {
            say(format_args!(
                "the values of the application {} have no schemas: it needs no registry",
                A::NAME
            ))?;
            Ok(Verdict::Fine)
        }
        Action::Apply => {
            refuse_foreign(connection)?;
            refuse_contradiction(connection, &registry)?;
            for schemas in connection.subjects()? {
                apply(&registry, &schemas).with_context(|| advice(&registry, &schemas))?;
                say_strange(&registry, &schemas, registry.versions(&schemas.name)?)?;
            }
            Ok(Verdict::Fine)
        }
        Action::Check => {
            refuse_foreign(connection)?;
            let mut are_fine = check_log(connection, &registry)?;
            for schemas in connection.subjects()? {
                let versions = registry.versions(&schemas.name)?;
                are_fine &= check_readable::<A>(&schemas, &versions)?;
                are_fine &= check_earlier(&registry, &schemas)?;
                are_fine &= check(&registry, &schemas)?;
                are_fine &= say_strange(&registry, &schemas, versions)?;
            }
            Ok(if are_fine { Verdict::Fine } else { Verdict::Differs })
        }
        Action::Export { file, from_log: true } => export(file, &kept_in_log(connection)?),
    }
}

/// Before anything is registered: the subjects of another application's log are those of its schemas. Where there is no log yet, it may
/// become this application's.
fn refuse_foreign<A: Application>(connection: &Connection<A>) -> anyhow::Result<()> {
    let topology = connection.topology()?;
    let live = Admin::new(&connection.settings()?)?.live(&topology)?;
    let partitions_of = |topic: &str| live.iter().find(|live| live.name == topic).map(|live| live.partitions);
    let topics = &topology.topics;
    match (partitions_of(&topics.events.name), partitions_of(&topics.outcomes.name)) {
        (Some(events), Some(outcomes)) => foreign::refuse(connection, &topology.with_partitions(events.min(outcomes))),
        _ => Ok(()),
    }
}

/// By subject.
type InLog = Vec<(String, BTreeSet<InUse>)>;

/// What the last events and outcomes say of their schemas.
fn in_log(connection: &Connection<impl Application>) -> anyhow::Result<Result<InLog, ReadFailure>> {
    let (topology, settings) = (connection.topology()?, connection.settings()?);
    let topics = [&topology.topics.events, &topology.topics.outcomes];
    let read = topics.map(|topic| {
        let found = schemas_in_log(&settings, &topic.name)?;
        Ok((application::subject(&topic.name), found))
    });
    Ok(read.into_iter().collect())
}

/// Registering into a registry that has lost the ids of the log would give them to other schemas.
fn refuse_contradiction<A: Application>(connection: &Connection<A>, registry: &Registry) -> anyhow::Result<()> {
    let logged = match in_log(connection)? {
        Ok(logged) => logged,
        Err(failure) if failure.is_of_missing_topic() => return Ok(()),
        Err(failure) => bail!("nothing was registered, because the schema ids of the log are not known: {failure}"),
    };
    let logged = logged.into_iter().flat_map(|(_, in_use)| in_use).collect();
    match registry.contradicts(&logged, A::fingerprint)? {
        None => Ok(()),
        Some(contradiction) => bail!("nothing was registered: {contradiction}"),
    }
}

/// Whether the registry has under the ids of the log what was written with them.
fn check_log<A: Application>(connection: &Connection<A>, registry: &Registry) -> anyhow::Result<bool> {
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
            let what = released::<A>(one.fingerprint).map_or("a schema of a later build".to_owned(), |released| {
                format!("version {}", released.version)
            });
            match registry.contradicts(&BTreeSet::from([one]), A::fingerprint)? {
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

/// The released schema of a fingerprint.
fn released<A: Application>(fingerprint: u64) -> Option<RecordSchema> {
    A::schemas().into_iter().find(|schema| schema.fingerprint == fingerprint)
}

/// The schemas that the last records of the log were written with, as this build knows them, and the versions before them: each under the id before
/// that of the next one, as `schemas apply` registers them. A registry takes none of them after a later version that need not be compatible.
fn kept_in_log<A: Application>(connection: &Connection<A>) -> anyhow::Result<Vec<Kept>> {
    let (mut kept, mut earlier) = (BTreeMap::new(), BTreeMap::new());
    for (subject, in_use) in in_log(connection)?? {
        for InUse { id, fingerprint } in in_use {
            let released = released::<A>(fingerprint)
                .with_context(|| format!("schema id {id}: the log has fingerprint {fingerprint:016x}, which only a later build knows"))?;
            kept.insert(id, kept_as(&subject, &released, id));
            let is_before = |before: &RecordSchema| before.kind == released.kind && before.version < released.version;
            for before in A::schemas().into_iter().filter(is_before) {
                if let Some(id) = id.checked_sub(released.version - before.version).filter(|id| *id > 0) {
                    earlier.insert(id, kept_as(&subject, &before, id));
                }
            }
        }
    }
    // What the log says of an id counts more.
    earlier.append(&mut kept);
    Ok(earlier.into_values().collect())
}

fn kept_as(subject: &str, released: &RecordSchema, id: u32) -> Kept {
    Kept {
        id,
        subject: subject.to_owned(),
        version: released.version,
        schema: released.json.to_owned(),
        references: Vec::new(),
    }
}

fn export(file: &Path, kept: &[Kept]) -> anyhow::Result<Verdict> {
    let lines: Result<Vec<String>, _> = kept.iter().map(serde_json::to_string).collect();
    let text = lines?.join("\n") + "\n";
    // An old file stays whole until the new one is.
    let partial = file.with_extension("part");
    std::fs::write(&partial, text).with_context(|| format!("{}", partial.display()))?;
    std::fs::rename(&partial, file).with_context(|| format!("{}", file.display()))?;
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

fn apply(registry: &Registry, schemas: &Schemas) -> anyhow::Result<()> {
    for released in &schemas.versions {
        let subject = schemas.subject(*released);
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
fn strange(registry: &Registry, schemas: &Schemas, mut versions: Vec<Kept>) -> anyhow::Result<Vec<Kept>> {
    let mut ours = BTreeSet::new();
    for released in &schemas.versions {
        ours.extend(registry.id_of(&schemas.subject(*released))?);
    }
    versions.retain(|version| !ours.contains(&version.id));
    Ok(versions)
}

/// Names them; whether there are none.
fn say_strange(registry: &Registry, schemas: &Schemas, versions: Vec<Kept>) -> anyhow::Result<bool> {
    let (name, strange) = (&schemas.name, strange(registry, schemas, versions)?);
    for Kept { version, id, .. } in &strange {
        say(format_args!(
            "foreign    {name} version {version} (id {id}): this build has no such schema. Clients that take the latest version may get it, and later \
             versions of ours have to be compatible with it. Unless a later build has registered it, give its client \
             auto.register.schemas=false, then delete it: {}",
            deletion(name, *version)
        ))?;
    }
    Ok(strange.is_empty())
}

fn deletion(name: &str, version: u32) -> String {
    format!("curl -X DELETE \"$SCHEMA_REGISTRY_URL/subjects/{name}/versions/{version}\"")
}

/// What to do where the registry refuses a version of ours.
fn advice(registry: &Registry, schemas: &Schemas) -> String {
    let name = &schemas.name;
    let versions = registry.versions(name).unwrap_or_default();
    let strange = strange(registry, schemas, versions).unwrap_or_default();
    let Some(first) = strange.first() else {
        return format!("the schemas of {name} are not registered");
    };
    format!(
        "the schemas of {name} are not registered. It has {} that this build does not have: version {} (id {}). A client registered it \
         unless a later build did; give that client auto.register.schemas=false, delete the version with {}, and apply again",
        if strange.len() == 1 {
            "a version".to_owned()
        } else {
            format!("{} versions", strange.len())
        },
        first.version,
        first.id,
        deletion(name, first.version)
    )
}

/// Whether this build reads what is written with each version of the subject.
fn check_readable<A: Application>(schemas: &Schemas, versions: &[Kept]) -> anyhow::Result<bool> {
    let mut all = true;
    for Kept { id, version, schema, .. } in versions {
        if let Err(reason) = A::reads(schemas.kind, &WriterSchema::from(schema.as_str())) {
            all = false;
            say(format_args!(
                "unreadable {} version {version} (id {id}): this build cannot read what is written with it: {reason}",
                schemas.name
            ))?;
        }
    }
    Ok(all)
}

/// Whether the versions before the latest are registered: records that were written with them are in the log.
fn check_earlier(registry: &Registry, schemas: &Schemas) -> anyhow::Result<bool> {
    let mut all = true;
    for released in schemas.versions.iter().filter(|released| **released != schemas.latest) {
        let (subject, version) = (&schemas.name, released.version);
        match registry.id_of(&schemas.subject(*released))? {
            Some(id) => say(format_args!("registered {subject} version {version} (id {id})"))?,
            None => {
                all = false;
                say(format_args!(
                    "missing    {subject} version {version}; register it with `{} schemas apply`",
                    name()
                ))?;
            }
        }
    }
    Ok(all)
}

/// Whether the latest version of the subject is as it should be.
fn check(registry: &Registry, schemas: &Schemas) -> anyhow::Result<bool> {
    let wanted = schemas.subject(schemas.latest);
    let (subject, program) = (&wanted.name, name());
    let checked = registry.check(&wanted)?;
    match &checked {
        Checked::Registered { id } => say(format_args!("registered {subject} (id {id})"))?,
        Checked::Missing => say(format_args!("missing    {subject}; register it with `{program} schemas apply`"))?,
        Checked::OtherCompatibility { id, found } => {
            let (found, wanted) = (found.as_deref().unwrap_or("the registry's default"), &wanted.compatibility);
            say(format_args!(
                "differs    {subject} (id {id}): its compatibility is {found}, not {wanted}; set it with `{program} schemas apply`"
            ))?;
        }
        Checked::Incompatible { reason } => say(format_args!(
            "conflict   {subject}: the registry has an incompatible schema: {reason}"
        ))?,
    }
    Ok(matches!(checked, Checked::Registered { .. }))
}
