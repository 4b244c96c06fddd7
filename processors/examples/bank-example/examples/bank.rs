//! The bank on Kafka: creates its topics, starts a processor, sends commands, and prints what became of them and the balances.
//!
//! Run it twice: command ids are the same, so that the second time every outcome is a repeated one and no balance changes.
#![allow(clippy::print_stdout)]

use anyhow::{anyhow, ensure};
use bank_example::{Account, Bank, Codec, Command};
use decider::{Codec as _, CommandEnvelope, Domain, Tally};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use store::{Sizing, Store};
use stream::processor::{Configuration, Guards, Observe, Processor, Restored, SchemaSource, Trouble};
use stream::writer::{Outgoing, Writer};
use stream::{
    Settings,
    admin::Admin,
    reader::Reader,
    registry::{Lookup, RegistryError},
};
use topology::Topology;
use uuid::Uuid;

const WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);
const POLLS_MAX: usize = 300;

fn commands() -> Vec<(&'static str, Command)> {
    let open = |holder: &str| Command::Open { holder: holder.to_owned() };
    let (ada, bob) = ("account/ada", "account/bob");
    vec![
        (ada, open("Ada")),
        (ada, Command::Deposit { cents: 10_000 }),
        (ada, Command::Withdraw { cents: 2_500 }),
        (ada, Command::Withdraw { cents: 7_501 }),
        (bob, Command::Deposit { cents: 100 }),
        (bob, open("Bob")),
        (bob, Command::Deposit { cents: 100 }),
        (bob, Command::Close {}),
    ]
}

fn main() -> anyhow::Result<()> {
    let servers = std::env::var("KAFKA_BOOTSTRAP_SERVERS").unwrap_or_else(|_| "localhost:9092".to_owned());
    let settings = Settings::new(&BTreeMap::from([("bootstrap.servers".to_owned(), servers)]))?;
    let topology = Topology::schedule_named("bank", Some(2))?;
    Admin::new(&settings)?.apply(&topology)?;
    // Nothing of the state is kept: each run makes it from the log.
    let directory = tempfile::tempdir()?;
    let processor = Processor {
        settings: settings.clone(),
        topology: topology.clone(),
        configuration: Configuration {
            group: "bank-command-processor".to_owned(),
            instance_id: "bank".to_owned(),
            batch_records_max: 1_000,
            pace: Duration::ZERO,
            cache_bytes_max: 1 << 20,
            warm_partitions_max: 0,
            guards: Guards::default(),
        },
        codec: Codec::default(),
        store: Arc::new(Store::open(directory.path(), Sizing::default())?),
        schemas: JsonWithoutMetrics,
        observe: JsonWithoutMetrics,
        domain: PhantomData::<fn() -> Bank>,
    };
    let (stop, stopped) = channel::<()>();
    let running = std::thread::spawn(move || processor.run(&|wait| stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout)));
    let answered = send_and_wait(&settings, &topology);
    drop(stop);
    running.join().map_err(|_| anyhow!("the processor panicked"))??;
    answered?;
    print_accounts(&settings, &topology)
}

/// Sends all commands, and prints their outcomes in the order of the commands.
fn send_and_wait(settings: &Settings, topology: &Topology) -> anyhow::Result<()> {
    let mut reader = Reader::new(settings, &topology.topics.outcomes.name)?;
    reader.assign_ends(topology.partitions, WAIT)?;
    let writer = Writer::new(settings)?;
    let commands = commands();
    for (tag, (aggregate_id, command)) in commands.iter().enumerate() {
        let value = Codec::command(&CommandEnvelope {
            command_id: Uuid::from_u128(tag as u128 + 1),
            aggregate_id: (*aggregate_id).to_owned(),
            expected_version: None,
            issued_by: Some("bank-example".to_owned()),
            command: command.clone(),
        });
        writer.send(&Outgoing {
            topic: &topology.topics.commands.name,
            key: Some(aggregate_id.as_bytes()),
            value: Some(&value),
            headers: &[("type", Bank::command_type(command).as_bytes())],
            tag,
            partition: None,
        })?;
    }
    writer.flush(WAIT)?;
    let (mut codec, mut outcomes) = (Codec::default(), BTreeMap::new());
    for _ in 0..POLLS_MAX {
        for value in values(&mut reader)?.0 {
            let outcome = codec.decode_outcome(&value)?;
            outcomes.insert(outcome.command_id.as_u128(), outcome);
        }
        if outcomes.len() == commands.len() {
            break;
        }
    }
    for ((aggregate_id, command), outcome) in commands.iter().zip(outcomes.values()) {
        let repeated = if outcome.repeated { " (as before)" } else { "" };
        let why = outcome.rejection.as_ref().map_or("", |rejection| &rejection.message);
        println!("{aggregate_id} {command:?}: {}{repeated} {why}", outcome.status.name());
    }
    ensure!(outcomes.len() == commands.len(), "not all commands were answered");
    Ok(())
}

/// Folds all events.
fn print_accounts(settings: &Settings, topology: &Topology) -> anyhow::Result<()> {
    let mut reader = Reader::new(settings, &topology.topics.events.name)?;
    reader.assign(&(0..topology.partitions).map(|partition| (partition, 0)).collect(), WAIT)?;
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    let (mut codec, mut ended) = (Codec::default(), BTreeSet::new());
    while ended.len() < topology.partitions as usize {
        let (values, ends) = values(&mut reader)?;
        ended.extend(ends);
        for value in values {
            let event = codec.decode_event(&value)?;
            Bank::evolve(accounts.entry(event.aggregate_id).or_insert(Account::Unknown), &event.event);
        }
    }
    for (id, account) in accounts {
        println!("{id}: {account:?}");
    }
    Ok(())
}

/// Some values, and the partitions that have ended.
fn values(reader: &mut Reader) -> anyhow::Result<(Vec<Vec<u8>>, Vec<u32>)> {
    let mut values = Vec::new();
    let polled = reader.poll(1_000, POLL, |record| values.extend(record.value.map(<[u8]>::to_vec)))?;
    Ok((values, polled.ended))
}

/// Sees nothing, and knows no schema: JSON needs none.
#[derive(Clone)]
struct JsonWithoutMetrics;

impl SchemaSource for JsonWithoutMetrics {
    fn schema(&mut self, _: u32) -> Result<Lookup, RegistryError> {
        Ok(Lookup::Absent("there are no schemas".to_owned()))
    }
}

impl Observe for JsonWithoutMetrics {
    fn committed(&self, _: &Tally, _: Duration, _: i64) {}
    fn dead_letter(&self, _: &'static str) {}
    fn trouble(&self, _: Trouble) {}
    fn owned(&self, _: usize) {}
    fn restored(&self, _: Restored, _: Duration) {}
    fn cache(&self, _: usize, _: usize) {}
    fn held_up(&self, _: Option<&str>) {}
}
