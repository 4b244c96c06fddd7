//! A bug in the domain stops one partition, in every process that takes it over, and nothing else.

use crate::fixture::{NoSchemas, WAIT, brokers, is_over, settings, write};
use bank_example::{Account, Bank, Command, Event};
use decider::{Codec, CommandEnvelope, Context, DecodeError, Domain, EventEnvelope, Outcome, Rejection, Tally, WriterSchema};
use json_codec::{Json, JsonCodec};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use store::{Sizing, Store};
use stream::admin::Admin;
use stream::processor::{Configuration, Guards, Observe, Processor, ProcessorError, Restored, TransientFault};
use stream::reader::Reader;
use tempfile::TempDir;
use topology::Topology;
use uuid::Uuid;

const PARTITIONS: u32 = 4;
/// The deposit that meets the bug.
const BUG_CENTS: u64 = 666;
/// How often it is looked whether something has come about, each time with a wait of its own.
const LOOKS_MAX: usize = 300;

/// A bank that cannot apply one of its events.
struct BuggyBank;

impl Domain for BuggyBank {
    type Command = Command;
    type Event = Event;
    type State = Account;
    type Representation = Json;

    fn initial(aggregate_id: &str) -> Account {
        Bank::initial(aggregate_id)
    }

    fn decide(context: &Context<'_>, account: &Account, command: &Command) -> Result<Vec<Event>, Rejection> {
        Bank::decide(context, account, command)
    }

    fn evolve(account: &mut Account, event: &Event) {
        assert!(*event != Event::Deposited { cents: BUG_CENTS }, "the number of the beast");
        Bank::evolve(account, event);
    }
}

/// A codec that cannot read one of the bank's events.
#[derive(Clone, Default)]
struct BuggyCodec(JsonCodec<Bank>);

impl Codec<Bank> for BuggyCodec {
    fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<Command>, DecodeError> {
        self.0.decode_command(content_type, value)
    }

    fn encode_meaning(&mut self, command: &Command, out: &mut Vec<u8>) {
        self.0.encode_meaning(command, out);
    }

    fn learn(&mut self, schema_id: u32, schema: &WriterSchema) -> Result<(), String> {
        self.0.learn(schema_id, schema)
    }

    fn encode_event(&mut self, event: &EventEnvelope<Event>, out: &mut Vec<u8>) {
        self.0.encode_event(event, out);
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        let event = self.0.decode_event(value)?;
        assert!(event.event != Event::Deposited { cents: BUG_CENTS }, "the number of the beast");
        Ok(event)
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        self.0.encode_outcome(outcome, out);
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        self.0.decode_outcome(value)
    }
}

/// What a processor has reported about itself.
#[derive(Clone, Default)]
struct RecordingObserver {
    troubles: Arc<Mutex<Vec<TransientFault>>>,
    held_up: Arc<Mutex<Option<String>>>,
}

impl Observe for RecordingObserver {
    fn committed(&self, _: &Tally, _: Duration, _: i64) {}
    fn dead_letter(&self, _: &'static str) {}
    fn trouble(&self, trouble: TransientFault) {
        self.troubles.lock().unwrap().push(trouble);
    }
    fn owned(&self, _: usize) {}
    fn restored(&self, _: Restored, _: Duration) {}
    fn cache(&self, _: usize, _: usize) {}
    fn held_up(&self, reason: Option<&str>) {
        *self.held_up.lock().unwrap() = reason.map(str::to_owned);
    }
}

struct Instance {
    seen: RecordingObserver,
    stop: Option<Sender<()>>,
    running: JoinHandle<Result<(), ProcessorError>>,
    _state: TempDir,
}

impl Instance {
    fn start<D: Domain<Command = Command, Event = Event>>(topology: &Topology, name: &str) -> Self {
        Self::with::<D, _>(topology, name, JsonCodec::<D>::default())
    }

    fn with<D: Domain<Command = Command, Event = Event>, C: Codec<D> + Clone + 'static>(topology: &Topology, name: &str, codec: C) -> Self {
        let (state, seen) = (tempfile::tempdir().unwrap(), RecordingObserver::default());
        let processor = Processor {
            settings: settings(&brokers()),
            topology: topology.clone(),
            configuration: Configuration {
                group: topology.topics.commands.name.clone(),
                instance_id: name.to_owned(),
                batch_records_max: 100,
                pace: Duration::ZERO,
                cache_bytes_max: 1 << 20,
                warm_partitions_max: 0,
                leaves_when_stopped: false,
                guards: Guards::default(),
            },
            codec,
            store: Arc::new(Store::open(state.path(), Sizing::default()).unwrap()),
            schemas: NoSchemas,
            observe: seen.clone(),
            domain: PhantomData::<fn() -> D>,
        };
        let (stop, stopped) = channel();
        Self {
            seen,
            stop: Some(stop),
            running: std::thread::spawn(move || processor.run(&|wait| is_over(&stopped, wait))),
            _state: state,
        }
    }

