//! `aerolog schemas`: the only thing that registers schemas.

use crate::{Connection, Verdict, say};
use clap::Subcommand;
use schemas::Content;
use stream::registry::{Applied, Checked, Registry, Subject};

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Register every schema that the registry does not have, and set how each may change
    Apply,
    /// Compare the registry with the schemas; exit status 1 if they differ
    Check,
}

pub(crate) fn run(connection: &Connection, action: &Action) -> anyhow::Result<Verdict> {
    let registry = connection.registry()?;
    let mut verdict = Verdict::Fine;
    for (content, subject) in connection.subjects()? {
        match action {
            Action::Apply => apply(&registry, content, subject)?,
            Action::Check => {
                let earlier = check_earlier(&registry, content, &subject)?;
                if !check(&registry, &subject)? || !earlier {
                    verdict = Verdict::Differs;
                }
            }
        }
    }
    Ok(verdict)
}

fn apply(registry: &Registry, content: Content, mut subject: Subject) -> anyhow::Result<()> {
    for released in content.versions() {
        released.json.clone_into(&mut subject.schema_json);
        let (what, id) = match registry.apply(&subject)? {
            Applied::Registered { id } => ("registered", id),
            Applied::Unchanged { id } => ("unchanged", id),
        };
        let (name, version, compatibility) = (&subject.name, released.version, &subject.compatibility);
        say(format_args!("{what:10} {name} version {version} (id {id}, {compatibility})"))?;
    }
    Ok(())
}

/// Whether the versions before the latest are registered: records that were written with them are in the log.
fn check_earlier(registry: &Registry, content: Content, subject: &Subject) -> anyhow::Result<bool> {
    let mut all = true;
    for released in content.versions().filter(|released| *released != content.latest()) {
        let earlier = Subject {
            schema_json: released.json.to_owned(),
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
