//! Every command has one outcome, and it is the one that the backlog's plan says. Prints how long the first and the last took.

use crate::Cluster;
use crate::backlog::{Planned, Shape};
use anyhow::{bail, ensure};
use decider::{Codec, Status};
use schemas::Airline;
use service::clock;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use stream::reader::Reader;

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(120);
const RECORDS_MAX: usize = 50_000;

pub(crate) fn validate(cluster: &Cluster, shape: &Shape) -> anyhow::Result<()> {
    let topology = cluster.topology()?;
    let mut codec = cluster.codec()?;
    let mut reader = Reader::new(&cluster.settings()?, &topology.topics.outcomes.name)?;
    let from: BTreeMap<u32, i64> = (0..topology.partitions).map(|partition| (partition, 0)).collect();
    reader.assign(&from, ASK_WAIT_MAX)?;
    let mut expected: HashMap<_, _> = shape
        .commands()?
        .into_iter()
        .map(|Planned { envelope, accepted }| (envelope.command_id, accepted))
        .collect();
    let mut heard = clock::monotonic();
    let mut rejected = 0;
    while !expected.is_empty() {
        let mut values = Vec::new();
        let polled = reader.poll(RECORDS_MAX, Duration::from_millis(200), |record| {
            values.push(record.value.unwrap_or_default().to_vec())
        })?;
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
            rejected += u32::from(!accepted);
        }
        if polled.records > 0 {
            heard = clock::monotonic();
        }
        ensure!(heard.elapsed() < PATIENCE, "{} commands have no outcome", expected.len());
    }
    println!("{}", serde_json::json!({ "outcomes": shape.count(), "rejected": rejected }));
    Ok(())
}
