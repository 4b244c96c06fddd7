//! `aerolog outcomes`, and waiting for the outcomes of commands that were just sent.

use crate::{Connection, Verdict, say};
use anyhow::anyhow;
use clap::Args;
use decider::{Codec, DecodeError, Outcome};
use schemas::{Airline, AvroCodec, SchemaIds};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use stream::reader::Reader;
use stream::registry::Registry;
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

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const POLL_WAIT: Duration = Duration::from_millis(200);
const RECORDS_MAX: usize = 10_000;

/// Reads outcomes from a point in time on.
pub(crate) struct Outcomes {
    reader: Reader,
    codec: AvroCodec,
    registry: Registry,
    partitions: u32,
}

/// What one poll has brought.
pub(crate) struct Come {
    /// Each with its partition.
    pub(crate) outcomes: Vec<(u32, Outcome)>,
    /// Partitions whose end was reached.
    pub(crate) ended: Vec<u32>,
}

impl Outcomes {
    /// From the end of the topic as it is now, or from its beginning.
    pub(crate) fn open(connection: &Connection, codec: AvroCodec, from_beginning: bool) -> anyhow::Result<Self> {
        let topology = connection.log()?;
        let mut reader = Reader::new(&connection.settings()?, &topology.topics.outcomes.name)?;
        if from_beginning {
            let partitions: Vec<u32> = (0..topology.partitions).collect();
            let marks = reader.all_watermarks(&partitions, ASK_WAIT_MAX)?;
            let beginnings: BTreeMap<u32, i64> = marks.into_iter().map(|(partition, marks)| (partition, marks.low)).collect();
            reader.assign(&beginnings, ASK_WAIT_MAX)?;
        } else {
            reader.assign_ends(topology.partitions, ASK_WAIT_MAX)?;
        }
        Ok(Self {
            reader,
            codec,
            registry: connection.registry()?,
            partitions: topology.partitions,
        })
    }

    /// Waits up to `wait` for a first outcome, then takes what is there.
    pub(crate) fn poll(&mut self, wait: Duration) -> anyhow::Result<Come> {
        let mut values = Vec::new();
        let polled = self.reader.poll(RECORDS_MAX, wait, |record| {
            let value = record.value.unwrap_or_default().to_vec();
            values.push((record.partition, record.offset, record.schema_fingerprint(), value));
        })?;
        let mut outcomes = Vec::with_capacity(values.len());
        for (partition, offset, fingerprint, value) in values {
            outcomes.push((
                partition,
                self.decode(fingerprint, &value).map_err(|reason| {
                    anyhow!(
                        "the record at {}/{partition} offset {offset} is no outcome: {reason}",
                        self.reader.topic()
                    )
                })?,
            ));
        }
        Ok(Come {
            outcomes,
            ended: polled.ended,
        })
    }

    fn decode(&mut self, fingerprint: Option<u64>, value: &[u8]) -> anyhow::Result<Outcome> {
        loop {
            match Codec::<Airline>::decode_outcome_of(&mut self.codec, fingerprint, value) {
                Err(DecodeError::UnknownSchema(id)) => {
                    let schema = self.registry.schema(id)?.into_result().map_err(|reason| anyhow!(reason))?;
                    Codec::<Airline>::learn(&mut self.codec, id, &schema).map_err(|reason| anyhow!("schema {id}: {reason}"))?;
                }
                decoded => return Ok(decoded?),
            }
        }
    }
}

/// The outcome as people and programs read it.
pub(crate) fn to_json(partition: u32, outcome: &Outcome) -> serde_json::Value {
    let mut json = json!({
        "command_id": outcome.command_id.to_string(),
        "aggregate_id": outcome.aggregate_id,
        "status": outcome.status.name(),
        "version": outcome.version,
        "position": format!("{partition}:{}", outcome.sequence),
        "event_count": outcome.event_count,
        "command_offset": outcome.command_offset,
        "repeated": outcome.repeated,
        "fingerprint": outcome.fingerprint.to_string(),
    });
    if let Some(rejection) = &outcome.rejection {
        json["rejection"] = json!({ "rule": rejection.rule, "message": rejection.message, "facts": rejection.facts });
    }
    json
}

/// Asking for what is so already fails no script.
pub(crate) fn verdict_of(outcome: &Outcome) -> Verdict {
    match &outcome.rejection {
        None => Verdict::Fine,
        Some(rejection) if rejection.rule == "nothing-to-change" => Verdict::Fine,
        Some(_) => Verdict::Rejected,
    }
}

pub(crate) fn run(connection: &Connection, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let from_beginning = arguments.from_beginning || arguments.command_id.is_some();
    let mut outcomes = Outcomes::open(connection, AvroCodec::new(SchemaIds::UNKNOWN), from_beginning)?;
    let mut ended = std::collections::BTreeSet::new();
    let until_end = arguments.exit_at_end || arguments.command_id.is_some();
    loop {
        let come = outcomes.poll(POLL_WAIT)?;
        for (partition, outcome) in come.outcomes {
            let is_wanted = arguments.command_id.is_none_or(|wanted| wanted == outcome.command_id);
            if is_wanted && arguments.aggregate_id.as_ref().is_none_or(|wanted| *wanted == outcome.aggregate_id) {
                say(to_json(partition, &outcome))?;
                if arguments.command_id.is_some() {
                    return Ok(verdict_of(&outcome));
                }
            }
        }
        ended.extend(come.ended);
        if until_end && ended.len() as u32 == outcomes.partitions {
            let Some(id) = arguments.command_id else {
                return Ok(Verdict::Fine);
            };
            eprintln!("aerolog: there is no outcome of command {id}: it was not decided yet, or longer ago than outcomes are kept");
            return Ok(Verdict::TimedOut);
        }
    }
}
