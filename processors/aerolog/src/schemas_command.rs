//! `aerolog schemas`: the only thing that registers schemas.

use crate::{Connection, Verdict};
use clap::Subcommand;
use stream::registry::{Applied, Checked};

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
    for (content, mut subject) in connection.subjects()? {
        match action {
            Action::Apply => {
                for released in content.versions() {
                    released.json.clone_into(&mut subject.schema_json);
                    let (what, id) = match registry.apply(&subject)? {
                        Applied::Registered { id } => ("registered", id),
                        Applied::Unchanged { id } => ("unchanged", id),
                    };
                    println!(
                        "{what:10} {} version {} (id {id}, {})",
                        subject.name, released.version, subject.compatibility
                    );
                }
            }
            Action::Check => match registry.check(&subject)? {
                Checked::Registered { id } => println!("registered {} (id {id})", subject.name),
                Checked::Missing => {
                    println!("missing    {}; register it with `aerolog schemas apply`", subject.name);
                    verdict = Verdict::Differs;
                }
                Checked::OtherCompatibility { id, found } => {
                    let (name, wanted) = (&subject.name, &subject.compatibility);
                    let found = found.as_deref().unwrap_or("the registry's default");
                    println!(
                        "differs    {name} (id {id}): its compatibility is {found}, not {wanted}; set it with `aerolog schemas apply`"
                    );
                    verdict = Verdict::Differs;
                }
                Checked::Incompatible { reason } => {
                    println!("conflict   {}: the registry has an incompatible schema: {reason}", subject.name);
                    verdict = Verdict::Differs;
                }
            },
        }
    }
    Ok(verdict)
}
