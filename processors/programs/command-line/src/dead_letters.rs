//! `dead-letters`: what turned out to be no command, and the way back onto the commands topic once the cause is gone.

mod letter;
mod plan;

use crate::reading::{each_committed, text_header};
use crate::{Connection, Verdict, say};
use anyhow::{Context, bail};
use application::Application;
use clap::{Args, Subcommand};
use letter::{Letter, REDRIVEN_FROM};
use plan::{Disposition, Step, plan};
use std::collections::BTreeSet;
use stream::carrier::{Carried, Carrier};
use topology::Topology;
use uuid::Uuid;

/// What is done with dead letters.
#[derive(Subcommand)]
pub(crate) enum Action {
    /// Print a line of JSON for each dead letter
    List(Filter),
    /// Print one dead letter with its headers and its value
    Show {
        /// Partition and offset in the topic of dead letters, as `list` prints them
        #[arg(value_name = "PARTITION/OFFSET", value_parser = letter::place)]
        letter: (u32, i64),
    },
    /// Send the records of dead letters to the commands topic again
    Redrive(Redrive),
}

pub(crate) const HELP: &str = "\
A dead letter holds the record as it was found, and says why it was no command. Where the cause is gone (a schema that the registry lacked, an
older build), `redrive` writes the record to the commands topic again: key, value and headers as they were sent, in the partition of its key,
with the header redriven-from. All letters of one key go in their order; where one cannot be sent, the later ones of its key stay as well. While
the commands topic keeps a record that was redriven, it is found by that header and not sent again, so a redrive that was interrupted is run again.

Whatever else was sent to the same aggregate since then stays before it: look at `list` and --dry-run first. A command keeps its id: had it been
decided meanwhile, it is answered with the outcome of then.

  {program} dead-letters list --reason 'schema id'
  {program} dead-letters redrive --reason 'schema id' --dry-run
  {program} dead-letters redrive --reason 'schema id'";

/// Which dead letters; all of these have to fit.
#[derive(Args)]
pub(crate) struct Filter {
    /// Those of this command
    #[arg(long, value_name = "UUID")]
    command_id: Option<Uuid>,
    /// Those with this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Those whose reason has this text in it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// This one; may stand more than once
    #[arg(long = "letter", value_name = "PARTITION/OFFSET", value_parser = letter::place)]
    letters: Vec<(u32, i64)>,
}

#[derive(Args)]
pub(crate) struct Redrive {
    #[command(flatten)]
    filter: Filter,
    /// Every dead letter there is
    #[arg(long, conflicts_with_all = ["command_id", "key", "reason", "letters"])]
    all: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// What one redrive holds in memory: of more, a part is to be chosen.
const LETTERS_MAX: usize = 100_000;
const LETTER_BYTES_MAX: usize = 256 << 20;
/// One transaction.
const BATCH_RECORDS_MAX: usize = 1_000;
const BATCH_BYTES_MAX: usize = 8 << 20;

impl Filter {
    fn is_empty(&self) -> bool {
        self.command_id.is_none() && self.key.is_none() && self.reason.is_none() && self.letters.is_empty()
    }