    fn is_stopped_by_the_bug(&self) -> bool {
        self.seen.troubles.lock().unwrap().contains(&TransientFault::DomainFailed)
    }

    fn stop(mut self) {
        drop(self.stop.take());
        self.running.join().unwrap().unwrap();
    }
}

/// The committed outcomes of all partitions, as they are now.
fn outcomes(topology: &Topology) -> Vec<Outcome> {
    let mut reader = Reader::new(&settings(&brokers()), &topology.topics.outcomes.name).unwrap();
    let from = (0..PARTITIONS).map(|partition| (partition, 0)).collect();
    reader.assign(&from, WAIT).unwrap();
    let (mut found, mut ended) = (Vec::new(), BTreeSet::new());
    while ended.len() < from.len() {
        let polled = reader
            .poll(1000, Duration::from_millis(200), |record| {
                let decoded = JsonCodec::<Bank>::default().decode_outcome(record.value.unwrap());
                found.push(decoded.unwrap());
            })
            .unwrap();
        ended.extend(polled.ended);
    }
    found
}

fn eventually(what: &str, topology: &Topology, holds: impl Fn(&[Outcome]) -> bool) {
    let came = std::iter::repeat_with(|| outcomes(topology))
        .take(LOOKS_MAX)
        .any(|outcomes| holds(&outcomes));
    assert!(came, "not in time: {what}; there are {} outcomes", outcomes(topology).len());
}

struct Sent {
    number: u128,
    account: String,
    command: Command,
}

fn send(topology: &Topology, sent: &Sent) {
    let value = JsonCodec::<Bank>::command(&CommandEnvelope {
        command_id: Uuid::from_u128(sent.number),
        aggregate_id: sent.account.clone(),
        expected_version: None,
        issued_by: None,
        command: sent.command.clone(),
    });
    write(&topology.topics.commands.name, &sent.account, &value);
}

fn partition_of(sent: &Sent) -> u32 {
    topology::partition_of(sent.account.as_bytes(), PARTITIONS)
}

#[test]
fn a_panic_of_the_domain_stops_its_partition_in_each_owner_and_everything_else_goes_on() {
    let name = format!("bug-{}", Uuid::new_v4().simple());
    let topology = Topology::with_prefix(&name, Some(PARTITIONS)).unwrap();
    Admin::new(&settings(&brokers())).unwrap().apply(&topology).unwrap();
    let account = |number: u128| format!("account/{}", number % 12);
    let open = |number| Sent {
        number,
        account: account(number),
        command: Command::Open { holder: "Ada".to_owned() },
    };
    let deposit = |number, cents| Sent {
        number,
        account: account(number),
        command: Command::Deposit { cents },
    };
    let mut all: Vec<Sent> = (1..=12).map(open).collect();
    all.extend((13..=36).map(|number| deposit(number, 1)));
    let bug = deposit(37, BUG_CENTS);
    let stopped = partition_of(&bug);
    all.push(bug);
    all.extend((38..=60).map(|number| deposit(number, 1)));
    all.iter().for_each(|sent| send(&topology, sent));
    // All of it is there before the first process is: the bug is in the middle of a batch.
    let answered_before: BTreeSet<u128> = (1..37).collect();
    let elsewhere = |all: &[Sent]| {
        all.iter()
            .filter(|sent| partition_of(sent) != stopped)
            .map(|sent| sent.number)
            .collect::<BTreeSet<_>>()
    };
    let expected: BTreeSet<u128> = answered_before.union(&elsewhere(&all)).copied().collect();
    let numbers = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| outcome.command_id.as_u128()).collect::<BTreeSet<_>>();
    let one = Instance::start::<BuggyBank>(&topology, "one");
    eventually("the others are decided", &topology, |outcomes| numbers(outcomes) == expected);
    let reason = std::iter::repeat_with(|| outcomes(&topology))
        .take(LOOKS_MAX)
        .find_map(|_| one.seen.held_up.lock().unwrap().clone().filter(|reason| reason.contains("evolve")));
    let reason = reason.expect("the reason of the stop is reported");
    let offset = all
        .iter()
        .take_while(|sent| sent.number != 37)
        .filter(|sent| partition_of(sent) == stopped)
        .count();
    for part in [
        topology.topics.commands.name.as_str(),
        &format!("{stopped}/{offset}:"),
        &Uuid::from_u128(37).to_string(),
        &account(37),
        "the number of the beast",
    ] {
        assert!(reason.contains(part), "{part} is missing in: {reason}");
    }
    // Another process takes everything over, stops at the same place, and lives.
    one.stop();
    let two = Instance::start::<BuggyBank>(&topology, "two");
    let more: Vec<Sent> = (61..=84).map(|number| deposit(number, 1)).collect();
    more.iter().for_each(|sent| send(&topology, sent));
    all.extend(more);
    let expected: BTreeSet<u128> = answered_before.union(&elsewhere(&all)).copied().collect();
    eventually("the others go on with another owner", &topology, |outcomes| {
        numbers(outcomes) == expected
    });
    eventually("the other owner stops there, too", &topology, |_| two.is_stopped_by_the_bug());
    two.stop();
    // With a program that has no bug the partition goes on where it stopped, and nothing is lost.
    let three = Instance::start::<Bank>(&topology, "three");
    eventually("everything is decided", &topology, |outcomes| outcomes.len() == all.len());
    three.stop();
    let outcomes: BTreeMap<u128, Outcome> = outcomes(&topology)
        .into_iter()
        .map(|outcome| (outcome.command_id.as_u128(), outcome))
        .collect();
    assert_eq!(outcomes.len(), all.len());
    assert!(outcomes.values().all(|outcome| !outcome.repeated && outcome.event_count == 1));
}

