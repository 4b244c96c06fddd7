//! `outcomes`, and how outcomes are shown.

use crate::{Connection, Verdict, complain, say};
use anyhow::bail;
use application::Application;
use clap::Args;
use command_client::{OutcomeReader, Polled, StartAt, Unreadable, outcome_json};
use decider::Outcome;
use std::time::Duration;
use uuid::Uuid;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Show only the outcome of this command, and stop when it is found or the topic ends
    command_id: Option<Uuid>,
    /// Of the commands with this id, the one to this aggregate: another aggregate may know the same id
    #[arg(long, value_name = "ID", requires = "command_id")]
    aggregate_id: Option<String>,
    /// Begin with the oldest outcome instead of the next one
    #[arg(long)]
    from_beginning: bool,
    /// Stop at the end of the topic instead of waiting for more
    #[arg(long)]
    exit_at_end: bool,
}

const POLL_WAIT: Duration = Duration::from_millis(200);

/// Reads outcomes; one that cannot be read is an error.
pub struct Outcomes(OutcomeReader);

impl Outcomes {
    /// Reads those of the log from here on.
    ///
    /// # Errors
    /// When the cluster cannot be asked, or the log is not there.
    pub fn open(connection: &Connection<impl Application>, from: StartAt) -> anyhow::Result<Self> {
        let reader = OutcomeReader::open(&connection.settings()?, &connection.log()?, connection.outcome_decoder()?, from)?;
        Ok(Self(reader))
    }

    /// Waits up to `wait` for a first outcome, then takes what is there.
    ///
    /// # Errors
    /// When a record cannot be had, or is no outcome.
    pub fn poll(&mut self, wait: Duration) -> anyhow::Result<Polled> {
        let polled = self.0.poll(wait)?;
        if let Some(Unreadable {
            partition, offset, reason, ..
        }) = polled.unreadable.first()
        {
            bail!(
                "the record at {}/{partition} offset {offset} is no outcome: {reason}",
                self.0.topic()
            );
        }
        Ok(polled)
    }
}

/// Asking for what is so already fails no script.
pub(crate) fn verdict_of(outcome: &Outcome) -> Verdict {
    match &outcome.rejection {
        None => Verdict::Fine,
        Some(rejection) if rejection.rule == "nothing-to-change" => Verdict::Fine,
        Some(_) => Verdict::Rejected,
    }
}

pub(crate) fn run(connection: &Connection<impl Application>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let is_search = arguments.from_beginning || arguments.command_id.is_some();
    let from = if is_search { StartAt::Beginning } else { StartAt::End };
    let mut outcomes = Outcomes::open(connection, from)?;
    let mut ended = std::collections::BTreeSet::new();
    let until_end = arguments.exit_at_end || arguments.command_id.is_some();
    loop {
        let polled = outcomes.poll(POLL_WAIT)?;
        for (partition, outcome) in polled.outcomes {
            let is_wanted = arguments.command_id.is_none_or(|wanted| wanted == outcome.command_id);
            if is_wanted && arguments.aggregate_id.as_ref().is_none_or(|wanted| *wanted == outcome.aggregate_id) {
                say(outcome_json(partition, &outcome))?;
                if arguments.command_id.is_some() {
                    return Ok(verdict_of(&outcome));
                }
            }
        }
        ended.extend(polled.ended);
        if until_end && ended.len() as u32 == outcomes.0.partitions() {
            let Some(id) = arguments.command_id else {
                return Ok(Verdict::Fine);
            };
            complain(format_args!(
                "there is no outcome of command {id}: it was not decided yet, or longer ago than outcomes are kept"
            ));
            return Ok(Verdict::TimedOut);
        }
    }
}