    fn takes(&self, letter: &Letter) -> bool {
        let has_key = |key: &String| letter.key.as_deref() == Some(key.as_bytes());
        self.command_id.is_none_or(|id| letter.command_id == Some(id))
            && self.key.as_ref().is_none_or(has_key)
            && self.reason.as_ref().is_none_or(|text| letter.reason.contains(text.as_str()))
            && (self.letters.is_empty() || self.letters.contains(&letter.place))
    }
}

pub(crate) fn run(connection: &Connection<impl Application>, action: &Action) -> anyhow::Result<Verdict> {
    match action {
        Action::List(filter) => {
            each(connection, |letter| {
                if filter.takes(&letter) {
                    say(letter.summary())?;
                }
                Ok(())
            })?;
            Ok(Verdict::Fine)
        }
        Action::Show { letter } => show(connection, *letter),
        Action::Redrive(redrive) => self::redrive(connection, redrive),
    }
}

fn show(connection: &Connection<impl Application>, place: (u32, i64)) -> anyhow::Result<Verdict> {
    let mut found = None;
    each(connection, |letter| {
        if letter.place == place {
            found = Some(letter);
        }
        Ok(())
    })?;
    let Some(letter) = found else {
        bail!(
            "there is no dead letter at {}/{}; `{} dead-letters list` prints those that there are",
            place.0,
            place.1,
            crate::name()
        );
    };
    say(serde_json::to_string_pretty(&letter.whole())?)?;
    Ok(Verdict::Fine)
}

fn redrive(connection: &Connection<impl Application>, asked: &Redrive) -> anyhow::Result<Verdict> {
    if asked.filter.is_empty() && !asked.all {
        bail!("say which dead letters: --command-id, --key, --reason, --letter, or --all");
    }
    let topology = connection.open_log()?;
    let mut letters = Vec::new();
    let mut bytes = 0;
    each(connection, |letter| {
        if asked.filter.takes(&letter) {
            bytes += letter.bytes();
            letters.push(letter);
        }
        if letters.len() > LETTERS_MAX || bytes > LETTER_BYTES_MAX {
            bail!("these are more than {LETTERS_MAX} dead letters, or more than {LETTER_BYTES_MAX} bytes: choose a part of them");
        }
        Ok(())
    })?;
    // A redrive that still runs is fenced before this one reads what has been sent: no letter is sent by both.
    let mut carrier = None;
    if !asked.dry_run && !letters.is_empty() {
        carrier = Some(Carrier::new(
            &connection.settings()?,
            &format!("{}-redrive", connection.topic_prefix()),
        )?);
    }
    let before = redriven_before(connection, &topology, &letters)?;
    let steps = plan(letters, &before);
    if let Some(carrier) = &mut carrier {
        write(carrier, &topology, &steps)?;
    }
    let mut verdict = Verdict::Fine;
    for step in &steps {
        let mut line = step.letter.summary();
        line["result"] = step.fate.result(asked.dry_run).into();
        if let Some(why) = step.fate.why() {
            line["why"] = why.into();
            verdict = Verdict::Differs;
        }
        say(line)?;
    }
    Ok(verdict)
}

/// Calls `visit` on every dead letter, partition by partition in the order of their offsets.
fn each(connection: &Connection<impl Application>, mut visit: impl FnMut(Letter) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let topic = connection.topology()?.topics.dead_letters.name;
    each_committed(&connection.settings()?, &topic, |partition, found| {
        visit(Letter::read(partition, found))
    })
}

/// Which of these the commands topic has again.
fn redriven_before(
    connection: &Connection<impl Application>,
    topology: &Topology,
    letters: &[Letter],
) -> anyhow::Result<BTreeSet<(u32, i64)>> {
    let chosen: BTreeSet<(u32, i64)> = letters.iter().map(|letter| letter.place).collect();
    let mut before = BTreeSet::new();
    if chosen.is_empty() {
        return Ok(before);
    }
    each_committed(&connection.settings()?, &topology.topics.commands.name, |_, found| {
        let place = text_header(&found.headers, REDRIVEN_FROM).and_then(|text| letter::place(text).ok());
        before.extend(place.filter(|place| chosen.contains(place)));
        Ok(())
    })?;
    Ok(before)
}

/// Writes in transactions: all records of a batch are seen, or none.
fn write(carrier: &mut Carrier, topology: &Topology, steps: &[Step]) -> anyhow::Result<()> {
    let records: Vec<_> = steps
        .iter()
        .filter(|step| step.fate == Disposition::Sent)
        .map(|step| (step, step.letter.headers_again()))
        .collect();
    let commands = &topology.topics.commands.name;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (step, headers) in &records {
        let letter = &step.letter;
        let key = letter.key.as_deref().context("a letter without a key is not sent")?;
        bytes += letter.bytes();
        batch.push(Carried {
            topic: commands,
            partition: topology::partition_of(key, topology.partitions),
            key: Some(key),
            value: letter.value.as_deref(),
            timestamp_ms: None,
            headers,
        });
        if batch.len() >= BATCH_RECORDS_MAX || bytes >= BATCH_BYTES_MAX {
            carrier.carry(&std::mem::take(&mut batch))?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        carrier.carry(&batch)?;
    }
    Ok(())
}