#[test]
fn a_panic_of_the_codec_in_a_take_over_stops_that_partition_at_its_record_and_everything_else_goes_on() {
    let name = format!("unread-{}", Uuid::new_v4().simple());
    let topology = Topology::with_prefix(&name, Some(PARTITIONS)).unwrap();
    Admin::new(&settings(&brokers())).unwrap().apply(&topology).unwrap();
    let sent = |number: u128, command| Sent {
        number,
        account: format!("account/{}", number % 12),
        command,
    };
    let mut all: Vec<Sent> = (1..=12)
        .map(|number| sent(number, Command::Open { holder: "Ada".to_owned() }))
        .collect();
    all.push(sent(13, Command::Deposit { cents: BUG_CENTS }));
    let stopped = partition_of(&all[12]);
    let event_offset = all.iter().filter(|sent| partition_of(sent) == stopped).count() - 1;
    all.iter().for_each(|sent| send(&topology, sent));
    let one = Instance::start::<Bank>(&topology, "one");
    eventually("all is decided", &topology, |outcomes| outcomes.len() == all.len());
    one.stop();
    // Another build takes all partitions over, without a state.
    let two = Instance::with::<Bank, _>(&topology, "two", BuggyCodec::default());
    let more: Vec<Sent> = (14..=37).map(|number| sent(number, Command::Deposit { cents: 1 })).collect();
    more.iter().for_each(|sent| send(&topology, sent));
    let answered: usize = all.len() + more.iter().filter(|sent| partition_of(sent) != stopped).count();
    eventually("the other partitions go on", &topology, |outcomes| outcomes.len() == answered);
    let seen = || two.seen.held_up.lock().unwrap().clone().unwrap_or_default();
    eventually("the reason of the stop is reported", &topology, |_| seen().contains("decode_event"));
    // Each command is a transaction of its own or shares one, so that markers may lie between events.
    let (reason, events) = (seen(), &topology.topics.events.name);
    assert!(
        reason.contains(&format!("{events}/{stopped}")) && reason.contains("the number of the beast"),
        "{reason}"
    );
    let offsets: Vec<usize> = reason
        .split(|of: char| !of.is_ascii_digit())
        .filter_map(|text| text.parse().ok())
        .collect();
    assert!(
        offsets.iter().any(|offset| (event_offset..event_offset + 20).contains(offset)),
        "{reason}"
    );
    two.stop();
    let three = Instance::start::<Bank>(&topology, "three");
    eventually("everything is decided", &topology, |outcomes| {
        outcomes.len() == all.len() + more.len()
    });
    three.stop();
}
