//! Sending many commands and waiting for all their outcomes, with a bound on how many are under way.

use crate::Connection;
use crate::outcomes::Outcomes;
use anyhow::bail;
use decider::{CommandEnvelope, Status};
use domain::{AggregateId, Command};
use indicatif::{ProgressBar, ProgressStyle};
use schemas::{command_id_of, command_to_avro, command_type};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};
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
    pub(super) rejected: usize,
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

// How long to wait for others is a matter of the clock; nothing is decided by it.
#[allow(clippy::disallowed_methods)]
pub(super) fn send(connection: &Connection, commands: &[(AggregateId, Command)], id_kind: Ids) -> anyhow::Result<Sent> {
    let topology = connection.topology()?;
    let ids = connection.schema_ids()?;
    let mut outcomes = Outcomes::open(connection, connection.codec()?, false)?;
    let writer = Writer::new(&connection.settings()?)?;
    let bar = ProgressBar::new(commands.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} commands decided, {per_sec}, {eta} left",
    )?);
    let mut waiting: HashSet<Uuid> = HashSet::new();
    let mut sent = Sent::default();
    let mut rest = commands.iter();
    let mut heard = Instant::now();
    loop {
        while waiting.len() < UNDER_WAY_MAX
            && let Some((aggregate_id, command)) = rest.next()
        {
            let aggregate_id = aggregate_id.to_string();
            let command_id = match id_kind {
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
            writer.send(&Outgoing {
                topic: &topology.topics.commands.name,
                key: Some(envelope.aggregate_id.as_bytes()),
                value: Some(&command_to_avro(&envelope, ids.command)),
                headers: &[("type", command_type(command).as_bytes())],
                tag: 0,
                partition: None,
            })?;
            waiting.insert(command_id);
        }
        if let Some(reason) = writer.reports(Duration::ZERO).into_iter().find_map(|report| report.written.err()) {
            bail!("a command was not written: {reason}; repeat the import to go on");
        }
        if waiting.is_empty() {
            break;
        }
        for (partition, outcome) in outcomes.poll(POLL_WAIT)?.0 {
            if !waiting.remove(&outcome.command_id) {
                continue;
            }
            heard = Instant::now();
            bar.inc(1);
            let reached = sent.position.entry(partition).or_default();
            *reached = outcome.sequence.max(*reached);
            match outcome.status {
                _ if outcome.repeated => sent.repeated += 1,
                Status::Accepted => sent.accepted += 1,
                Status::Rejected
                    if outcome
                        .rejection
                        .as_ref()
                        .is_some_and(|rejection| rejection.rule == "nothing-to-change") =>
                {
                    sent.rejected += 1;
                    sent.unchanged += 1;
                }
                Status::Rejected => {
                    sent.rejected += 1;
                    if sent.rejected <= REJECTIONS_SHOWN_MAX {
                        let message = outcome.rejection.map(|rejection| rejection.message).unwrap_or_default();
                        bar.println(format!("rejected: {}: {message}", outcome.aggregate_id));
                    }
                }
            }
        }
        if heard.elapsed() > PATIENCE {
            sent.missing = waiting.len() + rest.len();
            break;
        }
    }
    writer.flush(WRITE_WAIT_MAX)?;
    bar.finish_and_clear();
    Ok(sent)
}
