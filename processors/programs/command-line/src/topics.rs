//! `topics`: the only thing that creates topics, and the comparison that every process makes at its start.

mod acls;

use crate::{Connection, Verdict, say};
use application::Application;
use clap::Subcommand;
use std::time::Duration;
use stream::admin::Admin;
use stream::facts::{self, FactsError, FactsReader};
use topology::{Difference, Severity, Topology};

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Create the topics that are missing; those that exist are never changed
    Apply {
        /// Copies of each record; if it is not given, as many as there are brokers, at most 3
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
        replication: Option<u8>,
    },
    /// Compare the topics with the topology; exit status 1 if they differ
    Check,
    /// Print what each role has to be allowed in Kafka, and nothing else; no cluster is asked
    Acls(acls::Arguments),
}

pub(crate) fn run(connection: &Connection<impl Application>, action: &Action) -> anyhow::Result<Verdict> {
    if let Action::Acls(arguments) = action {
        return acls::run(connection, arguments);
    }
    let admin = Admin::new(&connection.settings()?)?;
    let (topology, wrong) = wanted(connection, &admin)?;
    if let Some(wrong) = wrong {
        if matches!(action, Action::Apply { .. }) {
            return Err(wrong.into());
        }
        say(format_args!("{:?}: {wrong}", Severity::Fatal))?;
        report(&admin.check(&topology)?)?;
        return Ok(Verdict::Differs);
    }
    if let Action::Apply { replication } = action {
        let created = match replication {
            Some(copies) => Admin::new(&connection.settings()?)?
                .with_replication(u32::from(*copies))
                .apply(&topology)?,
            None => admin.apply(&topology)?,
        };
        for topic in topology.topics() {
            let what = if created.contains(&topic.name) { "created" } else { "exists" };
            say(format_args!("{what:8} {}", topic.name))?;
        }
    }
    // What was just created is known to every broker a moment later.
    let mut tries = if matches!(action, Action::Apply { .. }) {
        APPEAR_TRIES_MAX
    } else {
        1
    };
    loop {
        let differences = admin.check(&topology)?;
        tries -= 1;
        if tries == 0 || differences.is_empty() {
            return report(&differences);
        }
        std::thread::park_timeout(APPEAR_PAUSE);
    }
}

/// The topology with the number of partitions that the log was begun with; where it was not, the one that is configured, then the one of the
/// events that are there. And what contradicts the log.
fn wanted(connection: &Connection<impl Application>, admin: &Admin) -> anyhow::Result<(Topology, Option<FactsError>)> {
    let topology = connection.topology()?;
    let live = admin.live(&topology)?;
    let partitions_of = |topic: &str| live.iter().find(|live| live.name == topic).map(|live| live.partitions);
    if partitions_of(&topology.topics.metadata.name).is_some() {
        let mut reader = FactsReader::new(&connection.settings()?, &topology)?;
        let facts = reader.read()?;
        if let Some(begun) = &facts.begun {
            let wrong = facts::number(&topology, facts, connection.partitions()).err();
            return Ok((topology.with_partitions(begun.partitions), wrong));
        }
    }
    let wanted = match connection.partitions() {
        Some(_) => None,
        None => partitions_of(&topology.topics.events.name),
    };
    Ok((
        match wanted {
            Some(partitions) => topology.with_partitions(partitions),
            None => topology,
        },
        None,
    ))
}

const APPEAR_TRIES_MAX: u32 = 20;
const APPEAR_PAUSE: Duration = Duration::from_millis(250);

fn report(differences: &[Difference]) -> anyhow::Result<Verdict> {
    for difference in differences {
        say(format_args!("{:?}: {difference}", difference.severity))?;
    }
    if differences.is_empty() {
        say("the topics are as the topology says")?;
        Ok(Verdict::Fine)
    } else {
        Ok(Verdict::Differs)
    }
}
