//! Sending many commands and waiting for all their outcomes, with a bound on how many are under way.

use crate::Connection;
use crate::outcomes::Outcomes;
use anyhow::bail;
use decider::{CommandEnvelope, Outcome};
use domain::{AggregateId, Command};
use indicatif::{ProgressBar, ProgressStyle};
use schemas::{command_id_of, command_to_avro, command_type};
use service::clock;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use stream::writer::{Outgoing, Writer};
use uuid::Uuid;

/// How commands get their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    /// The same for the same command: sent again it changes nothing.
    FromContent,
    /// Every time another.
    Fresh,
}

/// What became of the commands.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) accepted: usize,
    /// Now, or in an import before this one.
    pub(super) rejected: usize,
    /// Accepted in an import before this one.
    pub(super) repeated: usize,
    /// No outcome has come.
    pub(super) missing: usize,
    /// Of those that were rejected, how many asked for what was so already.
    pub(super) unchanged: usize,
    /// A view that has reached these sequences shows everything that was decided.
    pub(super) position: BTreeMap<u32, u64>,
}

/// Commands without an outcome yet; more are sent when some have come.
const UNDER_WAY_MAX: usize = 5_000;
/// How long nothing at all may come before the import gives up waiting.
const PATIENCE: Duration = Duration::from_secs(60);
const WRITE_WAIT_MAX: Duration = Duration::from_secs(30);
const POLL_WAIT: Duration = Duration::from_millis(50);
const REJECTIONS_SHOWN_MAX: usize = 20;

pub(super) fn send(connection: &Connection, commands: &[(AggregateId, Command)], ids: Ids) -> anyhow::Result<Sent> {
    let mut outcomes = Outcomes::open(connection, connection.codec()?, false)?;
    let sender = Sender {
        writer: Writer::new(&connection.settings()?)?,
        topic: connection.topology()?.topics.commands.name,
        schema_id: connection.schema_ids()?.command,
        ids,
    };
    let bar = ProgressBar::new(commands.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} commands decided, {per_sec}, {eta} left",
    )?);
    let mut waiting: HashSet<Uuid> = HashSet::new();
    let mut sent = Sent::default();
    let mut rest = commands.iter();
    let mut heard = clock::monotonic();
    loop {
        while waiting.len() < UNDER_WAY_MAX
            && let Some((aggregate_id, command)) = rest.next()
        {
            waiting.insert(sender.send(aggregate_id, command)?);
        }
        if let Some(reason) = sender
            .writer
            .reports(Duration::ZERO)
            .into_iter()
            .find_map(|report| report.written.err())
        {
            bail!("a command was not written: {reason}; repeat the import to go on");
        }
        if waiting.is_empty() {
            break;
        }
        for (partition, outcome) in outcomes.poll(POLL_WAIT)?.outcomes {
            if waiting.remove(&outcome.command_id) {
                heard = clock::monotonic();
                bar.inc(1);
                sent.count(partition, &outcome, &bar);
            }
        }
        if heard.elapsed() > PATIENCE {
            sent.missing = waiting.len() + rest.len();
            break;
        }
    }
    sender.writer.flush(WRITE_WAIT_MAX)?;
    bar.finish_and_clear();
    Ok(sent)
}

struct Sender {
    writer: Writer,
    topic: String,
    schema_id: u32,
    ids: Ids,
}

impl Sender {
    fn send(&self, aggregate_id: &AggregateId, command: &Command) -> anyhow::Result<Uuid> {
        let aggregate_id = aggregate_id.to_string();
        let command_id = match self.ids {
            Ids::FromContent => command_id_of(&aggregate_id, command),
            Ids::Fresh => Uuid::new_v4(),
        };
        let envelope = CommandEnvelope {
            command_id,
            aggregate_id,
            expected_version: None,
            issued_by: Some("import".to_owned()),
            command: command.clone(),
        };
        self.writer.send(&Outgoing {
            topic: &self.topic,
            key: Some(envelope.aggregate_id.as_bytes()),
            value: Some(&command_to_avro(&envelope, self.schema_id)),
            headers: &[("type", command_type(command).as_bytes())],
            tag: 0,
            partition: None,
        })?;
        Ok(command_id)
    }
}

impl Sent {
    fn count(&mut self, partition: u32, outcome: &Outcome, bar: &ProgressBar) {
        let reached = self.position.entry(partition).or_default();
        *reached = outcome.sequence.max(*reached);
        let Some(rejection) = &outcome.rejection else {
            if outcome.repeated {
                self.repeated += 1;
            } else {
                self.accepted += 1;
            }
            return;
        };
        self.rejected += 1;
        if rejection.rule == "nothing-to-change" {
            self.unchanged += 1;
        } else if self.rejected - self.unchanged <= REJECTIONS_SHOWN_MAX {
            let text = format!("rejected: {}: {}", outcome.aggregate_id, rejection.message);
            // Where there is no terminal the bar shows nothing.
            if bar.is_hidden() {
                eprintln!("{text}");
            } else {
                bar.println(text);
            }
        }
    }
}

#[cfg(test)]
mod tests;
