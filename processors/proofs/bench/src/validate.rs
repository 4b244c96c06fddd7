//! Every command of the backlog has one outcome, and it is the one that the plan says.

use crate::backlog::Planned;
use crate::cluster::{Cluster, Schedule};
use airline::Airline;
use anyhow::{bail, ensure};
use decider::{Codec, Status};
use service::clock;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use stream::reader::Reader;

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);
const RECORDS_MAX: usize = 50_000;

pub(crate) fn validate(cluster: &Cluster, schedule: &Schedule, planned: &[Planned]) -> anyhow::Result<()> {
    let mut codec = schedule.codec();
    let mut reader = Reader::new(&cluster.settings()?, &schedule.topology.topics.outcomes.name)?;
    let from: BTreeMap<u32, i64> = (0..schedule.topology.partitions).map(|partition| (partition, 0)).collect();
    reader.assign(&from, ASK_WAIT_MAX)?;
    let mut expected: HashMap<_, _> = planned
        .iter()
        .map(|Planned { envelope, accepted }| (envelope.command_id, *accepted))
        .collect();
    let mut heard = clock::monotonic();
    let mut ended = BTreeSet::new();
    // To the end of every partition: after the last outcome that is expected there could be another.
    while !expected.is_empty() || ended.len() < from.len() {
        let mut values = Vec::new();
        let polled = reader.poll(RECORDS_MAX, Duration::from_millis(200), |record| {
            values.push(record.value.unwrap_or_default().to_vec());
        })?;
        ended.extend(polled.ended);
        for value in values {
            let outcome = Codec::<Airline>::decode_outcome(&mut codec, &value)?;
            let Some(accepted) = expected.remove(&outcome.command_id) else {
                bail!("command {} has an outcome that was not planned, or two", outcome.command_id);
            };
            ensure!(
                (outcome.status == Status::Accepted) == accepted,
                "command {}: {outcome:?}",
                outcome.command_id
            );
        }
        if polled.records > 0 {
            heard = clock::monotonic();
        }
        ensure!(heard.elapsed() < PATIENCE, "{} commands have no outcome", expected.len());
    }
    Ok(())
}
