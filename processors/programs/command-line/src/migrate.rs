//! `migrate`: carries a log to new topics with another number of partitions.
//!
//! The old log is closed first, and stays as it is from then on, so that every step can be repeated: what a run before has written is found in
//! the new log. Nothing is decided in either of them before the new log is complete and was audited.

mod abandoning;
mod digest;
mod filling;
mod moving;
mod placing;
mod reading;
mod step;

use crate::{Connection, Verdict, audit, say, schemas_command};
use anyhow::{Context, bail};
use application::Application;
use clap::Args;
use digest::Digest;
use filling::{Filled, Filling};
use indicatif::{ProgressBar, ProgressStyle};
use moving::Undecided;
use placing::Placing;
use reading::Reading;
use service::clock;
use std::collections::BTreeSet;
use stream::Settings;
use stream::admin::Admin;
use stream::carrier::{Carrier, fence};
use stream::facts::{FactsReader, say as say_fact};
use stream::inspect::Inspector;
use topology::{Fact, Facts, Topology};

/// Carry the log to new topics with another number of partitions
#[derive(Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// The topic prefix of the new log; processes and clients go on there, with AEROLOG_TOPIC_PREFIX=PREFIX
    #[arg(long, value_name = "PREFIX")]
    to: String,
    /// How many partitions the new log has
    #[arg(long, value_name = "NUMBER", required_unless_present = "abandon")]
    to_partitions: Option<u32>,
    /// Look at everything, say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Begin though commands are undecided: they are moved, and decided in the new log
    #[arg(long)]
    move_undecided: bool,
    /// Give a migration up that has not finished: commands are decided in the old log again
    #[arg(long, conflicts_with_all = ["dry_run", "move_undecided", "to_partitions"])]
    abandon: bool,
    /// Copies of each record; the brokers' own default if it is not given
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
    replication: Option<u8>,
}

const HELP: &str = "\
What is done, in this order; a run that was interrupted is repeated with the same arguments, and goes on:
  1. The old log must be whole (it is audited), its processors stopped, and its commands decided (or --move-undecided).
  2. The old log is closed: no processor decides anything there any more, whichever version of the settings it has.
  3. The new topics are created, and filled: every aggregate's events with their versions, and the outcomes by which command ids are
     remembered. Partitions and sequences are new; events keep their command ids and times.
  4. The new log is audited and compared with the old one.
  5. The new log is begun. From here on there is no way back; until here there is: --abandon.
  6. The old log says where it went: its materializers stop being ready. Commands that were written there meanwhile are moved.

Commands that clients write to the old topic afterwards are moved by running the same command again.

Exit status: 0 it is done; 1 it could not be, and says why; 5 an audit has found that an invariant does not hold.";

/// One of the two logs.
struct Log<A: Application> {
    connection: Connection<A>,
    settings: Settings,
    topology: Topology,
    facts: Facts,
}

impl<A: Application> Log<A> {
    fn read_facts(&mut self) -> anyhow::Result<()> {
        self.facts = FactsReader::new(&self.settings, &self.topology)?.read()?.clone();
        Ok(())
    }

    fn name(&self) -> &str {
        self.connection.topic_prefix()
    }

    fn say(&mut self, fact: &Fact) -> anyhow::Result<()> {
        say_fact(&self.settings, &self.topology, fact)?;
        self.read_facts()
    }
}

pub(crate) fn run<A: Application>(connection: &Connection<A>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let (topology, facts) = connection.look()?;
    let old = Log {
        connection: connection.clone(),
        settings: connection.settings()?,
        topology,
        facts,
    };
    if old.name() == arguments.to {
        bail!("the new log needs another name than {}", arguments.to);
    }
    if let Some(to) = old.facts.closed.as_ref().filter(|to| **to != arguments.to) {
        bail!("the log {} is being carried to {to}, not to {}", old.name(), arguments.to);
    }
    let partitions = arguments.to_partitions.unwrap_or(old.topology.partitions);
    let to = connection.with_prefix(&arguments.to, partitions);
    let new = Log {
        settings: old.settings.clone(),
        topology: to.topology()?,
        connection: to,
        facts: Facts::default(),
    };
    if arguments.abandon {
        return abandoning::abandon(old, new);
    }
    Migration { arguments, old, new }.run()
}

struct Migration<'m, A: Application> {
    arguments: &'m Arguments,
    old: Log<A>,
    new: Log<A>,
}

/// How far a migration has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    Filling,
    Begun,
}

