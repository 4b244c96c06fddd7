//! Sending many commands and waiting for all their outcomes, with a bound on how many are under way.

use super::answering::{Answer, answer};
use super::{Ids, PlannedCommand};
use airline::Airline;
use anyhow::bail;
use command_client::StartAt;
use command_line::position::Position;
use command_line::{Connection, Outcomes};
use decider::{CommandEnvelope, Outcome};
use indicatif::{ProgressBar, ProgressStyle};
use schemas::{command_id_of, command_to_avro, command_type};
use service::clock;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use stream::writer::{Outgoing, Writer};
use uuid::Uuid;

/// What became of the commands.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) accepted: usize,
    /// Each was printed.
    pub(super) rejected: usize,
    /// Accepted in an import before this one.
    pub(super) repeated: usize,
    /// No outcome has come.
    pub(super) missing: usize,
    /// Asked for what was so already.
    pub(super) unchanged: usize,
    /// A view that has reached these sequences shows everything that was decided.
    pub(super) position: Position,
}

/// Commands without an outcome yet; more are sent when some have come.
const UNDER_WAY_MAX: usize = 5_000;
/// How long nothing at all may come before the import gives up waiting.
const PATIENCE: Duration = Duration::from_secs(60);
const WRITE_WAIT_MAX: Duration = Duration::from_secs(30);
const POLL_WAIT: Duration = Duration::from_millis(50);

/// Sends the commands in their order. The part of a rejected command that is possible is sent again, after all others.
pub(super) fn send(connection: &Connection<Airline>, asks: Vec<PlannedCommand>) -> anyhow::Result<Sent> {
    let mut outcomes = Outcomes::open(connection, StartAt::End)?;
    let sender = Sender {
        writer: Writer::new(&connection.settings()?)?,
        topic: connection.log_to_send()?.topics.commands.name,
        schema_id: connection.schema_ids()?.command,
    };
    let bar = ProgressBar::new(asks.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} commands decided, {per_sec}, {eta} left",
    )?);
    let mut waiting: HashMap<Uuid, PlannedCommand> = HashMap::new();
    let mut sent = Sent::default();
    let mut rest = VecDeque::from(asks);
    let mut heard = clock::monotonic();
    loop {
        while waiting.len() < UNDER_WAY_MAX
            && let Some(ask) = rest.pop_front()
        {
            waiting.insert(sender.send(&ask)?, ask);
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
            let is_of_ask = |ask: &PlannedCommand| ask.id.to_string() == outcome.aggregate_id;
            if waiting.get(&outcome.command_id).is_some_and(is_of_ask)
                && let Some(ask) = waiting.remove(&outcome.command_id)
            {
                heard = clock::monotonic();
                bar.inc(1);
                let again = sent.count(&ask, partition, &outcome, |line| show(&bar, line));
                bar.inc_length(again.len() as u64);
                rest.extend(again);
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
}

impl Sender {
    fn send(&self, ask: &PlannedCommand) -> anyhow::Result<Uuid> {
        let (aggregate_id, command) = (ask.id.to_string(), &ask.command);
        let command_id = match ask.ids {
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
    /// Counts one outcome and prints what it rejects; returns what is to be asked again.
    fn count(&mut self, ask: &PlannedCommand, partition: u32, outcome: &Outcome, mut show: impl FnMut(&str)) -> Vec<PlannedCommand> {
        let reached = self.position.entry(partition).or_default();
        *reached = outcome.sequence.max(*reached);
        let (rejected, asks) = match answer(ask, outcome) {
            Answer::Accepted => {
                self.accepted += 1;
                return Vec::new();
            }
            Answer::Repeated => {
                self.repeated += 1;
                return Vec::new();
            }
            Answer::Unchanged => {
                self.unchanged += 1;
                return Vec::new();
            }
            Answer::Rejected(rejected) => (rejected, Vec::new()),
            Answer::Again { rejected, asks } => (rejected, asks),
        };
        if rejected.is_empty() && asks.is_empty() {
            self.unchanged += 1;
        }
        self.rejected += rejected.len();
        for line in &rejected {
            show(line);
        }
        asks
    }
}

fn show(bar: &ProgressBar, line: &str) {
    // Where there is no terminal the bar shows nothing.
    if bar.is_hidden() {
        eprintln!("{line}");
    } else {
        bar.println(line);
    }
}

#[cfg(test)]
mod tests;
