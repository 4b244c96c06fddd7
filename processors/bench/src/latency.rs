//! Open loop: commands are sent at a fixed rate, whatever the processor does; each is timed from its send to its committed outcome,
//! as a read_committed reader in the same process sees it.

use crate::Cluster;
use crate::backlog::{Planned, Shape};
use clap::Args;
use decider::Codec;
use schemas::{Airline, command_to_avro};
use service::clock;
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use stream::reader::Reader;
use stream::writer::{Outgoing, Writer};
use uuid::Uuid;

#[derive(Args, Clone)]
pub(crate) struct Load {
    /// Commands a second
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Answers are raw copies of the commands, as the floor makes them
    #[arg(long)]
    copies: bool,
    /// Read answers from this topic instead of the outcomes
    #[arg(long)]
    topic: Option<String>,
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const TAIL: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(1);
/// The first second warms up and is not counted.
const WARM_UP_SECONDS: u32 = 1;

pub(crate) fn measure(cluster: &Cluster, load: &Load) -> anyhow::Result<()> {
    let topology = cluster.topology()?;
    let topic = load.topic.clone().unwrap_or_else(|| topology.topics.outcomes.name.clone());
    let mut reader = Reader::new(&cluster.settings()?, &topic)?;
    let mut from = BTreeMap::new();
    for partition in 0..topology.partitions {
        from.insert(partition, reader.watermarks(partition, ASK_WAIT_MAX)?.high);
    }
    reader.assign(&from, ASK_WAIT_MAX)?;
    let count = load.rate as usize * load.seconds as usize;
    let shape = Shape {
        rotations: 1000,
        legs: u32::try_from(count / 1000 + 1)?,
    };
    let commands: Vec<Planned> = shape.commands()?.into_iter().take(count).collect();
    let (sent, sends) = mpsc::channel();
    let writing = {
        let (cluster, rate) = (cluster.clone(), load.rate);
        std::thread::spawn(move || send(&cluster, rate, &commands, &sent))
    };
    let mut codec = cluster.codec()?;
    let mut began: HashMap<Uuid, (u32, Instant)> = HashMap::new();
    let mut early: HashMap<Uuid, Instant> = HashMap::new();
    let mut took = Vec::with_capacity(count);
    let deadline = clock::monotonic() + Duration::from_secs(load.seconds.into()) + TAIL;
    let mut left = count;
    while left > 0 && clock::monotonic() < deadline {
        let mut ids = Vec::new();
        let mut failed = None;
        reader.poll(10_000, Duration::from_millis(5), |record| {
            match id_of(&mut codec, load.copies, record.value.unwrap_or_default()) {
                Ok(id) => ids.push(id),
                Err(error) => failed = Some(error),
            }
        })?;
        let now = clock::monotonic();
        if let Some(error) = failed {
            return Err(error);
        }
        early.extend(ids.into_iter().map(|id| (id, now)));
        began.extend(sends.try_iter());
        early.retain(|id, at| match began.remove(id) {
            Some((second, began)) => {
                left -= 1;
                if second >= WARM_UP_SECONDS {
                    took.push(at.duration_since(began));
                }
                false
            }
            None => true,
        });
    }
    writing.join().map_err(|_| anyhow::anyhow!("the sending thread failed"))??;
    took.sort_unstable();
    let percentile = |part: f64| {
        took.get(((took.len() as f64 * part) as usize).min(took.len().saturating_sub(1)))
            .map(|t| t.as_secs_f64() * 1e3)
    };
    println!(
        "{}",
        serde_json::json!({
            "rate": load.rate, "measured": took.len(), "missing": left,
            "p50_ms": percentile(0.50), "p99_ms": percentile(0.99), "max_ms": percentile(1.0),
        })
    );
    Ok(())
}

fn id_of(codec: &mut schemas::AvroCodec, copies: bool, value: &[u8]) -> anyhow::Result<Uuid> {
    Ok(if copies {
        Codec::<Airline>::decode_command(codec, None, value)?.command_id
    } else {
        Codec::<Airline>::decode_outcome(codec, value)?.command_id
    })
}

type Sent = (Uuid, (u32, Instant));

fn send(cluster: &Cluster, rate: u32, commands: &[Planned], sent: &mpsc::Sender<Sent>) -> anyhow::Result<()> {
    let topology = cluster.topology()?;
    let writer = Writer::new(&cluster.settings()?)?;
    let began = clock::monotonic();
    for (number, Planned { envelope, .. }) in commands.iter().enumerate() {
        let due = began + Duration::from_secs(1) * u32::try_from(number)? / rate;
        while clock::monotonic() < due {
            writer.reports(TICK.min(due.saturating_duration_since(clock::monotonic())));
        }
        let fresh = Uuid::new_v4();
        let envelope = decider::CommandEnvelope {
            command_id: fresh,
            ..envelope.clone()
        };
        let second = u32::try_from(began.elapsed().as_secs())?;
        let _ = sent.send((fresh, (second, clock::monotonic())));
        writer.send(&Outgoing {
            topic: &topology.topics.commands.name,
            key: Some(envelope.aggregate_id.as_bytes()),
            value: Some(&command_to_avro(&envelope, cluster.schema_ids[0])),
            headers: &[],
            tag: 0,
            partition: None,
        })?;
    }
    writer.flush(ASK_WAIT_MAX)?;
    Ok(())
}