impl<A: Application> Migration<'_, A> {
    fn run(mut self) -> anyhow::Result<Verdict> {
        let stage = self.stage()?;
        if stage == Stage::Begun {
            say("the new log is begun already")?;
            return self.cut_over();
        }
        self.no_member()?;
        let undecided = self.undecided()?;
        if self.old.facts.closed.is_none() {
            say(format_args!("audit of {}:", self.old.name()))?;
            let verdict = audit::check(&self.old.connection, undecided == 0)?;
            if verdict != Verdict::Fine {
                return Ok(verdict);
            }
        }
        if self.arguments.dry_run {
            let (_, digest) = self.plan()?;
            say(format_args!(
                "would carry {digest} from {} ({} partitions) to {} ({} partitions), and move {undecided} commands",
                self.old.name(),
                self.old.topology.partitions,
                self.new.name(),
                self.new.topology.partitions,
            ))?;
            return Ok(Verdict::Fine);
        }
        self.close()?;
        let (placing, digest) = self.plan()?;
        self.create(stage)?;
        self.fill(placing, digest)?;
        let verdict = self.verify(digest)?;
        if verdict != Verdict::Fine {
            return Ok(verdict);
        }
        self.begin()?;
        self.cut_over()
    }

    /// What the new topics say, and whether they are those of this migration.
    fn stage(&mut self) -> anyhow::Result<Stage> {
        let live = Admin::new(&self.new.settings)?.live(&self.new.topology)?;
        if !live.iter().any(|topic| topic.name == self.new.topology.topics.metadata.name) {
            return self.fresh(live.is_empty());
        }
        self.new.read_facts()?;
        let (old, wanted) = (self.old.name(), self.new.topology.partitions);
        let facts = &self.new.facts;
        if facts.abandoned {
            bail!("a migration to {} was given up: take another name", self.new.name());
        }
        let (from, partitions, stage) = match (&facts.begun, &facts.filling) {
            (Some(begun), _) => (begun.migrated_from.clone(), begun.partitions, Stage::Begun),
            (None, Some((from, partitions))) => (Some(from.clone()), *partitions, Stage::Filling),
            (None, None) => return self.fresh(false),
        };
        if from.as_deref() != Some(old) {
            bail!("the log {} was not migrated from {old}: take another name", self.new.name());
        }
        if partitions != wanted {
            bail!(
                "the migration to {} was begun with {partitions} partitions, not with {wanted}",
                self.new.name()
            );
        }
        Ok(stage)
    }

    /// Topics that a run before has created, and nothing more, may be there.
    fn fresh(&self, is_missing: bool) -> anyhow::Result<Stage> {
        let inspector = Inspector::new(&self.new.settings)?;
        let topics = &self.new.topology.topics;
        for topic in [&topics.commands, &topics.events, &topics.outcomes] {
            let partitions = if is_missing {
                0
            } else {
                inspector.partitions_of(&topic.name).unwrap_or(0)
            };
            for partition in 0..partitions {
                let marks = inspector.watermarks(&topic.name, partition)?;
                if marks.high > 0 {
                    bail!(
                        "the topic {} exists and has records: take another name than {}",
                        topic.name,
                        self.new.name()
                    );
                }
            }
        }
        Ok(Stage::Fresh)
    }

    fn no_member(&self) -> anyhow::Result<()> {
        let group = self.old.topology.processors_group();
        let members = Inspector::new(&self.old.settings)?.members(&group)?;
        if !members.is_empty() {
            bail!(
                "processors of {} are running, or stopped less than a session timeout ago (6 s): {}. Stop them all, and run this again",
                self.old.name(),
                members.join(", ")
            );
        }
        Ok(())
    }

    /// How many commands are not decided yet; an error unless the operator asked to move them.
    fn undecided(&self) -> anyhow::Result<u64> {
        let counts = Undecided::of(&self.old)?.count(&self.old)?;
        let count = counts.values().sum();
        // A closed log is decided no more: what has come since is moved.
        if count > 0 && !self.arguments.move_undecided && !self.arguments.dry_run && self.old.facts.closed.is_none() {
            let (partition, _) = counts.first_key_value().unwrap_or((&0, &0));
            bail!(
                "{count} commands of {} are undecided (the first of them in partition {partition}). Stop the clients and let processors decide \
                 them, or move them with --move-undecided",
                self.old.name()
            );
        }
        Ok(count)
    }

    /// Closes the old log, then takes the transactional ids of all who might still write: see `stream`'s `restore/closing.rs`.
    fn close(&mut self) -> anyhow::Result<()> {
        if self.old.facts.closed.is_none() {
            let to = self.new.name().to_owned();
            self.old.say(&Fact::Closed { to })?;
            say(format_args!("{} is closed: nothing more is decided there", self.old.name()))?;
        }
        let (inspector, topic) = (Inspector::new(&self.old.settings)?, &self.old.topology.topics.commands.name);
        let group = inspector.group(&self.old.topology.processors_group(), topic, inspector.partitions_of(topic)?)?;
        let owners: BTreeSet<String> = group.committed()?.into_values().map(|committed| committed.owner).collect();
        for owner in owners.iter().filter(|owner| !owner.is_empty()) {
            fence(&self.old.settings, owner).with_context(|| format!("fencing {owner}"))?;
        }
        self.no_member()
    }

    /// Reads all of the old log, as it will be placed.
    fn plan(&self) -> anyhow::Result<(Placing<A::Event>, Digest)> {
        let (mut placing, mut digest) = (Placing::counting(self.new.topology.partitions), Digest::default());
        Reading::new(&self.old.connection, &self.old.topology)?.walk(&mut |step| {
            placing.place(step).iter().for_each(|placed| digest.add(placed));
            Ok(())
        })?;
        // These answer commands whose outcomes are gone, and have nothing to be compared with.
        placing.finish();
        say(format_args!("{} has {digest}", self.old.name()))?;
        Ok((placing.again(), digest))
    }

    fn create(&mut self, stage: Stage) -> anyhow::Result<()> {
        let admin = Admin::new(&self.new.settings)?;
        let admin = match self.arguments.replication {
            Some(copies) => admin.with_replication(u32::from(copies)),
            None => admin,
        };
        admin.create(&self.new.topology)?;
        schemas_command::run(&self.new.connection, &schemas_command::Action::Apply)?;
        if stage == Stage::Fresh {
            let (partitions, from) = (self.new.topology.partitions, self.old.name().to_owned());
            self.new.say(&Fact::Filling { partitions, from })?;
        }
        Ok(())
    }

    fn fill(&self, placing: Placing<A::Event>, digest: Digest) -> anyhow::Result<()> {
        // An earlier run that still writes is fenced before it is looked how far it has come.
        let id = self.transactional_id();
        let carrier = Carrier::new(&self.new.settings, &id)?;
        let partitions = self.new.topology.partitions;
        let filled = Filled::read(&mut Reading::new(&self.new.connection, &self.new.topology)?, partitions)?;
        let bar = ProgressBar::new(digest.events + digest.outcomes);
        bar.set_style(ProgressStyle::with_template(
            "{wide_bar} {pos}/{len} records carried, {per_sec}, {eta} left",
        )?);
        let filling = Filling {
            topology: &self.new.topology,
            carrier,
            codec: self.new.connection.codec()?,
            owner: format!("{id}/{:x}", clock::unix_ms()),
            filled,
            bar: bar.clone(),
        };
        let written = filling.fill(&mut Reading::new(&self.old.connection, &self.old.topology)?, placing)?;
        bar.finish_and_clear();
        say(format_args!("{} has got {written} records in this run", self.new.name()))?;
        Ok(())
    }

    fn transactional_id(&self) -> String {
        format!("{}-migration", self.new.name())
    }

    /// The new log must have the content of the old one, and hold what every log must hold.
    fn verify(&self, expected: Digest) -> anyhow::Result<Verdict> {
        let mut found = Digest::default();
        let mut placing = Placing::counting(self.new.topology.partitions);
        Reading::new(&self.new.connection, &self.new.topology)?.walk(&mut |step| {
            placing.place(step).iter().for_each(|placed| found.add(placed));
            Ok(())
        })?;
        if found != expected {
            bail!(
                "{} has {found}, where {} has {expected}: give this migration up with --abandon, and keep both for a look at what differs",
                self.new.name(),
                self.old.name()
            );
        }
        say(format_args!("{} has the same. Audit of {}:", self.new.name(), self.new.name()))?;
        audit::check(&self.new.connection, true)
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        self.old.read_facts()?;
        if self.old.facts.closed.is_none() {
            bail!("the migration to {} was given up meanwhile", self.new.name());
        }
        self.new.say(&Fact::Begun {
            partitions: self.new.topology.partitions,
            migrated_from: Some(self.old.name().to_owned()),
        })?;
        if self.new.facts.begun.is_none() {
            bail!("the migration to {} was given up meanwhile", self.new.name());
        }
        say(format_args!("{} is begun", self.new.name()))?;
        Ok(())
    }

    /// The last part, which may be repeated as often as commands come to the old log.
    fn cut_over(&mut self) -> anyhow::Result<Verdict> {
        if self.arguments.dry_run {
            let count = self.undecided()?;
            say(format_args!("would move {count} commands"))?;
            return Ok(Verdict::Fine);
        }
        if self.old.facts.migrated.is_none() {
            let to = self.new.name().to_owned();
            self.old.say(&Fact::Migrated { to })?;
        }
        let mut carrier = Carrier::new(&self.new.settings, &self.transactional_id())?;
        let undecided = Undecided::of(&self.old)?;
        let moved = moving::carry(&undecided, &self.old, &self.new, &mut carrier)?;
        say(format_args!(
            "{moved} commands were moved from {} to {}",
            self.old.name(),
            self.new.name()
        ))?;
        say(format_args!(
            "Start processors and materializers with AEROLOG_TOPIC_PREFIX={}, and let clients write to {}. Run this again once no client writes to \
             {} any more: it moves what has come there since",
            self.new.name(),
            self.new.topology.topics.commands.name,
            self.old.topology.topics.commands.name,
        ))?;
        Ok(Verdict::Fine)
    }
}
