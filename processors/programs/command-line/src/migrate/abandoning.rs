//! Giving a migration up, for as long as the new log has decided nothing.

use super::Log;
use crate::{Verdict, say};
use anyhow::bail;
use application::Application;
use stream::admin::Admin;
use topology::Fact;

/// Has the old log decided again, unless the new one is begun.
pub(super) fn abandon<A: Application>(mut old: Log<A>, mut new: Log<A>) -> anyhow::Result<Verdict> {
    if old.facts.closed.is_none() {
        bail!("the log {} is not closed: there is nothing to give up", old.name());
    }
    let live = Admin::new(&new.settings)?.live(&new.topology)?;
    if live.iter().any(|topic| topic.name == new.topology.topics.metadata.name) {
        new.say(&Fact::Abandoned)?;
    }
    if new.facts.begun.is_some() {
        bail!(
            "the log {} is begun, and may have decided commands already: there is no way back",
            new.name()
        );
    }
    old.say(&Fact::Reopened)?;
    say(format_args!(
        "{} is open again. The topics of {} are of no use any more; another migration takes another name",
        old.name(),
        new.name()
    ))?;
    Ok(Verdict::Fine)
}
